import fc from 'fast-check'
import type { ConversionOptions, PipelineOptions } from '../../src/pipeline/options.ts'
import { testSettings } from './settings.ts'

/** How a stream is delivered: in how many runs, and with what settings. */
export interface Plan {
  runCount: number
  /** What differs from `testSettings` in the first run. */
  settings: Settings
  /** What is changed before each later run; nothing when empty. */
  changes: readonly (readonly Change[])[]
}

type Settings = Partial<PipelineOptions>
type Change = (settings: Settings) => Settings

/** The first value, and what a step shrinks to, `often` times as likely as each other. */
export const mostly = <T>(often: number, values: readonly T[]) =>
  fc.oneof(
    { withCrossShrink: true },
    { arbitrary: fc.constant(values[0]!), weight: often },
    { arbitrary: fc.constantFrom(...values), weight: values.length },
  )

const partner = { channel: 'Partner', paid: true, when: { referrerHost: ['partner.example'] } }
const letters = { channel: 'Letters', paid: false, when: { source: ['newsletter'], medium: ['email'] } }
const { signup, purchase } = testSettings.conversions as Record<'signup' | 'purchase', ConversionOptions>
const beats: ConversionOptions = { ...signup, events: ['heartbeat'], every: true, lookbackDays: 1 }

/** What each part of the settings may be, beside the default. */
const PARTS = {
  sessions: fc.constantFrom({ gapMinutes: 30 }, { gapMinutes: 15 }),
  identity: fc.record({
    maxUsersPerDevice: fc.constantFrom(10, 2, 1),
    sharedDevices: mostly(3, ['next-user', 'last-user'] as const),
    ignoreIds: mostly(2, [[], ['nobody'], ['D1', 'nobody'], ['u1', 'u2'], ['old', 'u3']]),
  }),
  events: mostly(6, [testSettings.events, { ...testSettings.events, notBefore: '2025-01-15' }]),
  exclude: fc.constantFrom(
    { ...testSettings.exclude, userIds: ['u4'], paths: ['/internal/%'] },
    { ...testSettings.exclude, bots: false, userIds: ['u1'] },
    { bots: false, userIds: [], hosts: ['staging.acme.test'], paths: [], events: ['heart beat', 'HEARTBEAT'] },
  ),
  channels: fc.constantFrom([partner], [letters, partner]),
  conversions: fc.constantFrom<Record<string, ConversionOptions>[]>(
    { signup, purchase: { ...purchase, every: false, lookbackDays: 30 } },
    { signup, purchase: { ...purchase, lookbackDays: 1 } },
    { signup },
    { signup, purchase: { ...purchase, value: 'total' } },
    { signup: { ...signup, events: ['signed_up', 'heartbeat'] }, purchase },
    { beats, purchase: { ...purchase, lookbackDays: 1, defaultCurrency: 'JPY' }, signup },
  ),
  blogPattern: fc.constantFrom(null, '/b%/_wo'),
  sites: fc.constantFrom(['partner.example', 'acme.test'], []),
  referralExclusions: fc.constant(['google.com']),
} satisfies { [P in keyof PipelineOptions]?: fc.Arbitrary<PipelineOptions[P]> }

const settings: fc.Arbitrary<Settings> = fc.record(PARTS, { requiredKeys: [] })

/** One part changed, or as it is by default. The heavy ones are no more likely than those that are computed in passing. */
const change: fc.Arbitrary<Change> = fc.oneof(
  ...(Object.keys(PARTS) as (keyof typeof PARTS)[]).map((part) =>
    fc.option(PARTS[part] as fc.Arbitrary<unknown>, { freq: 3, nil: testSettings[part] }).map((value) =>
      Object.assign((settings: Settings): Settings => ({ ...settings, [part]: value }), {
        toString: () => `${part} = ${JSON.stringify(value)}`,
      }),
    ),
  ),
)

/** The changes before each run but the first; half of the streams have none. */
const changes = fc.oneof(
  { withCrossShrink: true },
  fc.constant([]),
  fc.array(fc.array(change, { minLength: 1, maxLength: 3 }), { minLength: 4, maxLength: 4 }),
)

/** The parts of a plan. */
export const PLAN = { runCount: fc.integer({ min: 1, max: 5 }), settings, changes }

/** The settings of each later run, one changed after the other. */
export function changesOf({ runCount, settings, changes }: Plan): Settings[] {
  let now = settings
  return changes.slice(0, runCount - 1).map((ofRun) => {
    for (const apply of ofRun) now = apply(now)
    return now
  })
}
