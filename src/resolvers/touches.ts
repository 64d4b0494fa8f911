import { touches as touchesTable } from '../pipeline/tables/people.ts'
import { type Sql, sql } from '../warehouses/sql.ts'
import type { Row } from '../warehouses/warehouse.ts'
import { type Context, type Node, type PublishedRun, visibleIn } from './context.ts'
import type { Order } from './cursors.ts'
import { type OriginFilters, originFilters } from './filters.ts'
import { type ListArgs, listed } from './lists.ts'
import { batchLoader, valuesOf } from './loaders.ts'
import { nestedPage, type Page, type PageArgs, rootPage } from './pages.ts'
import { between, inRange, type RangeArgs, reportRange } from './ranges.ts'
import { type AsOf, runAsOf } from './runs.ts'

const order: Order = {
  name: 'touches',
  columns: [
    { name: 'touched_at', isTime: true },
    { name: 'order_key', isTime: false },
    { name: 'touch_id', isTime: false },
    { name: 'session_id', isTime: false },
  ],
}

/** Within one person the order key alone is the order: a session's entry comes before all else of it. */
const orderOfPerson: Order = { name: 'person touches', columns: [{ name: 'order_key', isTime: false }] }

const touchesIn = (run: PublishedRun, more: Sql = sql.empty): Sql =>
  sql`(select * from ${sql.table(touchesTable.name)} where ${visibleIn(run)} ${more})`

type TouchFilters = RangeArgs & OriginFilters & { asOf?: AsOf | null }

/** All touches, the earliest first. */
export async function touchesPage(
  context: Context,
  args: PageArgs & TouchFilters,
  columns: readonly string[],
): Promise<Page> {
  const run = await runAsOf(context, args.asOf)
  const filters = sql`${inRange(args, 'touched_at')} ${originFilters(args)}`
  return rootPage(context, args, run, { field: 'touches', order, columns, source: (r) => touchesIn(r, filters) })
}

/** The touches of a person, the first first. */
export function touchesOfPerson(
  context: Context,
  person: Node,
  args: PageArgs,
  columns: readonly string[],
): Promise<Page> {
  return nestedPage(context, args, person, 'person_id', {
    field: 'User.touches',
    order: orderOfPerson,
    columns,
    source: touchesIn,
    under: (people) => sql`person_id in (${sql.values(people)})`,
  })
}

/** The touches of a session, its entry first. */
export function touchesOfSession(
  context: Context,
  session: Node,
  args: PageArgs,
  columns: readonly string[],
): Promise<Page> {
  return nestedPage(context, args, session, 'session_id', {
    field: 'Session.touches',
    order: orderOfPerson,
    columns,
    source: touchesIn,
    under: (sessions) => sql`session_id in (${sql.values(sessions)})`,
  })
}

/** The touch of a row with `touch_id` and `person_id`; null for credit without one. */
export async function touchOf(context: Context, { run, row }: Node, columns: readonly string[]): Promise<Node | null> {
  if (row.touch_id === '') return null
  const names = [...new Set(['touch_id', 'person_id', ...columns])]
  const loader = batchLoader(context, {
    field: 'touch',
    columns: names,
    run,
    by: ['person_id', 'touch_id'],
    query: (keys) => sql`
select ${sql.join(names.map(sql.id))}
from ${sql.table(touchesTable.name)}
where person_id in (${sql.values(valuesOf(keys, 'person_id'))}) and touch_id in (${sql.values(valuesOf(keys, 'touch_id'))}) and ${visibleIn(run)}
order by order_key, session_id`,
  })
  const [found] = await loader.load(row)
  return found ? { run, row: found } : null
}

/** Flat rows. */
export async function touchRows(
  context: Context,
  args: TouchFilters & ListArgs,
  columns: readonly string[],
): Promise<readonly Row[]> {
  const run = await runAsOf(context, args.asOf)
  const range = reportRange(args, run)
  const names = [...new Set(['touch_id', 'session_id', ...columns])]
  return listed(
    context,
    'touchRows',
    args,
    sql`
select ${sql.join(names.map(sql.id))}
from ${sql.table(touchesTable.name)}
where ${visibleIn(run)} and ${between(range, 'touched_at')} ${originFilters(args)}
order by touched_at, order_key, touch_id, session_id`,
  )
}
