import type { CompanyOptions, PipelineOptions } from '../../src/pipeline/options.ts'
import { type RunReport, runPipeline } from '../../src/pipeline/run.ts'
import type { Warehouse } from '../../src/warehouses/warehouse.ts'
import { optionsFor, temporaryFolder } from '../harness/pipeline.ts'

/**
 * Twenty companies over two months, worked out by hand. The product database is copied on 1 March, 16 March, 10 April and 1
 * May, always at 05:00 UTC. March 2025 begins on a Saturday and has 21 weekdays, April has 22.
 *
 * - c01 to c19 are there from the first copy, created in 2024 (c18 does not say when); c20 is created on 5 April; c19 is
 *   gone from the third copy on.
 * - c01 to c05 and c07 pay; c06 begins to (second copy), c07 ends (third copy).
 * - u01, administrator of c01: every weekday of March, every weekday of April but the 9th.
 * - u02, administrator of c02: every day of March.
 * - u03, administrator of c03 until the second copy, then a member: every weekday of March. u03b is administrator from then
 *   on and never comes.
 * - u04, member of c04: 20 March.
 * - u05, administrator of c05 until the third copy, where they are gone: 7 to 11 April.
 * - u67, administrator of c06 and member of c07: 20 March.
 * - u08, administrator of c08: pressed the big button on 21 March, in an event that names c09.
 * - u10, member of c10: pressed it on the same day, which a server reported: no session.
 * - u11, administrator of c11: 10 March 23:30 UTC, which is the 11th in Berlin.
 * - u12 of c12 and u13 of c13: 12 March 18:20 and 18:40 UTC, in Kolkata before and after midnight.
 * - u14 and u14b of c14 come by Paid Search, Email and Organic Search, sign up on 5 and 7 March; u14 buys for 60 EUR on 2 April.
 * - All others have a member each who never comes.
 */
const WEEKDAYS_OF_MARCH = days('2025-03-01', '2025-03-31').filter(isWeekday)

let number = 0
type Message = Record<string, unknown>
const message = (at: string, userId: string | null, more: Message): [string, string] => [
  at,
  JSON.stringify({
    messageId: `w${++number}`,
    anonymousId: `device-${userId ?? 'unknown'}`,
    ...(userId === null ? {} : { userId }),
    timestamp: at,
    receivedAt: at,
    ...more,
  }),
]
const visit = (at: string, userId: string | null, url = 'https://app.acme.test/', more: Message = {}) =>
  message(at, userId, { type: 'page', context: { page: { url, referrer: '' } }, ...more })
const track = (at: string, userId: string, event: string, more: Message = {}) =>
  message(at, userId, { type: 'track', event, ...more })

const messages: [string, string][] = [
  ...WEEKDAYS_OF_MARCH.flatMap((day) => [visit(`${day}T09:00:00Z`, 'u01'), visit(`${day}T10:00:00Z`, 'u03')]),
  ...days('2025-04-01', '2025-04-30')
    .filter((day) => isWeekday(day) && day !== '2025-04-09')
    .map((day) => visit(`${day}T09:00:00Z`, 'u01')),
  ...days('2025-03-01', '2025-03-31').map((day) => visit(`${day}T12:00:00Z`, 'u02')),
  visit('2025-03-20T09:00:00Z', 'u04'),
  ...days('2025-04-07', '2025-04-11').map((day) => visit(`${day}T09:00:00Z`, 'u05')),
  visit('2025-03-20T09:00:00Z', 'u67'),
  track('2025-03-21T09:00:00Z', 'u08', 'Pressed Big Button', { context: { groupId: 'c09' } }),
  track('2025-03-21T09:00:00Z', 'u10', 'Pressed Big Button', {
    anonymousId: null,
    context: { library: { name: 'analytics-node' } },
  }),
  visit('2025-03-10T23:30:00Z', 'u11'),
  visit('2025-03-12T18:20:00Z', 'u12'),
  visit('2025-03-12T18:40:00Z', 'u13'),
  visit('2025-02-10T09:00:00Z', null, 'https://www.acme.test/', {
    anonymousId: 'device-u14b',
    context: { page: { url: 'https://www.acme.test/', referrer: 'https://www.google.com/' } },
  }),
  visit('2025-02-20T09:00:00Z', null, 'https://www.acme.test/?utm_source=google&utm_medium=cpc', {
    anonymousId: 'device-u14',
  }),
  visit('2025-03-05T09:00:00Z', 'u14', 'https://www.acme.test/?utm_source=newsletter&utm_medium=email'),
  track('2025-03-05T09:05:00Z', 'u14', 'Signed Up'),
  visit('2025-03-07T09:00:00Z', 'u14b', 'https://www.acme.test/'),
  track('2025-03-07T09:05:00Z', 'u14b', 'Signed Up'),
  track('2025-04-02T09:00:00Z', 'u14', 'Order Completed', {
    anonymousId: null,
    context: { library: { name: 'analytics-node' } },
    properties: { revenue: '60.00', currency: 'EUR' },
  }),
]

