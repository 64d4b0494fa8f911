import type { RuleModel } from '../pipeline/tables/people.ts'
import type { Dialect } from '../warehouses/dialect.ts'
import { type Sql, sql } from '../warehouses/sql.ts'
import { type PublishedRun, visibleIn } from './context.ts'
import { between, type Range } from './ranges.ts'

export const DIMENSIONS = ['channel', 'source', 'medium', 'campaign', 'currency'] as const
export type Dimension = (typeof DIMENSIONS)[number]
export const GRANULARITIES = ['hour', 'day', 'week', 'month', 'none'] as const
export type Granularity = (typeof GRANULARITIES)[number]
export const MEASURES = ['touches', 'sessions', 'people', 'signups', 'conversions', 'revenue'] as const
export type Measure = (typeof MEASURES)[number]

/** A checked request. */
export interface StatsQuery {
  readonly run: PublishedRun
  /** On quarter hours. */
  readonly range: Range
  readonly granularity: Granularity
  readonly by: readonly Dimension[]
  readonly model: RuleModel
  readonly conversion: string
  readonly dateBy: 'conversion' | 'touch'
  readonly filters: Sql
  /** Revenue of this currency only; null to take all, when `by` tells them apart. */
  readonly currency: string | null
  /** The caller chose the currency: conversions of others do not count either, so that revenue per conversion makes sense. */
  readonly isCurrencyChosen: boolean
  readonly needsRevenue: boolean
  readonly needsPeople: boolean
  readonly orderBy: Measure | null
  /** Whose conversions are credited: those of people, of all companies, or of one. */
  readonly unit: { readonly kind: 'person' | 'company'; readonly company: string | null }
}

/** The rows of the unit. */
function ofUnit({ unit }: Pick<StatsQuery, 'unit'>): Sql {
  if (unit.kind === 'person') return sql`company_id = ''`
  return unit.company === null ? sql`company_id <> ''` : sql`company_id = ${unit.company}`
}

/**
 * The report. Additive measures come from the roll-up, people from touches, since a person of two days is one person.
 * Groups whose deltas cancel out are left out, whatever columns are asked for.
 */
export function channelStatsQuery(d: Dialect, q: StatsQuery): Sql {
  const keys = [...(q.granularity === 'none' ? [] : ['bucket']), ...q.by].map((k) => sql.id(k))
  const sums = MEASURES.filter((m) => needs(q, m))
  const sum = (m: Measure) => d.cast(sql`coalesce(sum(${sql.id(m)}), 0)`, 'integer')
  const orders = [
    ...(q.granularity === 'none' ? [] : [sql`bucket`]),
    ...(q.orderBy ? [sql`${sql.id(q.orderBy)} desc`] : []),
    ...q.by.map((k) => sql`${sql.id(k)} nulls last`),
  ]
  return sql`
with facts as (
    ${rollup(d, q, sums)}${
      q.needsPeople
        ? sql`
    union all
    ${people(d, q, sums)}`
        : sql.empty
    }
)
select ${sql.join([...keys, ...sums.map((m) => sql`${sum(m)} as ${sql.id(m)}`)])}
from facts as f
${
  keys.length === 0
    ? sql.empty
    : sql`group by ${sql.join(keys)}
having sum(f.touches) <> 0 or sum(f.signups) <> 0 or sum(f.conversions) <> 0`
}
${orders.length === 0 ? sql.empty : sql`order by ${sql.join(orders)}`}`
}

/** The currencies that the revenue in question has. */
export function currenciesQuery(
  q: Pick<StatsQuery, 'run' | 'range' | 'filters' | 'model' | 'conversion' | 'dateBy' | 'unit'>,
): Sql {
  return sql`
select currency
from ${sql.table('channel_stats')}
where run_id <= ${q.run.run_id} and ${ofUnit(q)} and ${between(q.range, 'bucket_at')} ${q.filters}
    and currency is not null and conversion = ${q.conversion} and date_by = ${q.dateBy}
group by currency
having sum(${sql.id(`${q.model}_credit`)}) <> 0
order by currency
limit 20`
}

/** Touches and both credits are always read: they say which groups there are. */
function needs(q: StatsQuery, measure: Measure): boolean {
  if (measure === 'revenue') return q.needsRevenue
  if (measure === 'people') return q.needsPeople
  return true
}

