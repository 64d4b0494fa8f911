import type { PipelineOptions } from '../../src/pipeline/options.ts'
import { attributionOf } from './attribution.ts'
import { conversionsOf } from './conversions.ts'
import { creditsOf } from './credits.ts'
import { compareTexts, withoutDuplicates } from './duplicates.ts'
import { aliasesOf, knownPairs, withPersons } from './identity.ts'
import { parseLine } from './parse.ts'
import type { Row } from './rows.ts'
import * as rows from './rows.ts'
import { sessionsOf } from './sessions.ts'
import { touchesOf } from './touches.ts'
import type { Event, Line, QuarantineReason, Touch } from './types.ts'
import { visitsOf } from './visits.ts'

/** The output tables, each sorted by its key. */
export interface OracleTables {
  events: Row[]
  /** Refused lines by reason: `reason`, `count`. */
  quarantine: Row[]
  /** Messages that the settings refuse, and why, however many lines say so: `event_id`, `reason`. */
  refused_messages: Row[]
  known_pairs: Row[]
  aliases: Row[]
  sessions: Row[]
  touches: Row[]
  conversions: Row[]
  credits: Row[]
  attribution: Row[]
  /** Who owns visits, in session or not. */
  people: string[]
  /** Touches and sessions (by their entry touch) per `channel`, `source`, `medium`, `campaign`. */
  channelTotals: Row[]
}

/**
 * What tributary's tables must hold, worked out naively: all lines at once, plain arrays, nothing remembered. A function of
 * the set of lines, the settings and the time; neither the order of the lines nor their cut into files and runs matters.
 * docs/semantics.md says what it computes. It shares no code with the pipeline, only its lists of hosts and libraries.
 */
export function oracle(
  lines: readonly Line[],
  settings: PipelineOptions,
  now: Date,
  isBot: (agent: string) => boolean = () => false,
): OracleTables {
  const { events, visits, sessions, touches, conversions, refused } = workOut(lines, settings, now, isBot)
  const credits = creditsOf(conversions, touches, settings)
  const attribution = attributionOf(conversions, sessions, touches, settings)

  return {
    events: sortBy(events.map(rows.eventRow), ['event_key', 'received_at']),
    quarantine: quarantineRows(refused.map((r) => r.reason)),
    refused_messages: sortBy(
      distinct(refused.filter((r) => BY_SETTINGS.includes(r.reason))).map(({ reason, eventId }) => ({
        event_id: eventId,
        reason,
      })),
      ['event_id', 'reason'],
    ),
    known_pairs: sortBy(knownPairs(visits).map(rows.knownPairRow), ['anonymous_id', 'user_id']),
    aliases: sortBy(aliasesOf(visits).map(rows.aliasRow), ['id', 'person_id']),
    sessions: sortBy(
      sessions.map((s) => rows.sessionRow(s, touches, conversions)),
      ['session_id'],
    ),
    touches: sortBy(touches.map(rows.touchRow), ['touch_id', 'session_id']),
    conversions: sortBy(conversions.map(rows.conversionRow), ['conversion_id']),
    credits: sortBy(credits.map(rows.creditRow), ['conversion_id', 'touch_id']),
    attribution: sortBy(attribution.map(rows.attributionRow), ['person_id']),
    people: [...new Set(visits.map((v) => v.personId))].sort(compareTexts),
    channelTotals: channelTotals(touches),
  }
}

/** What the tables are made of. */
export function workOut(
  lines: readonly Line[],
  settings: PipelineOptions,
  now: Date,
  isBot: (agent: string) => boolean = () => false,
) {
  const copies: Event[] = []
  const refused: { reason: QuarantineReason; eventId: string }[] = []
  for (const line of lines) {
    const parsed = parseLine(line, settings, now, isBot)
    if (parsed === null) continue
    if ('event' in parsed) copies.push(parsed.event)
    else refused.push(parsed)
  }

  const { gapMinutes } = settings.sessions
  const events = withoutDuplicates(copies, settings.events.deduplicateDays)
  const visits = withPersons(visitsOf(events, gapMinutes), settings)
  const sessions = sessionsOf(visits, gapMinutes)
  const touches = touchesOf(sessions, settings)
  const conversions = conversionsOf(visits, sessions, settings)
  return { events, visits, sessions, touches, conversions, refused }
}

/** Reasons that depend on settings. An event that was taken in before they changed stays in `events` with the reason. */
const BY_SETTINGS: QuarantineReason[] = ['NO_ID', 'PAST']

/** Copies of a message may be refused for different reasons. */
function distinct<T extends { reason: string; eventId: string }>(messages: T[]): T[] {
  return [...new Map(messages.map((m) => [`${m.reason} ${m.eventId}`, m])).values()]
}

function quarantineRows(refused: readonly QuarantineReason[]): Row[] {
  const reasons = [...new Set(refused)].sort()
  return reasons.map((reason) => ({ reason, count: refused.filter((r) => r === reason).length }))
}

function channelTotals(touches: readonly Touch[]): Row[] {
  const totals: {
    channel: string
    source: string | null
    medium: string | null
    campaign: string | null
    touches: number
    sessions: number
  }[] = []
  for (const { channel, source, medium, campaign, isEntry } of touches) {
    let total = totals.find(
      (t) => t.channel === channel && t.source === source && t.medium === medium && t.campaign === campaign,
    )
    if (total === undefined) {
      total = { channel, source, medium, campaign, touches: 0, sessions: 0 }
      totals.push(total)
    }
    total.touches += 1
    total.sessions += isEntry ? 1 : 0
  }
  return sortBy(totals, ['channel', 'source', 'medium', 'campaign'])
}

/** By bytes of the columns in turn; null before all else. */
function sortBy(unsorted: Row[], columns: string[]): Row[] {
  const key = (row: Row, column: string) => (row[column] === null ? '' : `=${row[column]}`)
  return unsorted.sort((a, b) => {
    for (const column of columns) {
      const difference = compareTexts(key(a, column), key(b, column))
      if (difference !== 0) return difference
    }
    return 0
  })
}
