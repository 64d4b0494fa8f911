import { type Sql, sql } from '../../warehouses/sql.ts'
import type { Row, Warehouse } from '../../warehouses/warehouse.ts'
import { prepareWarehouse } from '../prepare.ts'

/** Which rows of quarantine to show. */
export interface QuarantineQuery {
  readonly source?: string
  readonly reason?: string
  /** At most so many rows; the counts are of all. */
  readonly limit: number
  /** With the beginning of each text: it may hold personal data. */
  readonly hasText?: boolean
}

/** Open rows of quarantine: counted, and the first of them. */
export interface QuarantineList {
  readonly rows: number
  readonly counts: readonly { readonly source: string; readonly reason: string; readonly rows: number }[]
  readonly first: readonly QuarantineRow[]
}

/** One refused line. */
export interface QuarantineRow {
  readonly id: string
  readonly source: string
  readonly file: string
  /** From 1; 0 when the whole file could not be read. */
  readonly line: number
  readonly reason: string
  readonly detail: string
  readonly quarantinedAt: string
  /** The first characters of the line; null when it was not kept. Only when asked for. */
  readonly text?: string | null
}

/** How much of a text is shown. */
const SHOWN = 1000

/** Reads what is in quarantine. On a fresh warehouse it creates the empty tables first. */
export async function readQuarantine(warehouse: Warehouse, query: QuarantineQuery): Promise<QuarantineList> {
  await prepareWarehouse(warehouse)
  const where = matching(query)
  const from = sql`from ${sql.table('current_quarantine')}${where}`
  const counts = await warehouse.query<Row & { source: string; reason: string; n: number }>(
    sql`select source, reason, count(*) as n ${from} group by source, reason order by source, reason`,
  )
  type Found = Row &
    Record<'quarantine_id' | 'source' | 'file' | 'reason' | 'detail' | 'quarantined_at', string> & {
      line: number
      text?: string | null
    }
  const rows = await warehouse.query<Found>(sql`
select quarantine_id, source, file, line, reason, detail, quarantined_at${query.hasText ? sql`, substr(text, 1, ${SHOWN}) as text` : sql.empty}
${from}
order by source, file, line, quarantine_id
limit ${query.limit}`)
  return {
    rows: counts.reduce((sum, { n }) => sum + n, 0),
    counts: counts.map(({ source, reason, n }) => ({ source, reason, rows: n })),
    first: rows.map(({ quarantine_id, quarantined_at, ...row }) => ({
      id: quarantine_id,
      ...row,
      quarantinedAt: quarantined_at,
    })),
  }
}

function matching({ source, reason }: QuarantineQuery): Sql {
  const conditions = [
    ...(source === undefined ? [] : [sql`source = ${source}`]),
    ...(reason === undefined ? [] : [sql`reason = ${reason}`]),
  ]
  return conditions.length === 0 ? sql.empty : sql` where ${sql.join(conditions, ' and ')}`
}
