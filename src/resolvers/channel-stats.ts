import { InputError } from '../errors.ts'
import { PAID_PLAN } from '../pipeline/options.ts'
import type { Row } from '../warehouses/warehouse.ts'
import {
  channelStatsQuery,
  currenciesQuery,
  DIMENSIONS,
  type Dimension,
  GRANULARITIES,
  type Granularity,
  MEASURES,
  type StatsQuery,
} from './channel-stats-sql.ts'
import { conversionOf, modelOf, oneOf, shown, someOf } from './choices.ts'
import { type Context, type PublishedRun, read } from './context.ts'
import { type OriginFilters, originFilters } from './filters.ts'
import { type ListArgs, listed } from './lists.ts'
import { majorUnits, share } from './money.ts'
import { quarterHours, type RangeArgs, reportRange } from './ranges.ts'
import { type AsOf, runAsOf } from './runs.ts'
import { dayOf, startOfDay } from './timezones.ts'

export interface ChannelStatsArgs extends RangeArgs, OriginFilters, ListArgs {
  readonly by: string
  readonly granularity: string
  readonly model: string
  readonly conversion: string
  readonly dateBy: string
  readonly unit?: string | null
  /** One company, with that as the unit. */
  readonly company?: string | null
  readonly currency?: string | null
  readonly orderBy?: string | null
  readonly asOf?: AsOf | null
}

/** One row of the report, in the units of the API. */
export interface ChannelStatsRow {
  readonly time: string | null
  readonly day: string | null
  readonly channel: string | null
  readonly source: string | null
  readonly medium: string | null
  readonly campaign: string | null
  readonly touches: number
  readonly sessions: number
  readonly people: number
  readonly signups: number
  readonly conversions: number
  readonly revenue: number
  readonly currency: string | null
  readonly conversionRate: number
}

/** Touches, sessions, people and credited conversions, by channel and time. */
export async function channelStats(
  context: Context,
  args: ChannelStatsArgs,
  columns: readonly string[],
): Promise<readonly ChannelStatsRow[]> {
  const run = await runAsOf(context, args.asOf)
  const asked = checked(context, args, run)
  const orderBy = args.orderBy ? oneOf('orderBy', args.orderBy, [...MEASURES, 'credit']) : null
  const measures = new Set<string>([...columns, ...(orderBy === 'credit' ? ['conversions'] : orderBy ? [orderBy] : [])])
  const needsCurrency = measures.has('revenue') && !asked.by.includes('currency')
  const chosen = currencyOf(args.currency)
  const currency = chosen ?? (needsCurrency ? await onlyCurrency(context, asked) : null)
  const query: StatsQuery = {
    ...asked,
    currency,
    isCurrencyChosen: chosen !== null,
    needsRevenue: measures.has('revenue'),
    needsPeople: measures.has('people'),
    orderBy: orderBy === 'credit' ? 'conversions' : orderBy,
  }
  const rows = await listed(context, 'channelStats', args, channelStatsQuery(context.warehouse.dialect, query))
  return rows.map((row) => toStats(row, query))
}

function checked(
  context: Context,
  args: ChannelStatsArgs,
  run: PublishedRun,
): Omit<StatsQuery, 'currency' | 'isCurrencyChosen' | 'needsRevenue' | 'needsPeople' | 'orderBy'> {
  const kind = args.company != null ? 'company' : oneOf('unit', args.unit ?? 'person', ['person', 'company'] as const)
  return {
    run,
    unit: { kind, company: args.company ?? null },
    range: quarterHours(reportRange(args, run)),
    granularity: oneOf<Granularity>('granularity', args.granularity, GRANULARITIES),
    by: someOf<Dimension>('by', args.by, DIMENSIONS),
    model: modelOf(args.model),
    conversion: conversionOfUnit(context, kind, args.conversion),
    dateBy: oneOf('dateBy', args.dateBy, ['conversion', 'touch'] as const),
    filters: originFilters(args),
  }
}

/** The conversion that a caller names: companies have one of their own. */
export function conversionOfUnit(context: Context, unit: 'person' | 'company', name: string): string {
  const { conversions } = context
  if (name.trim().toLowerCase() !== PAID_PLAN)
    return conversionOf(
      unit === 'company' ? { ...context, conversions: conversions && [...conversions, PAID_PLAN] } : context,
      name,
    )
  if (unit === 'company') return PAID_PLAN
  throw new InputError(`Expected \`unit: "company"\` with the conversion ${PAID_PLAN}: people have none of that name.`)
}

/** The code of a currency, when one is asked for. */
export function currencyOf(code?: string | null): string | null {
  if (!code) return null
  if (/^[A-Za-z]{3}$/.test(code)) return code.toUpperCase()
  throw new InputError(`Expected \`currency\` to be an ISO 4217 code such as EUR, but got ${shown(code)}.`)
}

/** The currency of the revenue, when there is only one: amounts of different currencies are never added. */
export async function onlyCurrency(
  context: Context,
  asked: Parameters<typeof currenciesQuery>[0],
): Promise<string | null> {
  const found = await read<{ currency: string }>(context, 'currencies', currenciesQuery(asked))
  if (found.length <= 1) return found[0]?.currency ?? null
  const codes = found.map((f) => f.currency).join(', ')
  throw new InputError(
    `Expected revenue in one currency, but there are ${codes}. Choose one with \`currency\`, or add currency to \`by\`.`,
  )
}

function toStats(row: Row, { granularity, by, range, currency: chosen }: StatsQuery): ChannelStatsRow {
  const bucket = granularity === 'none' ? null : String(row.bucket)
  const isLocal = granularity !== 'hour'
  const day = bucket === null ? null : isLocal ? bucket.slice(0, 10) : dayOf(bucket, range.timezone)
  const currency = by.includes('currency') ? ((row.currency ?? null) as string | null) : chosen
  const text = (dimension: Dimension) => (row[dimension] ?? null) as string | null
  const [sessions, conversions] = [Number(row.sessions), share(row.conversions)]
  return {
    time: bucket === null || day === null ? null : isLocal ? startOfDay(day, range.timezone) : bucket,
    day,
    channel: text('channel'),
    source: text('source'),
    medium: text('medium'),
    campaign: text('campaign'),
    touches: Number(row.touches),
    sessions,
    people: Number(row.people ?? 0),
    signups: share(row.signups),
    conversions,
    revenue: majorUnits(row.revenue ?? 0, currency) ?? 0,
    currency,
    conversionRate: sessions === 0 ? 0 : conversions / sessions,
  }
}
