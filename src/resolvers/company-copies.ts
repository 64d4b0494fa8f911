import { dimensionItem, PRODUCT, seenItem } from '../pipeline/companies/copied-tables.ts'
import { sql } from '../warehouses/sql.ts'
import type { Row } from '../warehouses/warehouse.ts'
import { type Context, type PublishedRun, read } from './context.ts'
import { addDays, startOfDay } from './timezones.ts'

/** When the product database was copied. */
export interface Copies {
  /** Whether a day had ended before the first copy that had a table or a column of it: what is said of that day is assumed. */
  isBefore(item: CopiedItem, day: string, timezone: string): boolean
}

export type CopiedItem = 'members' | 'role' | 'plan' | { readonly dimension: string }

/** Looks when the copies were taken that a run knows. */
export async function copiesOf(context: Context, run: PublishedRun): Promise<Copies> {
  const rows = await read<Row & { item: string; position: string }>(
    context,
    'copies',
    sql`
select item, max(position) as position
from ${sql.table('watermarks')}
where source = ${PRODUCT} and run_id <= ${run.run_id}
group by item`,
  )
  const since = new Map(rows.map(({ item, position }) => [item, position]))
  return {
    isBefore(item, day, timezone) {
      const first = since.get(itemOf(item))
      return first !== undefined && startOfDay(addDays(day, 1), timezone) <= first
    },
  }
}

function itemOf(item: CopiedItem): string {
  if (typeof item === 'object') return dimensionItem(item.dimension)
  if (item === 'members') return seenItem('members')
  return item === 'role' ? seenItem('members', 'role') : seenItem('companies', 'plan')
}
