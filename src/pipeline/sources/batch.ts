import { isoTime, microsOf } from '../../warehouses/iso-time.ts'
import { sql } from '../../warehouses/sql.ts'
import type { Row, Warehouse } from '../../warehouses/warehouse.ts'
import type { StageContext } from '../stage.ts'
import type { FoundFile } from './files.ts'
import type { FoundTable } from './find-tables.ts'
import { formatOf } from './tabular.ts'
import { type Marks, markOf, readableTime, tableOf } from './watermarks.ts'

/**
 * A first load of many years is cut into runs of about so many rows, each all or nothing: a run holds what it reads in
 * memory, and one that dies late would have to begin anew. How it is cut changes no number.
 */
export const ROWS_PER_RUN = 2_500_000

const HOUR = 3_600_000_000n

/** Up to when tables are read in this run, by the time their rows became readable; null for all that is there. */
export async function readUntil(
  warehouse: Warehouse,
  c: StageContext,
  tables: readonly (readonly [FoundTable, Marks])[],
  mostRows: number,
): Promise<string | null> {
  const rowsByHour = new Map<string, number>()
  for (const [table, marks] of tables) {
    const at = readableTime(c, table, 't')
    if (at === null) continue
    const mark = marks.get(markOf(table))?.position
    const hours = await warehouse.query<Row & { hour_at: string; row_count: number }>(sql`
select ${c.d.dateTrunc('hour', at)} as hour_at, count(*) as row_count
from ${tableOf(table)} as t
where ${mark === undefined ? sql`${at} is not null` : sql`${at} > ${sql.timestamp(mark)}`} and ${at} <= ${sql.timestamp(c.startedAt)}
group by ${c.d.dateTrunc('hour', at)}
`)
    for (const { hour_at, row_count } of hours) rowsByHour.set(hour_at, (rowsByHour.get(hour_at) ?? 0) + row_count)
  }
  const hours = [...rowsByHour].sort(([a], [b]) => (a < b ? -1 : 1))
  let rows = 0
  for (const [i, [hour, count]] of hours.entries()) {
    rows += count
    // At least one hour, however much it holds.
    if (rows >= mostRows && i < hours.length - 1) return isoTime(microsOf(hour) + HOUR)
  }
  return null
}

/** Bytes that about one row takes in a file; packed ones are known only roughly. */
const BYTES_PER_ROW = { lines: 300, csv: 150, parquet: 30 } as const
const PACKED = 8

/** About how many rows a file holds. */
export const rowsOfFile = ({ item, bytes, isGzip }: FoundFile): number =>
  (bytes * (isGzip ? PACKED : 1)) / BYTES_PER_ROW[formatOf(item)]
