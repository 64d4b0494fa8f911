import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { runPipeline } from '../../src/pipeline/run.ts'
import { sql } from '../../src/warehouses/sql.ts'
import type { Warehouse } from '../../src/warehouses/warehouse.ts'
import { dataOf, type Served, serve } from '../api/fixture.ts'
import { testCompanyCopies } from './companies-copy-suite.ts'
import { testCompanyHistories } from './companies-history-suite.ts'
import { type CompaniesWorld, companiesWorld } from './companies-world.ts'
import { testCompanyMetrics } from './company-metrics-suite.ts'

/** Twenty companies over two months: every number here was counted by hand in companies-world.ts. */
export function testCompanies(open: () => Promise<Warehouse>): void {
  testCompanyCopies(open)
  testCompanyHistories(open)

  describe('companies of the hand-counted world', { timeout: 300_000 }, () => {
    let world: CompaniesWorld
    let warehouse: Warehouse
    let served: Served

    beforeAll(async () => {
      world = companiesWorld()
      warehouse = await open()
      for (const copy of [0, 1, 2, 3]) await world.advance(warehouse, copy)
      served = serve(warehouse, { dimensions: ['industry', 'plan'] })
    }, 600_000)
    afterAll(async () => {
      world.remove()
      await served[Symbol.asyncDispose]()
    })

    const ask = (query: string) => dataOf(served, query)
    testCompanyMetrics(() => served)

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
        dimensions: [
          { name: 'industry', value: null },
          { name: 'plan', value: 'free' },
        ],
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

    test('conversions, revenue and the touch before paying as flat rows', async () => {
      const both = 'company: "c06,c14", from: "2025-03-01"'
      const { bought, signed, paid } = await ask(`
        bought: companyRows(${both}, to: "2025-05-01", conversion: "purchase") { companyId conversions revenue currency }
        signed: companyRows(${both}, to: "2025-03-06") { companyId conversions }
        paid: companyRows(${both}, conversion: "paid_plan") { companyId conversions paidTouchChannel }`)
      expect(bought).toEqual([
        { companyId: 'c06', conversions: 0, revenue: 0, currency: 'EUR' },
        { companyId: 'c14', conversions: 1, revenue: 60, currency: 'EUR' },
      ])
      expect(signed).toEqual([
        { companyId: 'c06', conversions: 0 },
        { companyId: 'c14', conversions: 1 },
      ])
      // Nobody of c06 had come before it began to pay on the 16th.
      expect(paid).toEqual([
        { companyId: 'c06', conversions: 1, paidTouchChannel: null },
        { companyId: 'c14', conversions: 0, paidTouchChannel: null },
      ])
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

    test('a company has members, and had others', async () => {
      const fields = '{ edges { node { userId isAdmin untilAt } } pageInfo { hasNextPage endCursor } }'
      const { company } = await ask(`company(id: "c03") {
        now: members ${fields}
        all: members(includeFormer: true) ${fields}
        first: members(includeFormer: true, first: 1) ${fields}
      }`)
      const nodes = (page: { edges: { node: unknown }[] }) => page.edges.map((edge) => edge.node)
      const changed = '2025-03-16T05:00:00.000Z'
      const then = [{ userId: 'u03', isAdmin: true, untilAt: changed }]
      const now = [
        { userId: 'u03', isAdmin: false, untilAt: null },
        { userId: 'u03b', isAdmin: true, untilAt: null },
      ]
      expect(nodes(company.now)).toEqual(now)
      expect(nodes(company.all)).toEqual([...then, ...now])
      expect(nodes(company.first)).toEqual(then)
      const after = company.first.pageInfo.endCursor
      const { company: rest } = await ask(
        `company(id: "c03") { members(includeFormer: true, after: "${after}") ${fields} }`,
      )
      expect(nodes(rest.members)).toEqual(now)
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
