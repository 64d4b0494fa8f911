import type { PipelineOptions } from '../../src/pipeline/options.ts'
import { chooseChannel } from './channels.ts'
import { clickIds, sourceName } from './reference.ts'
import { isPageOrScreen } from './sessions.ts'
import type { Event, OwnedVisit, Session, Touch } from './types.ts'
import { foldCase } from './url.ts'

/** Touches: the entry of each session, and its later pages with another (channel, source, medium, campaign, content, term). */
export function touchesOf(sessions: readonly Session[], settings: PipelineOptions): Touch[] {
  return sessions.flatMap((session) => {
    const touches = [touchOf(session, session.entry, settings)]
    let before = touches[0]!
    for (const candidate of candidatesOf(session)) {
      const touch = touchOf(session, candidate, settings)
      if (!isSameOrigin(touch, before)) touches.push(touch)
      before = touch
    }
    return touches
  })
}

/** Pages and screens after the entry that say where they come from, without those that only repeat their referrer. */
function candidatesOf(session: Session): Event[] {
  const later = session.events.filter(({ event }) => isPageOrScreen(event) && event.orderKey > session.entry.orderKey)
  return later
    .filter(({ event }) => hasCampaign(event) || event.clickId !== null || event.referrerHost !== null)
    .filter(({ event, visit }) => hasCampaign(event) || event.clickId !== null || !repeatsReferrer(event, visit))
    .map(({ event }) => event)
}

function hasCampaign(event: Event): boolean {
  return [event.utmSource, event.utmMedium, event.utmCampaign, event.utmContent, event.utmTerm].some((v) => v !== null)
}

/** A single-page app repeats `document.referrer`: the page right before it in the same visit has the same referrer host. */
function repeatsReferrer(event: Event, visit: OwnedVisit): boolean {
  const before = visit.events.filter((e) => isPageOrScreen(e) && e.orderKey < event.orderKey).at(-1)
  return before !== undefined && before.rawReferrerHost === event.rawReferrerHost
}

function touchOf(session: Session, event: Event, settings: PipelineOptions): Touch {
  const isEntry = event === session.entry
  const utmSource = utmSourceOf(event)
  const fields = {
    source: utmSource ?? clickIdSource(event) ?? referrerSource(event),
    medium: lower(known(event.utmMedium, ['(none)', '(not set)'])),
    campaign: known(event.utmCampaign, NOTHING),
    content: known(event.utmContent, NOTHING),
    term: known(event.utmTerm, NOTHING),
  }
  return {
    touchId: event.eventKey,
    session,
    touchedAt: isEntry ? session.startedAt : event.occurredAt,
    orderKey: isEntry ? session.first.orderKey : event.orderKey,
    isEntry,
    event,
    ...fields,
    ...chooseChannel({ ...fields, utmSource, event }, settings.channels),
  }
}

/** Texts that mean nothing as a campaign or source. */
const NOTHING = ['(not set)', '(none)', '(direct)']

/** Known sources by name. */
function utmSourceOf(event: Event): string | null {
  const typed = lower(known(event.utmSource, NOTHING))
  return typed === null ? null : (sourceName(typed) ?? typed)
}

/** The network of the click id. */
function clickIdSource(event: Event): string | null {
  return clickIds.find((c) => c.parameter === event.clickId)?.source ?? null
}

/** The outside referrer host, by name when it is known. */
function referrerSource(event: Event): string | null {
  return event.referrerHost === null
    ? null
    : (sourceName(event.referrerHost) ?? event.referrerHost.replace(/^www\./, ''))
}

/** Null when the value is one of the texts that mean nothing, compared without case. */
function known(value: string | null, nothing: string[]): string | null {
  return value === null || nothing.includes(foldCase(value)) ? null : value
}

function lower(value: string | null): string | null {
  return value === null ? null : foldCase(value)
}

function isSameOrigin(a: Touch, b: Touch): boolean {
  return (
    a.channel === b.channel &&
    a.source === b.source &&
    a.medium === b.medium &&
    a.campaign === b.campaign &&
    a.content === b.content &&
    a.term === b.term
  )
}
