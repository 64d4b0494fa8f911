import { isoTime, microsOf } from '../../warehouses/iso-time.ts'
import { type Sql, sql } from '../../warehouses/sql.ts'
import type { Row, Warehouse } from '../../warehouses/warehouse.ts'
import type { StageContext } from '../stage.ts'
import type { FoundTable } from './find-tables.ts'
import { columnFor } from './row-sql.ts'

/**
 * How far before the latest time read the next run begins again. Loaders stamp rows when they begin to load them, and
 * loads that run side by side become readable out of order: within the hour nothing is missed. Rows that were read
 * before are known to the ledger.
 */
const OVERLAP_MICROSECONDS = 3_600_000_000

/** Rows without a received time, as a day. */
const NO_DAY = 'none'

/** What of a table a run reads. */
export interface Part {
  /** The rows, over an alias. Null for none. */
  readonly where: ((alias: string) => Sql) | null
  /** Rows of `watermarks` to write. */
  readonly marks: readonly Row[]
  /** Days are left for another run. */
  readonly isMore: boolean
}

/** Watermarks as the last run left them. */
export type Marks = ReadonlyMap<string, { readonly position: string; readonly rows_read: number }>

/** The watermarks that count: of each item what the latest run says. */
export const latestMarks = (): Sql => sql`(
    select source, item, position, bytes, modified_at, rows_read
    from (
        select w.*, row_number() over (partition by w.source, w.item order by w.run_id desc) as place
        from ${sql.table('watermarks')} as w
    ) as numbered
    where place = 1 and position <> ''
)`

/** Watermarks of the items of a source. */
export async function readMarks(warehouse: Warehouse, source: string): Promise<Marks> {
  const rows = await warehouse.query<Row & { item: string; position: string; rows_read: number }>(
    sql`select item, position, rows_read from ${latestMarks()} as k where source = ${source}`,
  )
  return new Map(rows.map(({ item, ...mark }) => [item, mark]))
}

/** The table in its schema. */
export const tableOf = ({ options, table }: FoundTable): Sql => sql`${sql.id(options.schema)}.${sql.id(table)}`

/** The column with the time a row became readable; null when the table has none. */
export function readableColumn({ options, kind, columns }: FoundTable): string | null {
  if (options.readableAt === null) return null
  return columnFor(columns, options.readableAt === undefined ? kind.readableAt : [options.readableAt])
}

/** The name under which the latest readable time is kept: of a column that the configuration names, its own. */
export function markOf(table: FoundTable): string {
  const { readableAt } = table.options
  return typeof readableAt === 'string' ? `${table.table}@${readableAt}` : table.table
}

/** The time a row became readable; null when the table has none. */
export function readableTime(c: StageContext, table: FoundTable, alias: string): Sql | null {
  const column = readableColumn(table)
  return column === null ? null : timeColumn(c, table, column, alias)
}

/**
 * What became readable since the last run. Rows with a readable time are new when it is not long before the latest one
 * read. Rows without one are counted by the day they were received: days with another count than was read are read whole.
 */
export async function newPart(
  warehouse: Warehouse,
  c: StageContext,
  table: FoundTable,
  marks: Marks,
  { until, mostRows }: { until: string | null; mostRows: number },
): Promise<Part> {
  const column = readableColumn(table)
  const readable = (alias: string) => readableTime(c, table, alias)
  const mark = marks.get(markOf(table))?.position ?? null
  const written: Row[] = []
  const conditions: ((alias: string) => Sql)[] = []

  if (column !== null) {
    const at = readable('t') as Sql
    const since = mark === null ? sql`${at} is not null` : sql`${at} >= ${sql.timestamp(mark)}`
    // A time to come would hide all that follows until then.
    const [found] = await warehouse.query<Row & { latest: string | null }>(sql`
select max(${at}) as latest from ${tableOf(table)} as t where ${since} and ${at} <= ${sql.timestamp(c.startedAt)}${until === null ? sql.empty : sql` and ${at} < ${sql.timestamp(until)}`}
`)
    const position = found?.latest ?? mark
    if (position !== null) written.push(markRow(c, table, markOf(table), position, 0))
    conditions.push((alias) => {
      const time = readable(alias) as Sql
      const end = until === null ? sql.empty : sql` and ${time} < ${sql.timestamp(until)}`
      if (mark === null) return sql`(${time} is not null${end})`
      const from = isoTime(microsOf(mark) - BigInt(OVERLAP_MICROSECONDS))
      return sql`(${time} >= ${sql.timestamp(from)}${end})`
    })
  }

  const undated = (alias: string) => (column === null ? sql`1 = 1` : sql`${readable(alias) as Sql} is null`)
  const day = (alias: string) => dayOf(c, table, alias)
  const counts = await warehouse.query<Row & { day: string; row_count: number }>(sql`
select day, count(*) as row_count
from (select ${day('t')} as day from ${tableOf(table)} as t where ${undated('t')}) as days
group by day
order by day
`)
  const found = counts.filter((k) => marks.get(itemOf(table, k.day))?.rows_read !== k.row_count)
  const differing = firstOf(found, mostRows)
  for (const { day, row_count } of differing) written.push(markRow(c, table, itemOf(table, day), day, row_count))
  if (differing.length === counts.length && counts.length > 0) conditions.push(undated)
  else if (differing.length > 0) {
    const days = differing.map((k) => k.day)
    conditions.push((alias) => sql`(${undated(alias)} and ${day(alias)} in (${sql.values(days)}))`)
  }
  return {
    where:
      conditions.length === 0
        ? null
        : (alias) =>
            sql`(${sql.join(
              conditions.map((of) => of(alias)),
              ' or ',
            )})`,
    marks: written,
    isMore: differing.length < found.length,
  }
}

/** Days up to about so many rows, at least one. */
function firstOf<D extends { row_count: number }>(days: readonly D[], mostRows: number): readonly D[] {
  let rows = 0
  return days.filter(({ row_count }, i) => {
    rows += row_count
    return i === 0 || rows <= mostRows
  })
}

const markRow = (c: StageContext, { source }: FoundTable, item: string, position: string, rows_read: number): Row => ({
  source,
  item,
  position,
  bytes: null,
  modified_at: null,
  rows_read,
  run_id: c.run,
})

const itemOf = ({ table }: FoundTable, day: string) => `${table}/${day}`

/** A time column; bare when it compares with ours as it is. */
function timeColumn({ d }: StageContext, { columns }: FoundTable, name: string, alias: string): Sql {
  const column = sql`${sql.id(alias)}.${sql.id(name)}`
  if (d.comparableTimes.includes(columns[name]!.toLowerCase())) return column
  return d.asTime(column, columns[name]!) ?? d.cast(sql`null`, 'timestamp')
}

/** The day a row was received, as text. */
function dayOf({ d }: StageContext, table: FoundTable, alias: string): Sql {
  const name = columnFor(table.columns, table.kind.columns.collected_at)
  if (name === null) return sql`${NO_DAY}`
  const at = d.asTime(sql`${sql.id(alias)}.${sql.id(name)}`, table.columns[name]!) ?? d.cast(sql`null`, 'timestamp')
  return sql`coalesce(substr(${d.cast(d.dateTrunc('day', at), 'string')}, 1, 10), ${NO_DAY})`
}
