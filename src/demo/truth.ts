import { brokenLines } from './broken.ts'
import type { Delivered } from './delivery.ts'
import type { Journey } from './journeys.ts'
import type { Sale } from './sales.ts'
import { startOf, type Touch } from './visits.ts'

/** What is known of one signup because it was made so, not worked out from the messages. */
export interface PersonTruth {
  /** The person id that tributary should report. */
  readonly person: string
  /** Every user id they had: the account, and a lead's id aliased to it. */
  readonly userIds: readonly string[]
  readonly devices: readonly string[]
  readonly signedUpAt: string
  /** Null when no visit came before the signup. */
  readonly firstTouch: TouchTruth | null
  /** The last touch at or before the signup. */
  readonly lastTouch: TouchTruth | null
  /** Visits that began before the visit of the signup. */
  readonly sessionsBeforeSignup: number
  /** False where the identity rules cannot know what happened, on purpose: shared devices. */
  readonly isCertain: boolean
}

interface TouchTruth extends Omit<Touch, 'at'> {
  readonly at: string
}

/** Amounts by currency, in minor units. */
type Money = Readonly<Record<Sale['currency'], number>>

export interface Totals {
  /** Lines of all files: distinct events + duplicates + quarantined. */
  readonly messages: number
  /** Usable messages, each counted once, bots included. */
  readonly distinctEvents: number
  readonly duplicates: number
  readonly quarantined: Readonly<Record<keyof typeof brokenLines, number>>
  readonly botEvents: number
  /** Human beings. tributary sees more: it cannot join the devices of those who never log in. */
  readonly people: number
  readonly signups: number
  readonly orders: number
  readonly revenue: Money
  readonly renewals: number
  readonly renewalRevenue: Money
}

/** Counts while the demo is made. */
export class TruthKeeper {
  readonly people: PersonTruth[] = []
  #lines = 0
  #duplicates = 0
  #botEvents = 0
  #journeys = 0
  readonly #sales = { order: { count: 0, USD: 0, EUR: 0 }, renewal: { count: 0, USD: 0, EUR: 0 } }

  noteLine(delivered: Delivered): void {
    this.#lines++
    if (delivered.isDuplicate) this.#duplicates++
  }

  noteBot(actions: number): void {
    this.#botEvents += actions
  }

  noteJourney(journey: Journey): void {
    if (journey.visits.length > 0 || journey.serverActions.length > 0) this.#journeys++
    for (const sale of journey.sales) {
      this.#sales[sale.kind].count++
      this.#sales[sale.kind][sale.currency] += sale.amount
    }
    if (journey.signedUpAt !== null) this.people.push(truthOf(journey, journey.signedUpAt))
  }

  totals(): Totals {
    const broken = Object.values(brokenLines).reduce((sum, count) => sum + count, 0)
    const { order, renewal } = this.#sales
    return {
      messages: this.#lines,
      distinctEvents: this.#lines - this.#duplicates - broken,
      duplicates: this.#duplicates,
      quarantined: brokenLines,
      botEvents: this.#botEvents,
      people: this.#journeys,
      signups: this.people.length,
      orders: order.count,
      revenue: { USD: order.USD, EUR: order.EUR },
      renewals: renewal.count,
      renewalRevenue: { USD: renewal.USD, EUR: renewal.EUR },
    }
  }
}

function truthOf(journey: Journey, signedUpAt: number): PersonTruth {
  const before = journey.visits.filter((visit) => startOf(visit) <= signedUpAt)
  const touches = before.flatMap((visit) => visit.touches).filter((touch) => touch.at <= signedUpAt)
  const { userId } = journey.person
  return {
    person: journey.personId,
    userIds: journey.personId === userId ? [userId] : [journey.personId, userId],
    devices: [...new Set(journey.visits.map((visit) => visit.device.anonymousId))],
    signedUpAt: new Date(signedUpAt).toISOString(),
    firstTouch: touchTruth(touches.at(0)),
    lastTouch: touchTruth(touches.at(-1)),
    sessionsBeforeSignup: Math.max(before.length - 1, 0),
    isCertain: journey.isCertain,
  }
}

function touchTruth(touch: Touch | undefined): TouchTruth | null {
  return touch === undefined ? null : { ...touch, at: new Date(touch.at).toISOString() }
}
