import { InputError } from '../errors.ts'
import { type Expr, expr, type Sql, sql } from '../warehouses/sql.ts'
import type { PublishedRun } from './context.ts'
import { addDays, dayOf, isoMicros, startOfDay, timezoneOf } from './timezones.ts'

/** A time as a caller gives it: a moment `2025-01-01T11:10:00.000000Z`, or a local day `2025-01-01`. */
export type TimeInput = string

export interface RangeArgs {
  readonly from?: TimeInput | null
  readonly to?: TimeInput | null
  readonly timezone?: string | null
}

/** Half-open, in UTC. */
export interface Range {
  readonly from: string
  readonly to: string
  readonly timezone: string
}

const DEFAULT_DAYS = 365

/**
 * The range of a report: `[from, to)`. Without `to` it ends with the local day of the newest event, without `from` it
 * is 365 days long.
 */
export function reportRange(args: RangeArgs, run: PublishedRun): Range {
  const timezone = timezoneOf(args.timezone ?? 'UTC')
  const lastDay = dayOf(run.data_through ?? run.published_at, timezone)
  const to = args.to ? moment(args.to, timezone) : startOfDay(addDays(lastDay, 1), timezone)
  const from = args.from
    ? moment(args.from, timezone)
    : startOfDay(addDays(dayOf(to, timezone), -DEFAULT_DAYS), timezone)
  if (args.from && args.to) refuseReversed(args, from, to)
  return { from, to, timezone }
}

/** `and …` for the bounds that are given: lists without a default range. */
export function inRange(args: RangeArgs, time: Expr): Sql {
  const timezone = timezoneOf(args.timezone ?? 'UTC')
  const from = args.from ? moment(args.from, timezone) : null
  const to = args.to ? moment(args.to, timezone) : null
  if (from && to) refuseReversed(args, from, to)
  return sql`${from ? sql`and ${expr(time)} >= ${sql.timestamp(from)}` : sql.empty} ${to ? sql`and ${expr(time)} < ${sql.timestamp(to)}` : sql.empty}`
}

/** `[from, to)` over a column. */
export function between(range: Range, time: Expr): Sql {
  return sql`${expr(time)} >= ${sql.timestamp(range.from)} and ${expr(time)} < ${sql.timestamp(range.to)}`
}

/** The range with both ends rounded down to quarter hours, which the roll-up keeps; ranges that meet still meet. */
export function quarterHours(range: Range): Range {
  const floor = (iso: string) => isoMicros(Math.floor(Date.parse(iso.replace(/\.\d+Z$/, 'Z')) / 900_000) * 900_000)
  return { ...range, from: floor(range.from), to: floor(range.to) }
}

function moment(time: TimeInput, timezone: string): string {
  return time.length === 10 ? startOfDay(time, timezone) : time
}

function refuseReversed(args: RangeArgs, from: string, to: string): void {
  if (from > to) throw new InputError(`Expected \`from\` to be before \`to\`, but got ${args.from} and ${args.to}.`)
}
