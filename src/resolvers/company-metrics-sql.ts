import type { Dialect } from '../warehouses/dialect.ts'
import { expr, type Sql, sql } from '../warehouses/sql.ts'
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
    select s.company_id, s.company_id as company, s.first_seen_at, s.since_at, s.until_at, s.plan, s.is_paid, s.given_paid_at${groups.dimension === null ? sql.empty : sql`, s.dimension`},
        l.first_touch_channel as channel, l.first_touch_source as source, l.first_touch_campaign as campaign
    from ${from} as s
    join (
        select company_id, first_touch_channel, first_touch_source, first_touch_campaign
        from ${sql.table('companies')}
        where ${visibleIn(run)} and is_latest
    ) as l on l.company_id = s.company_id
    where 1 = 1 ${filters}
)`
}

/**
 * On which day of the range how many companies came to be and ceased to be, by their groups: `day, companies, assumed, paid`.
 * Summed up to a day they say how many there were at its end. What was before the range stands on its first day.
 */
export function companyChangesQuery(d: Dialect, q: CompanyQuery): Sql {
  const { timezone, first, last } = q.days
  const columns = q.groups.columns.map((name) => sql.id(name))
  const clipped = (time: Sql) => {
    const day = localDay(d, time, timezone)
    return sql`case when ${time} is null or ${day} < ${dayValue(first)} then ${dayValue(first)} else ${day} end`
  }
  const list = sql.join([sql`day`, ...columns])
  // Counts are written out: Postgres takes a parameter in a list of columns for text.
  const change = (time: Sql, counts: Sql, where = sql.empty) => sql`
    select ${sql.join([sql`${clipped(time)} as day`, ...columns])}, ${counts}
    from states${where}`
  const begun = sql`1 as companies, 1 as assumed, 0 as paid`
  const seen = sql`0 as companies, -1 as assumed, 0 as paid`
  const gone = sql`-1 as companies, 0 as assumed, 0 as paid`
  const paying = sql`0 as companies, 0 as assumed, 1 as paid`
  const notPaying = sql`0 as companies, 0 as assumed, -1 as paid`
  return sql`
with states as (
    select given.*, ${paidFrom} as paid_from
    from ${statesWithGroups(d, q)} as given
),

changes as (${change(sql`since_at`, begun)}
    union all${change(sql`first_seen_at`, seen)}
    union all${change(sql`until_at`, gone, sql` where until_at is not null`)}
    union all${change(sql`paid_from`, paying, sql` where ${isEverPaid}`)}
    union all${change(sql`until_at`, notPaying, sql` where until_at is not null and ${isEverPaid}`)}
)

select ${list}, sum(companies) as companies, sum(assumed) as assumed, sum(paid) as paid
from changes
where day <= ${dayValue(last)}
group by ${list}
order by day`
}

/** From when a state on a paid plan is a paying one: when the product database says since when, not before. */
const paidFrom: Sql = sql`case
        when given_paid_at is not null and (since_at is null or given_paid_at > since_at) then given_paid_at
        else since_at
    end`
const isEverPaid: Sql = sql`is_paid and (paid_from is null or until_at is null or paid_from < until_at)`

/** How many companies began in each bucket, of those that exist at its end and as they are then: `bucket, companies`, by groups. */
export function companyBeginningsQuery(d: Dialect, q: CompanyQuery): Sql {
  const { timezone, first, last } = q.days
  const list = sql.join([sql`bucket`, ...q.groups.columns.map((name) => sql.id(name))])
  return sql`
with begun as (
    select f.company_id, ${localDay(d, 'f.since_at', timezone)} as day
    from (
        select company_id, since_at, row_number() over (partition by company_id order by first_seen_at) as place
        from ${sql.table('companies')}
        where ${visibleIn(q.run)} ${q.only}
    ) as f
    where f.place = 1 and f.since_at is not null
),

bucketed as (
    select u.company_id, ${bucketOf(d, q)} as bucket, ${lastDayOf(d, q)} as last_day
    from begun as u
    where u.day >= ${dayValue(first)} and u.day <= ${dayValue(last)}
)

select ${list}, count(*) as companies
from (
    select u.bucket, s.*
    from bucketed as u
    join ${statesWithGroups(d, q)} as s on s.company_id = u.company_id
    where ${holdsOn(d, 's', 'u.last_day', timezone)}
) as placed
group by ${list}
order by bucket`
}

/**
 * How many companies were used in each bucket, by groups and on how many days administrators did: `bucket, admin_active_days,
 * admin_active_weekdays, companies, uses, assumed`. Only of companies that exist at the end of the bucket, as they are then.
 */
export function companyUsageQuery(d: Dialect, q: CompanyQuery): Sql {
  const { days } = q
  const columns = q.groups.columns.map((name) => sql.id(name))
  const usage = usageColumns(d)
  const counts = ['admin_active_days', 'admin_active_weekdays', 'uses', 'assumed'].map(
    (name) => sql`${usage[name]!} as ${sql.id(name)}`,
  )
  const list = sql.join([sql`bucket`, ...columns, sql`admin_active_days`, sql`admin_active_weekdays`])
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

select ${list}, count(*) as companies, sum(uses) as uses, max(assumed) as assumed
from (
    select ${sql.join(['u.bucket', 'u.admin_active_days', 'u.admin_active_weekdays', 'u.uses', 'u.assumed', ...q.groups.columns.map((name) => sql`s.${sql.id(name)}`)].map(expr))}
    from used as u
    join ${statesWithGroups(d, q)} as s on s.company_id = u.company_id
    where ${holdsOn(d, 's', 'u.last_day', days.timezone)}
) as placed
group by ${list}
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
