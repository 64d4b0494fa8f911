import {
  type CompanyFacts,
  type CompanyState,
  type CopiedFirst,
  GROUPS,
  type MemberState,
  type MetricsAsked,
  type OracleGroup,
  type OracleMetric,
  type OracleMetricRow,
  type OracleState,
} from './company-facts.ts'
import { addDays, localDay, startOfLocalDay, weekdayOf } from './days.ts'

/** A stretch of local days. */
interface Bucket {
  first: string
  last: string
}

/** Use of a company on a day, by one member or by what names the company. */
interface CompanyUse {
  companyId: string
  day: string
  count: number
  isByAdmin: boolean
  /** It rests on a membership that no copy had seen when the day ended. */
  isAssumed: boolean
}

/** The numbers asked for, worked out for each bucket, metric and group by itself. */
export function metricsOf(facts: CompanyFacts, asked: MetricsAsked): OracleMetricRow[] {
  const uses = usesOf(facts, asked)
  return bucketsOf(facts, asked).flatMap((bucket) =>
    groupsAt(facts, asked, bucket).flatMap((group) =>
      asked.metrics.map((metric) => rowOf(facts, asked, uses, bucket, group, metric)),
    ),
  )
}

/** The days that the range touches, cut where weeks and months end. */
function bucketsOf({ dataThrough }: CompanyFacts, { from, to, timezone, granularity }: MetricsAsked): Bucket[] {
  const end = to ?? startOfLocalDay(addDays(localDay(dataThrough, timezone), 1), timezone)
  const buckets: Bucket[] = []
  if (from >= end) return buckets
  const last = localDay(end - 1, timezone)
  for (let day = localDay(from, timezone); day <= last; day = addDays(day, 1)) {
    const bucket = buckets.at(-1)
    if (bucket === undefined || beginsBucket(day, granularity)) buckets.push({ first: day, last: day })
    else bucket.last = day
  }
  return buckets
}

function beginsBucket(day: string, granularity: MetricsAsked['granularity']): boolean {
  if (granularity === 'week') return weekdayOf(day) === 1
  if (granularity === 'month') return day.endsWith('-01')
  return granularity === 'day'
}

/** Whether a state holds when a local day ends. */
function holdsOn({ sinceAt, untilAt }: OracleState, day: string, timezone: string): boolean {
  const hasBegun = sinceAt === null || localDay(sinceAt, timezone) <= day
  const isOver = untilAt !== null && localDay(untilAt, timezone) <= day
  return hasBegun && !isOver
}

type Group = Readonly<Record<OracleGroup, string | null>> & { readonly states: readonly CompanyState[] }

/** Companies at the end of a bucket, told apart as asked; all of them are one group, also when there is none. */
function groupsAt(facts: CompanyFacts, asked: MetricsAsked, { last }: Bucket): Group[] {
  const isListed = (list: readonly string[] | null, value: string | null) =>
    list === null || list.includes(value ?? '(none)')
  const states = facts.companies.filter(
    (s) =>
      holdsOn(s, last, asked.timezone) &&
      isListed(asked.company, s.companyId) &&
      isListed(asked.plan, s.plan) &&
      isListed(asked.channel, facts.firstTouches[s.companyId]?.channel ?? null),
  )
  const valuesOf = (state: CompanyState | null) => {
    const touch = state && facts.firstTouches[state.companyId]
    const all: Record<OracleGroup, string | null> = {
      company: state?.companyId ?? null,
      channel: touch?.channel ?? null,
      source: touch?.source ?? null,
      campaign: touch?.campaign ?? null,
      plan: state?.plan ?? null,
      industry: state?.industry ?? null,
    }
    for (const name of GROUPS) if (!asked.by.includes(name)) all[name] = null
    return all
  }
  if (asked.by.length === 0) return [{ ...valuesOf(null), states }]
  const groups = Map.groupBy(states, (s) => JSON.stringify(valuesOf(s)))
  return [...groups.values()].map((members) => ({ ...valuesOf(members[0]!), states: members }))
}

