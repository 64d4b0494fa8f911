import { parseArgs } from 'node:util'
import { EVENTS_PER_PERSON, type Shape } from './shape.ts'

/** What a call of the benchmark asks for. */
export interface Plan {
  readonly shape: Shape
  /** Increments that are timed. */
  readonly runs: number
  /** Sizes of history to compare with the same news; null for one history with its baselines. */
  readonly compare: readonly number[] | null
  /** Where files stay; null for a folder that goes away. */
  readonly keep: string | null
  readonly memoryLimit: string | null
  readonly threads: number | null
  readonly isJson: boolean
  readonly isProfiled: boolean
  readonly isVerified: boolean
}

/** Told for `--help` and after a wrong call. */
export const USAGE = `npm run -s bench -- --events N [options]

  --events N            messages in the history, about: 300000, 300K, 10M
  --people P            people who sent them (default: a ${EVENTS_PER_PERSON}rd as many as messages)
  --months M            length of the history (24)
  --devices D           devices per person, on average (1.6)
  --lateness S[:DAYS]   share of messages that come late, and how late at most (0.01:3)
  --news N              new messages per increment (those of an average day of the last month)
  --runs K              timed increments (7)
  --seed N              another seed, another history (1)
  --compare N,N,…       the same news on histories of these sizes, without the baselines
  --memory SIZE         DuckDB's memory_limit, e.g. 4GB (80 % of the machine)
  --threads N           DuckDB's threads (all cores)
  --profile             also print the slowest statements of the full build and of one increment
  --verify              rebuild after the increments: it must write 0 rows
  --keep FOLDER         keep files there, and take a history of the same shape from there
  --json                one JSON object instead of the table`

const text = { type: 'string' } as const
const flag = { type: 'boolean' } as const

/** Reads the arguments; a wrong one is an error that says so. Null when help is asked for. */
export function readArguments(args: readonly string[]): Plan | null {
  const { values } = parseArgs({
    args: [...args],
    options: {
      ...{
        events: text,
        people: text,
        months: text,
        devices: text,
        lateness: text,
        news: text,
        runs: text,
        seed: text,
      },
      ...{ compare: text, memory: text, threads: text, keep: text },
      ...{ profile: flag, verify: flag, json: flag, help: flag },
    },
  })
  if (values.help) return null
  const compare = values.compare?.split(',').map((n) => whole('compare', n)) ?? null
  if (compare !== null && compare.length < 2)
    throw new RangeError(`Expected two sizes or more in --compare, but got ${values.compare}.`)
  if (values.events === undefined && compare === null) throw new RangeError('Expected --events N or --compare N,N.')
  const events = whole('events', values.events ?? String(compare![0]))
  const [share, days] = (values.lateness ?? '0.01:3').split(':')
  const runs = whole('runs', values.runs ?? '7')
  return {
    shape: {
      events,
      people: values.people ? whole('people', values.people) : Math.ceil(events / EVENTS_PER_PERSON),
      months: number('months', values.months ?? '24', 1, 240),
      devices: number('devices', values.devices ?? '1.6', 1, 20),
      lateShare: number('lateness', share!, 0, 1),
      lateDays: number('lateness', days ?? '3', 0, 365),
      news: values.news ? whole('news', values.news) : null,
      held: runs + 1, // one more, whose statements are profiled
      seed: whole('seed', values.seed ?? '1'),
    },
    runs,
    compare,
    keep: values.keep ?? null,
    memoryLimit: values.memory ?? null,
    threads: values.threads ? whole('threads', values.threads) : null,
    isJson: values.json ?? false,
    isProfiled: values.profile ?? false,
    isVerified: values.verify ?? false,
  }
}

/** 300000, 300K, 10M. */
function whole(name: string, given: string): number {
  const match = /^(\d+(?:\.\d+)?)([KM]?)$/i.exec(given)
  const factor = { '': 1, K: 1_000, M: 1_000_000 }[match?.[2]?.toUpperCase() ?? ''] ?? 1
  const value = Number(match?.[1]) * factor
  if (!Number.isSafeInteger(value) || value < 1)
    throw new RangeError(`Expected --${name} to be a whole number like 300000, 300K or 10M, but got ${given}.`)
  return value
}

function number(name: string, given: string, least: number, most: number): number {
  const value = Number(given)
  if (given === '' || !(value >= least && value <= most))
    throw new RangeError(`Expected --${name} to be a number from ${least} to ${most}, but got ${given}.`)
  return value
}
