import { day, hour, minute, type Period } from './calendar.ts'
import { direct } from './campaigns.ts'
import { becomeCustomer } from './customers.ts'
import { type Device, makeDevice } from './devices.ts'
import { type Journey, makeJourney } from './journeys.ts'
import type { Person } from './people.ts'
import { signUp } from './signup.ts'
import { startOf, type Visit } from './visits.ts'

/** Somebody new, each time it is asked. */
export type NextPerson = () => Person

/**
 * Two people and one laptop: the first signs up on it and moves to another, later the second comes and signs up.
 * Each anonymous visit is followed by a log-in of the same person, so the next-user rule gets all of them right.
 */
export function makePair(nextPerson: NextPerson, period: Period): readonly [Journey, Journey] {
  for (;;) {
    const first = makeJourney(nextPerson(), period, { arrivesIn: [0.02, 0.25] })
    const second = makeJourney(nextPerson(), period, { arrivesIn: [0.45, 0.75] })
    if (!isPlain(first) || !isPlain(second)) continue
    const handover = startOf(second.visits[0]!) - 3 * hour
    if (first.signedUpAt! + day > handover) continue
    return [handOver(first, handover), onDevice(second, first.person.laptop)]
  }
}

/**
 * The same, but the first person comes once more in between and does not log in. Nobody could tell that visit from
 * the second person's; the rule gives it to them.
 */
export function makeConfusedPair(nextPerson: NextPerson, period: Period): readonly [Journey, Journey] {
  for (;;) {
    const [first, second] = makePair(nextPerson, period)
    const shared = first.person.laptop
    const last = first.visits.findLastIndex((visit) => visit.device === shared)
    if (startOf(first.visits[last]!) <= first.signedUpAt!) continue
    const visits = first.visits.map((visit, i) => (i === last ? loggedOut(visit) : visit))
    return [
      { ...first, visits, isCertain: false },
      { ...second, isCertain: false },
    ]
  }
}

/** A fair: a dozen visitors sign up at one tablet, too many to say whose its anonymous pages were. */
export function makeKiosk(nextPerson: NextPerson, period: Period): Journey[] {
  const opensAt = period.start + Math.floor(0.62 * 365) * day + 9 * hour
  let tablet: Device | null = null
  return Array.from({ length: 12 }, (_, i) => {
    const person = nextPerson()
    tablet ??= makeDevice(person.random, 'laptop')
    const atFair: Person = { ...person, laptop: tablet }
    const at = opensAt + (i % 6) * 70 * minute + Math.floor(i / 6) * day
    const { visit, serverActions, signedUpAt } = signUp(atFair, [direct], at, null)
    const life = becomeCustomer(person, period, [visit], { signedUpAt, deal: 0.6 })
    return {
      person,
      visits: life.visits,
      serverActions: [...serverActions, ...life.serverActions],
      sales: life.sales,
      personId: person.userId,
      signedUpAt,
      isCertain: false,
    }
  })
}

/** One user id, no alias that names the laptop: what can be moved to another device as it is. */
function isPlain(journey: Journey): boolean {
  const hasAlias = journey.visits.some((visit) => visit.actions.some((a) => a.type === 'alias'))
  return journey.signedUpAt !== null && journey.personId === journey.person.userId && !hasAlias
}

/** From the signup on they are always logged in on the laptop, and from `at` on they have another one. */
function handOver(journey: Journey, at: number): Journey {
  const { person, signedUpAt } = journey
  const replacement = makeDevice(person.random, 'laptop')
  const visits = journey.visits.map((visit) => {
    if (visit.device !== person.laptop || startOf(visit) <= signedUpAt!) return visit
    const actions = visit.actions.map((action) => ({ ...action, userId: person.userId }))
    return { ...visit, actions, device: startOf(visit) < at ? person.laptop : replacement }
  })
  return { ...journey, visits }
}

function onDevice(journey: Journey, device: Device): Journey {
  const own = journey.person.laptop
  return { ...journey, visits: journey.visits.map((visit) => (visit.device === own ? { ...visit, device } : visit)) }
}

function loggedOut(visit: Visit): Visit {
  const actions = visit.actions.filter((action) => action.type === 'page' || action.type === 'track')
  return { ...visit, actions: actions.map((action) => ({ ...action, userId: null })) }
}
