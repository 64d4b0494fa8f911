import { DuckDBConnection } from '@duckdb/node-api'

/**
 * Loaded into a command before all else: the process kills itself at a statement, as a lost power supply would. `KILL_AT`
 * says which: the how-manieth whose text matches, and whether it is to be begun and finished.
 */
export interface KillAt {
  readonly text: string
  readonly nth: number
  /** Counting begins after a statement that matches this. */
  readonly afterText?: string
  readonly when: 'before' | 'during' | 'after'
}

if (process.env.KILL_AT) {
  const { text, nth, when, afterText } = JSON.parse(process.env.KILL_AT) as KillAt
  const pattern = new RegExp(text)
  const { run } = DuckDBConnection.prototype
  const start = new RegExp(afterText ?? '')
  let isCounting = afterText === undefined
  let seen = 0
  const die = () => process.kill(process.pid, 'SIGKILL')

  DuckDBConnection.prototype.run = async function (this: DuckDBConnection, ...args) {
    const isIt = isCounting && pattern.test(args[0]) && ++seen === nth
    isCounting ||= start.test(args[0])
    if (isIt && when === 'before') die()
    const running = run.apply(this, args)
    if (isIt && when === 'during') setImmediate(die)
    const result = await running
    if (isIt && when === 'after') die()
    return result
  }
}
