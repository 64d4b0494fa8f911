import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type OracleTables, oracle } from './oracle.ts'
import { testSettings } from './settings.ts'
import { finalSettings, linesOf, STREAM_NOW, type Stream, streamArbitrary } from './streams.ts'

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

    test('the order of the lines does not matter', () => {
      fc.assert(
        fc.property(streamArbitrary, (stream) => {
          expect(answer(stream, linesOf(stream).reverse())).toEqual(answer(stream))
        }),
      )
    })

    test('the streams reach the corners', () => {
      const answers = fc.sample(streamArbitrary, { numRuns: 300, seed: 1 }).map((stream) => answer(stream))
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
