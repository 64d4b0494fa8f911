import { DAY } from './time.ts'
import type { Event } from './types.ts'

/**
 * One event per message: of the copies of an event key, received each within `deduplicateDays` of the one before, the one
 * received first. Copies received at one instant must not differ: the pipeline breaks that tie by a hash of the normalised
 * content, which the oracle does not know. The streams keep to that.
 */
export function withoutDuplicates(copies: readonly Event[], deduplicateDays: number): Event[] {
  const sorted = [...copies].sort(
    (a, b) => compareTexts(a.eventKey, b.eventKey) || a.receivedAt - b.receivedAt || compareTexts(a.text, b.text),
  )
  const winners = sorted.filter((copy, i) => {
    const before = sorted[i - 1]
    if (before === undefined || before.eventKey !== copy.eventKey) return true
    return copy.receivedAt - before.receivedAt > deduplicateDays * DAY
  })
  return winners.sort(byOrder)
}

/** The order of events: time, pages and screens before the rest, event key. */
export function byOrder(a: Event, b: Event): number {
  return compareTexts(a.orderKey, b.orderKey)
}

/** By bytes of UTF-8. */
export function compareTexts(a: string, b: string): number {
  return Buffer.compare(Buffer.from(a), Buffer.from(b))
}
