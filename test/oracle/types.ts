/** What the oracle passes from one step to the next. Times are microseconds since 1970 as numbers: they fit in 2^53. */

export type EventType = 'page' | 'screen' | 'track' | 'identify' | 'alias' | 'group'

export type QuarantineReason = 'UNREADABLE' | 'UNKNOWN_TYPE' | 'WRONG_TYPE' | 'NO_ID' | 'NO_TIME' | 'FUTURE' | 'PAST'

export interface Line {
  /** Name of the source. */
  source: string
  text: string
}

/** The campaign of an event as delivered. */
export interface Campaign {
  utmSource: string | null
  utmMedium: string | null
  utmCampaign: string | null
  utmContent: string | null
  utmTerm: string | null
}

/** An accepted event, excluded ones included. */
export interface Event extends Campaign {
  eventKey: string
  eventId: string
  type: EventType
  name: string | null
  eventName: string | null
  anonymousId: string | null
  userId: string | null
  previousId: string | null
  groupId: string | null
  occurredAt: number
  receivedAt: number
  orderKey: string
  isInSession: boolean
  excludedReason: 'BOT' | 'USER' | 'HOST' | 'PATH' | 'EVENT' | null
  pageUrl: string | null
  pageHost: string | null
  pagePath: string | null
  referrer: string | null
  /** Host of an outside referrer. */
  referrerHost: string | null
  rawReferrerHost: string | null
  clickId: string | null
  library: string | null
  /** Properties as JSON gives them; numbers are `JsonNumber`. */
  properties: Record<string, unknown>
  /** The line itself: breaks ties between copies. */
  text: string
}

/** Run of events of one atom without a silence longer than the gap. */
export interface Visit {
  anonymousId: string | null
  userId: string | null
  isInSession: boolean
  /** In the order of events. */
  events: Event[]
  first: Event
  last: Event
}

/** A visit and the person it belongs to. */
export interface OwnedVisit extends Visit {
  personId: string
}

/** Run of one person's in-session events without a silence longer than the gap. */
export interface Session {
  sessionId: string
  personId: string
  startedAt: number
  endedAt: number
  /** In the order of events, each with the visit it lies in. */
  events: { event: Event; visit: OwnedVisit }[]
  first: Event
  /** First page or screen, else the first event. */
  entry: Event
}

/** What a channel rule decided. */
export interface ChannelChoice {
  channel: string
  isPaid: boolean
  isDirect: boolean
}

/** A moment a channel can be credited for. */
export interface Touch extends ChannelChoice {
  touchId: string
  session: Session
  touchedAt: number
  orderKey: string
  isEntry: boolean
  event: Event
  source: string | null
  medium: string | null
  campaign: string | null
  content: string | null
  term: string | null
}

/** Something worth crediting. */
export interface Conversion {
  conversionId: string
  conversion: string
  personId: string
  convertedAt: number
  eventKey: string
  sessionId: string | null
  value: bigint | null
  currency: string | null
  valueProblem: string | null
  /** Company the event names. */
  companyId: string | null
}
