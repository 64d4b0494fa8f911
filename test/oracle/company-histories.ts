import fc from 'fast-check'
import { type CopiedFirst, type FirstTouch, GROUPS, METRICS, type MetricsAsked } from './company-facts.ts'

/** A moment on the local clock; a microsecond before it when `isBefore`. */
export interface Moment {
  day: number
  quarter: number
  isBefore: boolean
}

/** The same use on some days in a row. */
export interface Stretch {
  from: Moment
  length: number
  isOnWeekends: boolean
  userId: string | null
  companyId: string | null
  event: string
  isInSession: boolean
  count: number
  /** The first run that knows it. */
  run: 1 | 2
  /** Run 2 takes back what run 1 knew. */
  isWithdrawn: boolean
}

/** What each copy says of a company or membership, null when it does not have it. */
export interface Told<T> {
  createdAt: Moment | null
  said: readonly (T | null)[]
}
type ToldCompany = Told<{ plan: string | null; industry: string | null; paidAt: Moment | null }> & {
  firstTouch: FirstTouch | null
}
type ToldMember = Told<{ isAdmin: boolean }> & { companyId: string; userId: string }

/** Two runs of copies and use, and what is asked of them. */
export interface CompanyHistory {
  timezone: string
  /** The day that days are counted from. */
  begin: string
  copies: readonly Moment[]
  /** How many of the copies run 1 knew. */
  known: number
  /** Places of the copies that had something first. */
  firsts: Readonly<Record<CopiedFirst, number>>
  companies: readonly ToldCompany[]
  members: readonly ToldMember[]
  stretches: readonly Stretch[]
  dataThrough: Moment
  asked: readonly Asked[]
}

export interface Asked extends Omit<MetricsAsked, 'timezone' | 'from' | 'to'> {
  from: Moment
  /** Its day is counted from that of `from`; null for no end. */
  to: Moment | null
  asOf: 1 | 2
}

/** Whole, half and quarter hours from UTC; most change their clocks in the days below, some at midnight. */
const TIMEZONES = [
  'UTC',
  'Europe/Berlin',
  'Asia/Kolkata',
  'Asia/Kathmandu',
  'America/Sao_Paulo',
  'America/Havana',
  'America/St_Johns',
  'Africa/Cairo',
  'Australia/Lord_Howe',
  'Pacific/Auckland',
  'Pacific/Chatham',
]
const BEGINS = ['2025-03-03', '2025-04-10', '2025-10-01', '2025-12-12', '2018-10-15', '2019-01-28']

const DAYS = 40
const COPIES = 5
export const COMPANIES = ['k0', 'k1', 'k2', 'k3']
const USERS = ['u0', 'u1', 'u2']

const moment = (min: number, max: number): fc.Arbitrary<Moment> =>
  fc.record({
    day: fc.integer({ min, max }),
    quarter: fc.oneof(fc.constant(0), fc.nat(91)),
    isBefore: fc.boolean(),
  })

const told = <T>(said: fc.Arbitrary<T>) => ({
  createdAt: fc.option(fc.oneof({ arbitrary: moment(0, DAYS), weight: 2 }, { arbitrary: moment(-400, 0), weight: 1 }), {
    freq: 2,
  }),
  said: fc.array(fc.option(said, { freq: 6 }), { minLength: COPIES, maxLength: COPIES }),
})

const company: fc.Arbitrary<ToldCompany> = fc.record({
  ...told(
    fc.record({
      plan: fc.constantFrom('free', 'pro', null),
      industry: fc.constantFrom('law', null),
      paidAt: fc.option(moment(0, DAYS), { freq: 2 }),
    }),
  ),
  firstTouch: fc.constantFrom(
    { channel: 'Email', source: 'newsletter', campaign: 'june' },
    { channel: 'Email', source: 'newsletter', campaign: null },
    { channel: 'Direct', source: null, campaign: null },
    null,
  ),
})

