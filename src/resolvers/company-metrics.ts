import { InputError } from '../errors.ts'
import { type Sql, sql } from '../warehouses/sql.ts'
import type { Row } from '../warehouses/warehouse.ts'
import { oneOf, shown, someOf } from './choices.ts'
import { countDays, type Days, daysOf } from './company-days.ts'
import {
  COMPANY_GRANULARITIES,
  type CompanyGroups,
  type CompanyQuery,
  companyChangesQuery,
  companyUsageQuery,
} from './company-metrics-sql.ts'
import { type Context, read } from './context.ts'
import { listOf } from './filters.ts'
import { within } from './lists.ts'
import type { RangeArgs } from './ranges.ts'
import { type AsOf, runAsOf } from './runs.ts'
import { addDays, startOfDay } from './timezones.ts'

export const COMPANY_METRICS = ['companies', 'newCompanies', 'active', 'paid', 'adminActive', 'adminEveryDay'] as const
type Metric = (typeof COMPANY_METRICS)[number]

const GROUPS = ['channel', 'source', 'campaign', 'plan'] as const
const MOST_BUCKETS = 1100

export interface CompanyMetricsArgs extends RangeArgs {
  readonly metric: string
  readonly by: string
  readonly granularity: string
  readonly days: string
  readonly event?: string | null
  readonly plan?: string | null
  readonly channel?: string | null
  readonly limit?: number | null
  readonly offset?: number | null
  readonly asOf?: AsOf | null
}

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
  readonly channel: string | null
  readonly source: string | null
  readonly campaign: string | null
  readonly plan: string | null
  readonly dimension: string | null
}

/** A stretch of days. */
interface Bucket {
  readonly first: string
  readonly last: string
}

/** Companies by time and group: how many of how many. */
export async function companyMetrics(context: Context, args: CompanyMetricsArgs): Promise<readonly CompanyMetricRow[]> {
  const run = await runAsOf(context, args.asOf)
  const metrics = someOf<Metric>('metric', args.metric, COMPANY_METRICS)
  if (metrics.length === 0) throw new InputError('Expected `metric` to name at least one metric, but got none.')
  const weekdays = oneOf('days', args.days, ['all', 'weekdays'] as const)
  const q: CompanyQuery = {
    run,
    days: daysOf(args, run),
    granularity: oneOf('granularity', args.granularity, COMPANY_GRANULARITIES),
    groups: groupsOf(args.by),
    event: args.event || null,
    filters: companyFilters(args),
  }
  const buckets = bucketsOf(q.days, q.granularity)
  const needsUse = metrics.some((m) => m === 'active' || m === 'adminActive' || m === 'adminEveryDay')
  const { dialect: d } = context.warehouse
  const [changes, usage] = await Promise.all([
    read(context, 'companyMetrics', companyChangesQuery(d, q)),
    needsUse ? read(context, 'companyMetrics usage', companyUsageQuery(d, q)) : [],
  ])
  const rows = buckets.flatMap((bucket) =>
    metrics.flatMap((metric) => rowsOf(metric, bucket, q, weekdays, changes, usage)),
  )
  return paged(context, args, rows)
}

/** `channel,plan,industry`: what is not built in is a copied column, at most one. */
export function groupsOf(by: string): CompanyGroups {
  const names = by
    .split(',')
    .map((name) => name.trim())
    .filter((name) => name !== '')
  const known = GROUPS.filter((g) => names.some((name) => name.toLowerCase() === g))
  const others = names.filter((name) => !known.some((g) => g === name.toLowerCase()))
  if (others.length > 1 || others.some((name) => !/^[A-Za-z_][A-Za-z0-9_]{0,62}$/.test(name))) {
    throw new InputError(
      `Expected \`by\` to be of ${GROUPS.join(', ')} and one copied column, but got ${shown(others.join(','))}.`,
    )
  }
  const dimension = others[0] ?? null
  return { columns: [...known, ...(dimension === null ? [] : (['dimension'] as const))], dimension }
}

/** `and …` for the filters given, over states called `s` and the company's first touch `l`. */
export function companyFilters(args: { readonly plan?: string | null; readonly channel?: string | null }): Sql {
  const test = (name: string, column: Sql, text?: string | null) => {
    if (!text) return sql.empty
    const values = listOf(name, text)
    return values.length === 0 ? sql`and 1 = 0` : sql`and coalesce(${column}, '(none)') in (${sql.values(values)})`
  }
  return sql`${test('plan', sql`s.plan`, args.plan)} ${test('channel', sql`l.first_touch_channel`, args.channel)}`
}

