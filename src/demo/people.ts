import { day, isWeekend, minute, type Period, workingMoment } from './calendar.ts'
import { type Device, makeDevice } from './devices.ts'
import type { Random } from './random.ts'
import { endOf, type Facts, type Visit } from './visits.ts'

/** Somebody who comes by Acme's site. All personal data is made up, and looks it. */
export interface Person {
  readonly number: number
  readonly random: Random
  readonly region: Region
  readonly laptop: Device
  /** A second device of theirs, sometimes used before the signup; who owns it shows only when they log in there. */
  readonly second: Device
  readonly userId: string
  /** The id of an address left in the newsletter form before there was an account. */
  readonly leadId: string
  readonly companyId: string
  /** How likely a visit to the app has a press of the big button; 0 for most. Colleagues are alike. */
  readonly pressRate: number
}

interface Region {
  readonly timezone: string
  readonly locale: string
  readonly offsetHours: number
  readonly currency: 'USD' | 'EUR'
}

export function makePerson(random: Random, number: number): Person {
  const digits = String(number).padStart(5, '0')
  return {
    number,
    random,
    region: random.weighted(regions, (r) => r.weight),
    laptop: makeDevice(random, random.chance(0.8) ? 'laptop' : 'phone'),
    second: makeDevice(random, random.chance(0.7) ? 'phone' : 'laptop'),
    userId: `user_${digits}`,
    leadId: `lead_${digits}`,
    // Some sign up beside a colleague, neither knowing of the other.
    companyId: `company_${String(Math.floor(number / (number % 3 === 0 ? 3 : 1))).padStart(5, '0')}`,
    pressRate: [0, 0, 0.12, 0, 0.3, 0, 0][number % 7]!,
  }
}

export function traitsOf(person: Person, plan: string): Facts {
  const domain = person.number % 4 === 0 ? 'example.org' : 'example.com'
  return { email: `${person.userId}@${domain}`, name: `Demo User ${person.userId.slice('user_'.length)}`, plan }
}

/** Whether their company may have somebody else who signed up. */
export function isBesideColleague({ number, companyId }: Person): boolean {
  const first = Number(companyId.slice(-5))
  return first !== number && first % 3 !== 0
}

export function companyOf(person: Person): Facts {
  const number = Number(person.companyId.slice(-5))
  return { name: `Example Company ${number}`, employees: [8, 25, 60, 180, 700][number % 5]!, plan: 'trial' }
}

/**
 * When the next visit can begin: at a likely hour soon after `earliest`, and always well after the last visit
 * ended, whichever device it was on. Without that margin two visits could be one session, and the truth would not be
 * known. Null when the year is over.
 */
export function nextVisitAt(person: Person, period: Period, visits: readonly Visit[], earliest: number): number | null {
  const { random, region } = person
  const last = visits.at(-1)
  const free = last === undefined ? period.start : endOf(last) + 45 * minute
  let at = workingMoment(random, earliest, region.offsetHours)
  while (at < Math.max(free, earliest)) at += day
  if (isWeekend(at) && random.chance(0.75)) at += 2 * day
  return at < period.lastStart ? at : null
}

const regions: readonly (Region & { readonly weight: number })[] = [
  { timezone: 'America/New_York', locale: 'en-US', offsetHours: -5, currency: 'USD', weight: 32 },
  { timezone: 'America/Los_Angeles', locale: 'en-US', offsetHours: -8, currency: 'USD', weight: 22 },
  { timezone: 'Europe/London', locale: 'en-GB', offsetHours: 0, currency: 'EUR', weight: 16 },
  { timezone: 'Europe/Berlin', locale: 'de-DE', offsetHours: 1, currency: 'EUR', weight: 22 },
  { timezone: 'Asia/Kolkata', locale: 'en-IN', offsetHours: 5.5, currency: 'USD', weight: 8 },
]
