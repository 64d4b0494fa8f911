import type { CompanyOptions, PipelineOptions } from '../../src/pipeline/options.ts'
import { creditsOf, MODELS } from './credits.ts'
import { compareTexts } from './duplicates.ts'
import { aliasesOf } from './identity.ts'
import { formatTime } from './time.ts'
import type { Conversion, OwnedVisit, Touch } from './types.ts'

/** A copy of the product database. */
export interface OracleCopy {
  /** ISO 8601. */
  at: string
  /** Plans were not copied yet. */
  isWithoutPlans?: boolean
  /** Null where it is not known since when it pays; `plan` null where none is known. */
  companies: { id: string; plan: string | null; paidAt?: string | null }[]
  members: { companyId: string; userId: string; role: string }[]
}

export interface OracleCompany {
  company_id: string
  member_count: number
  admin_count: number
  session_count: number
  touch_count: number
  signed_up_at: string | null
  paid_at: string | null
  first_touch_channel: string | null
  last_touch_channel: string | null
  paid_touch_channel: string | null
  /** Sums over all its conversions, by `model conversion currency channel`: credit and revenue. */
  credit: Record<string, string>
}

/** The conversion of a company whose plan became a paid one. */
const PAID_PLAN = 'paid_plan'

/** What is known of each company that any copy had, worked out from all copies and all that people did, naively. */
export function companiesOf(
  copies: readonly OracleCopy[],
  {
    visits,
    touches,
    conversions,
  }: { visits: readonly OwnedVisit[]; touches: readonly Touch[]; conversions: readonly Conversion[] },
  settings: PipelineOptions,
): OracleCompany[] {
  const { adminRoles } = settings.companies!
  const personOf = new Map(
    aliasesOf(visits)
      .filter((a) => a.isLatest)
      .map((a) => [a.id, a.personId]),
  )
  const latest = copies.at(-1)!
  const ids = [...new Set(copies.flatMap((copy) => copy.companies.map((c) => c.id)))].sort(compareTexts)
  return ids.map((id) => {
    const everMembers = copies.flatMap((copy) => copy.members.filter((m) => m.companyId === id).map((m) => m.userId))
    const people = new Set(everMembers.flatMap((user) => personOf.get(user) ?? []))
    const isOurs = (personId: string, named: string | null) => (named === null ? people.has(personId) : named === id)
    const own = touches
      .filter((t) => isOurs(t.session.personId, t.event.groupId))
      .map((t): Touch => ({ ...t, session: { ...t.session, personId: id } }))
      .sort((a, b) => compareTexts(a.orderKey, b.orderKey))
    const paidAt = paidSince(withFirstPlans(copies), id, settings.companies!)
    const done = countingOf(
      conversions.filter((c) => isOurs(c.personId, c.companyId)).map((c): Conversion => ({ ...c, personId: id })),
      settings,
    )
    const paid = paidAt === null ? [] : [paidConversion(id, paidAt)]
    const named = {
      ...settings,
      conversions: { ...settings.conversions, [PAID_PLAN]: { ...settings.conversions.signup!, lookbackDays: null } },
    }
    const credit = new Map<string, bigint>()
    for (const k of creditsOf([...done, ...paid], own, named)) {
      for (const model of MODELS) {
        for (const [what, value] of [
          ['credit', k.credit[model]],
          ['revenue', k.revenue[model] ?? 0n],
        ] as const) {
          const key = `${what} ${model} ${k.conversion.conversion} ${k.conversion.currency} ${k.touch?.channel ?? 'Unattributed'}`
          credit.set(key, (credit.get(key) ?? 0n) + value)
        }
      }
    }
    const signups = done.filter((c) => c.conversion === 'signup').map((c) => c.convertedAt)
    const signedUpAt = signups.length === 0 ? null : Math.min(...signups)
    const upTo = (time: number | null) =>
      time === null ? null : (own.filter((t) => t.touchedAt <= time).at(-1)?.channel ?? null)
    const current = latest.members.filter((m) => m.companyId === id)
    return {
      company_id: id,
      member_count: current.length,
      admin_count: current.filter((m) => adminRoles.includes(m.role)).length,
      session_count: own.filter((t) => t.isEntry).length,
      touch_count: own.length,
      signed_up_at: signedUpAt === null ? null : formatTime(signedUpAt),
      paid_at: paidAt === null ? null : formatTime(paidAt),
      first_touch_channel: own[0]?.channel ?? null,
      last_touch_channel: upTo(signedUpAt),
      paid_touch_channel: upTo(paidAt),
      credit: Object.fromEntries(
        [...credit]
          .filter(([, n]) => n !== 0n)
          .map(([key, n]) => [key, String(n)])
          .sort(),
      ),
    }
  })
}

/** Conversions that count once count for the company once. */
function countingOf(all: readonly Conversion[], settings: PipelineOptions): Conversion[] {
  const sorted = [...all].sort((a, b) => a.convertedAt - b.convertedAt || compareTexts(a.conversionId, b.conversionId))
  return sorted.filter((c) => {
    const isEvery = c.conversion !== 'signup' && settings.conversions[c.conversion]!.every
    return isEvery || sorted.find((other) => other.conversion === c.conversion) === c
  })
}

/**
 * When the product database says that it began to pay; else the copy that first saw it on a paid plan: nobody knows when that
 * began if it was the first copy that had plans.
 */
function paidSince(copies: readonly OracleCopy[], id: string, { companies, paidPlans }: CompanyOptions): number | null {
  type Copied = OracleCopy['companies'][number]
  const of = (copy?: OracleCopy) => copy?.companies.find((c) => c.id === id)
  const pays = ({ plan, paidAt }: Copied) =>
    companies?.plan == null ? paidAt != null : plan !== null && paidPlans.includes(plan)
  const first = copies.findIndex((copy) => copy.companies.some((c) => c.id === id && pays(c)))
  const begin = copies.findIndex(firstWithPlans)
  const said = of(copies.findLast((copy) => of(copy) !== undefined))?.paidAt ?? of(copies[first])?.paidAt
  if (said) return Date.parse(said) * 1000
  return first <= begin ? null : Date.parse(copies[first]!.at) * 1000
}

/** Of a first copy of plans, what it says is taken to have always been so. */
const firstWithPlans = (copy: OracleCopy): boolean => !copy.isWithoutPlans && copy.companies.length > 0

/** The copies as they are understood: those before plans were copied have the first that were. */
function withFirstPlans(copies: readonly OracleCopy[]): OracleCopy[] {
  const first = copies.find(firstWithPlans)
  const planOf = (id: string) => first?.companies.find((c) => c.id === id)?.plan ?? null
  return copies.map((copy) =>
    copy.isWithoutPlans ? { ...copy, companies: copy.companies.map((c) => ({ ...c, plan: planOf(c.id) })) } : copy,
  )
}

const paidConversion = (personId: string, convertedAt: number): Conversion => ({
  conversionId: PAID_PLAN,
  conversion: PAID_PLAN,
  personId,
  convertedAt,
  eventKey: '',
  sessionId: null,
  value: null,
  currency: null,
  valueProblem: null,
  companyId: null,
})
