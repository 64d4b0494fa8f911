import { byOrder } from './duplicates.ts'
import { MINUTE } from './time.ts'
import type { Event, Visit } from './types.ts'

/** Visits: each atom's events, cut where two neighbours are more than the gap apart. Excluded events form none. */
export function visitsOf(events: readonly Event[], gapMinutes: number): Visit[] {
  const visits: Visit[] = []
  for (const event of events.filter((e) => e.excludedReason === null).sort(byOrder)) {
    // The last visit of the same atom so far.
    const visit = visits.findLast(
      (v) => v.anonymousId === event.anonymousId && v.userId === event.userId && v.isInSession === event.isInSession,
    )
    if (visit !== undefined && event.occurredAt - visit.last.occurredAt <= gapMinutes * MINUTE) {
      visit.events.push(event)
      visit.last = event
    } else {
      const { anonymousId, userId, isInSession } = event
      visits.push({ anonymousId, userId, isInSession, events: [event], first: event, last: event })
    }
  }
  return visits
}
