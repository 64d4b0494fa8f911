import type { ConversionOptions, PipelineOptions } from '../../src/pipeline/options.ts'

const signup: ConversionOptions = {
  events: ['signed_up', 'sign_up', 'signup', 'user_signed_up', 'account_created'],
  value: null,
  currency: null,
  defaultCurrency: 'USD',
  every: false,
  lookbackDays: null,
}

const purchase: ConversionOptions = {
  events: ['Order Completed'],
  value: 'revenue',
  currency: 'currency',
  defaultCurrency: 'USD',
  every: true,
  lookbackDays: 90,
}

/** Settings for tests: the defaults of the configuration, one source, the site `acme.test`, a signup and a purchase. */
export const testSettings: PipelineOptions = {
  sources: [{ kind: 'files', name: 'events', path: 'events', deduplicateAs: null }],
  sites: ['acme.test'],
  sessions: { gapMinutes: 30 },
  identity: { maxUsersPerDevice: 10, sharedDevices: 'next-user', ignoreIds: [] },
  events: { notBefore: '2005-01-01', deduplicateDays: 35 },
  exclude: { bots: true, userIds: [], hosts: [], paths: [], events: [] },
  conversions: { signup, purchase },
  blogPattern: '/blog/%',
  channels: [],
  referralExclusions: [],
}
