import { type Sql, sql } from '../warehouses/sql.ts'
import type { Row } from '../warehouses/warehouse.ts'
import { conversionOfUnit, currencyOf, onlyCurrency } from './channel-stats.ts'
import { oneOf } from './choices.ts'
import { companyDays, countDays, daysOf, usageColumns } from './company-days.ts'
import { type CompanyFilters, companyFilters, dimensionOf, onlyCompanies } from './company-groups.ts'
import { type Context, type PublishedRun, visibleIn } from './context.ts'
import { type ListArgs, listed } from './lists.ts'
import { between, quarterHours, type RangeArgs, reportRange } from './ranges.ts'
import { type AsOf, runAsOf } from './runs.ts'

export interface CompanyRowsArgs extends RangeArgs, ListArgs, CompanyFilters {
  readonly dimension?: string | null
  readonly conversion?: string | null
  readonly currency?: string | null
  readonly event?: string | null
  readonly adminEveryDay?: string | null
  readonly includeGone?: boolean | null
  readonly asOf?: AsOf | null
}

const CONVERTED = ['conversions', 'revenue', 'currency']
const USAGE = ['active_days', 'admin_active_days', 'admin_active_weekdays', 'uses']

/** Flat rows: companies, and how they used the product over a range of days. */
export async function companyRows(
  context: Context,
  args: CompanyRowsArgs,
  columns: readonly string[],
): Promise<readonly Row[]> {
  const run = await runAsOf(context, args.asOf)
  const days = daysOf(args, run)
  const { dialect: d } = context.warehouse
  const every = args.adminEveryDay ? oneOf('adminEveryDay', args.adminEveryDay, ['all', 'weekdays'] as const) : null
  const dimension = dimensionOf(context, args.dimension ?? '')
  const needed = every === 'all' ? ['admin_active_days'] : every === 'weekdays' ? ['admin_active_weekdays'] : []
  const usage = Object.entries(usageColumns(d))
    .filter(([name]) => USAGE.includes(name))
    .filter(([name]) => columns.includes(name) || needed.includes(name))
    .map(([name, value]) => sql`${value} as ${sql.id(name)}`)
  const others = [...USAGE, ...CONVERTED, 'dimension']
  const own = [...new Set(['company_id', ...columns])].filter((name) => !others.includes(name))
  const latest = sql`(
    select * from ${sql.table('companies')}
    where ${visibleIn(run)} and is_latest ${args.includeGone ? sql.empty : sql`and until_at is null`}
)`
  const from =
    dimension === null ? latest : d.jsonColumns(latest, 'dimensions', { dimension: { path: [dimension], as: 'text' } })
  const converted = CONVERTED.some((name) => columns.includes(name))
    ? await conversionsInRange(context, args, run, columns.includes('revenue'))
    : null
  const shown = [
    ...own.map((name) => sql`s.${sql.id(name)}`),
    ...(columns.includes('dimension')
      ? [dimension === null ? sql`${d.cast(sql`null`, 'string')} as dimension` : sql`s.dimension`]
      : []),
    ...USAGE.filter((name) => columns.includes(name)).map(
      (name) => sql`coalesce(u.${sql.id(name)}, 0) as ${sql.id(name)}`,
    ),
    ...(converted === null
      ? []
      : [
          sql`coalesce(k.conversions, 0) as conversions, coalesce(k.revenue, 0) as revenue`,
          sql`${converted.currency === null ? d.cast(sql`null`, 'string') : sql`${converted.currency}`} as currency`,
        ]),
  ]
  const isEvery =
    every === null
      ? sql.empty
      : sql`and u.${sql.id(needed[0]!)} = ${Math.max(1, countDays(days.first, days.last, every))}`
  const used =
    usage.length === 0
      ? sql.empty
      : sql`
left join (
    select u.company_id, ${sql.join(usage)}
    from ${companyDays(d, run, days, args.event, onlyCompanies(args.company))} as u
    group by u.company_id
) as u on u.company_id = s.company_id`
  return listed(
    context,
    'companyRows',
    args,
    sql`
select ${sql.join(shown)}
from ${from} as s
join (
    select company_id, first_touch_channel from ${sql.table('companies')} where ${visibleIn(run)} and is_latest
) as l on l.company_id = s.company_id${used}${
      converted === null
        ? sql.empty
        : sql`
left join ${converted.query} as k on k.company_id = s.company_id`
    }
where 1 = 1 ${companyFilters(args)} ${isEvery}
order by s.company_id`,
  )
}

/** How often each company converted within the range, and what that was worth in one currency. */
async function conversionsInRange(
  context: Context,
  args: CompanyRowsArgs,
  run: PublishedRun,
  needsRevenue: boolean,
): Promise<{ query: Sql; currency: string | null }> {
  const range = quarterHours(reportRange(args, run))
  const conversion = conversionOfUnit(context, 'company', args.conversion ?? 'signup')
  const asked = { run, range, filters: sql.empty, model: 'first_touch', conversion, dateBy: 'conversion' } as const
  const unit = { kind: 'company', company: null } as const
  const chosen = currencyOf(args.currency)
  const currency = chosen ?? (needsRevenue ? await onlyCurrency(context, { ...asked, unit }) : null)
  const { dialect: d } = context.warehouse
  const inCurrency = chosen === null ? sql.empty : sql`and currency = ${chosen}`
  // Under every model the credit of a conversion is one, and its revenue its value.
  return {
    currency,
    query: sql`(
    select company_id, ${d.cast(sql`sum(first_touch_credit)`, 'integer')} as conversions, ${d.cast(sql`sum(first_touch_revenue)`, 'integer')} as revenue
    from ${sql.table('channel_stats')}
    where run_id <= ${run.run_id} and company_id <> '' and date_by = 'conversion' and conversion = ${conversion} and ${between(range, 'bucket_at')} ${inCurrency}
    group by company_id
)`,
  }
}
