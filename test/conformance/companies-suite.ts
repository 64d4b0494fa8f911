import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { runPipeline } from '../../src/pipeline/run.ts'
import { sql } from '../../src/warehouses/sql.ts'
import type { Warehouse } from '../../src/warehouses/warehouse.ts'
import { type Served, serve } from '../api/fixture.ts'
import { testCompanyCopies } from './companies-copy-suite.ts'
import { type CompaniesWorld, companiesWorld } from './companies-world.ts'

/** Twenty companies over two months: every number here was counted by hand in companies-world.ts. */
export function testCompanies(open: () => Promise<Warehouse>): void {
  testCompanyCopies(open)

  describe('companies of the hand-counted world', { timeout: 300_000 }, () => {
    let world: CompaniesWorld
    let warehouse: Warehouse
    let served: Served

    beforeAll(async () => {
      world = companiesWorld()
      warehouse = await open()
      for (const copy of [0, 1, 2, 3]) await world.advance(warehouse, copy)
      served = serve(warehouse)
    }, 600_000)
    afterAll(async () => {
      world.remove()
      await served[Symbol.asyncDispose]()
    })

    const ask = async (query: string) => {
      const { data, errors } = await served.ask(`{ ${query} }`)
      expect(errors, served.log.at(-1)).toBeUndefined()
      return data
    }
    /** `3/19` for each row, in order. */
    const shares = async (args: string): Promise<string[]> => {
      const { companyMetrics } = await ask(`companyMetrics(${args}) { numerator denominator }`)
      return companyMetrics.map((m: { numerator: number; denominator: number }) => `${m.numerator}/${m.denominator}`)
    }
    const on = (day: string, metric: string, more = '') => {
      const next = new Date(Date.parse(day) + 86_400_000).toISOString().slice(0, 10)
      return shares(`metric: "${metric}", from: "${day}", to: "${next}" ${more}`)
    }

    test('the share on a paid plan, day by day', async () => {
      expect(await on('2025-03-01', 'paid')).toEqual(['6/19'])
      expect(await on('2025-03-15', 'paid')).toEqual(['6/19'])
      expect(await on('2025-03-16', 'paid')).toEqual(['7/19'])
      expect(await on('2025-04-04', 'paid')).toEqual(['7/19'])
      expect(await on('2025-04-05', 'paid')).toEqual(['7/20']) // c20 is created
      expect(await on('2025-04-09', 'paid')).toEqual(['7/20'])
      expect(await on('2025-04-10', 'paid')).toEqual(['6/19']) // c19 is gone, c07 pays no more
    })

    test('by month: companies, new ones, paying ones at the end', async () => {
      const range = 'from: "2025-03-01", to: "2025-05-01", granularity: "month"'
      expect(await shares(`metric: "companies", ${range}`)).toEqual(['19/19', '19/19'])
      expect(await shares(`metric: "newCompanies", ${range}`)).toEqual(['0/19', '1/19'])
      expect(await shares(`metric: "paid", ${range}`)).toEqual(['7/19', '6/19'])
      // Who changed to a plan is not new with it.
      const onPro = await shares(`metric: "newCompanies", plan: "Pro", ${range}`)
      expect(onPro.map((share) => share.replace(/[/].*/, ''))).toEqual(['0', '0'])
    })

    test('the share with use, and with use by an administrator', async () => {
      expect(await on('2025-03-20', 'active')).toEqual(['6/19']) // c01 c02 c03 c04 c06 c07
      expect(await on('2025-03-20', 'adminActive')).toEqual(['3/19']) // c01 c02 c06
      expect(await on('2025-03-14', 'adminActive')).toEqual(['3/19']) // c01 c02 c03
      expect(await on('2025-03-21', 'active')).toEqual(['4/19']) // c01 c02 c03 and c09, which an event names
      expect(await on('2025-03-21', 'adminActive')).toEqual(['2/19'])
      expect(await on('2025-04-09', 'adminActive')).toEqual(['1/20']) // c05; c01 is not there
      expect(await on('2025-04-10', 'adminActive')).toEqual(['1/19']) // c01; u05 has left c05
    })

    test('administrators on each day of a month, all days or weekdays', async () => {
      const range = 'metric: "adminEveryDay", granularity: "month", from: "2025-03-01", to: "2025-05-01"'
      expect(await shares(range)).toEqual(['1/19', '0/19'])
      expect(await shares(`${range}, days: "weekdays"`)).toEqual(['2/19', '0/19'])
      const march = 'from: "2025-03-01", to: "2025-04-01"'
      const every = (which: string) =>
        ask(
          `companyRows(${march}, adminEveryDay: "${which}") { companyId activeDays adminActiveDays adminActiveWeekdays }`,
        )
      const c01 = { companyId: 'c01', activeDays: 21, adminActiveDays: 21, adminActiveWeekdays: 21 }
      const c02 = { companyId: 'c02', activeDays: 31, adminActiveDays: 31, adminActiveWeekdays: 21 }
      expect((await every('all')).companyRows).toEqual([c02])
      expect((await every('weekdays')).companyRows).toEqual([c01, c02])
      const { company } = await ask(
        `company(id: "c03") { usage(${march}) { activeDays adminActiveDays adminActiveWeekdays events } }`,
      )
      expect(company.usage).toEqual({ activeDays: 21, adminActiveDays: 10, adminActiveWeekdays: 10, events: 21 })
    })

    test('an event by company, also one that a server reports', async () => {
      expect(await on('2025-03-21', 'active', 'event: "Pressed Big Button"')).toEqual(['2/19'])
      expect(await on('2025-03-20', 'active', 'event: "pressed_big_button"')).toEqual(['0/19'])
      const { companyRows } = await ask(
        'companyRows(from: "2025-03-01", to: "2025-04-01", event: "pressed big button") { companyId events }',
      )
      expect(companyRows.filter((r: { events: number }) => r.events > 0)).toEqual([
        { companyId: 'c09', events: 1 },
        { companyId: 'c10', events: 1 },
      ])
    })

    test('days are those of the time zone, also of one that is half an hour apart', async () => {
      const activeOn = async (company: string, timezone: string) => {
        const days: string[] = []
        for (const day of ['2025-03-10', '2025-03-11', '2025-03-12', '2025-03-13']) {
          const next = new Date(Date.parse(day) + 86_400_000).toISOString().slice(0, 10)
          const { company: found } = await ask(
            `company(id: "${company}") { usage(from: "${day}", to: "${next}", timezone: "${timezone}") { activeDays } }`,
          )
          if (found.usage.activeDays === 1) days.push(day)
        }
        return days
      }
      expect(await activeOn('c11', 'UTC')).toEqual(['2025-03-10'])
      expect(await activeOn('c11', 'Europe/Berlin')).toEqual(['2025-03-11'])
      expect(await activeOn('c12', 'UTC')).toEqual(['2025-03-12'])
      expect(await activeOn('c12', 'Asia/Kolkata')).toEqual(['2025-03-12'])
      expect(await activeOn('c13', 'Asia/Kolkata')).toEqual(['2025-03-13'])
    })

    test('before the first copy the first known state is used, and marked', async () => {
      const { companyMetrics } = await ask(
        'companyMetrics(metric: "paid", from: "2025-02-28", to: "2025-03-02") { day numerator denominator isAssumed }',
      )
      expect(companyMetrics).toEqual([
        { day: '2025-02-28', numerator: 6, denominator: 19, isAssumed: true },
        { day: '2025-03-01', numerator: 6, denominator: 19, isAssumed: false },
      ])
      // c06 to c20 are created on the 6th of June 2024 and later, c18 nobody knows when.
      expect(await on('2024-06-05', 'companies')).toEqual(['6/6'])
    })

    test('by plan, channel of the first touch, and a copied column', async () => {
      const { companyMetrics: plans } = await ask(
        'companyMetrics(metric: "companies", from: "2025-03-31", to: "2025-04-01", by: "plan") { plan numerator }',
      )
      expect(plans).toEqual([
        { plan: 'Pro', numerator: 7 },
        { plan: 'free', numerator: 12 },
      ])
      const { companyMetrics: channels } = await ask(
        'companyMetrics(metric: "companies,adminActive", granularity: "month", from: "2025-03-01", to: "2025-04-01", by: "channel") { metric channel numerator denominator }',
      )
      expect(channels).toEqual([
        { metric: 'companies', channel: 'Direct', numerator: 11, denominator: 11 },
        { metric: 'companies', channel: 'Organic Search', numerator: 1, denominator: 1 },
        { metric: 'companies', channel: null, numerator: 7, denominator: 7 },
        { metric: 'adminActive', channel: 'Direct', numerator: 7, denominator: 11 },
        { metric: 'adminActive', channel: 'Organic Search', numerator: 1, denominator: 1 },
        { metric: 'adminActive', channel: null, numerator: 0, denominator: 7 },
      ])
      const { companyMetrics: industries } = await ask(
        'companyMetrics(metric: "active", from: "2025-03-20", to: "2025-03-21", by: "industry") { dimension numerator denominator }',
      )
      expect(industries).toEqual([
        { dimension: 'law', numerator: 1, denominator: 1 },
        { dimension: null, numerator: 5, denominator: 18 },
      ])
    })

    test('a company: what it is, what its people did, what it was', async () => {
      const { company } = await ask(`company(id: "c14") {
        id name plan isPaid createdAt goneAt memberCount adminCount sessionCount touchCount signedUpAt paidAt
        dimensions { name value }
        firstTouch { at channel source } lastTouch { at channel source } paidTouch { at }
        conversions { conversion count currency revenue }
        channelStats(from: "2025-01-01", to: "2025-06-01") { channel touches signups }
        members { edges { node { userId role isAdmin user { id } } } }
        touches { edges { node { channel user { id } } } }
      }`)
      expect(company).toEqual({
        id: 'c14',
        name: 'Company c14',
        plan: 'free',
        isPaid: false,
        createdAt: '2024-06-14T08:00:00.000Z',
        goneAt: null,
        memberCount: 2,
        adminCount: 1,
        sessionCount: 4,
        touchCount: 4,
        signedUpAt: '2025-03-05T09:05:00.000Z',
        paidAt: null,
        dimensions: [{ name: 'industry', value: null }],
        firstTouch: { at: '2025-02-10T09:00:00.000Z', channel: 'Organic Search', source: 'google' },
        lastTouch: { at: '2025-03-05T09:00:00.000Z', channel: 'Email', source: 'newsletter' },
        paidTouch: null,
        conversions: [
          { conversion: 'purchase', count: 1, currency: 'EUR', revenue: 60 },
          { conversion: 'signup', count: 1, currency: null, revenue: null },
        ],
        channelStats: [
          { channel: 'Direct', touches: 1, signups: 0 },
          { channel: 'Email', touches: 1, signups: 0.333333334 },
          { channel: 'Organic Search', touches: 1, signups: 0.333333333 },
          { channel: 'Paid Search', touches: 1, signups: 0.333333333 },
        ],
        members: {
          edges: [
            { node: { userId: 'u14', role: 'admin', isAdmin: true, user: { id: 'u14' } } },
            { node: { userId: 'u14b', role: 'member', isAdmin: false, user: { id: 'u14b' } } },
          ],
        },
        touches: {
          edges: [
            { node: { channel: 'Organic Search', user: { id: 'u14b' } } },
            { node: { channel: 'Paid Search', user: { id: 'u14' } } },
            { node: { channel: 'Email', user: { id: 'u14' } } },
            { node: { channel: 'Direct', user: { id: 'u14b' } } },
          ],
        },
      })
      const { c06, c07, c19, none } = await ask(`
        c06: company(id: "c06") { paidAt paidTouch { at channel } history { plan isPaid firstSeenAt lastSeenAt sinceAt untilAt } }
        c07: company(id: "c07") { paidAt isPaid sessionCount }
        c19: company(id: "c19") { goneAt memberCount }
        none: company(id: "c99") { id }`)
      expect(c06).toEqual({
        paidAt: '2025-03-16T05:00:00.000Z',
        paidTouch: null, // u67 came later
        history: [
          {
            plan: 'free',
            isPaid: false,
            firstSeenAt: '2025-03-01T05:00:00.000Z',
            lastSeenAt: '2025-03-01T05:00:00.000Z',
            sinceAt: '2024-06-06T08:00:00.000Z',
            untilAt: '2025-03-16T05:00:00.000Z',
          },
          {
            plan: 'Pro',
            isPaid: true,
            firstSeenAt: '2025-03-16T05:00:00.000Z',
            lastSeenAt: null,
            sinceAt: '2025-03-16T05:00:00.000Z',
            untilAt: null,
          },
        ],
      })
      expect(c07).toEqual({ paidAt: null, isPaid: false, sessionCount: 1 })
      expect(c19).toEqual({ goneAt: '2025-04-10T05:00:00.000Z', memberCount: 0 })
      expect(none).toBeNull()
    })

    test('credit with the company as the unit: all touches of its people compete', async () => {
      const range = 'from: "2025-01-01", to: "2025-06-01"'
      const { unit, people, bought, plan } = await ask(`
        unit: channelStats(${range}, unit: "company") { channel signups people }
        people: channelStats(${range}) { channel signups }
        bought: channelStats(${range}, unit: "company", conversion: "purchase", model: "FIRST_TOUCH") { channel conversions revenue currency }
        plan: channelStats(${range}, unit: "company", conversion: "paid_plan", by: "") { conversions }`)
      expect(unit).toEqual([
        { channel: 'Direct', signups: 0, people: 12 },
        { channel: 'Email', signups: 0.333333334, people: 1 },
        { channel: 'Organic Search', signups: 0.333333333, people: 1 },
        { channel: 'Paid Search', signups: 0.333333333, people: 1 },
      ])
      // Of people: u14 came by Paid Search and Email, u14b by Organic Search and Direct.
      expect(people.map((r: { channel: string; signups: number }) => [r.channel, r.signups])).toEqual([
        ['Direct', 0.5],
        ['Email', 0.5],
        ['Organic Search', 0.5],
        ['Paid Search', 0.5],
      ])
      expect(bought.find((r: { channel: string }) => r.channel === 'Organic Search')).toEqual({
        channel: 'Organic Search',
        conversions: 1,
        revenue: 60,
        currency: 'EUR',
      })
      expect(plan).toEqual([{ conversions: 1 }]) // c06; c07 and c01 to c05 paid before the first copy
    })

    test('a person sees their companies, and what they were', async () => {
      const { u67, u03 } = await ask(`
        u67: user(id: "u67") { companies { role isAdmin company { id plan } } }
        u03: user(id: "u03") { companies(includeFormer: true) { role isAdmin untilAt company { id } } }`)
      expect(u67.companies).toEqual([
        { role: 'admin', isAdmin: true, company: { id: 'c06', plan: 'Pro' } },
        { role: 'member', isAdmin: false, company: { id: 'c07', plan: 'free' } },
      ])
      expect(u03.companies).toEqual([
        { role: 'admin', isAdmin: true, untilAt: '2025-03-16T05:00:00.000Z', company: { id: 'c03' } },
        { role: 'member', isAdmin: false, untilAt: null, company: { id: 'c03' } },
      ])
    })

    test('lists, and an earlier run', async () => {
      const { companies, all, before } = await ask(`
        companies(first: 2) { edges { node { id name } } pageInfo { hasNextPage } }
        all: companies(last: 1, includeGone: true) { edges { node { id } } }
        before: companyMetrics(metric: "paid", from: "2025-03-20", to: "2025-03-21", asOf: 1) { numerator denominator }`)
      expect(companies.edges.map((e: { node: unknown }) => e.node)).toEqual([
        { id: 'c01', name: 'Company c01' },
        { id: 'c02', name: 'Company c02' },
      ])
      expect(companies.pageInfo.hasNextPage).toBe(true)
      expect(all.edges[0].node.id).toBe('c20')
      expect(before).toEqual([{ numerator: 6, denominator: 19 }]) // run 1 knew one copy
    })

    test('who may see aggregates only sees no people', async () => {
      const limited = serve(warehouse, { scopes: ['stats'] })
      const metrics = await limited.ask(
        '{ companyMetrics(metric: "paid", from: "2025-03-20", to: "2025-03-21") { ratio } companies(first: 1) { edges { node { memberCount } } } }',
      )
      expect(metrics.errors).toBeUndefined()
      for (const query of [
        '{ company(id: "c14") { members { edges { node { userId } } } } }',
        '{ company(id: "c14") { touches { edges { node { id } } } } }',
        '{ user(id: "u67") { companies { role } } }',
      ]) {
        const { errors } = await limited.ask(query)
        expect(errors?.[0]?.extensions.code, query).toBe('FORBIDDEN')
      }
    })

    test('columns that are not listed are nowhere', async () => {
      const { rows } = { rows: await warehouse.query(sql`select * from ${sql.table('companies')}`) }
      const text = JSON.stringify(
        [rows, await warehouse.query(sql`select * from ${sql.table('company_members')}`)],
        (_, v) => (typeof v === 'bigint' ? String(v) : v),
      )
      expect(text).toContain('Company c01')
      expect(text).not.toMatch(/boss@|123456/)
    })

    test('the same copy again writes nothing, and neither does a rebuild', async () => {
      const run = (kind: 'increment' | 'rebuild') =>
        runPipeline({
          warehouse,
          options: world.options,
          configVersion: 'test',
          kind,
          now: new Date('2025-05-02T05:00:00Z'),
        })
      const again = await run('increment')
      expect(again.rowsWritten).toBe(0)
      expect(again.stages.map((s) => s.stage)).toEqual(['ingest', 'companies', 'rollups', 'publish', 'maintain'])
      expect((await run('rebuild')).rowsWritten).toBe(0)
    })
  })
}
