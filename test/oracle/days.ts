import { DAY, formatTime, MINUTE } from './time.ts'

const calendars = new Map<string, (microseconds: number) => string>()

/** The local day a moment lies in: `2025-03-30`. */
export function localDay(microseconds: number, timezone: string): string {
  const calendar = calendars.get(timezone) ?? calendarOf(timezone)
  calendars.set(timezone, calendar)
  return calendar(microseconds)
}

function calendarOf(timezone: string): (microseconds: number) => string {
  const format = new Intl.DateTimeFormat('en-CA', {
    timeZone: timezone,
    year: 'numeric',
    month: '2-digit',
    day: '2-digit',
  })
  const known = new Map<number, string>()
  return (microseconds) => {
    const day = known.get(microseconds) ?? format.format(Math.floor(microseconds / 1000))
    known.set(microseconds, day)
    return day
  }
}

/** The first quarter hour of a local day, looked for one by one: where the clock skips midnight, it is another one. */
export function startOfLocalDay(day: string, timezone: string): number {
  let at = midnight(day) - DAY
  while (localDay(at, timezone) < day) at += 15 * MINUTE
  return at
}

/** The day that many days later. */
export const addDays = (day: string, days: number): string => formatTime(midnight(day) + days * DAY).slice(0, 10)

/** 0 for Sunday to 6 for Saturday. */
export const weekdayOf = (day: string): number => new Date(midnight(day) / 1000).getUTCDay()

const midnight = (day: string): number => Date.parse(`${day}T00:00:00Z`) * 1000
