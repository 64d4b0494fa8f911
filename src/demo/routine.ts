import { dropIn } from './browse.ts'
import { day, hour, isWeekend, minute, type Period } from './calendar.ts'
import type { Journey } from './journeys.ts'
import type { Person } from './people.ts'
import type { Seated } from './seats.ts'
import { endOf, startOf, type Visit } from './visits.ts'

/** The days on which some administrator of a company is there. */
export interface Routine {
  readonly days: 'weekdays' | 'allDays' | 'mostWeekdays'
  readonly from: number
  readonly until: number
}

/**
 * Adds a short visit on each day of the routine on which no administrator was there anyway. They take turns: in some
 * companies it takes two to be there every day.
 */
export function addRoutine(team: readonly Seated[], period: Period, routine: Routine | null): readonly Seated[] {
  if (routine === null) return team
  const admins = team
    .filter(({ seat, journey }) => seat?.role === 'admin' && journey.visits.length > 0)
    .map(({ journey }) => ({ journey, visits: [...journey.visits], present: daysOf(journey) }))
  const { random } = team[0]!.journey.person
  const end = Math.min(routine.until, period.lastStart)
  for (let midnight = Math.ceil(routine.from / day) * day; midnight < end; midnight += day) {
    if (isWeekend(midnight) && routine.days !== 'allDays') continue
    if (routine.days === 'mostWeekdays' && random.chance(0.1)) continue
    if (admins.some(({ present }) => present.has(midnight))) continue
    const inAccount = admins.filter(({ present }) => Math.min(...present) < midnight)
    if (inAccount.length === 0) continue
    const { journey, visits } = random.pick(inAccount)
    const at = freeMorning(journey.person, period, visits, midnight)
    if (at !== null) visits.push(dropIn(journey.person, at))
  }
  const busy = new Map(admins.map(({ journey, visits }) => [journey, visits]))
  return team.map(({ journey, seat }) => {
    const visits = busy.get(journey)
    if (visits === undefined) return { journey, seat }
    return { journey: { ...journey, visits: visits.sort((a, b) => startOf(a) - startOf(b)) }, seat }
  })
}

/** The days in UTC on which they were there, logged in. */
function daysOf({ visits, person }: Journey): ReadonlySet<number> {
  const actions = visits.flatMap((visit) => visit.actions).filter((a) => a.userId === person.userId)
  return new Set(actions.map((a) => Math.floor(a.at / day) * day))
}

/**
 * A moment of the local morning, which is the same day from California to Kolkata, with the usual margin to their other
 * visits. Null when there is none.
 */
function freeMorning(person: Person, period: Period, visits: readonly Visit[], midnight: number): number | null {
  const { random, region } = person
  for (let tries = 0; tries < 20; tries++) {
    const at = Math.min(
      Math.floor(midnight + random.between(9, 12) * hour - region.offsetHours * hour),
      period.lastStart - hour,
    )
    // The visit itself takes less than an hour.
    if (visits.every((v) => at > endOf(v) + 45 * minute || at + hour + 45 * minute < startOf(v))) return at
  }
  return null
}
