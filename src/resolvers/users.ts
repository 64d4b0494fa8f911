import { aliases as aliasesTable, attribution as attributionTable } from '../pipeline/tables/people.ts'
import { type Sql, sql } from '../warehouses/sql.ts'
import type { Row } from '../warehouses/warehouse.ts'
import { oneOf } from './choices.ts'
import { type Context, type Node, type PublishedRun, read, visibleIn } from './context.ts'
import type { Order } from './cursors.ts'
import { type ListArgs, listed, within } from './lists.ts'
import { batchLoader, valuesOf } from './loaders.ts'
import { type Page, type PageArgs, rootPage } from './pages.ts'
import { between, inRange, type RangeArgs, reportRange } from './ranges.ts'
import { type AsOf, runAsOf } from './runs.ts'

const order: Order = {
  name: 'users',
  columns: [
    { name: 'first_seen_at', isTime: true },
    { name: 'person_id', isTime: false },
  ],
}

/** People with the times they were seen, from all their ids. */
const peopleIn = (run: PublishedRun): Sql => sql`(
    select person_id, min(first_seen_at) as first_seen_at, max(last_seen_at) as last_seen_at
    from ${sql.table(aliasesTable.name)}
    where ${visibleIn(run)}
    group by person_id
)`

/** The person that a user id, person id or anonymous id belongs to. */
export async function userById(context: Context, args: { id: string; asOf?: AsOf | null }): Promise<Node | null> {
  const run = await runAsOf(context, args.asOf)
  const [row] = await read(
    context,
    'user',
    sql`
select person_id
from ${sql.table(aliasesTable.name)}
where id = ${args.id} and is_latest and ${visibleIn(run)}
order by person_id
limit 1`,
  )
  return row ? { run, row } : null
}

/** All people, those first seen earliest first. */
export async function usersPage(
  context: Context,
  args: PageArgs & RangeArgs & { asOf?: AsOf | null },
  columns: readonly string[],
): Promise<Page> {
  const run = await runAsOf(context, args.asOf)
  const range = inRange(args, 'first_seen_at')
  const source = (r: PublishedRun) => sql`(select * from ${peopleIn(r)} as people where 1 = 1 ${range})`
  return rootPage(context, args, run, { field: 'users', order, columns, source })
}

/** When a person was first and last seen. */
export async function seenAt(context: Context, { run, row }: Node): Promise<Row | null> {
  if (row.first_seen_at !== undefined) return row
  const loader = batchLoader(context, {
    field: 'User.seen',
    columns: [],
    run,
    by: ['person_id'],
    query: (keys) => sql`
select person_id, min(first_seen_at) as first_seen_at, max(last_seen_at) as last_seen_at
from ${sql.table(aliasesTable.name)}
where person_id in (${sql.values(valuesOf(keys, 'person_id'))}) and ${visibleIn(run)}
group by person_id`,
  })
  return (await loader.load(row))[0] ?? null
}

/** The anonymous ids or user ids of a person, those seen first first. */
export async function idsOfPerson(
  context: Context,
  { run, row }: Node,
  kind: 'is_anonymous_id' | 'is_user_id',
  limit: number,
): Promise<readonly string[]> {
  const size = within('limit', limit, 1, 250)
  const loader = batchLoader(context, {
    field: 'User.ids',
    args: { kind, size },
    columns: [],
    run,
    by: ['person_id'],
    query: (keys) => sql`
select person_id, id
from (
    select person_id, id, row_number() over (partition by person_id order by first_seen_at, id) as row_position
    from ${sql.table(aliasesTable.name)}
    where person_id in (${sql.values(valuesOf(keys, 'person_id'))}) and ${sql.id(kind)} and ${visibleIn(run)}
) as numbered
where row_position <= ${size + 1}
order by person_id, row_position`,
  })
  const rows = await loader.load(row)
  if (rows.length > size) context.notes.isTruncated = true
  return rows.slice(0, size).map((r) => String(r.id))
}

const PEOPLE_COLUMNS = ['person_id', 'first_seen_at', 'last_seen_at']

/** Flat rows: people with their attribution, dated by when they were first seen or signed up. */
export async function userRows(
  context: Context,
  args: RangeArgs & ListArgs & { dateBy: string; asOf?: AsOf | null },
  columns: readonly string[],
): Promise<readonly Row[]> {
  const run = await runAsOf(context, args.asOf)
  const dateBy = oneOf('dateBy', args.dateBy, ['firstSeen', 'signup'])
  const date = dateBy === 'signup' ? 'signed_up_at' : 'first_seen_at'
  const names = [...new Set(['person_id', date, ...columns])]
  const attributed = names.filter((n) => !PEOPLE_COLUMNS.includes(n))
  const attributions = sql`
${dateBy === 'signup' ? sql`join` : sql`left join`} (
    select person_id as attributed_person_id, ${sql.join(attributed.map(sql.id))}
    from ${sql.table(attributionTable.name)}
    where ${visibleIn(run)}
) as attributions on attributed_person_id = person_id`
  return listed(
    context,
    'userRows',
    args,
    sql`
select ${sql.join(names.map(sql.id))}
from ${peopleIn(run)} as people
${attributed.length > 0 ? attributions : sql.empty}
where ${between(reportRange(args, run), date)}
order by ${sql.id(date)}, person_id`,
  )
}