const member: fc.Arbitrary<ToldMember> = fc.record({
  ...told(fc.record({ isAdmin: fc.boolean() })),
  companyId: fc.constantFrom(...COMPANIES),
  userId: fc.constantFrom(...USERS),
})

const stretch: fc.Arbitrary<Stretch> = fc.record({
  from: moment(0, DAYS),
  length: fc.oneof(fc.constant(1), fc.integer({ min: 1, max: 21 })),
  isOnWeekends: fc.boolean(),
  userId: fc.constantFrom(...USERS, ...USERS, 'stranger', null),
  companyId: fc.constantFrom(null, null, null, null, null, null, 'k0', 'k1', 'stranger'),
  event: fc.constantFrom('page', 'big_button'),
  isInSession: fc.constantFrom(true, true, true, false),
  count: fc.integer({ min: 1, max: 3 }),
  run: fc.constantFrom(1, 1, 2),
  isWithdrawn: fc.constantFrom(false, false, false, true),
})

/** Mostly none, to leave something to see. */
const list = <T>(...values: readonly T[]): fc.Arbitrary<T[] | null> => {
  const some = fc.uniqueArray(fc.constantFrom(...values), { minLength: 1, maxLength: 3 })
  return fc.oneof({ arbitrary: fc.constant(null), weight: 7 }, { arbitrary: some, weight: 1 })
}
const range = fc.oneof(
  { arbitrary: fc.record({ day: fc.nat(25), quarter: fc.constant(0), isBefore: fc.constant(false) }), weight: 4 },
  { arbitrary: moment(0, 25), weight: 2 },
  { arbitrary: fc.constant(null), weight: 1 },
)

const asked: fc.Arbitrary<Asked> = fc.record({
  metrics: fc.oneof(fc.constant([...METRICS]), fc.subarray([...METRICS], { minLength: 1 })),
  by: fc.oneof(fc.constant([]), fc.subarray([...GROUPS], { maxLength: 2 })),
  granularity: fc.constantFrom('day', 'week', 'week', 'month', 'month', 'none'),
  days: fc.constantFrom('all', 'weekdays'),
  event: fc.constantFrom(null, null, null, 'big_button'),
  company: list(...COMPANIES, 'nobody'),
  plan: list('free', 'pro', '(none)'),
  channel: list('Email', 'Direct', '(none)'),
  from: fc.oneof(
    {
      arbitrary: fc.record({
        day: fc.integer({ min: -3, max: 35 }),
        quarter: fc.constant(0),
        isBefore: fc.constant(false),
      }),
      weight: 3,
    },
    { arbitrary: moment(-3, 35), weight: 1 },
  ),
  to: range,
  asOf: fc.constantFrom(2, 2, 1),
})

/** The first copy for most. */
const place = fc.oneof({ arbitrary: fc.constant(0), weight: 3 }, { arbitrary: fc.nat(COPIES - 1), weight: 1 })

export const companyHistoryArbitrary: fc.Arbitrary<CompanyHistory> = fc.record({
  timezone: fc.constantFrom(...TIMEZONES),
  begin: fc.constantFrom(...BEGINS),
  copies: fc.array(moment(0, DAYS), { minLength: 2, maxLength: COPIES, size: 'max' }),
  known: fc.integer({ min: 1, max: COPIES }),
  firsts: fc.record({ members: place, role: place, plan: place, industry: place }),
  companies: fc.array(company, { minLength: 2, maxLength: COMPANIES.length, size: 'max' }),
  members: fc.uniqueArray(member, {
    minLength: 3,
    maxLength: 12,
    size: 'max',
    selector: (m) => `${m.companyId} ${m.userId}`,
  }),
  stretches: fc.array(stretch, { minLength: 5, maxLength: 30, size: 'max' }),
  dataThrough: moment(0, DAYS),
  asked: fc.array(asked, { minLength: 1, maxLength: 8, size: 'max' }),
})
