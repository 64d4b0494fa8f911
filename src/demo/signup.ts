import { minute } from './calendar.ts'
import { companyOf, type Person, traitsOf } from './people.ts'
import { app, pricing, signupForm } from './site.ts'
import type { TrafficSource } from './traffic.ts'
import { type Action, type Facts, Sitting, type Visit } from './visits.ts'

/** A visit that ends in an account, and what the server reported about it. */
export interface SignupVisit {
  readonly visit: Visit
  readonly serverActions: readonly Action[]
  readonly signedUpAt: number
}

/** How a signup is reported: by the browser, by the server, or by both, in either order. */
type Reporter = 'browser' | 'server' | 'both'

/**
 * The signup. With `lead`, the person was known by an earlier id, and the two are aliased here.
 *
 * From `identify` on only pages of the app follow: their referrer is inside, or the identity provider, so that no
 * page of the identified visit repeats the campaign's referrer.
 */
export function signUp(
  person: Person,
  sources: readonly TrafficSource[],
  at: number,
  lead: string | null,
): SignupVisit {
  const { random, laptop, userId } = person
  const sitting = new Sitting(random, laptop, at, lead)
  for (const source of sources) sitting.arrive(source)
  if (sitting.page.path !== pricing.path && random.chance(0.7)) sitting.goTo(pricing)
  sitting.goTo(signupForm)
  const usesProvider = random.chance(0.4)
  sitting.track('Signup Started', { method: usesProvider ? 'google' : 'password' })
  if (usesProvider)
    sitting.load(`${app}/oauth/callback`, 'https://accounts.google.com/', {
      path: '/oauth/callback',
      title: 'Signing in',
    })

  if (lead !== null) sitting.alias(lead, userId)
  else if (random.chance(0.04)) sitting.alias(laptop.anonymousId, userId)
  sitting.identify(userId, traitsOf(person, 'trial'))
  const reports = report(
    person,
    sitting,
    random.weighted<Reporter>(['browser', 'server', 'both'], (r) => reporterWeights[r]),
  )
  sitting.group(person.companyId, companyOf(person))
  if (!usesProvider) sitting.load(`${app}/welcome`, sitting.origin, { path: '/welcome', title: 'Welcome' })
  else sitting.goTo({ path: '/welcome', title: 'Welcome' })
  if (random.chance(0.75))
    sitting.track('Project Created', { template: random.pick(['blank', 'approvals', 'handover']) })
  return { visit: sitting.end(), ...reports }
}

/** An account made by the server alone: no visit led to it that anybody could see. */
export function provision(person: Person, at: number): Omit<SignupVisit, 'visit'> {
  const userId = person.userId
  const serverActions: Action[] = [
    { type: 'track', at, userId, event: 'Signed Up', properties: { method: 'provisioned' } },
    { type: 'group', at: at + 20, userId, groupId: person.companyId, traits: companyOf(person) },
  ]
  return { serverActions, signedUpAt: at }
}

const reporterWeights: Readonly<Record<Reporter, number>> = { browser: 60, server: 30, both: 10 }

function report(person: Person, sitting: Sitting, by: Reporter): Omit<SignupVisit, 'visit'> {
  const { random, userId } = person
  const properties: Facts = { plan: 'trial' }
  const clickedAt = sitting.now
  if (by !== 'server') sitting.track('Signed Up', properties)
  if (by === 'browser') return { serverActions: [], signedUpAt: clickedAt }

  const serverAt = clickedAt + random.whole(-80, 900)
  // The server may be a little early only while nothing else happened in between.
  const at = by === 'both' ? serverAt : Math.max(serverAt, clickedAt)
  if (by === 'server') sitting.wait(1000, minute)
  return {
    serverActions: [{ type: 'track', at, userId, event: 'Signed Up', properties: { ...properties, method: 'server' } }],
    signedUpAt: by === 'both' ? Math.min(at, clickedAt) : at,
  }
}
