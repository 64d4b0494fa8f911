import type { PipelineOptions } from '../../src/pipeline/options.ts'
import { byOrder } from './duplicates.ts'
import { moneyOf } from './money.ts'
import { md5, normaliseName } from './names.ts'
import { MINUTE } from './time.ts'
import type { Conversion, OwnedVisit, Session } from './types.ts'

/** Conversions: the tracks that the settings name; the person's first, or every one. */
export function conversionsOf(
  visits: readonly OwnedVisit[],
  sessions: readonly Session[],
  settings: PipelineOptions,
): Conversion[] {
  const tracks = visits
    .flatMap((visit) => visit.events.map((event) => ({ event, personId: visit.personId })))
    .filter(({ event }) => event.type === 'track')
    .sort((a, b) => byOrder(a.event, b.event))

  return Object.entries(settings.conversions).flatMap(([conversion, options]) => {
    const names = options.events.map(normaliseName)
    const matching = tracks.filter(({ event }) => event.eventName !== null && names.includes(event.eventName))
    const isEvery = options.every && conversion !== 'signup'
    const counted = matching.filter(
      (track, i) => isEvery || matching.findIndex((other) => other.personId === track.personId) === i,
    )
    return counted.map(({ event, personId }) => ({
      conversionId: md5(conversion, event.eventKey),
      conversion,
      personId,
      convertedAt: event.occurredAt,
      eventKey: event.eventKey,
      sessionId: sessionAt(event.occurredAt, personId, sessions, settings)?.sessionId ?? null,
      ...moneyOf(event.properties, options),
      companyId: event.groupId,
    }))
  })
}

/** The person's last session that had begun by then and not ended more than the gap before. */
function sessionAt(
  time: number,
  personId: string,
  sessions: readonly Session[],
  settings: PipelineOptions,
): Session | undefined {
  const gap = settings.sessions.gapMinutes * MINUTE
  return sessions
    .filter((s) => s.personId === personId && s.startedAt <= time && time <= s.endedAt + gap)
    .sort((a, b) => a.startedAt - b.startedAt)
    .at(-1)
}
