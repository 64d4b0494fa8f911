export const METRICS = ['companies', 'newCompanies', 'active', 'paid', 'adminActive', 'adminEveryDay'] as const
export type OracleMetric = (typeof METRICS)[number]
export const GROUPS = ['company', 'channel', 'source', 'campaign', 'plan', 'industry'] as const
export type OracleGroup = (typeof GROUPS)[number]

/** What copies said of something for a while. Times are microseconds. */
export interface OracleState {
  /** The copy that first said it. */
  firstSeenAt: number
  /** From when it is taken to have held; null for always. */
  sinceAt: number | null
  /** The copy that no longer said it. */
  untilAt: number | null
}

export interface CompanyState extends OracleState {
  companyId: string
  plan: string | null
  isPaidPlan: boolean
  /** From when it pays, as the product database says. */
  paidAt: number | null
  industry: string | null
}

export interface MemberState extends OracleState {
  companyId: string
  userId: string
  isAdmin: boolean
}

/** Events of one name at one moment. */
export interface OracleUse {
  at: number
  userId: string | null
  /** The company that the events name. */
  companyId: string | null
  event: string
  isInSession: boolean
  count: number
}

export interface FirstTouch {
  channel: string
  source: string | null
  campaign: string | null
}

/** What can be copied for the first time, and makes days before it assumed. */
export type CopiedFirst = 'members' | 'role' | 'plan' | 'industry'

/** All that a run knows. */
export interface CompanyFacts {
  companies: readonly CompanyState[]
  members: readonly MemberState[]
  uses: readonly OracleUse[]
  /** By company. */
  firstTouches: Readonly<Record<string, FirstTouch | null>>
  /** Null for what was never copied. */
  firstCopies: Readonly<Record<CopiedFirst, number | null>>
  latestCopyAt: number
  /** The newest event. */
  dataThrough: number
}

export interface MetricsAsked {
  metrics: readonly OracleMetric[]
  by: readonly OracleGroup[]
  granularity: 'day' | 'week' | 'month' | 'none'
  days: 'all' | 'weekdays'
  timezone: string
  from: number
  /** Null for the end of the day of the newest event or copy. */
  to: number | null
  event: string | null
  /** Lists of values; `(none)` for none. */
  company: readonly string[] | null
  plan: readonly string[] | null
  channel: readonly string[] | null
}

export interface OracleMetricRow {
  metric: OracleMetric
  time: string
  day: string
  numerator: number
  denominator: number
  ratio: number | null
  events: number
  isAssumed: boolean
  companyId: string | null
  channel: string | null
  source: string | null
  campaign: string | null
  plan: string | null
  dimension: string | null
}
