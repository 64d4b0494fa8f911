import { day, isWeekend, monthOf } from './calendar.ts'
import type { Journey } from './journeys.ts'
import type { Seat } from './seats.ts'
import { bigButton } from './site.ts'
import type { Action } from './visits.ts'

/** What is true of the product database, and of how companies used the product. Days and months are those of UTC. */
export interface ProductTruth {
  readonly companies: number
  /** Seats: somebody in two companies has two. */
  readonly members: number
  readonly admins: number
  /** People of the largest company. */
  readonly largest: number
  readonly paying: number
  /** People who belong to two companies. */
  readonly inTwo: number
  /** Companies by month of use, `2025-03`. */
  readonly months: Readonly<Record<string, MonthTruth>>
  readonly bigButton: ButtonTruth
}

interface MonthTruth {
  /** Companies of which anybody used the product. */
  readonly active: number
  /** Companies in which an administrator did. */
  readonly adminActive: number
  /** Ids of those in which one did on each day from Monday to Friday. */
  readonly adminEveryWeekday: readonly string[]
}

interface ButtonTruth {
  readonly presses: number
  /** Those that a server reported. */
  readonly byServer: number
  /** How often people of a company pressed it, by company; consultants count in both. */
  readonly byCompany: Readonly<Record<string, number>>
}

interface Use {
  /** Days on which they were there, logged in, counted from 1970. */
  readonly days: Set<number>
  /** The day of each press. */
  readonly presses: number[]
}

/**
 * Works out from what people did, and not from the messages, what tributary should say of their companies. Use of a day is
 * that of everybody who had a seat by its end.
 *
 * The events that name a company, `group`, are left out: each is within a visit of somebody who has a seat there.
 */
export class CompanyTruthKeeper {
  readonly #uses = new Map<string, Use>()
  #presses = 0
  #byServer = 0

  noteJourney({ person, visits, serverActions }: Journey): void {
    const { userId } = person
    const isPress = (a: Action) => a.type === 'track' && a.event === bigButton
    const actions = visits.flatMap((visit) => visit.actions).filter((a) => a.userId === userId && a.type !== 'group')
    const byServer = serverActions.filter(isPress)
    const presses = [...actions.filter(isPress), ...byServer]
    this.#presses += presses.length
    this.#byServer += byServer.length
    this.#uses.set(userId, { days: new Set(actions.map(dayOf)), presses: presses.map(dayOf) })
  }

  truth(seats: readonly Seat[], paying: number): ProductTruth {
    const companies = Map.groupBy(seats, (s) => s.companyId)
    return {
      companies: companies.size,
      members: seats.length,
      admins: seats.filter((s) => s.role === 'admin').length,
      largest: [...companies.values()].reduce((most, { length }) => Math.max(most, length), 0),
      paying,
      inTwo: seats.length - new Set(seats.map((s) => s.userId)).size,
      months: this.#months(companies),
      bigButton: { presses: this.#presses, byServer: this.#byServer, byCompany: this.#pressesBy(companies) },
    }
  }

  #months(companies: ReadonlyMap<string, readonly Seat[]>): Record<string, MonthTruth> {
    const months = new Map<string, { active: number; adminActive: number; adminEveryWeekday: string[] }>()
    for (const [id, seats] of companies) {
      const active = countByMonth(this.#days(seats))
      const weekdays = this.#days(seats.filter((s) => s.role === 'admin'))
      const adminActive = countByMonth(weekdays)
      const onWeekdays = countByMonth(new Set([...weekdays].filter((d) => !isWeekend(d * day))))
      for (const month of active.keys()) {
        const m = months.get(month) ?? { active: 0, adminActive: 0, adminEveryWeekday: [] }
        months.set(month, m)
        m.active++
        if (adminActive.has(month)) m.adminActive++
        if (onWeekdays.get(month) === weekdaysOf(month)) m.adminEveryWeekday.push(id)
      }
    }
    return Object.fromEntries([...months].sort(([a], [b]) => (a < b ? -1 : 1)))
  }

  /** The days on which any of them was there. */
  #days(seats: readonly Seat[]): Set<number> {
    return new Set(
      seats.flatMap((seat) => [...(this.#uses.get(seat.userId)?.days ?? [])].filter((d) => isSeated(seat, d))),
    )
  }

  #pressesBy(companies: ReadonlyMap<string, readonly Seat[]>): Record<string, number> {
    const counted = [...companies].map(([id, seats]) => {
      const presses = seats.map((s) => this.#uses.get(s.userId)?.presses.filter((d) => isSeated(s, d)).length ?? 0)
      return [id, presses.reduce((sum, n) => sum + n, 0)] as const
    })
    return Object.fromEntries(counted.filter(([, n]) => n > 0).sort(([a], [b]) => (a < b ? -1 : 1)))
  }
}

const dayOf = ({ at }: Action): number => Math.floor(at / day)

/** Whether they had the seat at the end of that day. */
const isSeated = ({ joinedAt }: Seat, d: number): boolean => joinedAt < (d + 1) * day

function countByMonth(days: ReadonlySet<number>): Map<string, number> {
  const counts = new Map<string, number>()
  for (const d of days) {
    const month = monthOf(d * day)
    counts.set(month, (counts.get(month) ?? 0) + 1)
  }
  return counts
}

/** How many days of the month are from Monday to Friday. */
function weekdaysOf(month: string): number {
  let count = 0
  for (let at = Date.parse(`${month}-01T00:00:00Z`); monthOf(at) === month; at += day) if (!isWeekend(at)) count++
  return count
}
