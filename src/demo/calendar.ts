import { InputError } from '../errors.ts'
import type { Random } from './random.ts'

export const second = 1000
export const minute = 60 * second
export const hour = 60 * minute
export const day = 24 * hour

/** The year that the demo tells, half-open, in milliseconds UTC. */
export interface Period {
  readonly start: number
  readonly end: number
  /** Nothing begins after it, so that everything that began is over and delivered before the end. */
  readonly lastStart: number
}

/** The year whose last day is `lastDay`. */
export function yearEnding(lastDay: string): Period {
  const last = /^\d{4}-\d{2}-\d{2}$/.test(lastDay) ? new Date(`${lastDay}T00:00:00Z`) : new Date(Number.NaN)
  if (Number.isNaN(last.getTime()))
    throw new InputError(`Expected the demo's last day as YYYY-MM-DD, but got ${JSON.stringify(lastDay)}.`)
  const end = last.getTime() + day
  const start = Date.UTC(last.getUTCFullYear() - 1, last.getUTCMonth(), last.getUTCDate() + 1)
  return { start, end, lastStart: end - 4 * hour }
}

/** The part of the year in which Acme is launched on a directory of new products, and far more people come by. */
export const launchWeek = [0.36, 0.375] as const

/** How much of the year has passed, 0 to 1. Campaigns are dated so, and move along when the year does. */
export function progress(period: Period, at: number): number {
  return (at - period.start) / (period.end - period.start)
}

/** A day on which somebody new comes by: more as the company grows, fewer at weekends and in the holidays. */
export function arrivalDay(random: Random, period: Period): number {
  for (;;) {
    const at = random.between(period.start, period.lastStart)
    const now = progress(period, at)
    const launch = now >= launchWeek[0] && now < launchWeek[1] ? 1 : 0.45
    if (random.chance(((0.5 + now) / 1.5) * launch * weekdayFactor(at) * seasonFactor(at))) return at
  }
}

/** A moment of the day of `at` when somebody `offsetHours` east of Greenwich is likely at work. */
export function workingMoment(random: Random, at: number, offsetHours: number): number {
  const localHour = random.weighted(hours, (h) => hourWeights[h]!)
  const midnight = Math.floor(at / day) * day
  return Math.floor(midnight + (localHour - offsetHours) * hour + random.next() * hour)
}

export function isWeekend(at: number): boolean {
  const weekday = new Date(at).getUTCDay()
  return weekday === 0 || weekday === 6
}

export function monthOf(at: number): string {
  return new Date(at).toISOString().slice(0, 7)
}

const hours = Array.from({ length: 24 }, (_, h) => h)
const hourWeights = [1, 1, 0.5, 0.5, 0.5, 1, 2, 5, 10, 14, 15, 14, 10, 12, 14, 13, 11, 8, 6, 5, 5, 5, 3, 2]

function weekdayFactor(at: number): number {
  return [0.3, 0.9, 1, 1, 0.95, 0.8, 0.25][new Date(at).getUTCDay()]!
}

function seasonFactor(at: number): number {
  const date = new Date(at)
  if (date.getUTCMonth() === 11 && date.getUTCDate() > 20) return 0.4
  return date.getUTCMonth() === 7 ? 0.7 : 1
}
