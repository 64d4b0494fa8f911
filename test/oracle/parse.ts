import type { PipelineOptions } from '../../src/pipeline/options.ts'
import { serverLibraries } from '../../src/pipeline/sources/server-libraries.ts'
import { exclusion } from './exclusions.ts'
import { isObject, JsonNumber, parseJson, textOf } from './json.ts'
import { md5, normaliseName } from './names.ts'
import { pageFields } from './page.ts'
import { DAY, parseTime } from './time.ts'
import type { Event, EventType, Line, QuarantineReason } from './types.ts'
import { foldCase, textOrNull } from './url.ts'

const TYPES = ['page', 'screen', 'track', 'identify', 'alias', 'group']
const TEXTS_OR_NUMBERS = ['messageId', 'anonymousId', 'userId', 'previousId', 'groupId', 'event', 'event_text', 'name']
const TEXTS = ['timestamp', 'originalTimestamp', 'sentAt', 'receivedAt']
const OBJECTS = ['context', 'properties', 'traits']
const OBJECTS_OF_CONTEXT = ['page', 'campaign', 'library']

const IGNORED_IDS = [
  ...[
    'null',
    'undefined',
    'none',
    'nil',
    'n/a',
    'na',
    '0',
    '-1',
    'test',
    'unknown',
    'anonymous',
    'guest',
    'false',
    'true',
  ],
  ...['nan', '[object object]', '00000000-0000-0000-0000-000000000000'],
]

/** What became of a line: an event, a reason to refuse it, or nothing when it was empty. */
type Parsed = { event: Event } | { reason: QuarantineReason; eventId: string } | null

/** Reads one line. The reasons to refuse it are tried in order; the first that applies is given. */
export function parseLine(line: Line, settings: PipelineOptions, now: Date, isBot: (agent: string) => boolean): Parsed {
  const text = line.text.trim()
  if (text === '') return null

  const message = readObject(text)
  const eventId = textOrNull(textOf(message?.messageId) ?? '') ?? md5(text)
  const refuse = (reason: QuarantineReason) => ({ reason, eventId })
  if (message === null || text.includes('\\u0000')) return refuse('UNREADABLE')

  const type = typeof message.type === 'string' ? foldCase(message.type) : ''
  if (!TYPES.includes(type)) return refuse('UNKNOWN_TYPE')
  if (hasWrongType(message)) return refuse('WRONG_TYPE')

  const anonymousId = readId(message.anonymousId, settings)
  const userId = readId(message.userId, settings)
  if (anonymousId === null && userId === null) return refuse('NO_ID')

  const times = readTimes(message)
  if (times === null) return refuse('NO_TIME')
  const { occurredAt, receivedAt } = times
  if (occurredAt > receivedAt + DAY || receivedAt > now.getTime() * 1000 + DAY) return refuse('FUTURE')
  if (occurredAt < notBefore(settings)) return refuse('PAST')

  const source = settings.sources.find((s) => s.name === line.source)
  const eventKey = md5(source?.deduplicateAs ?? line.source, eventId)
  const isPage = type === 'page' || type === 'screen'
  const context = objectOrEmpty(message.context)
  const library = textOf(objectOrEmpty(context.library).name)
  const eventText = filled(message.event_text) ?? filled(message.event)

  const event: Event = {
    eventKey,
    eventId,
    type: type as EventType,
    name: type === 'track' ? eventText : isPage ? filled(message.name) : null,
    eventName: type === 'track' && eventText !== null ? normaliseName(eventText) : null,
    anonymousId,
    userId,
    previousId: type === 'alias' ? readId(message.previousId, settings) : null,
    groupId: readId(message.groupId, settings) ?? readId(context.groupId, settings),
    occurredAt,
    receivedAt,
    orderKey: `${String(occurredAt).padStart(16, '0')}${isPage ? '0' : '1'}${eventKey}`,
    isInSession: anonymousId !== null && !serverLibraries.includes(foldCase((library ?? '').trim())),
    excludedReason: null,
    ...pageFields(message, type as EventType, settings),
    library,
    properties: objectOrEmpty(message.properties),
    text,
  }
  event.excludedReason = exclusion(event, textOf(context.userAgent), settings, isBot)
  return { event }
}

function readObject(text: string): Record<string, unknown> | null {
  try {
    const value = parseJson(text)
    return isObject(value) ? value : null
  } catch {
    return null
  }
}

function hasWrongType(message: Record<string, unknown>): boolean {
  const isAbsent = (value: unknown) => value === undefined || value === null
  const isText = (value: unknown) => isAbsent(value) || typeof value === 'string'
  const isTextOrNumber = (value: unknown) =>
    isText(value) || (value instanceof JsonNumber && /^-?[0-9]+$/.test(value.text))
  const isObjectOrAbsent = (value: unknown) => isAbsent(value) || isObject(value)

  if (TEXTS_OR_NUMBERS.some((name) => !isTextOrNumber(message[name]))) return true
  if (TEXTS.some((name) => !isText(message[name]))) return true
  if (OBJECTS.some((name) => !isObjectOrAbsent(message[name]))) return true
  return OBJECTS_OF_CONTEXT.some((name) => !isObjectOrAbsent(objectOrEmpty(message.context)[name]))
}

/** Trimmed; null when empty or on the ignore list, which is compared without case. */
function readId(value: unknown, settings: PipelineOptions): string | null {
  const id = textOrNull(textOf(value) ?? '')
  if (id === null) return null
  const ignored = [...IGNORED_IDS, ...settings.identity.ignoreIds]
  return ignored.some((i) => foldCase(i.trim()) === foldCase(id)) ? null : id
}

function readTimes(message: Record<string, unknown>): { occurredAt: number; receivedAt: number } | null {
  const read = (name: string) => parseTime(textOf(message[name]) ?? '')
  const received = read('receivedAt')
  const original = read('originalTimestamp')
  const sent = read('sentAt')
  const corrected = original !== null && received !== null && sent !== null ? original + (received - sent) : null

  const occurredAt = read('timestamp') ?? corrected ?? received
  return occurredAt === null ? null : { occurredAt, receivedAt: received ?? occurredAt }
}

/** The option may be a date alone. */
function notBefore(settings: PipelineOptions): number {
  const text = settings.events.notBefore
  return parseTime(text) ?? parseTime(`${text}T00:00:00Z`) ?? Number.NEGATIVE_INFINITY
}

/** Text as delivered; null when nothing but white space. */
function filled(value: unknown): string | null {
  const text = textOf(value)
  return text === null || text.trim() === '' ? null : text
}

function objectOrEmpty(value: unknown): Record<string, unknown> {
  return isObject(value) ? value : {}
}
