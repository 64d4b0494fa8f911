import { isoTime, microsOf } from '../warehouses/iso-time.ts'
import { type Sql, sql } from '../warehouses/sql.ts'
import type { Row, RunOptions, Warehouse } from '../warehouses/warehouse.ts'

/** Times from `from` to `to`, both included, as ISO text. */
export interface TimeRange {
  readonly from: string
  readonly to: string
}

/** Ranges that a statement may name: each is a read of its own. */
const MOST_RANGES = 36

/** What stands in a statement that is printed and not run: there is no answer yet. */
export const PLACEHOLDER_RANGE: TimeRange = { from: '2000-01-01T00:00:00.000000Z', to: '2000-01-01T00:00:00.000000Z' }

/** The days on which something of a relation lies: `from_at` and `to_at` of each, in order. */
export function daysOf(day: Sql, from: Sql, to: Sql, relation: Sql): Sql {
  return sql`
select min(${from}) as from_at, max(${to}) as to_at
from ${relation}
group by ${day}
order by min(${from})
`
}

/** Asks for ranges, and joins neighbours until a statement can name them all. */
export async function readRanges(warehouse: Warehouse, ranges: Sql, options?: RunOptions): Promise<TimeRange[]> {
  const rows = await warehouse.query<Row & { from_at: string; to_at: string }>(ranges, options)
  return joinRanges(
    rows.map((r) => ({ from: r.from_at, to: r.to_at })),
    MOST_RANGES,
  )
}

/** Ranges in order, overlapping ones joined, then those with the smallest gaps between them until `most` are left. */
export function joinRanges(ranges: readonly TimeRange[], most: number): TimeRange[] {
  const joined: { from: number; to: number }[] = []
  for (const { from, to } of ranges) {
    const range = { from: Number(microsOf(from)), to: Number(microsOf(to)) }
    const last = joined.at(-1)
    if (last && range.from <= last.to) last.to = Math.max(last.to, range.to)
    else joined.push(range)
  }
  const gaps = joined.slice(1).map((range, i) => range.from - joined[i]!.to)
  const kept = [...gaps.keys()].sort((a, b) => gaps[b]! - gaps[a]! || a - b).slice(0, most - 1)
  const starts = [0, ...kept.map((i) => i + 1).sort((a, b) => a - b)]
  if (joined.length === 0) return []
  return starts.map((start, i) => ({
    from: isoTime(BigInt(joined[start]!.from)),
    to: isoTime(BigInt(joined[(starts[i + 1] ?? joined.length) - 1]!.to)),
  }))
}

/** `name` between the ends of any of the ranges, as literals. */
export function inRanges(name: Sql, ranges: readonly TimeRange[]): Sql {
  if (ranges.length === 0) return sql`1 = 0`
  const each = ranges.map(
    ({ from, to }) => sql`(${name} >= ${sql.timestamp(from)} and ${name} <= ${sql.timestamp(to)})`,
  )
  return sql`(${sql.join(each, ' or ')})`
}

/** Rows of `events` in the ranges: a read of its own for each, so that every engine leaves out what lies between them. */
export function eventsIn(ranges: readonly TimeRange[], columns: readonly string[]): Sql {
  const reads = (ranges.length === 0 ? [null] : ranges).map(
    (range) => sql`
    select ${sql.join([...columns])} from ${sql.table('events')}
    where ${range === null ? sql`1 = 0` : sql`occurred_at >= ${sql.timestamp(range.from)} and occurred_at <= ${sql.timestamp(range.to)}`}`,
  )
  return sql`(${sql.join(reads, '\n    union all')}
)`
}
