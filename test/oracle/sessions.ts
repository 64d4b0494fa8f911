import { byOrder } from './duplicates.ts'
import { MINUTE } from './time.ts'
import type { OwnedVisit, Session } from './types.ts'

/**
 * Sessions: each person's in-session events over all devices, cut where two neighbours are more than the gap apart. Made
 * from the events, not by merging visits; the same comes out.
 */
export function sessionsOf(visits: readonly OwnedVisit[], gapMinutes: number): Session[] {
  const events = visits
    .filter((visit) => visit.isInSession)
    .flatMap((visit) => visit.events.map((event) => ({ event, visit })))
    .sort((a, b) => byOrder(a.event, b.event))

  const sessions: Session[] = []
  for (const { event, visit } of events) {
    const session = sessions.findLast((s) => s.personId === visit.personId)
    if (session !== undefined && event.occurredAt - session.endedAt <= gapMinutes * MINUTE) {
      session.events.push({ event, visit })
      session.endedAt = event.occurredAt
    } else {
      sessions.push({
        sessionId: event.eventKey,
        personId: visit.personId,
        startedAt: event.occurredAt,
        endedAt: event.occurredAt,
        events: [{ event, visit }],
        first: event,
        entry: event,
      })
    }
  }
  for (const session of sessions) {
    session.entry = session.events.map((e) => e.event).find((e) => isPageOrScreen(e)) ?? session.first
  }
  return sessions
}

export function isPageOrScreen(event: { type: string }): boolean {
  return event.type === 'page' || event.type === 'screen'
}
