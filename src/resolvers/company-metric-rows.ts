import type { Row } from '../warehouses/warehouse.ts'
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

/** Companies of a group at the end of a bucket. */
interface Sums {
  companies: number
  assumed: number
  paid: number
  begun: number
}

const NONE: Readonly<Sums> = { companies: 0, assumed: 0, paid: 0, begun: 0 }

/** Companies of a group that were used in a bucket. */
interface Used {
  companies: number
  events: number
}

/**
 * The rows of each bucket, metric by metric: what changed is summed up from bucket to bucket, what was used stands for
 * itself. One by one: groups times buckets times metrics may be many more than anybody takes.
 */
export function* metricRows(
  q: CompanyQuery,
  buckets: readonly Bucket[],
  metrics: readonly Metric[],
  which: 'all' | 'weekdays',
  changes: readonly Row[],
  usage: readonly Row[],
): Generator<CompanyMetricRow> {
  const keyOf = (row: Row) => JSON.stringify(q.groups.columns.map((name) => row[name] ?? null))
  const usageOf = Map.groupBy(usage, (row) => dayOf(row.bucket))
  const isWhole = q.groups.columns.length === 0
  const sums = new Map<string, Sums>(isWhole ? [['[]', { ...NONE }]] : [])
  let keys: string[] = []
  let next = 0
  for (const bucket of buckets) {
    for (const s of sums.values()) s.begun = 0
    for (; next < changes.length && dayOf(changes[next]!.day) <= bucket.last; next++)
      addTo(sums, keyOf(changes[next]!), changes[next]!)
    if (keys.length !== sums.size) keys = [...sums.keys()].sort()
    const used = usageOf.get(startOfBucket(bucket.first, q)) ?? []
    for (const metric of metrics) {
      const counting = usedBy(metric, used, which, countDays(bucket.first, bucket.last, which), keyOf)
      for (const key of keys) {
        const s = sums.get(key)!
        if (isWhole || s.companies > 0 || s.begun > 0 || counting.has(key))
          yield rowOf(q, bucket, metric, key, s, counting.get(key))
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
  s.begun += Number(row.begun)
  if (row.is_paid) s.paid += Number(row.companies)
}

/** The companies of each group that were used as the metric asks; `expected`: the days on which administrators had to. */
function usedBy(
  metric: Metric,
  used: readonly Row[],
  which: 'all' | 'weekdays',
  expected: number,
  keyOf: (row: Row) => string,
): Map<string, Used> {
  const groups = new Map<string, Used>()
  const days = which === 'all' ? 'admin_active_days' : 'admin_active_weekdays'
  const asks: Partial<Record<Metric, (row: Row) => boolean>> = {
    active: () => true,
    adminActive: (row) => Number(row.admin_active_days) > 0,
    adminEveryDay: (row) => expected > 0 && Number(row[days]) === expected,
  }
  for (const row of used.filter(asks[metric] ?? (() => false))) {
    const g = groups.get(keyOf(row)) ?? { companies: 0, events: 0 }
    groups.set(keyOf(row), { companies: g.companies + Number(row.companies), events: g.events + Number(row.uses) })
  }
  return groups
}

function rowOf(
  q: CompanyQuery,
  { first }: Bucket,
  metric: Metric,
  key: string,
  s: Sums,
  used?: Used,
): CompanyMetricRow {
  const values = JSON.parse(key) as (string | null)[]
  const of = (name: CompanyGroups['columns'][number]) => values[q.groups.columns.indexOf(name)] ?? null
  const ofStates: Partial<Record<Metric, number>> = { companies: s.companies, newCompanies: s.begun, paid: s.paid }
  const numerator = ofStates[metric] ?? used?.companies ?? 0
  return {
    metric,
    time: startOfDay(first, q.days.timezone),
    day: first,
    numerator,
    denominator: s.companies,
    ratio: s.companies === 0 ? null : numerator / s.companies,
    events: used?.events ?? 0,
    isAssumed: s.assumed > 0,
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