/** Who used which company when: what names a company is its alone, everything else is that of all companies of the user. */
function usesOf({ uses, members }: CompanyFacts, { event, timezone }: MetricsAsked): CompanyUse[] {
  return uses
    .filter((use) => (event === null ? use.isInSession : use.event === event))
    .flatMap((use) => {
      const day = localDay(use.at, timezone)
      const isAssumed = (m: MemberState) => localDay(m.firstSeenAt, timezone) > day
      const own = members.filter((m) => m.userId === use.userId && holdsOn(m, day, timezone))
      if (use.companyId === null)
        return own.map((m) => ({
          companyId: m.companyId,
          day,
          count: use.count,
          isByAdmin: m.isAdmin,
          isAssumed: isAssumed(m),
        }))
      const admin = own.find((m) => m.companyId === use.companyId && m.isAdmin)
      return [
        {
          companyId: use.companyId,
          day,
          count: use.count,
          isByAdmin: admin !== undefined,
          isAssumed: admin !== undefined && isAssumed(admin),
        },
      ]
    })
}

function rowOf(
  facts: CompanyFacts,
  asked: MetricsAsked,
  uses: readonly CompanyUse[],
  bucket: Bucket,
  { states, company, industry, ...group }: Group,
  metric: OracleMetric,
): OracleMetricRow {
  const { timezone } = asked
  const usesIn = (s: CompanyState) =>
    uses.filter((use) => use.companyId === s.companyId && use.day >= bucket.first && use.day <= bucket.last)
  const counted = states.filter((s) => isCounted(facts, asked, usesIn(s), bucket, s, metric))
  const isOfUse = metric === 'active' || metric === 'adminActive' || metric === 'adminEveryDay'
  const counting = isOfUse ? counted.flatMap(usesIn) : []
  return {
    metric,
    time: new Date(startOfLocalDay(bucket.first, timezone) / 1000).toISOString(),
    day: bucket.first,
    numerator: counted.length,
    denominator: states.length,
    ratio: states.length === 0 ? null : counted.length / states.length,
    events: counting.reduce((sum, use) => sum + use.count, 0),
    isAssumed:
      states.some((s) => localDay(s.firstSeenAt, timezone) > bucket.last) ||
      counting.some((use) => use.isAssumed) ||
      isBeforeCopies(facts, asked, bucket, metric),
    companyId: company,
    ...group,
    dimension: industry,
  }
}

/** Whether a metric counts a company that exists at the end of the bucket. */
function isCounted(
  { companies }: CompanyFacts,
  { timezone, days }: MetricsAsked,
  uses: readonly CompanyUse[],
  { first, last }: Bucket,
  state: CompanyState,
  metric: OracleMetric,
): boolean {
  const adminDays = new Set(uses.filter((use) => use.isByAdmin).map((use) => use.day))
  if (metric === 'active') return uses.length > 0
  if (metric === 'adminActive') return adminDays.size > 0
  if (metric === 'adminEveryDay') {
    const expected = daysFrom(first, last).filter((day) => days === 'all' || ![0, 6].includes(weekdayOf(day)))
    return expected.length > 0 && expected.every((day) => adminDays.has(day))
  }
  if (metric === 'paid') return state.isPaidPlan && (state.paidAt === null || localDay(state.paidAt, timezone) <= last)
  if (metric === 'newCompanies') {
    const began = companies
      .filter((s) => s.companyId === state.companyId)
      .reduce((a, b) => (a.firstSeenAt <= b.firstSeenAt ? a : b)).sinceAt
    return began !== null && localDay(began, timezone) >= first && localDay(began, timezone) <= last
  }
  return true
}

/** Whether what the row rests on was copied for the first time after the day it is said of. */
function isBeforeCopies(
  { firstCopies }: CompanyFacts,
  { by, timezone }: MetricsAsked,
  { first, last }: Bucket,
  metric: OracleMetric,
): boolean {
  const isBefore = (day: string, item: CopiedFirst) => {
    const at = firstCopies[item]
    return at !== null && localDay(at, timezone) > day
  }
  const isOfAdmins = metric === 'adminActive' || metric === 'adminEveryDay'
  return (
    ((metric === 'active' || isOfAdmins) && isBefore(first, 'members')) ||
    (isOfAdmins && isBefore(first, 'role')) ||
    ((metric === 'paid' || by.includes('plan')) && isBefore(last, 'plan')) ||
    (by.includes('industry') && isBefore(last, 'industry'))
  )
}

function daysFrom(first: string, last: string): string[] {
  const days: string[] = []
  for (let day = first; day <= last; day = addDays(day, 1)) days.push(day)
  return days
}
