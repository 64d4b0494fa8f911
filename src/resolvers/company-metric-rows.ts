import type { Row } from '../warehouses/warehouse.ts'
import type { CopiedItem, Copies } from './company-copies.ts'
import { countDays } from './company-days.ts'
import type { CompanyGroups, CompanyQuery } from './company-metrics-sql.ts'
import { addDays, startOfDay } from './timezones.ts'

export const COMPANY_METRICS = ['companies', 'newCompanies', 'active', 'paid', 'adminActive', 'adminEveryDay'] as const
export type Metric = (typeof COMPANY_METRICS)[number]

/** One number about companies. */
export interface CompanyMetricRow {
  readonly metric: Metric
  readonly time: string
  readonly day: string
  readonly numerator: number
  readonly denominator: number
  readonly ratio: number | null
  readonly events: number
  readonly isAssumed: boolean
  readonly companyId: string | null
  readonly channel: string | null
  readonly source: string | null
  readonly campaign: string | null
  readonly plan: string | null
  readonly dimension: string | null
}

/** A stretch of days. */
export interface Bucket {
  readonly first: string
  readonly last: string
}

/** What is asked for. */
export interface Asked {
  readonly buckets: readonly Bucket[]
  readonly metrics: readonly Metric[]
  /** The days on which administrators have to be active. */
  readonly which: 'all' | 'weekdays'
  readonly copies: Copies
}

/** What the rows are worked out from. */
export interface Found {
  readonly changes: readonly Row[]
  readonly beginnings: readonly Row[]
  readonly usage: readonly Row[]
}

/** Companies of a group at the end of a bucket. */
interface Sums {
  companies: number
  assumed: number
  paid: number
}

const NONE: Readonly<Sums> = { companies: 0, assumed: 0, paid: 0 }

/** Companies of a group that a metric counts in a bucket. */
interface Counted {
  companies: number
  events: number
  isAssumed: boolean
}

/**
 * The rows of each bucket, metric by metric: what changed is summed up from bucket to bucket, what began or was used stands
 * for itself. One by one: groups times buckets times metrics may be many more than anybody takes.
 */
export function* metricRows(q: CompanyQuery, asked: Asked, found: Found): Generator<CompanyMetricRow> {
  const { changes } = found
  const keyOf = (row: Row) => JSON.stringify(q.groups.columns.map((name) => row[name] ?? null))
  const [beginnings, usage] = [found.beginnings, found.usage].map((rows) =>
    Map.groupBy(rows, (row) => dayOf(row.bucket)),
  )
  const sums = new Map<string, Sums>(q.groups.columns.length === 0 ? [['[]', { ...NONE }]] : [])
  let keys: string[] = []
  let next = 0
  for (const bucket of asked.buckets) {
    for (; next < changes.length && dayOf(changes[next]!.day) <= bucket.last; next++)
      addTo(sums, keyOf(changes[next]!), changes[next]!)
    if (keys.length !== sums.size) keys = [...sums.keys()].sort()
    const name = startOfBucket(bucket.first, q)
    for (const metric of asked.metrics) {
      const rows = (metric === 'newCompanies' ? beginnings : usage)?.get(name) ?? []
      const counting = countedBy(metric, rows, asked.which, countDays(bucket.first, bucket.last, asked.which), keyOf)
      const isAssumed = isBeforeCopies(q, asked.copies, bucket, metric)
      for (const key of keys) {
        const s = sums.get(key)!
        if (q.groups.columns.length === 0 || s.companies > 0)
          yield rowOf(q, bucket, metric, key, s, counting.get(key), isAssumed)
      }
    }
  }
}

const dayOf = (value: unknown): string => String(value).slice(0, 10)

function addTo(sums: Map<string, Sums>, key: string, row: Row): void {
  const s = sums.get(key) ?? { ...NONE }
  sums.set(key, s)
  s.companies += Number(row.companies)
  s.assumed += Number(row.assumed)
  s.paid += Number(row.paid)
}

/** The companies of each group that began, or were used as the metric asks; `expected`: the days on which administrators had to. */
function countedBy(
  metric: Metric,
  rows: readonly Row[],
  which: 'all' | 'weekdays',
  expected: number,
  keyOf: (row: Row) => string,
): Map<string, Counted> {
  const groups = new Map<string, Counted>()
  const days = which === 'all' ? 'admin_active_days' : 'admin_active_weekdays'
  const asks: Partial<Record<Metric, (row: Row) => boolean>> = {
    newCompanies: () => true,
    active: () => true,
    adminActive: (row) => Number(row.admin_active_days) > 0,
    adminEveryDay: (row) => expected > 0 && Number(row[days]) === expected,
  }
  for (const row of rows.filter(asks[metric] ?? (() => false))) {
    const g = groups.get(keyOf(row)) ?? { companies: 0, events: 0, isAssumed: false }
    groups.set(keyOf(row), {
      companies: g.companies + Number(row.companies),
      events: g.events + Number(row.uses ?? 0),
      isAssumed: g.isAssumed || Number(row.assumed ?? 0) > 0,
    })
  }
  return groups
}

/** Whether what a metric or a group asks for was not copied yet when the bucket ended; of use, on any day of it. */
function isBeforeCopies({ days: { timezone }, groups }: CompanyQuery, copies: Copies, bucket: Bucket, metric: Metric) {
  const isBefore = (item: CopiedItem, day = bucket.last) => copies.isBefore(item, day, timezone)
  const isAdmin = metric === 'adminActive' || metric === 'adminEveryDay'
  return (
    (metric === 'paid' && isBefore('plan')) ||
    ((isAdmin || metric === 'active') && isBefore('members', bucket.first)) ||
    (isAdmin && isBefore('role', bucket.first)) ||
    (groups.columns.includes('plan') && isBefore('plan')) ||
    (groups.dimension !== null && isBefore({ dimension: groups.dimension }))
  )
}

function rowOf(
  q: CompanyQuery,
  { first }: Bucket,
  metric: Metric,
  key: string,
  s: Sums,
  counted: Counted | undefined,
  isAssumed: boolean,
): CompanyMetricRow {
  const values = JSON.parse(key) as (string | null)[]
  const of = (name: CompanyGroups['columns'][number]) => values[q.groups.columns.indexOf(name)] ?? null
  const ofStates: Partial<Record<Metric, number>> = { companies: s.companies, paid: s.paid }
  const numerator = ofStates[metric] ?? counted?.companies ?? 0
  return {
    metric,
    time: startOfDay(first, q.days.timezone),
    day: first,
    numerator,
    denominator: s.companies,
    ratio: s.companies === 0 ? null : numerator / s.companies,
    events: counted?.events ?? 0,
    isAssumed: isAssumed || s.assumed > 0 || (counted?.isAssumed ?? false),
    companyId: of('company'),
    channel: of('channel'),
    source: of('source'),
    campaign: of('campaign'),
    plan: of('plan'),
    dimension: of('dimension'),
  }
}

/** What the query calls the bucket: its first day, also when that lies before the range. */
function startOfBucket(first: string, { granularity }: CompanyQuery): string {
  if (granularity === 'month') return `${first.slice(0, 7)}-01`
  if (granularity === 'week') return addDays(endOf(first, 'week'), -6)
  return first
}

/** The last day of the week or month a day lies in. */
export function endOf(day: string, granularity: 'week' | 'month'): string {
  if (granularity === 'week') return addDays(day, 6 - ((new Date(`${day}T00:00:00Z`).getUTCDay() + 6) % 7))
  const next = addDays(`${day.slice(0, 7)}-28`, 4)
  return addDays(`${next.slice(0, 7)}-01`, -1)
}