/** The days of the range in days, weeks from Monday, or months; cut at its ends. */
function bucketsOf(days: Days, granularity: CompanyQuery['granularity']): Bucket[] {
  if (granularity === 'none') return [{ first: days.first, last: days.last }]
  const buckets: Bucket[] = []
  for (let first = days.first; first <= days.last; ) {
    const end = granularity === 'day' ? first : endOf(first, granularity)
    const last = [end, days.last].sort()[0]!
    buckets.push({ first, last })
    first = addDays(last, 1)
    if (buckets.length > MOST_BUCKETS)
      throw new InputError(
        `Expected at most ${MOST_BUCKETS} of \`granularity\`, but the range has more. Ask for a shorter range or a longer granularity.`,
      )
  }
  return buckets
}

/** The last day of the week or month a day lies in. */
function endOf(day: string, granularity: 'week' | 'month'): string {
  if (granularity === 'week') return addDays(day, 6 - ((new Date(`${day}T00:00:00Z`).getUTCDay() + 6) % 7))
  const next = addDays(`${day.slice(0, 7)}-28`, 4)
  return addDays(`${next.slice(0, 7)}-01`, -1)
}

function rowsOf(
  metric: Metric,
  { first, last }: Bucket,
  q: CompanyQuery,
  weekdays: 'all' | 'weekdays',
  changes: readonly Row[],
  usage: readonly Row[],
): CompanyMetricRow[] {
  const day = (value: unknown) => String(value).slice(0, 10)
  // Without the plan among the groups its share is asked of all of them.
  const keyOf = (row: Row) => JSON.stringify(q.groups.columns.map((name) => row[name] ?? null))
  const groups = new Map<
    string,
    { n: number; of: number; begun: number; paid: number; assumed: number; events: number }
  >()
  const group = (row: Row) => {
    const key = keyOf(row)
    const found = groups.get(key) ?? { n: 0, of: 0, begun: 0, paid: 0, assumed: 0, events: 0 }
    groups.set(key, found)
    return found
  }
  for (const row of changes) {
    const at = day(row.day)
    if (at > last) continue
    const g = group(row)
    g.of += Number(row.companies)
    g.assumed += Number(row.assumed)
    if (row.is_paid) g.paid += Number(row.companies)
    if (at >= first) g.begun += Number(row.begun)
  }
  const expected = countDays(first, last, weekdays)
  const start = bucketStart(first, q)
  for (const row of usage) {
    if (day(row.bucket) !== start) continue
    const admins = Number(weekdays === 'all' ? row.admin_active_days : row.admin_active_weekdays)
    const counts =
      metric === 'active' ||
      (metric === 'adminActive' ? Number(row.admin_active_days) > 0 : admins === expected && expected > 0)
    if (!counts) continue
    const g = group(row)
    g.n += Number(row.companies)
    g.events += Number(row.uses)
  }
  return [...groups]
    .filter(([, g]) => g.of > 0 || g.n > 0 || g.begun > 0 || q.groups.columns.length === 0)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, g]) => {
      const numerator = { companies: g.of, newCompanies: g.begun, paid: g.paid }[metric as string] ?? g.n
      const values = JSON.parse(key) as (string | null)[]
      const of = (name: CompanyGroups['columns'][number]) => values[q.groups.columns.indexOf(name)] ?? null
      return {
        metric,
        time: startOfDay(first, q.days.timezone),
        day: first,
        numerator,
        denominator: g.of,
        ratio: g.of === 0 ? null : numerator / g.of,
        events: g.events,
        isAssumed: g.assumed > 0,
        channel: of('channel'),
        source: of('source'),
        campaign: of('campaign'),
        plan: of('plan'),
        dimension: of('dimension'),
      }
    })
}

/** What the query calls the bucket: its first day, also when that lies before the range. */
function bucketStart(first: string, { granularity }: CompanyQuery): string {
  if (granularity === 'month') return `${first.slice(0, 7)}-01`
  if (granularity === 'week') return addDays(endOf(first, 'week'), -6)
  return first
}

function paged<T>(
  context: Context,
  args: Pick<CompanyMetricsArgs, 'limit' | 'offset'>,
  rows: readonly T[],
): readonly T[] {
  const limit = within('limit', args.limit ?? 10_000, 1, 50_000)
  const offset = within('offset', args.offset ?? 0, 0, 1_000_000)
  if (rows.length > offset + limit) context.notes.isTruncated = true
  return rows.slice(offset, offset + limit)
}
