import fc from 'fast-check'
import type { ConversionOptions, PipelineOptions } from '../../src/pipeline/options.ts'
import * as words from './messages.ts'
import { lineOf, occurredAtOf, type Step, UNUSABLE_LINES } from './messages.ts'
import { testSettings } from './settings.ts'
import type { Line } from './types.ts'

/** What is delivered: runs of files, each file JSON lines as one text; and what differs from `testSettings`. */
export interface Stream {
  runs: string[][]
  /** Of the first run, and of all when nothing changes. */
  settings: Partial<PipelineOptions>
  /** What differs from `testSettings` in each later run that has an entry; the last one holds in the end. */
  changes?: readonly (Partial<PipelineOptions> | null)[]
}

/** What differs from `testSettings` in each run. */
export function settingsOf({ runs, settings, changes = [] }: Stream): Partial<PipelineOptions>[] {
  const each: Partial<PipelineOptions>[] = []
  runs.forEach((_, i) => {
    each.push(i === 0 ? settings : (changes[i - 1] ?? each[i - 1]!))
  })
  return each
}

/** Under which the tables are, in the end. */
export const finalSettings = (stream: Stream): Partial<PipelineOptions> => settingsOf(stream).at(-1) ?? stream.settings

/** When the streams are read: after all they hold, but for what claims to be from the year 3000. */
export const STREAM_NOW = new Date('2025-06-01T00:00:00Z')

const [SOURCE] = testSettings.sources

/** All lines of a stream, for the oracle. */
export function linesOf(stream: Stream): Line[] {
  return stream.runs.flat().flatMap((file) => file.split('\n').map((text) => ({ source: SOURCE!.name, text })))
}

/** The first value, and what a step shrinks to, `often` times as likely as each other. */
const mostly = <T>(often: number, values: readonly T[]) =>
  fc.oneof(
    { withCrossShrink: true },
    { arbitrary: fc.constant(values[0]!), weight: often },
    { arbitrary: fc.constantFrom(...values), weight: values.length },
  )

const step: fc.Arbitrary<Step> = fc.record({
  kind: mostly(16, [...words.KINDS, 'page', 'identify', 'alias', 'signup', 'order'] as const),
  device: mostly(10, [...words.DEVICES, 'd1', 'd2', 'd2', 'd3']),
  user: mostly(14, [...words.USERS, 'u1', 'u2', 'u3']),
  previousId: fc.constantFrom(...words.PREVIOUS_IDS),
  slot: mostly(1, [4, 0, 1, 2, 3, 5, 6, 7, 8, 9, 10, 12, 14, 16]),
  day: mostly(24, words.DAYS),
  nudge: mostly(4, words.NUDGES),
  page: fc.constantFrom(...words.PAGES, ...words.PAGES.slice(0, 8)),
  campaign: mostly(16, words.CAMPAIGNS),
  value: fc.constantFrom(...words.VALUES),
  currency: mostly(3, words.CURRENCIES),
  clock: mostly(24, words.CLOCKS),
  library: mostly(6, ['analytics.js', 'analytics-node'] as const),
  isBot: mostly(20, [false, true]),
  hasMessageId: mostly(12, [true, false]),
})

/** A copy of a message: the very line, or received at another time, with or without something else in it. */
const copy = fc.record({
  received: fc.constantFrom('same', 'earlier', 'later'),
  change: fc.oneof(
    fc.constant({}),
    fc.record({ device: fc.constantFrom('d1', 'd2', 'd3') }),
    fc.record({ user: fc.constantFrom(null, 'u1', 'u2', 'u3') }),
    fc.record({ slot: fc.nat(16) }),
    fc.record({ page: fc.constantFrom(...words.PAGES) }),
    fc.record({ previousId: fc.constantFrom(...words.PREVIOUS_IDS) }),
    fc.record({ kind: fc.constantFrom(...words.KINDS) }),
    fc.record({ isBot: fc.constant(true) }),
  ) as fc.Arbitrary<Partial<Step>>,
})

