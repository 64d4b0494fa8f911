import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type Cohort, cohortOf, streamOfCohort } from './cohorts.ts'
import { type OracleTables, oracle } from './oracle.ts'
import { testSettings } from './settings.ts'
import { finalSettings, linesOf, STREAM_NOW, type Stream, settingsOf, streamArbitrary } from './streams.ts'

/** What must hold for whatever is delivered. */
export function testStreams(): void {
  const isBot = (agent: string) => agent.includes('bot')
  const answer = (stream: Stream, lines = linesOf(stream)) =>
    oracle(lines, { ...testSettings, ...finalSettings(stream) }, STREAM_NOW, isBot)

  describe('random streams', () => {
    test('every conversion sums to one under every model, and to its value', () => {
      fc.assert(
        fc.property(streamArbitrary, (stream) => {
          const { conversions, credits } = answer(stream)
          for (const { conversion_id, value } of conversions) {
            const shares = credits.filter((credit) => credit.conversion_id === conversion_id)
            const sum = (column: string) => shares.reduce((total, share) => total + Number(share[column]), 0)
            for (const model of ['first_touch', 'last_touch', 'last_non_direct', 'first_paid', 'last_paid', 'linear']) {
              expect(sum(`${model}_credit`)).toBe(1_000_000_000)
              if (value !== null) expect(sum(`${model}_revenue`)).toBe(value)
            }
          }
        }),
      )
    })

    test('streams that are delivered together do not meet', () => {
      const cohort = cohortOf(3, 8)
      const together = answer(streamOfCohort(cohort))
      const apart = streamsOf(cohort).map((stream) => answer(stream))
      for (const table of ['events', 'known_pairs', 'aliases', 'sessions', 'touches', 'credits', 'people'] as const) {
        const rows = apart.flatMap((tables) => tables[table] as unknown[])
        expect(new Set<unknown>(together[table]).size, table).toBe(rows.length)
        expect(together[table], table).toEqual(expect.arrayContaining(rows))
      }
    })

    test('the order of the lines does not matter', () => {
      fc.assert(
        fc.property(streamArbitrary, (stream) => {
          expect(answer(stream, linesOf(stream).reverse())).toEqual(answer(stream))
        }),
      )
    })

    test.each(drawn)('%s are late, withdraw, and change their settings', (_how, draw) => {
      const streams = draw()
      const count = (test: (stream: Stream) => boolean) => streams.filter(test).length
      // A message whose copy in a later run was received earlier and says something else takes its place.
      expect(
        count((stream) =>
          inLaterRuns(
            stream,
            (late, before) => late.id === before.id && late.at < before.at && late.text !== before.text,
          ),
        ),
      ).toBeGreaterThan(100)
      expect(count((stream) => inLaterRuns(stream, (late, before) => late.at < before.at))).toBeGreaterThan(150)
      expect(count((stream) => new Set(settingsOf(stream).map((s) => JSON.stringify(s))).size > 1)).toBeGreaterThan(80)
    })

    test.each(drawn)('%s reach the corners', (_how, draw) => {
      const answers = draw().map((stream) => answer(stream))
      const count = (test: (tables: OracleTables) => boolean) => answers.filter(test).length
      expect(count((t) => t.attribution.length > 0)).toBeGreaterThan(100)
      expect(count((t) => t.touches.length > t.sessions.length)).toBeGreaterThan(100)
      expect(count((t) => t.sessions.some((s) => Number(s.device_count) > 1))).toBeGreaterThan(30)
      expect(count((t) => t.aliases.some((a) => a.is_latest === false))).toBeGreaterThan(100)
      expect(count((t) => t.credits.some((c) => Number(c.touch_count) > 2))).toBeGreaterThan(50)
      expect(count((t) => t.credits.some((c) => c.channel === 'Unattributed'))).toBeGreaterThan(30)
      expect(count((t) => t.conversions.some((c) => c.value !== null))).toBeGreaterThan(50)
      expect(count((t) => t.events.some((e) => e.excluded_reason !== null))).toBeGreaterThan(50)
    })
  })
}

/** Three hundred streams, each with a plan of its own or twenty with one. */
const drawn: [string, () => Stream[]][] = [
  ['streams', () => fc.sample(streamArbitrary, { numRuns: 300, seed: 1 })],
  ['streams of cohorts', () => Array.from({ length: 15 }, (_, seed) => streamsOf(cohortOf(seed, 20))).flat()],
]

const streamsOf = ({ plan, worlds }: Cohort): Stream[] =>
  [...worlds].map((world) => streamOfCohort({ plan, worlds: new Map([world]) }))

interface Sent {
  id: string
  at: string
  text: string
}

/** Whether some message of a later run and some message of a run before it are in a relation. */
function inLaterRuns({ runs }: Stream, test: (late: Sent, before: Sent) => boolean): boolean {
  const sent = runs.map((files) => files.flatMap((file) => file.split('\n').flatMap(messageOf)))
  return sent.some((late, i) => late.some((l) => sent.slice(0, i).some((before) => before.some((b) => test(l, b)))))
}

function messageOf(text: string): Sent[] {
  try {
    const { messageId, receivedAt } = JSON.parse(text)
    return typeof messageId === 'string' && typeof receivedAt === 'string'
      ? [{ id: messageId, at: receivedAt, text }]
      : []
  } catch {
    return []
  }
}
