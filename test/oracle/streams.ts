import fc from 'fast-check'
import type { PipelineOptions } from '../../src/pipeline/options.ts'
import * as words from './messages.ts'
import { lineOf, occurredAtOf, type Step, UNUSABLE_LINES } from './messages.ts'
import { changesOf, mostly, PLAN, type Plan } from './plans.ts'
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

/** What happens in a stream: its messages with where they are put, and lines that are none. */
export const HAPPENINGS = {
  deliveries: fc.array(delivery, { minLength: 1, maxLength: 50, size: 'max' }),
  unusable: fc.array(fc.tuple(fc.constantFrom(...UNUSABLE_LINES), place), { maxLength: 3 }),
}
export type Happenings = {
  [P in keyof typeof HAPPENINGS]: (typeof HAPPENINGS)[P] extends fc.Arbitrary<infer T> ? T : never
}

/**
 * Streams of events: late, twice, out of order, with replaced winners, shared devices, aliases, ties, month ends and other
 * settings that change from run to run, cut into one to five runs. Copies of a message that differ are never received at
 * one instant, and have the same ids when settings change: see docs/decisions/0007.
 */
export const streamArbitrary: fc.Arbitrary<Stream> = fc
  .record({ runCount: PLAN.runCount, ...HAPPENINGS, settings: PLAN.settings, changes: PLAN.changes })
  .map((all) => streamOf(all, all))

/** What is delivered when something happens by a plan. */
export function streamOf(plan: Plan, { deliveries, unusable }: Happenings): Stream {
  const placed: { line: string; run: number; file: number }[] = []
  deliveries.forEach(({ step, place, copies }, number) => {
    placed.push({ line: lineOf(step, number, receivedAtOf(step)), ...place })
    copies.forEach(([copy, place], i) => {
      const isSafe = plan.changes.length === 0 || !('device' in copy.change || 'user' in copy.change)
      placed.push({ line: copyOf(step, isSafe ? copy : { ...copy, change: {} }, number, i + 1), ...place })
    })
  })
  for (const [line, place] of unusable) placed.push({ line, ...place })
  return { runs: cut(placed, plan.runCount), settings: plan.settings, changes: changesOf(plan) }
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
