import type { Dialect } from '../warehouses/dialect.ts'
import { type Sql, sql } from '../warehouses/sql.ts'
import { companyDays, type Days, dayValue, holdsOn, localDay, usageColumns } from './company-days.ts'
import { type PublishedRun, visibleIn } from './context.ts'

export const COMPANY_GRANULARITIES = ['day', 'week', 'month', 'none'] as const
export type CompanyGranularity = (typeof COMPANY_GRANULARITIES)[number]

/** What companies can be told apart by, beside a copied column. */
export const COMPANY_GROUPS = ['company', 'channel', 'source', 'campaign', 'plan'] as const

/** What companies are told apart by; `dimension` is a copied column. */
export interface CompanyGroups {
  readonly columns: readonly ((typeof COMPANY_GROUPS)[number] | 'dimension')[]
  /** Name of the copied column. */
  readonly dimension: string | null
}

/** A checked request. */
export interface CompanyQuery {
  readonly run: PublishedRun
  readonly days: Days
  readonly granularity: CompanyGranularity
  readonly groups: CompanyGroups
  readonly event: string | null
  readonly filters: Sql
  /** `and …` over `company_id` for the companies asked for. */
  readonly only: Sql
}

/** States of companies with what they are told apart by: their own plan and columns, and the channel of the company's first touch. */
export function statesWithGroups(
  d: Dialect,
  { run, groups, filters }: Pick<CompanyQuery, 'run' | 'groups' | 'filters'>,
): Sql {
  const states = sql`(select * from ${sql.table('companies')} where ${visibleIn(run)} )`
  const from =
    groups.dimension === null
      ? states
      : d.jsonColumns(states, 'dimensions', { dimension: { path: [groups.dimension], as: 'text' } })
  return sql`(
    select s.company_id, s.company_id as company, s.place, s.first_seen_at, s.since_at, s.until_at, s.plan, s.is_paid${groups.dimension === null ? sql.empty : sql`, s.dimension`},
        l.first_touch_channel as channel, l.first_touch_source as source, l.first_touch_campaign as campaign
    from (
        select x.*, row_number() over (partition by x.company_id order by x.first_seen_at) as place
        from ${from} as x
    ) as s
    join (
        select company_id, first_touch_channel, first_touch_source, first_touch_campaign
        from ${sql.table('companies')}
        where ${visibleIn(run)} and is_latest
    ) as l on l.company_id = s.company_id
    where 1 = 1 ${filters}
)`
}

/**
 * On which day of the range how many companies came to be and ceased to be, by their groups: `day, is_paid, companies, assumed,
 * begun`. Summed up to a day they say how many there were at its end. What was before the range stands on its first day.
 */
export function companyChangesQuery(d: Dialect, q: CompanyQuery): Sql {
  const { timezone, first, last } = q.days
  const columns = q.groups.columns.map((name) => sql.id(name))
  const clipped = (time: Sql) => {
    const day = localDay(d, time, timezone)
    return sql`case when ${day} < ${dayValue(first)} then ${dayValue(first)} else ${day} end`
  }
  const list = sql.join([...columns, sql`is_paid`])
  const isBegun = sql`since_at is not null and place = 1 and ${localDay(d, 'since_at', timezone)} >= ${dayValue(first)}`
  return sql`
with states as (
    select * from ${statesWithGroups(d, q)} as given
),

changes as (
    select
        case when since_at is null then ${dayValue(first)} else ${clipped(sql`since_at`)} end as day, ${list},
        1 as companies, 1 as assumed, case when ${isBegun} then 1 else 0 end as begun
    from states
    union all
    select ${clipped(sql`first_seen_at`)} as day, ${list}, 0 as companies, -1 as assumed, 0 as begun
    from states
    union all
    select ${clipped(sql`until_at`)} as day, ${list}, -1 as companies, 0 as assumed, 0 as begun
    from states
    where until_at is not null
)

select day, ${list}, sum(companies) as companies, sum(assumed) as assumed, sum(begun) as begun
from changes
where day <= ${dayValue(last)}
group by day, ${list}
order by day`
}

/**
 * How many companies were used in each bucket, by groups and on how many days administrators did: `bucket, is_paid,
 * admin_active_days, admin_active_weekdays, companies, uses`. Only of companies that exist at the end of the bucket, as they are then.
 */
export function companyUsageQuery(d: Dialect, q: CompanyQuery): Sql {
  const { days } = q
  const columns = q.groups.columns.map((name) => sql.id(name))
  const list = sql.join([...columns, sql`is_paid`])
  const usage = usageColumns(d)
  const counts = ['admin_active_days', 'admin_active_weekdays', 'uses'].map(
    (name) => sql`${usage[name]!} as ${sql.id(name)}`,
  )
  return sql`
with bucketed as (
    select u.*, ${bucketOf(d, q)} as bucket, ${lastDayOf(d, q)} as last_day
    from ${companyDays(d, q.run, days, q.event, q.only)} as u
),

used as (
    select u.company_id, u.bucket, u.last_day, ${sql.join(counts)}
    from bucketed as u
    group by u.company_id, u.bucket, u.last_day
)

select bucket, ${list}, admin_active_days, admin_active_weekdays, count(*) as companies, sum(uses) as uses
from (
    select u.*, ${sql.join([...columns, sql`is_paid`].map((name) => sql`s.${name}`))}
    from used as u
    join ${statesWithGroups(d, q)} as s on s.company_id = u.company_id
    where ${holdsOn(d, 's', 'u.last_day', days.timezone)}
) as placed
group by bucket, ${list}, admin_active_days, admin_active_weekdays
order by bucket`
}

const DAY = 86_400_000_000

function bucketOf(d: Dialect, { granularity, days }: CompanyQuery): Sql {
  return granularity === 'none' ? dayValue(days.first) : d.dateTrunc(granularity, 'u.day')
}

/** The last day of the bucket within the range. */
function lastDayOf(d: Dialect, q: CompanyQuery): Sql {
  const last = dayValue(q.days.last)
  if (q.granularity === 'none') return last
  if (q.granularity === 'day') return sql`u.day`
  const next = d.dateTrunc(
    q.granularity,
    d.addMicroseconds(bucketOf(d, q), sql`${(q.granularity === 'week' ? 7 : 32) * DAY}`),
  )
  const end = d.addMicroseconds(next, sql`${-DAY}`)
  return sql`case when ${end} < ${last} then ${end} else ${last} end`
}
