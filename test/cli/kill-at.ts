import { DuckDBConnection } from '@duckdb/node-api'

/**
 * Loaded into a command before all else: the process kills itself at a statement, as a lost power supply would. `KILL_AT`
 * says which: the how-manieth whose text matches, and whether it is to be begun and finished.
 */
export interface KillAt {
  readonly text: string
  readonly nth: number
  readonly when: 'before' | 'during' | 'after'
}

if (process.env.KILL_AT) {
  const { text, nth, when } = JSON.parse(process.env.KILL_AT) as KillAt
  const pattern = new RegExp(text)
  const { run } = DuckDBConnection.prototype
  let seen = 0
  const die = () => process.kill(process.pid, 'SIGKILL')

  DuckDBConnection.prototype.run = async function (this: DuckDBConnection, ...args) {
    const isIt = pattern.test(args[0]) && ++seen === nth
    if (isIt && when === 'before') die()
    const running = run.apply(this, args)
    if (isIt && when === 'during') setImmediate(die)
    const result = await running
    if (isIt && when === 'after') die()
    return result
  }
}
