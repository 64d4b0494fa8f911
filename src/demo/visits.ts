import { minute, second } from './calendar.ts'
import { direct } from './campaigns.ts'
import type { Device } from './devices.ts'
import type { Random } from './random.ts'
import { landingPage, type SitePage, www } from './site.ts'
import { campaignAt, type TrafficSource } from './traffic.ts'

/** The truth about one touch, known because the visit was made for it. */
export interface Touch {
  readonly at: number
  readonly channel: string
  readonly source: string | null
  readonly campaign: string | null
}

export type Facts = Readonly<Record<string, string | number | boolean | undefined>>

/** Something a person did that a tracking library reports; the message is made later. */
export type Action = { readonly at: number; readonly userId: string | null } & (
  | { readonly type: 'page'; readonly url: string; readonly referrer: string; readonly page: SitePage }
  | { readonly type: 'screen'; readonly name: string }
  | { readonly type: 'track'; readonly event: string; readonly properties: Facts }
  | { readonly type: 'identify'; readonly traits: Facts }
  | { readonly type: 'group'; readonly groupId: string; readonly traits: Facts }
  | { readonly type: 'alias'; readonly previousId: string }
)

/** One sitting on one device, without a silence of half an hour. */
export interface Visit {
  readonly device: Device
  readonly touches: readonly Touch[]
  readonly actions: readonly Action[]
}

/**
 * Somebody at a device: writes down what they do while the clock moves on. Waits stay far below the session gap.
 *
 * The public site is a single-page app for some: `document.referrer` then stays what it was when the document was
 * loaded, however many pages follow.
 */
export class Sitting {
  userId: string | null
  page: SitePage = { path: '/', title: '' }
  readonly device: Device
  readonly #random: Random
  readonly #touches: Touch[] = []
  readonly #actions: Action[] = []
  readonly #isSinglePageApp: boolean
  #now: number
  #url = ''
  #referrer = ''

  constructor(random: Random, device: Device, at: number, userId: string | null) {
    this.#random = random
    this.device = device
    this.userId = userId
    this.#now = at
    this.#isSinglePageApp = random.chance(0.35)
  }

  /** Comes from outside: a touch, at the start or in the middle of the visit. Lands where the source likes to, or on `target`. */
  arrive(source: TrafficSource, target?: { readonly origin: string; readonly page: SitePage }): void {
    const page = target?.page ?? landingPage(this.#random, this.#random.pick(source.arrival.landings))
    this.#touch(source)
    const url = `${target?.origin ?? www}${page.path}${query(this.#random, source, this.#now)}`
    this.load(url, source.arrival.referrer, page)
  }

  /** Opens an app: screens have no address, so nothing says what brought them. */
  open(screen: string): void {
    this.#touch(direct)
    this.screen(screen)
  }

  /** Loads a new document. */
  load(url: string, referrer: string, page: SitePage): void {
    this.#referrer = referrer
    this.#show(url, page)
  }

  /** Follows a link within the host. */
  goTo(page: SitePage): void {
    if (!this.#isSinglePageApp) this.#referrer = this.#url
    this.#show(`${new URL(this.#url).origin}${page.path}`, page)
  }

  /** The origin of the page in view, as another host of Acme sees it. */
  get origin(): string {
    return `${new URL(this.#url).origin}/`
  }

  screen(name: string): void {
    this.#actions.push({ type: 'screen', at: this.#now, userId: this.userId, name })
    this.wait(5 * second, minute)
  }

  track(event: string, properties: Facts = {}): void {
    this.#actions.push({ type: 'track', at: this.#now, userId: this.userId, event, properties })
    this.wait(second, 5 * second)
  }

  identify(userId: string, traits: Facts): void {
    this.userId = userId
    this.#actions.push({ type: 'identify', at: this.#now, userId, traits })
    this.wait(100, second)
  }

  group(groupId: string, traits: Facts): void {
    this.#actions.push({ type: 'group', at: this.#now, userId: this.userId, groupId, traits })
    this.wait(100, second)
  }

  alias(previousId: string, userId: string): void {
    this.#actions.push({ type: 'alias', at: this.#now, userId, previousId })
    this.wait(100, second)
  }

  wait(atLeast: number, atMost: number): void {
    this.#now += this.#random.whole(atLeast, atMost)
  }

  get now(): number {
    return this.#now
  }

  end(): Visit {
    return { device: this.device, touches: this.#touches, actions: this.#actions }
  }

  #touch(source: TrafficSource): void {
    const { channel, source: name } = source.label
    this.#touches.push({ at: this.#now, channel, source: name, campaign: campaignAt(source, this.#now) })
  }

  #show(url: string, page: SitePage): void {
    this.#url = url
    this.page = page
    this.#actions.push({ type: 'page', at: this.#now, userId: this.userId, url, referrer: this.#referrer, page })
    this.wait(12 * second, this.#random.chance(0.1) ? 14 * minute : 3 * minute)
  }
}

export function startOf(visit: Visit): number {
  return visit.actions[0]!.at
}

export function endOf(visit: Visit): number {
  return visit.actions.at(-1)!.at
}

function query(random: Random, source: TrafficSource, at: number): string {
  const { utm, clickId } = source.arrival
  const campaign = campaignAt(source, at)
  const parameters = new URLSearchParams()
  if (utm?.source) parameters.set('utm_source', utm.source)
  if (utm?.medium) parameters.set('utm_medium', utm.medium)
  if (campaign) parameters.set('utm_campaign', campaign)
  if (utm?.content) parameters.set('utm_content', utm.content)
  if (utm?.term) parameters.set('utm_term', utm.term)
  if (clickId) parameters.set(clickId, `demo-${random.hex(24)}`)
  return parameters.size > 0 ? `?${parameters}` : ''
}
