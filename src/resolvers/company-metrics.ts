import { InputError } from '../errors.ts'
import { type Sql, sql } from '../warehouses/sql.ts'
import type { Row } from '../warehouses/warehouse.ts'
import { oneOf, someOf } from './choices.ts'
import { copiesOf } from './company-copies.ts'
import { type Days, daysOf } from './company-days.ts'
import { type CompanyFilters, companyFilters, groupsOf, onlyCompanies } from './company-groups.ts'
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
  companyBeginningsQuery,
  companyChangesQuery,
  companyUsageQuery,
} from './company-metrics-sql.ts'
import { type Context, read } from './context.ts'
import { DEFAULT_LIMIT, type ListArgs, MAX_LIMIT, MAX_OFFSET, tooMany, within } from './lists.ts'
import type { RangeArgs } from './ranges.ts'
import { type AsOf, runAsOf } from './runs.ts'
import { addDays } from './timezones.ts'

const MOST_BUCKETS = 1100
/** Rows of a query that are held in memory. */
const MOST_READ = 250_000

export interface CompanyMetricsArgs extends RangeArgs, ListArgs, CompanyFilters {
  readonly metric: string
  readonly by: string
  readonly dimension?: string | null
  readonly granularity: string
  readonly days: string
  readonly event?: string | null
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
    only: onlyCompanies(args.company),
  }
  const buckets = bucketsOf(q.days, q.granularity)
  const needsUse = metrics.some((m) => m === 'active' || m === 'adminActive' || m === 'adminEveryDay')
  const { dialect: d } = context.warehouse
  const [copies, changes, beginnings, usage] = await Promise.all([
    copiesOf(context, run),
    readFew(context, 'companyMetrics', companyChangesQuery(d, q)),
    metrics.includes('newCompanies') ? readFew(context, 'companyMetrics new', companyBeginningsQuery(d, q)) : [],
    needsUse ? readFew(context, 'companyMetrics usage', companyUsageQuery(d, q)) : [],
  ])
  const rows = metricRows(q, { buckets, metrics, which: weekdays, copies }, { changes, beginnings, usage })
  return paged(context, args, rows)
}

/** What all rows are worked out from has to fit into memory. */
async function readFew(context: Context, label: string, query: Sql): Promise<readonly Row[]> {
  const rows = await read(context, label, sql`${query} limit ${MOST_READ + 1}`)
  if (rows.length <= MOST_READ) return rows
  throw new InputError(
    `Expected groups of companies in at most ${MOST_READ.toLocaleString('en')} buckets, but there are more. Ask for a shorter range, a longer \`granularity\`, fewer groups in \`by\`, or filter by \`company\`, \`plan\` or \`channel\`.`,
  )
}

/** The days of the range in days, weeks from Monday, or months; cut at its ends. An empty range has none. */
function bucketsOf(days: Days, granularity: CompanyQuery['granularity']): Bucket[] {
  if (days.last < days.first) return []
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

/** The rows within the limit. That there were more is noted for the answer. */
function paged<T>(context: Context, args: ListArgs, rows: Iterable<T>): readonly T[] {
  const limit = within('limit', args.limit ?? DEFAULT_LIMIT, 1, MAX_LIMIT)
  const offset = within('offset', args.offset ?? 0, 0, MAX_OFFSET)
  const page: T[] = []
  let place = 0
  for (const row of rows) {
    if (page.length === limit) {
      if (args.strict) throw tooMany(limit)
      context.notes.isTruncated = true
      break
    }
    if (place++ >= offset) page.push(row)
  }
  return page
}
