import { acceptInvitation, browse, dropIn, logIn, useApp } from './browse.ts'
import { day, hour, type Period } from './calendar.ts'
import { trafficSources } from './campaigns.ts'
import type { Journey } from './journeys.ts'
import { makePerson, nextVisitAt, type Person } from './people.ts'
import { Random } from './random.ts'
import { chooseSource } from './traffic.ts'
import { endOf, type Visit } from './visits.ts'

/** How often a colleague comes; some were invited and never did. */
export type Pace = 'often' | 'rarely' | 'never'

interface Employment {
  readonly invitedAt: number
  /** When the company leaves Acme. */
  readonly until: number
  readonly pace: Pace
}

/** Somebody of the same company: where the founder is, with devices and habits of their own. */
export function makeColleague(founder: Person, index: number): Person {
  const own = makePerson(new Random(founder.random.hex(24)), founder.number)
  const suffix = String(index).padStart(2, '0')
  return {
    ...own,
    region: founder.region,
    userId: `${founder.userId}_${suffix}`,
    leadId: `${founder.leadId}_${suffix}`,
    companyId: founder.companyId,
  }
}

/**
 * What a colleague does. They do not sign up: an account was there for them, so no campaign brought them, and the signups
 * are those of people who found Acme. Some had read about it before, a few even before the founder did.
 */
export function workOf(person: Person, period: Period, { invitedAt, until, pace }: Employment): Journey {
  const visits: Visit[] = []
  const journey: Journey = {
    person,
    visits,
    serverActions: [],
    sales: [],
    personId: person.userId,
    signedUpAt: null,
    isCertain: true,
  }
  if (pace === 'never') return journey
  const { random, laptop } = person
  if (random.chance(0.15)) {
    const at = nextVisitAt(person, period, visits, Math.max(period.start, invitedAt - random.exponential(20) * day))
    if (at !== null && at < invitedAt)
      visits.push(browse(person, laptop, at, [chooseSource(trafficSources, 'opens', random, period, at)]))
  }

  const isInvited = random.chance(0.7)
  const leavesAt = random.chance(0.25) ? invitedAt + random.exponential(60) * day : until
  let earliest = invitedAt + random.exponential(1) * day
  for (let isFirst = true; isFirst || earliest < leavesAt; isFirst = false) {
    const at = nextVisitAt(person, period, visits, earliest)
    if (at === null) break
    if (isFirst) visits.push(isInvited ? acceptInvitation(person, at) : logIn(person, laptop, at))
    else visits.push(random.chance(0.15) ? useApp(person, laptop, at) : dropIn(person, at))
    earliest = endOf(visits.at(-1)!) + hour + (1 + random.exponential(daysBetween[pace])) * day
  }
  return journey
}

const daysBetween = { often: 11, rarely: 40 }
