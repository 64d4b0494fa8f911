import { InputError } from '../errors.ts'
import { shown } from './choices.ts'

const DAY = 86_400_000
const clocks = new Map<string, Intl.DateTimeFormat>()

/** A time zone by its IANA name, spelled as engines know it. */
export function timezoneOf(name: string): string {
  try {
    if (/^[A-Za-z]/.test(name)) return clockOf(name).resolvedOptions().timeZone
  } catch {}
  throw new InputError(`Expected \`timezone\` to be an IANA name such as UTC or Europe/Berlin, but got ${shown(name)}.`)
}

/** The moment a local day begins: `2025-03-30` in Europe/Berlin is 2025-03-29T23:00:00.000000Z. */
export function startOfDay(day: string, timezone: string): string {
  const local = Date.parse(`${day}T00:00:00Z`)
  const [before, after] = [local - DAY, local + DAY].map((t) => local - offsetAt(t, timezone)) as [number, number]
  const candidates = [before, after].filter((t) => t + offsetAt(t, timezone) === local)
  // Where the clock skips midnight, the day begins when it is set forward: `before` is that moment.
  return isoMicros(candidates.length > 0 ? Math.min(...candidates) : before)
}

/** The local day a moment lies in. */
export function dayOf(iso: string, timezone: string): string {
  const utc = Date.parse(iso.replace(/\.\d+Z$/, 'Z'))
  return new Date(utc + offsetAt(utc, timezone)).toISOString().slice(0, 10)
}

/** The day that many days later. */
export function addDays(day: string, days: number): string {
  return new Date(Date.parse(`${day}T00:00:00Z`) + days * DAY).toISOString().slice(0, 10)
}

export function isoMicros(milliseconds: number): string {
  return new Date(milliseconds).toISOString().replace('Z', '000Z')
}

/** Milliseconds that the clocks of a time zone are ahead of UTC. */
function offsetAt(utc: number, timezone: string): number {
  const parts = Object.fromEntries(
    clockOf(timezone)
      .formatToParts(utc)
      .map((p) => [p.type, Number(p.value)]),
  )
  const { year = 0, month = 1, day, hour, minute, second } = parts
  const local = Date.UTC(year, month - 1, day, hour, minute, second)
  return local - (utc - (((utc % 1000) + 1000) % 1000))
}

function clockOf(timezone: string): Intl.DateTimeFormat {
  const known = clocks.get(timezone)
  if (known) return known
  const clock = new Intl.DateTimeFormat('en-US', {
    timeZone: timezone,
    hourCycle: 'h23',
    year: 'numeric',
    month: 'numeric',
    day: 'numeric',
    hour: 'numeric',
    minute: 'numeric',
    second: 'numeric',
  })
  clocks.set(timezone, clock)
  return clock
}
