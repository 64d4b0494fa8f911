import { writeFileSync } from 'node:fs'
import { DuckDBConnection } from '@duckdb/node-api'

/**
 * Loaded into a command before all else: the process kills itself at a statement, as a lost power supply would. `KILL_AT`
 * says which: the how-manieth whose text matches, and whether it is to be begun and finished. `LIST_STATEMENTS` names a
 * file that gets the texts of all of them when the process ends.
 */
export interface KillAt {
  readonly text: string
  readonly nth: number
  /** Counting begins after a statement that matches this. */
  readonly afterText?: string
  readonly when: 'before' | 'during' | 'after'
}

const at = process.env.KILL_AT ? (JSON.parse(process.env.KILL_AT) as KillAt) : null
const listing = process.env.LIST_STATEMENTS
const texts: string[] = []
const die = () => process.kill(process.pid, 'SIGKILL')

const pattern = new RegExp(at?.text ?? '')
const start = new RegExp(at?.afterText ?? '')
let isCounting = at?.afterText === undefined
let seen = 0

/** Everything that reaches the engine passes here: statements, queries when they are prepared, rows that are added. */
async function watched<T>(text: string, work: () => Promise<T>): Promise<T> {
  texts.push(text)
  const isIt = at !== null && isCounting && pattern.test(text) && ++seen === at.nth
  isCounting ||= start.test(text)
  if (isIt && at.when === 'before') die()
  const running = work()
  if (isIt && at.when === 'during') setImmediate(die)
  const result = await running
  if (isIt && at.when === 'after') die()
  return result
}

if (at || listing) {
  const { run, prepare, createAppender } = DuckDBConnection.prototype
  DuckDBConnection.prototype.run = function (...args) {
    return watched(args[0], () => run.apply(this, args))
  }
  DuckDBConnection.prototype.prepare = function (...args) {
    return watched(args[0], () => prepare.apply(this, args))
  }
  DuckDBConnection.prototype.createAppender = function (...args) {
    return watched(`append to ${args[0]}`, () => createAppender.apply(this, args))
  }
}
if (listing) process.on('exit', () => writeFileSync(listing, JSON.stringify(texts)))
