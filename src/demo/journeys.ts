import { browse, secondSource } from './browse.ts'
import { arrivalDay, day, type Period, workingMoment } from './calendar.ts'
import { trafficSources } from './campaigns.ts'
import { becomeCustomer } from './customers.ts'
import { nextVisitAt, type Person } from './people.ts'
import type { Sale } from './sales.ts'
import { provision, type SignupVisit, signUp } from './signup.ts'
import { chooseSource, type TrafficSource } from './traffic.ts'
import { type Action, endOf, type Visit } from './visits.ts'

/** What one person did in the year: the truth that the messages are made from. */
export interface Journey {
  readonly person: Person
  /** In order of time, never within the session gap of each other. */
  readonly visits: readonly Visit[]
  /** What servers reported: always with a user id, never with a device. */
  readonly serverActions: readonly Action[]
  readonly sales: readonly Sale[]
  /** The first user id they were seen with, or their device when there is none. */
  readonly personId: string
  readonly signedUpAt: number | null
  /** False where the identity rules cannot know what happened, on purpose. */
  readonly isCertain: boolean
}

/** What the maker of a journey wants of it, beyond chance. Times are parts of the year. */
export interface Wish {
  readonly arrivesIn: readonly [number, number]
}

/** A journey from the first visit to the last; most end without an account. */
export function makeJourney(person: Person, period: Period, wish?: Wish): Journey {
  const { random } = person
  if (wish === undefined && random.chance(0.009)) return provisioned(person, period)

  const arrivesAt = arrival(person, period, wish)
  const opener = chooseSource(trafficSources, 'opens', random, period, arrivesAt)
  const isSignup = wish !== undefined || random.chance(opener.people.signupRate)
  const count = 1 + Math.min(9, Math.floor(random.exponential(isSignup ? 1.5 * opener.people.consideration : 0.75)))
  const leavesAddress = count > 2 && random.chance(0.1)

  const visits: Visit[] = []
  let earliest = arrivesAt
  for (let number = 1; number <= count; number++) {
    const at = nextVisitAt(person, period, visits, earliest)
    if (at === null) break
    const isLast = number === count
    const source =
      number === 1
        ? opener
        : chooseSource(trafficSources, isSignup && isLast ? 'closes' : 'assists', random, period, at)
    const sources = [source, ...secondSource(person, period, at, source)]
    if (isSignup && isLast)
      return signedUp(person, period, visits, signUp(person, sources, at, leavesAddress ? person.leadId : null), [
        opener,
        source,
      ])

    const isLeadVisit = leavesAddress && number === count - 1
    const device = !isLeadVisit && random.chance(number === 1 ? 0.35 : 0.2) ? person.second : person.laptop
    visits.push(browse(person, device, at, sources, isLeadVisit))
    earliest = endOf(visits.at(-1)!) + (0.3 + random.exponential(isSignup ? 7 : 10)) * day
  }
  const personId = person.laptop.anonymousId
  return { person, visits, serverActions: [], sales: [], personId, signedUpAt: null, isCertain: true }
}

function arrival(person: Person, period: Period, wish: Wish | undefined): number {
  if (wish === undefined) return arrivalDay(person.random, period)
  const [from, to] = wish.arrivesIn
  return period.start + person.random.between(from, to) * (period.end - period.start)
}

function signedUp(
  person: Person,
  period: Period,
  before: readonly Visit[],
  signup: SignupVisit,
  sources: readonly [TrafficSource, TrafficSource],
): Journey {
  const deal = (sources[0].people.deal + sources[1].people.deal) / 2
  const life = becomeCustomer(person, period, [...before, signup.visit], { signedUpAt: signup.signedUpAt, deal })
  const wasLead = before.at(-1)?.actions.at(-1)?.userId === person.leadId
  return {
    person,
    visits: onKnownDevices(person, life.visits),
    serverActions: [...signup.serverActions, ...life.serverActions],
    sales: life.sales,
    personId: wasLead ? person.leadId : person.userId,
    signedUpAt: signup.signedUpAt,
    isCertain: true,
  }
}

/** An account that a colleague or a salesperson made: no touch leads to it. */
function provisioned(person: Person, period: Period): Journey {
  const { random, region } = person
  const likely = workingMoment(random, arrivalDay(random, period), region.offsetHours)
  const at = Math.min(Math.max(likely, period.start), period.lastStart)
  const { serverActions, signedUpAt } = provision(person, at)
  const life = becomeCustomer(person, period, [], { signedUpAt, deal: 1.2 })
  return {
    person,
    visits: life.visits,
    serverActions: [...serverActions, ...life.serverActions],
    sales: life.sales,
    personId: person.userId,
    signedUpAt,
    isCertain: true,
  }
}

/**
 * A device on which nobody ever logged in cannot be known to be theirs. When the year was over before they could,
 * its visits were made on the laptop instead.
 */
function onKnownDevices(person: Person, visits: readonly Visit[]): Visit[] {
  const known = new Set(
    visits.filter((visit) => visit.actions.some((a) => a.userId !== null)).map((visit) => visit.device),
  )
  return visits.map((visit) => (known.has(visit.device) ? visit : { ...visit, device: person.laptop }))
}
