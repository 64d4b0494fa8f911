import type { Period } from './calendar.ts'
import { brandSearch, direct, invitationMail, productMail, trafficSources, trialMail } from './campaigns.ts'
import { type Device, makeDevice } from './devices.ts'
import { companyOf, type Person, traitsOf } from './people.ts'
import { app, appPage, appScreens, bigButton, login, nextPage } from './site.ts'
import { chooseSource, type TrafficSource } from './traffic.ts'
import { Sitting, type Visit } from './visits.ts'

/** A visit to the public site by somebody who is not logged in. With `leaveAddress`, it ends in the newsletter form. */
export function browse(
  person: Person,
  device: Device,
  at: number,
  sources: readonly TrafficSource[],
  leaveAddress = false,
): Visit {
  const { random } = person
  const sitting = new Sitting(random, device, at, null)
  for (const source of sources) {
    sitting.arrive(source)
    read(person, sitting, Math.floor(random.exponential(1.4)))
  }
  // Last, so that no page of the visit comes after the id.
  if (leaveAddress) {
    sitting.identify(person.leadId, { email: `${person.leadId}@example.com` })
    sitting.track('Newsletter Subscribed', { form: 'footer' })
  }
  return sitting.end()
}

/** A source with parameters of its own that is met in the middle of a visit, rarely: a mail read in between. */
export function secondSource(person: Person, period: Period, at: number, first: TrafficSource): TrafficSource[] {
  if (!person.random.chance(0.03)) return []
  const tagged = trafficSources.filter((s) => s.label.campaign !== null && s.label.campaign !== first.label.campaign)
  return [chooseSource(tagged, 'assists', person.random, period, at)]
}

/** A user at work: the tracking library still knows who they are. */
export function useApp(person: Person, device: Device, at: number): Visit {
  const { random } = person
  const sitting = new Sitting(random, device, at, person.userId)
  sitting.arrive(random.chance(0.15) ? productMail : direct, { origin: app, page: appPage(random) })
  if (random.chance(0.2)) sitting.identify(person.userId, traitsOf(person, 'active'))
  work(person, sitting)
  return sitting.end()
}

/** Follows the link of a colleague's invitation. Only pages of the app come after the id. */
export function acceptInvitation(person: Person, at: number): Visit {
  const { random, userId, companyId } = person
  const sitting = new Sitting(random, person.laptop, at, null)
  sitting.arrive(invitationMail, { origin: app, page: { path: '/invitation', title: 'Join your colleagues' } })
  sitting.identify(userId, traitsOf(person, 'active'))
  sitting.track('Invitation Accepted')
  sitting.group(companyId, companyOf(person))
  sitting.load(`${app}/welcome`, sitting.origin, { path: '/welcome', title: 'Welcome' })
  return sitting.end()
}

/** A look at the app, as one has it open all day: a page or two. */
export function dropIn(person: Person, at: number): Visit {
  const { random } = person
  const sitting = new Sitting(random, person.laptop, at, person.userId)
  sitting.arrive(direct, { origin: app, page: appPage(random) })
  if (random.chance(0.5)) sitting.goTo(appPage(random))
  if (random.chance(0.3)) sitting.track('Approval Given', { from: 'web' })
  pressButton(person, sitting)
  return sitting.end()
}

/** Comes by logged out, then logs in. On a second device this is what tells whose it was all along. */
export function logIn(person: Person, device: Device, at: number): Visit {
  const sitting = new Sitting(person.random, device, at, null)
  sitting.arrive(direct)
  sitting.goTo(login)
  sitting.identify(person.userId, traitsOf(person, 'active'))
  sitting.load(`${app}/inbox`, sitting.origin, { path: '/inbox', title: 'Inbox' })
  work(person, sitting)
  return sitting.end()
}

/** Uses the installed app, which asks who they are when it is opened for the first time. */
export function useMobile(person: Person, device: Device, at: number, isFirst: boolean): Visit {
  const { random } = person
  const sitting = new Sitting(random, device, at, isFirst ? null : person.userId)
  sitting.open(isFirst ? 'Sign In' : random.pick(appScreens))
  if (isFirst) sitting.identify(person.userId, traitsOf(person, 'active'))
  for (let i = random.whole(1, 3); i > 0; i--) sitting.screen(random.pick(appScreens))
  if (random.chance(0.4)) sitting.track('Approval Given', { from: 'app' })
  return sitting.end()
}

/** Pays. The page after the payment has the payment provider as its referrer. Returns when the server booked it, too. */
export function checkOut(person: Person, device: Device, at: number, plan: string): { visit: Visit; paidAt: number } {
  const { random } = person
  const [source] = random.weighted(
    [
      [trialMail, 5],
      [direct, 4],
      [brandSearch, 2],
    ] as const,
    ([, weight]) => weight,
  )
  const sitting = new Sitting(random, device, at, person.userId)
  sitting.arrive(source, source === direct ? { origin: app, page: { path: '/billing', title: 'Billing' } } : undefined)
  sitting.track('Checkout Started', { plan })
  const paidAt = sitting.now + random.whole(50, 400)
  sitting.wait(500, 20_000)
  sitting.load(`${app}/billing/thanks`, 'https://checkout.stripe.com/', { path: '/billing/thanks', title: 'Thank you' })
  sitting.identify(person.userId, traitsOf(person, plan))
  return { visit: sitting.end(), paidAt }
}

/** An installation of the mobile app. */
export function phoneApp(person: Person): Device {
  return makeDevice(person.random, 'app')
}

function read(person: Person, sitting: Sitting, pages: number): void {
  const { random } = person
  for (let i = 0; i < Math.min(pages, 6); i++) sitting.goTo(nextPage(random, sitting.page))
  if (sitting.page.author !== undefined && random.chance(0.3))
    sitting.track('Article Read', { author: sitting.page.author })
  else if (random.chance(0.08)) sitting.track('Video Played', { video: 'product-tour' })
}

function work(person: Person, sitting: Sitting): void {
  const { random } = person
  for (let i = random.whole(1, 4); i > 0; i--) {
    sitting.goTo(appPage(random))
    if (random.chance(0.35))
      sitting.track(random.pick(['Workflow Run', 'Approval Given', 'Report Viewed']), { from: 'web' })
  }
  pressButton(person, sitting)
}

/** The feature that Acme is proud of, and most never found. */
function pressButton({ random, pressRate }: Person, sitting: Sitting): void {
  if (pressRate > 0 && random.chance(pressRate)) sitting.track(bigButton, { from: 'web' })
}
