import { InputError } from '../errors.ts'

const TEXT = /^(\d{4}-\d\d-\d\d)(?:[T ](\d\d:\d\d)(?::(\d\d)(?:\.(\d+))?)?\s*(Z|z|[+-]\d\d(?::?\d\d)?)?)?$/

/** A time of a caller: `2025-01-01` stays a day; anything else becomes `2025-01-01T11:10:00.000000Z`. */
export function dateTimeInput(value: unknown): string {
  if (typeof value === 'number') return fromEpoch(value)
  if (typeof value === 'string') {
    if (/^-?\d{9,}$/.test(value) || value === '0') return fromEpoch(Number(value))
    const time = fromText(value.trim())
    if (time !== null) return time
  }
  throw unreadable(value)
}

/** A time as answers write it: milliseconds, and microseconds when there are any. */
export function dateTimeOutput(iso: string): string {
  return iso.replace(/\.(\d{3})000Z$/, '.$1Z')
}

/** Milliseconds since 1970. Numbers of the size that seconds have are refused: they would silently mean January 1970. */
function fromEpoch(milliseconds: number): string {
  const looksLikeSeconds = milliseconds > 0 && milliseconds < 10_000_000_000
  if (!Number.isInteger(milliseconds) || looksLikeSeconds || Math.abs(milliseconds) > 7_258_118_400_000) {
    throw new InputError(`Expected a time in milliseconds since 1970, such as 1738314000000, but got ${milliseconds}.`)
  }
  return new Date(milliseconds).toISOString().replace('Z', '000Z')
}

function fromText(text: string): string | null {
  const match = TEXT.exec(text)
  if (!match) return null
  const [, day = '', minutes, seconds = '00', fraction = '', offset = 'Z'] = match
  if (!isDay(day)) return null
  if (minutes === undefined) return day
  const zone =
    offset.toUpperCase() === 'Z' ? 'Z' : offset.replace(/^(.\d\d):?(\d\d)?$/, (_, h, m) => `${h}:${m ?? '00'}`)
  const moment = Date.parse(`${day}T${minutes}:${seconds}${zone}`)
  if (Number.isNaN(moment)) return null
  return `${new Date(moment).toISOString().slice(0, 19)}.${fraction.slice(0, 6).padEnd(6, '0')}Z`
}

/** A day of the calendar between 1900 and 2200: engines and languages disagree about others. */
function isDay(day: string): boolean {
  const date = new Date(`${day}T00:00:00Z`)
  return !Number.isNaN(date.getTime()) && date.toISOString().startsWith(day) && day >= '1900' && day < '2200'
}

function unreadable(value: unknown): InputError {
  const got = typeof value === 'string' ? JSON.stringify(value.slice(0, 60)) : 'something else'
  return new InputError(
    `Expected a time such as 2025-01-31, 2025-01-31T09:00:00Z or 1738314000000 (milliseconds since 1970), but got ${got}.`,
  )
}