function rollup(d: Dialect, q: StatsQuery, sums: readonly Measure[]): Sql {
  const [credit, revenue] = [sql.id(`${q.model}_credit`), sql.id(`${q.model}_revenue`)]
  const isChosen = sql`conversion = ${q.conversion}`
  const inCurrency = q.currency === null ? sql.empty : sql`and currency = ${q.currency}`
  const values: Readonly<Record<Measure, Sql>> = {
    touches: sql`case when conversion = '' then touches else 0 end`,
    sessions: sql`case when conversion = '' then sessions else 0 end`,
    people: sql`0`,
    signups: sql`case when conversion = 'signup' then ${credit} else 0 end`,
    conversions: sql`case when ${isChosen} ${q.isCurrencyChosen ? inCurrency : sql.empty} then ${credit} else 0 end`,
    revenue: sql`case when ${isChosen} ${inCurrency} then ${revenue} else 0 end`,
  }
  return sql`select ${sql.join([
    ...groups(
      d,
      q,
      'bucket_at',
      q.by.map((k) => sql.id(k)),
    ),
    ...sums.map((m) => sql`${values[m]} as ${sql.id(m)}`),
  ])}
    from ${sql.table('channel_stats')}
    where run_id <= ${q.run.run_id} and ${ofUnit(q)} and ${between(q.range, 'bucket_at')} ${q.filters}
        and ((date_by = 'touch' and conversion = '') or (date_by = ${q.dateBy} and conversion in ('signup', ${q.conversion})))`
}

function people(d: Dialect, q: StatsQuery, sums: readonly Measure[]): Sql {
  const keys = [...(q.granularity === 'none' ? [] : ['bucket']), ...q.by].map((k) => sql.id(k))
  const none = d.cast(sql`null`, 'string')
  const columns = q.by.map((k) => (k === 'currency' ? sql`${none} as currency` : sql.id(k)))
  const who = q.unit.kind === 'person' ? sql`person_id` : sql`company_id`
  const counts = sums.map((m) => (m === 'people' ? sql`count(distinct ${who}) as people` : sql`0 as ${sql.id(m)}`))
  return sql`select ${sql.join([...keys, ...counts])}
    from (${q.unit.kind === 'person' ? touchesOfPeople(d, q, columns) : touchesOfCompanies(d, q, columns)}
    ) as touches_in_range
    ${keys.length === 0 ? sql.empty : sql`group by ${sql.join(keys)}`}`
}

const touchesOfPeople = (d: Dialect, q: StatsQuery, columns: readonly Sql[]): Sql => sql`
        select ${sql.join([...groups(d, q, 'touched_at', columns), sql`person_id`])}
        from ${sql.table('touches')}
        where ${visibleIn(q.run)} and ${between(q.range, 'touched_at')} ${q.filters}`

/** Their touches as the roll-up has them: companies whose deltas cancel out have none. */
const touchesOfCompanies = (d: Dialect, q: StatsQuery, columns: readonly Sql[]): Sql => sql`
        select ${sql.join([...groups(d, q, 'bucket_at', columns), sql`company_id`])}
        from (
            select company_id, bucket_at, channel, source, medium, campaign
            from ${sql.table('channel_stats')}
            where run_id <= ${q.run.run_id} and ${ofUnit(q)} and conversion = '' and ${between(q.range, 'bucket_at')} ${q.filters}
            group by company_id, bucket_at, channel, source, medium, campaign
            having sum(touches) <> 0
        ) as touched`

/** The columns to group by: the bucket a time falls into, and the dimensions. */
function groups(d: Dialect, q: StatsQuery, time: string, dimensions: readonly Sql[]): Sql[] {
  return q.granularity === 'none'
    ? [...dimensions]
    : [sql`${bucket(d, q.granularity, time, q.range.timezone)} as bucket`, ...dimensions]
}

/**
 * Days, weeks and months as the local clock shows them. An hour is the moment it begins instead: in autumn the clock
 * shows one hour twice.
 */
function bucket(d: Dialect, granularity: Exclude<Granularity, 'none'>, time: string, timezone: string): Sql {
  if (timezone === 'UTC') return d.dateTrunc(granularity, time)
  const local = d.localTime(time, sql`${timezone}`)
  if (granularity !== 'hour') return d.dateTrunc(granularity, local)
  return d.addMicroseconds(time, d.microsecondsBetween(local, d.dateTrunc('hour', local)))
}