/** The times of the copies. */
export const COPIES = ['2025-03-01', '2025-03-16', '2025-04-10', '2025-05-01'].map((day) => `${day}T05:00:00.000000Z`)

const ids = Array.from({ length: 20 }, (_, i) => `c${String(i + 1).padStart(2, '0')}`)
const memberless = ['c15', 'c16', 'c17', 'c18', 'c19', 'c20']

/** The CSV files of the product database at a copy, counted from 0. */
export function productAt(copy: number): { companies: string; members: string } {
  const there = ids.filter((id) => (id !== 'c20' || copy >= 2) && (id !== 'c19' || copy < 2))
  const paying = ['c01', 'c02', 'c03', 'c04', 'c05', ...(copy >= 1 ? ['c06'] : []), ...(copy < 2 ? ['c07'] : [])]
  const created = (id: string) =>
    id === 'c18' ? '' : id === 'c20' ? '2025-04-05T12:00:00Z' : `2024-06-${id.slice(1)}T08:00:00Z`
  const members: [company: string, user: string, role: string][] = [
    ['c01', 'u01', 'Admin'],
    ['c02', 'u02', 'admin'],
    ['c03', 'u03', copy < 1 ? 'admin' : 'member'],
    ...(copy >= 1 ? [['c03', 'u03b', 'admin'] as [string, string, string]] : []),
    ['c04', 'u04', 'member'],
    ...(copy < 2 ? [['c05', 'u05', 'owner'] as [string, string, string]] : []),
    ['c06', 'u67', 'admin'],
    ['c07', 'u67', 'member'],
    ['c08', 'u08', 'admin'],
    ['c09', 'u09', 'admin'],
    ['c10', 'u10', 'member'],
    ['c11', 'u11', 'admin'],
    ['c12', 'u12', 'admin'],
    ['c13', 'u13', 'admin'],
    ['c14', 'u14', 'admin'],
    ['c14', 'u14b', 'member'],
    ...memberless.filter((id) => there.includes(id)).map((id) => [id, `u${id}`, 'admin'] as [string, string, string]),
  ]
  const plan = (id: string) => (paying.includes(id) ? 'Pro' : 'free')
  return {
    companies: csv(
      ['id', 'company_name', 'plan', 'created', 'industry', 'owner_email'],
      there.map((id) => [id, `Company ${id}`, plan(id), created(id), id === 'c01' ? 'law' : '', `boss@${id}.test`]),
    ),
    members: csv(
      ['company_id', 'user_id', 'role', 'phone'],
      members.map((row) => [...row, '+49 30 123456']),
    ),
  }
}

export const csv = (head: readonly string[], rows: readonly (readonly string[])[]): string =>
  [head, ...rows].map((row) => `${row.join(',')}\n`).join('')

/** What is copied of it. */
export const companyOptions = (path: string): CompanyOptions => ({
  from: { kind: 'files', path },
  companies: {
    table: 'companies.csv',
    id: 'id',
    name: 'company_name',
    plan: 'plan',
    createdAt: 'created',
    paidAt: null,
    latestBy: null,
    // The second is called like something that companies are told apart by anyway.
    dimensions: { industry: 'industry', plan: 'plan' },
  },
  members: {
    table: 'members.csv',
    companyId: 'company_id',
    userId: 'user_id',
    role: 'role',
    createdAt: null,
    latestBy: null,
  },
  adminRoles: ['admin', 'owner'],
  paidPlans: ['pro'],
  maxShrink: 0.5,
})

/** The folders of the world, and its runs. */
export interface CompaniesWorld {
  readonly options: PipelineOptions
  readonly product: ReturnType<typeof temporaryFolder>
  readonly events: ReturnType<typeof temporaryFolder>
  /** Takes in what has happened by a copy, with it. */
  advance(warehouse: Warehouse, copy: number): Promise<RunReport>
  remove(): void
}

export function companiesWorld(): CompaniesWorld {
  const product = temporaryFolder()
  const events = temporaryFolder()
  const options = optionsFor(events.path, { companies: companyOptions(product.path) })
  return {
    options,
    product,
    events,
    advance(warehouse, copy) {
      const [from, to] = [COPIES[copy - 1] ?? '', COPIES[copy]!]
      const lines = messages.filter(([at]) => at > from && at <= to).map(([, line]) => line)
      events.write(`${copy}.jsonl`, lines.join('\n'))
      const { companies, members } = productAt(copy)
      product.write('companies.csv', companies)
      product.write('members.csv', members)
      return runPipeline({ warehouse, options, configVersion: 'test', kind: 'increment', now: new Date(to) })
    },
    remove() {
      product.remove()
      events.remove()
    },
  }
}

function days(first: string, last: string): string[] {
  const found: string[] = []
  for (let at = Date.parse(first); at <= Date.parse(last); at += 86_400_000)
    found.push(new Date(at).toISOString().slice(0, 10))
  return found
}

function isWeekday(day: string): boolean {
  return ![0, 6].includes(new Date(day).getUTCDay())
}
