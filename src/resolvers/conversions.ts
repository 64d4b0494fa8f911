import { conversions as conversionsTable, credits as creditsTable } from '../pipeline/tables/people.ts'
import { type Sql, sql } from '../warehouses/sql.ts'
import type { Row } from '../warehouses/warehouse.ts'
import { conversionOf, modelOf } from './choices.ts'
import { type Context, type Node, type PublishedRun, visibleIn } from './context.ts'
import type { Order } from './cursors.ts'
import { within } from './lists.ts'
import { batchLoader, valuesOf } from './loaders.ts'
import { nestedPage, type Page, type PageArgs, rootPage } from './pages.ts'
import { inRange, type RangeArgs } from './ranges.ts'
import { type AsOf, runAsOf } from './runs.ts'

const order: Order = {
  name: 'conversions',
  columns: [
    { name: 'converted_at', isTime: true },
    { name: 'conversion_id', isTime: false },
  ],
}

const conversionsIn = (run: PublishedRun, more: Sql = sql.empty): Sql =>
  sql`(select * from ${sql.table(conversionsTable.name)} where ${visibleIn(run)} ${more})`

/** All conversions, the earliest first. */
export async function conversionsPage(
  context: Context,
  args: PageArgs & RangeArgs & { conversion?: string | null; asOf?: AsOf | null },
  columns: readonly string[],
): Promise<Page> {
  const run = await runAsOf(context, args.asOf)
  const named = args.conversion ? sql`and conversion = ${conversionOf(context, args.conversion)}` : sql.empty
  const filters = sql`${inRange(args, 'converted_at')} ${named}`
  return rootPage(context, args, run, {
    field: 'conversions',
    order,
    columns,
    source: (r) => conversionsIn(r, filters),
  })
}

/** The conversions of a person, the first first. */
export function conversionsOfPerson(
  context: Context,
  person: Node,
  args: PageArgs,
  columns: readonly string[],
): Promise<Page> {
  return nestedPage(context, args, person, 'person_id', {
    field: 'User.conversions',
    order,
    columns,
    source: conversionsIn,
    under: (people) => sql`person_id in (${sql.values(people)})`,
  })
}

/** What a model gives each touch of a conversion, in the order of the touches. */
export async function creditsOf(
  context: Context,
  { run, row }: Node,
  args: { model: string; limit: number },
  columns: readonly string[],
): Promise<readonly Node[]> {
  const model = modelOf(args.model)
  const limit = within('limit', args.limit, 1, 1000)
  const names = [...new Set(['conversion_id', 'touch_id', 'person_id', 'position', ...columns])]
  const loader = batchLoader(context, {
    field: 'Conversion.credits',
    args: { model, limit },
    columns: names,
    run,
    by: ['conversion_id'],
    query: (keys) => sql`
select ${sql.join(names.map((n) => columnOf(n, model)))}
from (
    select *, row_number() over (partition by conversion_id order by position, touch_id) as row_position
    from ${sql.table(creditsTable.name)}
    where person_id in (${sql.values(valuesOf(keys, 'person_id'))}) and conversion_id in (${sql.values(valuesOf(keys, 'conversion_id'))})
        and ${visibleIn(run)} and ${sql.id(`${model}_credit`)} <> 0
) as numbered
where row_position <= ${limit + 1}
order by conversion_id, row_position`,
  })
  const rows = await loader.load(row)
  if (rows.length > limit) context.notes.isTruncated = true
  return rows.slice(0, limit).map((credit: Row) => ({ run, row: credit }))
}

function columnOf(name: string, model: string): Sql {
  if (name === 'credit' || name === 'revenue') return sql`${sql.id(`${model}_${name}`)} as ${sql.id(name)}`
  return sql.id(name)
}
