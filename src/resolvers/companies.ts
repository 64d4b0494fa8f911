import { companies as companiesTable, companyMembers as membersTable } from '../pipeline/tables/companies.ts'
import { type Sql, sql } from '../warehouses/sql.ts'
import type { Row } from '../warehouses/warehouse.ts'
import { companyDays, daysOf, usageColumns } from './company-days.ts'
import { type Context, type Node, needsPeople, type PublishedRun, visibleIn } from './context.ts'
import type { Order } from './cursors.ts'
import { within } from './lists.ts'
import { batchLoader, valuesOf } from './loaders.ts'
import { nestedPage, type Page, type PageArgs, rootPage } from './pages.ts'
import type { RangeArgs } from './ranges.ts'
import { type AsOf, runAsOf } from './runs.ts'

const order: Order = { name: 'companies', columns: [{ name: 'company_id', isTime: false }] }
const orderOfMembers: Order = {
  name: 'members',
  columns: [
    { name: 'user_id', isTime: false },
    { name: 'first_seen_at', isTime: true },
  ],
}
const orderOfTouches: Order = {
  name: 'company touches',
  columns: [
    { name: 'order_key', isTime: false },
    { name: 'touch_id', isTime: false },
    { name: 'session_id', isTime: false },
  ],
}

/** The latest state of each company. */
const latestIn = (run: PublishedRun, more: Sql = sql.empty): Sql =>
  sql`(select * from ${sql.table(companiesTable.name)} where ${visibleIn(run)} and is_latest ${more})`

/** One company, also one that is gone. */
export async function companyById(
  context: Context,
  args: { id: string; asOf?: AsOf | null },
  columns: readonly string[],
): Promise<Node | null> {
  const run = await runAsOf(context, args.asOf)
  return companyOf(context, { run, row: { company_id: args.id } }, columns)
}

/** The company of a row with `company_id`. */
export async function companyOf(
  context: Context,
  { run, row }: Node,
  columns: readonly string[],
): Promise<Node | null> {
  if (row.company_id === null || row.company_id === undefined) return null
  const names = [...new Set(['company_id', ...columns])]
  const loader = batchLoader(context, {
    field: 'company',
    columns: names,
    run,
    by: ['company_id'],
    query: (keys) => sql`
select ${sql.join(names.map(sql.id))}
from ${latestIn(run)} as latest
where company_id in (${sql.values(valuesOf(keys, 'company_id'))})`,
  })
  const [found] = await loader.load(row)
  return found ? { run, row: found } : null
}

/** All companies by id; those that are gone when asked for. */
export async function companiesPage(
  context: Context,
  args: PageArgs & { includeGone?: boolean | null; asOf?: AsOf | null },
  columns: readonly string[],
): Promise<Page> {
  const run = await runAsOf(context, args.asOf)
  const there = args.includeGone ? sql.empty : sql`and until_at is null`
  return rootPage(context, args, run, { field: 'companies', order, columns, source: (r) => latestIn(r, there) })
}

/** Members of a company in the latest copy; also former ones, and what present ones were, when asked for. */
export function membersOfCompany(
  context: Context,
  company: Node,
  { includeFormer, ...args }: PageArgs & { includeFormer?: boolean | null },
  columns: readonly string[],
): Promise<Page> {
  needsPeople(context, 'members of companies')
  const there = includeFormer ? sql.empty : sql`and until_at is null`
  return nestedPage(context, args, company, 'company_id', {
    field: `Company.members${includeFormer ? ' and former ones' : ''}`,
    order: orderOfMembers,
    columns,
    source: (run) => sql`(select * from ${sql.table(membersTable.name)} where ${visibleIn(run)} ${there})`,
    under: (companies) => sql`company_id in (${sql.values(companies)})`,
  })
}

/** Memberships of a person, of all their accounts; also former ones when asked for. */
export async function membershipsOfPerson(
  context: Context,
  { run, row }: Node,
  includeFormer: boolean,
): Promise<readonly Node[]> {
  needsPeople(context, 'companies of people')
  const loader = batchLoader(context, {
    field: 'User.companies',
    args: { includeFormer },
    columns: [],
    run,
    by: ['person_id'],
    query: (keys) => sql`
select k.person_id, m.*
from ${sql.table('aliases')} as k
join ${sql.table(membersTable.name)} as m on m.user_id = k.id
where k.person_id in (${sql.values(valuesOf(keys, 'person_id'))}) and k.is_latest and ${visibleIn(run, 'k')} and ${visibleIn(run, 'm')}
    ${includeFormer ? sql.empty : sql`and m.until_at is null`}
order by k.person_id, m.company_id, m.first_seen_at, m.user_id`,
  })
  return (await loader.load(row)).map((membership: Row) => ({ run, row: membership }))
}

