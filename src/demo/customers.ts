import { browse, checkOut, logIn, phoneApp, useApp, useMobile } from './browse.ts'
import { day, hour, type Period } from './calendar.ts'
import { trafficSources } from './campaigns.ts'
import { nextVisitAt, type Person } from './people.ts'
import { chooseContract, type Sale, saleAction, salesOf } from './sales.ts'
import { chooseSource } from './traffic.ts'
import { type Action, endOf, type Visit } from './visits.ts'

export interface Account {
  readonly signedUpAt: number
  /** Readiness to buy of the sources that brought them; 1 is usual. */
  readonly deal: number
}

export interface CustomerLife {
  /** Those from before, and those after. */
  readonly visits: readonly Visit[]
  readonly serverActions: readonly Action[]
  readonly sales: readonly Sale[]
}

type Errand = { readonly at: number; readonly kind: 'use' | 'logIn' | 'logInSecond' | 'checkOut' | 'read' | 'mobile' }

/** What happens after the signup: work, purchases, and logging in on devices used before. */
export function becomeCustomer(
  person: Person,
  period: Period,
  before: readonly Visit[],
  account: Account,
): CustomerLife {
  const { random } = person
  const contract = chooseContract(person, account.deal)
  const visits = [...before]
  const sales: Sale[] = []
  const mobile = phoneApp(person)
  let hasMobile = false
  let earliest = account.signedUpAt + hour

  for (const errand of errands(person, period, before, account)) {
    const at = nextVisitAt(person, period, visits, Math.max(errand.at, earliest))
    if (at === null) break
    switch (errand.kind) {
      case 'use':
        visits.push(useApp(person, person.laptop, at))
        break
      case 'logIn':
        visits.push(logIn(person, person.laptop, at))
        break
      case 'logInSecond':
        visits.push(logIn(person, person.second, at))
        break
      case 'read':
        visits.push(browse(person, person.laptop, at, [chooseSource(trafficSources, 'assists', random, period, at)]))
        break
      case 'mobile':
        visits.push(useMobile(person, mobile, at, !hasMobile))
        hasMobile = true
        break
      case 'checkOut': {
        const { visit, paidAt } = checkOut(person, person.laptop, at, contract.plan)
        visits.push(visit)
        sales.push(...salesOf(person, period, contract, paidAt))
      }
    }
    earliest = endOf(visits.at(-1)!) + hour
  }
  return { visits, sales, serverActions: sales.map((sale) => saleAction(person, sale, contract.plan)) }
}

/** What they mean to do, in order. The first time on the laptop they may have to log in. */
function errands(person: Person, period: Period, before: readonly Visit[], account: Account): Errand[] {
  const { random, laptop, second } = person
  const from = account.signedUpAt
  const list: Errand[] = []
  const isProvisioned = !before.some((visit) => visit.device === laptop)
  if (isProvisioned) list.push({ at: from + hour, kind: 'logIn' })

  const buysAt = random.chance(Math.min(0.9, 0.38 * account.deal)) ? from + random.between(5, 24) * day : null
  if (buysAt !== null) list.push({ at: buysAt, kind: 'checkOut' })
  const staysDays = buysAt !== null ? random.between(60, 400) : random.exponential(30)
  const usesMobile = random.chance(0.3)
  for (
    let at = from + random.exponential(3) * day;
    at < Math.min(period.end, from + staysDays * day);
    at += (1 + random.exponential(buysAt === null ? 5 : 6.5)) * day
  ) {
    const kind = random.weighted(['use', 'logIn', 'read', 'mobile'] as const, (k) =>
      k === 'mobile' && !usesMobile ? 0 : errandWeights[k],
    )
    list.push({ at, kind })
  }

  if (before.some((visit) => visit.device === second)) {
    const latest = Math.max(period.lastStart - 3 * day - from, 0)
    list.push({ at: from + Math.min(random.exponential(45) * day, latest), kind: 'logInSecond' })
  }
  return list.sort((a, b) => a.at - b.at)
}

const errandWeights = { use: 60, logIn: 12, read: 12, mobile: 25 }
