import type { CompanyFacts, CompanyState, MemberState, MetricsAsked, OracleState, OracleUse } from './company-facts.ts'
import {
  type Asked,
  COMPANIES,
  type CompanyHistory,
  type Moment,
  type Stretch,
  type Told,
} from './company-histories.ts'
import { addDays, localDay, startOfLocalDay, weekdayOf } from './days.ts'
import { MINUTE } from './time.ts'

const PAID_PLANS = ['pro']

type Clock = Pick<CompanyHistory, 'timezone' | 'begin'>

const at = ({ timezone, begin }: Clock, { day, quarter, isBefore }: Moment): number =>
  startOfLocalDay(addDays(begin, day), timezone) + quarter * 15 * MINUTE - (isBefore ? 1 : 0)

/** When the copies were taken that a run knew. */
function copiesOf(history: CompanyHistory, run: 1 | 2): number[] {
  const all = [...new Set(history.copies.map((copy) => at(history, copy)))].sort((a, b) => a - b)
  return run === 1 ? all.slice(0, history.known) : all
}

/** What a run knew. */
export function factsOf(history: CompanyHistory, run: 1 | 2): CompanyFacts {
  const copies = copiesOf(history, run)
  const { firsts, companies, members } = history
  const firstCopies = Object.fromEntries(
    Object.entries(firsts).map(([item, i]) => [item, copies[i] ?? null]),
  ) as CompanyFacts['firstCopies']
  const timed = (moment: Moment | null) => (moment === null ? null : at(history, moment))
  return {
    companies: companies.flatMap((told, i) =>
      statesOf(told, copies, 0, timed).map(
        ({ paidAt, ...state }): CompanyState => ({
          ...state,
          companyId: COMPANIES[i]!,
          isPaidPlan: PAID_PLANS.includes(state.plan ?? ''),
          paidAt: timed(paidAt),
        }),
      ),
    ),
    members: members.flatMap((told) =>
      statesOf(told, copies, firsts.members, timed).map(
        (state): MemberState => ({ ...state, companyId: told.companyId, userId: told.userId }),
      ),
    ),
    uses: history.stretches
      .filter((s) => s.run <= run && !(s.isWithdrawn && s.run < run))
      .flatMap((s) => usesOf(history, s)),
    firstTouches: Object.fromEntries(companies.map(({ firstTouch }, i) => [COMPANIES[i], firstTouch])),
    firstCopies,
    latestCopyAt: copies.at(-1)!,
    dataThrough: at(history, history.dataThrough),
  }
}

/** A state begins with the copy that says something else, and ends with the next one that does, or has nothing to say. */
function statesOf<T>(
  { said, createdAt }: Told<T>,
  copies: readonly number[],
  first: number,
  timed: (moment: Moment | null) => number | null,
): (T & OracleState)[] {
  const states: (T & OracleState)[] = []
  const created = timed(createdAt)
  let before: string | null = null
  copies.forEach((copy, i) => {
    const now = i < first ? null : (said[i] ?? null)
    const text = now === null ? null : JSON.stringify(now)
    const open = states.at(-1)
    if (text !== before && open?.untilAt === null) open.untilAt = copy
    if (text !== before && now !== null) {
      const unknown = i === first ? null : copy
      const begun = created === null ? unknown : Math.min(created, copy)
      states.push({ ...now, firstSeenAt: copy, sinceAt: states.length > 0 ? copy : begun, untilAt: null })
    }
    before = text
  })
  return states
}

/** Each day of a stretch. */
function usesOf(clock: Clock, { from, length, isOnWeekends, ...use }: Stretch): OracleUse[] {
  return Array.from({ length }, (_, i) => at(clock, { ...from, day: from.day + i }))
    .filter((time) => isOnWeekends || ![0, 6].includes(weekdayOf(localDay(time, clock.timezone))))
    .map((time) => ({ ...use, at: time }))
}

/** What is asked, with moments for its range; it never ends before it begins. */
export function askedOf(history: CompanyHistory, { asOf, ...asked }: Asked): MetricsAsked {
  const from = at(history, asked.from)
  const to = asked.to && at(history, { ...asked.to, day: asked.from.day + asked.to.day })
  return { ...asked, timezone: history.timezone, from, to: to === null ? null : Math.max(from, to) }
}
