import { InputError } from '../errors.ts'
import { type Sql, sql } from '../warehouses/sql.ts'
import { oneOf, shown, someOf } from './choices.ts'
import { type Days, daysOf } from './company-days.ts'
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
import { addDays } from './timezones.ts'

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
  return paged(context, args, metricRows(q, buckets, metrics, weekdays, changes, usage))
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
