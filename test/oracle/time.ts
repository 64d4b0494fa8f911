/** Microseconds of a second, a minute and a day. */
const SECOND = 1_000_000
export const MINUTE = 60 * SECOND
export const DAY = 24 * 60 * MINUTE

/**
 * Microseconds since 1970 of an ISO 8601 text with a date and a time, `T` or a space between them; null when it is none.
 * Without an offset it is UTC; digits past microseconds are cut.
 */
export function parseTime(text: string): number | null {
  const parts =
    /^(\d{4})-(\d\d)-(\d\d)[Tt ](\d\d):(\d\d)(?::(\d\d)(?:[.,](\d+))?)?\s*(?:[Zz]|([+-])(\d\d)(?::?(\d\d))?)?$/.exec(
      text.trim(),
    )
  if (parts === null) return null
  const [
    ,
    year,
    month,
    day,
    hours,
    minutes,
    seconds = '0',
    fraction = '',
    sign,
    offsetHours = '0',
    offsetMinutes = '0',
  ] = parts
  if (Number(hours) > 23 || Number(minutes) > 59 || Number(seconds) > 59) return null
  if (Number(offsetHours) > 23 || Number(offsetMinutes) > 59) return null
  const midnight = new Date(`${year}-${month}-${day}T00:00:00Z`)
  // The thirtieth of February becomes the second of March, or no date at all.
  if (Number.isNaN(midnight.getTime()) || !midnight.toISOString().startsWith(`${year}-${month}-${day}`)) return null

  const wallClock = Number(hours) * 60 * MINUTE + Number(minutes) * MINUTE + Number(seconds) * SECOND
  const microseconds = Number(fraction.padEnd(6, '0').slice(0, 6))
  const offset = (Number(offsetHours) * 60 + Number(offsetMinutes)) * MINUTE * (sign === '-' ? -1 : 1)
  return midnight.getTime() * 1000 + wallClock + microseconds - offset
}

/** The same moment as text with six digits: `2025-01-01T11:10:00.000001Z`. */
export function formatTime(microseconds: number): string {
  const second = Math.floor(microseconds / SECOND)
  const rest = microseconds - second * SECOND
  return `${new Date(second * 1000).toISOString().slice(0, 19)}.${String(rest).padStart(6, '0')}Z`
}
