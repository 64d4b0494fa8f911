/**
 * The options that shape the tables, complete and checked. Config fills them; the pipeline receives plain values.
 */
export interface PipelineOptions {
  readonly sources: readonly SourceOptions[]
  /** Own hosts: a referrer that equals one, or ends with `.` and one, is inside. */
  readonly sites: readonly string[]
  readonly sessions: { readonly gapMinutes: number }
  readonly identity: {
    /** A device with more distinct users is shared and owns its anonymous visits itself. */
    readonly maxUsersPerDevice: number
    /** `next-user`: anonymous visits go to the next user identified on the device. `last-user`: all to the last one. */
    readonly sharedDevices: 'next-user' | 'last-user'
    /** Ids that count as absent, beside the built-in ones; compared without case. */
    readonly ignoreIds: readonly string[]
  }
  readonly events: {
    /** Events before this time go to quarantine. ISO 8601, UTC. */
    readonly notBefore: string
    readonly deduplicateDays: number
  }
  readonly exclude: {
    readonly bots: boolean
    readonly userIds: readonly string[]
    readonly hosts: readonly string[]
    /** SQL LIKE patterns of page paths. */
    readonly paths: readonly string[]
    /** Event names, compared normalised. */
    readonly events: readonly string[]
  }
  /** By name; `signup` is always there. */
  readonly conversions: Readonly<Record<string, ConversionOptions>>
  /** SQL LIKE pattern of paths; null when there is no blog. */
  readonly blogPattern: string | null
  /** The project's own channel rules, before the defaults. */
  readonly channels: readonly ChannelRuleOptions[]
  /** Hosts that are no referrers, beside the built-in ones. */
  readonly referralExclusions: readonly string[]
  /** The product database; absent when companies are not copied. */
  readonly companies?: CompanyOptions
}

/** A company's own conversion beside those of its people: its plan became a paid one. */
export const PAID_PLAN = 'paid_plan'

/** What is copied of the product database, and what its words mean. How to reach it is no part of it: that is a secret. */
export interface CompanyOptions {
  readonly from: ProductSource
  /** Null when only memberships are copied: the companies are those they name. */
  readonly companies: CompanyTable | null
  readonly members: MemberTable
  /** Roles of administrators, compared without case. */
  readonly adminRoles: readonly string[]
  /** Plans that cost money, compared without case. */
  readonly paidPlans: readonly string[]
  /** A table that lost more than this share of its rows stops the run. */
  readonly maxShrink: number
}

/** Where the product database is. */
export type ProductSource =
  | { readonly kind: 'postgres' }
  /** A schema of the warehouse that something else fills. */
  | { readonly kind: 'tables'; readonly schema: string }
  /** A folder of CSV and Parquet files; absolute. */
  | { readonly kind: 'files'; readonly path: string }

/** The table of companies: its columns by what they mean, null for what it does not have. */
export interface CompanyTable {
  readonly table: string
  readonly id: string
  readonly name: string | null
  readonly plan: string | null
  readonly createdAt: string | null
  readonly paidAt: string | null
  /** Other columns, by the names that the API calls them. */
  readonly dimensions: Readonly<Record<string, string>>
  /** Of several rows of a company the one with the latest time here counts. */
  readonly latestBy: string | null
}

/** The table of memberships. */
export interface MemberTable {
  readonly table: string
  readonly companyId: string
  readonly userId: string
  readonly role: string | null
  readonly createdAt: string | null
  /** Of several rows of a membership the one with the latest time here counts. */
  readonly latestBy: string | null
}

/** Where events come from. */
export interface FilesSource {
  readonly kind: 'files'
  /** Name in tables and messages; unique. */
  readonly name: string
  /** Absolute path of a file or folder, or a glob. */
  readonly path: string
  /** Sources with one value here share event ids. */
  readonly deduplicateAs: string | null
}

/** A schema of the warehouse that Segment or RudderStack loads. */
export interface TableSource {
  readonly kind: 'segment' | 'rudderstack'
  /** Name in tables and messages; unique. */
  readonly name: string
  readonly schema: string
  /** Sources with one value here share event ids. */
  readonly deduplicateAs: string | null
  /** Column with the time a row became readable; null when there is none; absent: the first there is of those the loader writes. */
  readonly readableAt?: string | null
}

export type SourceOptions = FilesSource | TableSource

/** What counts as a conversion. */
export interface ConversionOptions {
  /** Event names, compared normalised. */
  readonly events: readonly string[]
  /** Name of the property with the value; null when it has none. */
  readonly value: string | null
  /** Name of the property with the currency. */
  readonly currency: string | null
  /** The currency when the event names none; ISO 4217. */
  readonly defaultCurrency: string
  /** Every matching event, or only the person's first. */
  readonly every: boolean
  /** Touches older than this get no credit; null for no limit. */
  readonly lookbackDays: number | null
}

/** When a channel rule of the project fires: all that is given must hold; lists mean any of. Compared without case. */
export interface ChannelRuleOptions {
  readonly channel: string
  readonly paid: boolean
  readonly when: {
    readonly source?: readonly string[]
    readonly medium?: readonly string[]
    readonly campaign?: readonly string[]
    /** Outside referrer hosts; a host also matches its subdomains. */
    readonly referrerHost?: readonly string[]
    /** Names of click id parameters. */
    readonly clickId?: readonly string[]
    /** SQL LIKE patterns of the landing page's path. */
    readonly landingPath?: readonly string[]
  }
}