/** Former and present states of a company, the first first. */
export async function statesOfCompany(context: Context, { run, row }: Node): Promise<readonly Node[]> {
  const loader = batchLoader(context, {
    field: 'Company.history',
    columns: [],
    run,
    by: ['company_id'],
    query: (keys) => sql`
select company_id, first_seen_at, last_seen_at, since_at, until_at, name, plan, is_paid
from ${sql.table(companiesTable.name)}
where company_id in (${sql.values(valuesOf(keys, 'company_id'))}) and ${visibleIn(run)}
order by company_id, first_seen_at`,
  })
  return (await loader.load(row)).map((state: Row) => ({ run, row: state }))
}

/** Touches of all the people of a company, in their order: of members and former ones, and those that name it. */
export function touchesOfCompany(
  context: Context,
  company: Node,
  args: PageArgs,
  columns: readonly string[],
): Promise<Page> {
  needsPeople(context, 'touches of people')
  const names = [...new Set([...orderOfTouches.columns.map((c) => c.name), ...columns])]
  const list = sql.join(names.map((name) => sql`t.${sql.id(name)}`))
  const source = (run: PublishedRun) => sql`(
    select p.company_id, ${list}
    from (
        select distinct m.company_id, k.person_id
        from ${sql.table(membersTable.name)} as m
        join ${sql.table('aliases')} as k on k.id = m.user_id
        where k.is_latest and ${visibleIn(run, 'm')} and ${visibleIn(run, 'k')}
    ) as p
    join ${sql.table('touches')} as t on t.person_id = p.person_id
    where t.company_id is null and ${visibleIn(run, 't')}
    union all
    select t.company_id, ${list}
    from ${sql.table('touches')} as t
    where t.company_id is not null and ${visibleIn(run, 't')}
)`
  return nestedPage(context, args, company, 'company_id', {
    field: 'Company.touches',
    order: orderOfTouches,
    columns,
    source,
    under: (companies) => sql`company_id in (${sql.values(companies)})`,
  })
}

/** How a company used the product over a range of days. */
export async function usageOfCompany(
  context: Context,
  { run, row }: Node,
  args: RangeArgs & { event?: string | null },
): Promise<Row> {
  const days = daysOf(args, run)
  const { dialect: d } = context.warehouse
  const columns = Object.entries(usageColumns(d)).map(([name, value]) => sql`${value} as ${sql.id(name)}`)
  const loader = batchLoader(context, {
    field: 'Company.usage',
    args: { ...days, event: args.event ?? null },
    columns: [],
    run,
    by: ['company_id'],
    query: (keys) => sql`
select u.company_id, ${sql.join(columns)}
from ${companyDays(d, run, days, args.event, sql`and company_id in (${sql.values(valuesOf(keys, 'company_id'))})`)} as u
group by u.company_id`,
  })
  const [found] = await loader.load(row)
  return found ?? { active_days: 0, admin_active_days: 0, admin_active_weekdays: 0, uses: 0 }
}

/** What a company converted, by conversion and currency. */
export async function conversionsOfCompany(
  context: Context,
  { run, row }: Node,
  limit: number,
): Promise<readonly Row[]> {
  const size = within('limit', limit, 1, 250)
  const loader = batchLoader(context, {
    field: 'Company.conversions',
    args: { size },
    columns: [],
    run,
    by: ['company_id'],
    query: (keys) => sql`
select company_id, conversion, currency, sum(first_touch_credit) as credit, sum(first_touch_revenue) as revenue
from ${sql.table('channel_stats')}
where run_id <= ${run.run_id} and date_by = 'conversion' and company_id in (${sql.values(valuesOf(keys, 'company_id'))})
group by company_id, conversion, currency
having sum(first_touch_credit) <> 0
order by company_id, conversion, currency`,
  })
  return (await loader.load(row)).slice(0, size)
}
