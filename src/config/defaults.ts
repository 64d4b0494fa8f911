import type { BucketInput, ConfigInput, ConversionInput } from './options.ts'
import type { ProductDatabaseInput } from './product-options.ts'

/** What holds when the configuration does not say otherwise. */
export const defaults = {
  warehouse: { kind: 'duckdb', path: './warehouse.duckdb', schema: 'tributary' },
  sites: [],
  sessions: { gapMinutes: 30 },
  identity: { maxUsersPerDevice: 10, sharedDevices: 'next-user', ignoreIds: [] },
  events: { notBefore: '2005-01-01', deduplicateDays: 35 },
  exclude: { bots: true, userIds: [], hosts: [], paths: [], events: [] },
  blogPattern: '/blog/%',
  channels: [],
  referralExclusions: [],
  productDatabase: {
    adminRoles: ['admin', 'administrator', 'owner'],
    paidPlans: [],
    maxShrink: 0.5,
    allowPersonal: [],
  },
  schedule: null,
  timezone: 'UTC',
  history: { keepDays: 90 },
  limits: { bytesPerRun: null, retryMinutes: 120, rowsPerRun: 2_500_000 },
  server: { host: '127.0.0.1', port: 4000 },
  log: { level: 'info' },
} as const satisfies DeepReadonly<
  Omit<ConfigInput, 'sources' | 'productDatabase'> & {
    productDatabase: Pick<ProductDatabaseInput, 'adminRoles' | 'paidPlans' | 'maxShrink' | 'allowPersonal'>
  }
>

/** For each conversion. */
export const conversionDefaults = {
  defaultCurrency: 'USD',
  every: false,
  lookbackDays: 90,
} as const satisfies DeepReadonly<ConversionInput>

/** For `signup`: every touch of the person counts, so that first and last touch agree with the attribution table. */
export const signupDefaults = {
  ...conversionDefaults,
  events: ['signed_up', 'sign_up', 'signup', 'user_signed_up', 'account_created'],
  lookbackDays: null,
} as const satisfies DeepReadonly<ConversionInput>

/** For a bucket of Redshift. */
export const bucketDefaults = { prefix: 'tributary/' } as const satisfies Partial<BucketInput>

/** For each channel rule. */
export const channelRuleDefaults = { paid: false } as const

type DeepReadonly<T> = T extends object ? { readonly [K in keyof T]: DeepReadonly<T[K]> } : T
