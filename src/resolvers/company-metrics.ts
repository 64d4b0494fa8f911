import { InputError } from '../errors.ts'
import { oneOf, someOf } from './choices.ts'
import { type Days, daysOf } from './company-days.ts'
import { companyFilters, groupsOf } from './company-groups.ts'
import {
  type Bucket,
  COMPANY_METRICS,
  type CompanyMetricRow,
  endOf,
  type Metric,
  metricRows,
} from './company-metric-rows.ts'
import {
  COMPANY_GRANULARITIES,
  type CompanyQuery,
  companyChangesQuery,
  companyUsageQuery,
} from './company-metrics-sql.ts'
import { type Context, read } from './context.ts'
import { within } from './lists.ts'
import type { RangeArgs } from './ranges.ts'
import { type AsOf, runAsOf } from './runs.ts'
import { addDays } from './timezones.ts'

const MOST_BUCKETS = 1100

export interface CompanyMetricsArgs extends RangeArgs {
  readonly metric: string
  readonly by: string
  readonly dimension?: string | null
  readonly granularity: string
  readonly days: string
  readonly event?: string | null
  readonly plan?: string | null
  readonly channel?: string | null
  readonly limit?: number | null
  readonly offset?: number | null
  readonly asOf?: AsOf | null
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
    groups: groupsOf(context, args.by, args.dimension ?? ''),
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
  return paged(context, args, metricRows(q, buckets, metrics, weekdays, changes, usage))
}

/** The days of the range in days, weeks from Monday, or months; cut at its ends. */
function bucketsOf(days: Days, granularity: CompanyQuery['granularity']): Bucket[] {
  if (granularity === 'none') return [{ first: days.first, last: days.last }]
  const buckets: Bucket[] = []
  for (let first = days.first; first <= days.last; ) {
    let last = granularity === 'day' ? first : endOf(first, granularity)
    if (last > days.last) last = days.last
    buckets.push({ first, last })
    first = addDays(last, 1)
    if (buckets.length > MOST_BUCKETS)
      throw new InputError(
        `Expected at most ${MOST_BUCKETS} of \`granularity\`, but the range has more. Ask for a shorter range or a longer granularity.`,
      )
  }
  return buckets
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