/** Where a line is put: any run, late or not, one of two files. */
const place = fc.record({ run: fc.nat(4), file: fc.nat(1) })

/** Most messages come once. */
const copies = fc.oneof(
  { withCrossShrink: true },
  { arbitrary: fc.array(fc.tuple(copy, place), { maxLength: 0 }), weight: 5 },
  { arbitrary: fc.array(fc.tuple(copy, place), { minLength: 1, maxLength: 3 }), weight: 1 },
)

const delivery = fc.record({ step, place, copies })

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

type Settings = Partial<PipelineOptions>

const settings: fc.Arbitrary<Settings> = fc.record(PARTS, { requiredKeys: [] })

/** One part changed, or as it is by default. The heavy ones are no more likely than those that are computed in passing. */
const change: fc.Arbitrary<(settings: Settings) => Settings> = fc.oneof(
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

/**
 * Streams of events: late, twice, out of order, with replaced winners, shared devices, aliases, ties, month ends and other
 * settings that change from run to run, cut into one to five runs. Copies of a message that differ are never received at
 * one instant, and have the same ids when settings change: see docs/decisions/0007.
 */
export const streamArbitrary: fc.Arbitrary<Stream> = fc
  .record({
    runCount: fc.integer({ min: 1, max: 5 }),
    deliveries: fc.array(delivery, { minLength: 1, maxLength: 50, size: 'max' }),
    unusable: fc.array(fc.tuple(fc.constantFrom(...UNUSABLE_LINES), place), { maxLength: 3 }),
    settings,
    changes,
  })
  .map(({ runCount, deliveries, unusable, settings, changes }) => {
    const placed: { line: string; run: number; file: number }[] = []
    deliveries.forEach(({ step, place, copies }, number) => {
      placed.push({ line: lineOf(step, number, receivedAtOf(step)), ...place })
      copies.forEach(([copy, place], i) => {
        const isSafe = changes.length === 0 || !('device' in copy.change || 'user' in copy.change)
        placed.push({ line: copyOf(step, isSafe ? copy : { ...copy, change: {} }, number, i + 1), ...place })
      })
    })
    for (const [line, place] of unusable) placed.push({ line, ...place })
    return { runs: cut(placed, runCount), settings, changes: changesOf(settings, changes, runCount) }
  })

/** The settings of each later run, one changed after the other. */
function changesOf(
  first: Settings,
  changes: readonly (readonly ((settings: Settings) => Settings)[])[],
  runCount: number,
): Settings[] {
  let settings = first
  return changes.slice(0, runCount - 1).map((ofRun) => {
    for (const apply of ofRun) settings = apply(settings)
    return settings
  })
}

const HOUR = 3_600_000_000n

/** Late enough that earlier copies are not received before the event. */
function receivedAtOf(step: Step): bigint {
  return occurredAtOf(step) + 4n * HOUR
}

/** Each copy has its own hour of receipt, or is the very line: what differs must not be received at one instant. */
function copyOf(
  step: Step,
  copy: { received: 'same' | 'earlier' | 'later'; change: Partial<Step> },
  number: number,
  copyNumber: number,
): string {
  if (copy.received === 'same') return lineOf(step, number, receivedAtOf(step))
  const hours = BigInt(copyNumber) * (copy.received === 'earlier' ? -HOUR : HOUR)
  return lineOf({ ...step, ...copy.change }, number, receivedAtOf(step) + hours)
}

function cut(placed: { line: string; run: number; file: number }[], runCount: number): string[][] {
  return Array.from({ length: runCount }, (_, run) => {
    const ofRun = placed.filter((p) => p.run % runCount === run)
    const files = [0, 1].map((file) => ofRun.filter((p) => p.file === file).map((p) => p.line))
    return files.filter((lines) => lines.length > 0).map((lines) => `${lines.join('\n')}\n`)
  })
}
