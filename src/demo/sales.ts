import { day, type Period } from './calendar.ts'
import type { Journey } from './journeys.ts'
import type { Person } from './people.ts'
import type { Action, Facts } from './visits.ts'

/** Money that came in, as booked: the truth that an order's message is made from. */
export interface Sale {
  readonly at: number
  readonly kind: 'order' | 'renewal'
  /** In cents. */
  readonly amount: number
  readonly currency: 'USD' | 'EUR'
}

export interface Contract {
  readonly plan: string
  /** Cents a month. */
  readonly monthly: number
  readonly isYearly: boolean
}

/** What somebody buys; who came through a source of large deals buys more. */
export function chooseContract(person: Person, deal: number): Contract {
  const { random } = person
  const plan = random.weighted(plans, (p) => p.weight * (p.price > 10_000 ? deal * deal : 1))
  const seats = random.whole(1, Math.ceil(plan.seats * deal))
  return { plan: plan.name, monthly: plan.price * seats, isYearly: random.chance(0.25) }
}

/** The first order at `paidAt`, monthly renewals until they leave or the year is over, and perhaps a larger plan. */
export function salesOf(person: Person, period: Period, contract: Contract, paidAt: number): Sale[] {
  const { random } = person
  const currency = person.region.currency
  const sales: Sale[] = [
    { at: paidAt, kind: 'order', amount: contract.monthly * (contract.isYearly ? 10 : 1), currency },
  ]
  if (contract.isYearly) return sales

  let monthly = contract.monthly
  for (let at = paidAt + 30 * day; at < period.lastStart && !random.chance(0.05); at += 30 * day) {
    sales.push({ at, kind: 'renewal', amount: monthly, currency })
    const upgradedAt = at + random.whole(1, 20) * day
    if (!random.chance(0.04) || upgradedAt >= period.lastStart) continue
    sales.push({ at: upgradedAt, kind: 'order', amount: monthly, currency })
    monthly *= 2
  }
  return sales
}

/** The message of the billing server. Amounts are text or numbers, currencies in either case: as servers do. */
export function saleAction(person: Person, sale: Sale, plan: string): Action {
  const { random, userId } = person
  const amount = sale.amount / 100
  const properties: Facts = {
    order_id: `order_${random.hex(10)}`,
    revenue: random.chance(0.5) ? amount.toFixed(2) : amount,
    currency: random.chance(0.1) ? sale.currency.toLowerCase() : sale.currency,
    plan,
  }
  return {
    type: 'track',
    at: sale.at,
    userId,
    event: sale.kind === 'order' ? 'Order Completed' : 'Subscription Renewed',
    properties,
  }
}

/** The plan they bought last; null when they never bought. */
export function planOf({ serverActions }: Journey): string | null {
  const last = serverActions.findLast((a) => a.type === 'track' && a.event === 'Order Completed')
  return last?.type === 'track' ? String(last.properties.plan) : null
}

const plans = [
  { name: 'starter', price: 1900, seats: 4, weight: 50 },
  { name: 'team', price: 4950, seats: 12, weight: 38 },
  { name: 'business', price: 12_900, seats: 20, weight: 10 },
] as const
