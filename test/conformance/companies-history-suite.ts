import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import type { CompanyOptions } from '../../src/pipeline/options.ts'
import { runPipeline } from '../../src/pipeline/run.ts'
import { sql } from '../../src/warehouses/sql.ts'
import type { Row, Warehouse } from '../../src/warehouses/warehouse.ts'
import { dataOf, type Served, serve } from '../api/fixture.ts'
import { emptyTables, optionsFor, run, temporaryFolder } from '../harness/pipeline.ts'
import { csv } from './companies-world.ts'

const PLAIN = { name: null, plan: null, createdAt: null, paidAt: null, latestBy: null, dimensions: {} }
const NONE = { role: null, createdAt: null, latestBy: null }

/** Which copies a state is known from, and what is taken to have been before. */
export function testCompanyHistories(open: () => Promise<Warehouse>): void {
  describe('histories of companies', { timeout: 300_000 }, () => {
    const product = temporaryFolder()
    const events = temporaryFolder()
    let warehouse: Warehouse
    let served: Served
    beforeAll(async () => {
      warehouse = await open()
      await run(warehouse, optionsFor(events.path, { companies: companies({}) }), 'rebuild') // makes the tables
      served = serve(warehouse)
    }, 300_000)
    afterAll(async () => {
      product.remove()
      events.remove()
      await warehouse.close()
    })
    beforeEach(async () => {
      await emptyTables(warehouse)
      const use = (user: string, day: string) =>
        JSON.stringify({
          type: 'page',
          messageId: `${user}${day}`,
          anonymousId: `of-${user}`,
          userId: user,
          timestamp: `${day}T09:00:00Z`,
          receivedAt: `${day}T09:00:00Z`,
        })
      events.write(
        'use.jsonl',
        ['2025-03-01', '2025-03-02', '2025-03-03', '2025-03-05'].map((day) => use('u1', day)).join('\n'),
      )
    })

    const companies = (more: {
      companies?: Partial<NonNullable<CompanyOptions['companies']>>
      members?: Partial<CompanyOptions['members']>
      paidPlans?: readonly string[]
    }): CompanyOptions => ({
      from: { kind: 'files', path: product.path },
      companies: { table: 'companies.csv', id: 'id', ...PLAIN, ...more.companies },
      members: { table: 'members.csv', companyId: 'company_id', userId: 'user_id', ...NONE, ...more.members },
      adminRoles: ['admin'],
      paidPlans: more.paidPlans ?? ['pro'],
      maxShrink: 0.5,
    })
    /** What the product database says: `c1 pro law 2025-01-01` and `c1 u1 admin`. */
    const says = (rows: readonly string[], members: readonly string[]) => {
      const table = (head: readonly string[], lines: readonly string[]) =>
        csv(
          head,
          lines.map((line) => {
            const given = line.split(' ')
            return head.map((_, i) => (given[i] === '-' ? '' : (given[i] ?? '')))
          }),
        )
      product.write('companies.csv', table(['id', 'plan', 'industry', 'paid_on'], rows))
      product.write('members.csv', table(['company_id', 'user_id', 'role', 'other_id'], members))
    }
    const copyOn = (day: string, options: CompanyOptions, more: Partial<Parameters<typeof runPipeline>[0]> = {}) =>
      runPipeline({
        warehouse,
        options: optionsFor(events.path, { companies: options }),
        configVersion: 'test',
        kind: 'increment',
        now: new Date(`${day}T05:00:00Z`),
        ...more,
      })
    const metric = async (args: string) => {
      const { companyMetrics } = await dataOf(
        served,
        `companyMetrics(${args}) { day numerator denominator isAssumed dimension }`,
      )
      return companyMetrics.map(
        (
          m: Record<'day' | 'dimension', string | null> &
            Record<'numerator' | 'denominator', number> & { isAssumed: boolean },
        ) =>
          `${m.day?.slice(5)} ${m.dimension === null ? '' : `${m.dimension} `}${m.numerator}/${m.denominator}${m.isAssumed ? ' assumed' : ''}`,
      )
    }
    const range = 'from: "2025-03-02", to: "2025-03-06"'
    const expectRebuilt = async (options: CompanyOptions) => {
      const report = await run(warehouse, optionsFor(events.path, { companies: options }), 'rebuild')
      expect(report.rowsWritten).toBe(0)
    }

    test('a column that is copied later says what was before, as a first copy does, and nothing has changed with it', async () => {
      says(['c1 pro law', 'c2 free art'], ['c1 u1 admin', 'c2 u2 member'])
      await copyOn('2025-03-03', companies({}))
      const wider = companies({
        companies: { plan: 'plan', dimensions: { industry: 'industry' } },
        members: { role: 'role' },
      })
      await copyOn('2025-03-05', wider)
      expect(await metric(`metric: "paid", ${range}`)).toEqual([
        '03-02 1/2 assumed',
        '03-03 1/2 assumed',
        '03-04 1/2 assumed',
        '03-05 1/2',
      ])
      expect(await metric(`metric: "adminActive", ${range}`)).toEqual([
        '03-02 1/2 assumed',
        '03-03 1/2 assumed',
        '03-04 0/2 assumed',
        '03-05 1/2',
      ])
      expect(await metric(`metric: "active", ${range}`)).toEqual([
        '03-02 1/2 assumed',
        '03-03 1/2',
        '03-04 0/2',
        '03-05 1/2',
      ])
      expect(await metric(`metric: "companies", by: "industry", from: "2025-03-04", to: "2025-03-05"`)).toEqual([
        '03-04 art 1/1 assumed',
        '03-04 law 1/1 assumed',
      ])
      const { channelStats } = await dataOf(
        served,
        'channelStats(unit: "company", conversion: "paid_plan", by: "", from: "2025-01-01", to: "2026-01-01") { conversions }',
      )
      expect(channelStats.filter((r: { conversions: number }) => r.conversions > 0)).toEqual([])
      const states = await warehouse.query(sql`select company_id, until_at from ${sql.table('current_companies')}`)
      expect(states).toHaveLength(2)
      await expectRebuilt(wider)

      // One more later on, while something does change.
      says(['c1 free law', 'c2 free art'], ['c1 u1 admin', 'c2 u2 member'])
      const widest = companies({ companies: { plan: 'plan', dimensions: { industry: 'industry', paid: 'paid_on' } } })
      await copyOn('2025-03-06', { ...widest, members: wider.members })
      const both = 'from: "2025-03-05", to: "2025-03-07"'
      expect(await metric(`metric: "paid", ${both}`)).toEqual(['03-05 1/2', '03-06 0/2'])
      expect(await metric(`metric: "companies", by: "industry", ${both}`)).toEqual([
        '03-05 art 1/1',
        '03-05 law 1/1',
        '03-06 art 1/1',
        '03-06 law 1/1',
      ])
      await expectRebuilt({ ...widest, members: wider.members })
    })

    test('since when a company pays is known for days before the first copy, too', async () => {
      says(['c1 pro law 2025-03-04', 'c2 pro art 2025-02-01T10:00:00Z', 'c3 free - 2025-01-01'], ['c1 u1 admin'])
      const options = companies({ companies: { plan: 'plan', paidAt: 'paid_on' } })
      await copyOn('2025-03-05', options)
      expect(await metric(`metric: "paid", ${range}`)).toEqual([
        '03-02 1/3 assumed',
        '03-03 1/3 assumed',
        '03-04 2/3 assumed',
        '03-05 2/3',
      ])
      // Without plans that say it, whoever began to pay does.
      const byDate = companies({ companies: { paidAt: 'paid_on' } })
      await copyOn('2025-03-06', byDate)
      expect(await metric('metric: "paid", from: "2025-03-06", to: "2025-03-07"')).toEqual(['03-06 3/3'])
      await expectRebuilt(byDate)
    })

    test('a membership that changes alone has its company computed anew, and no other', async () => {
      const options = companies({ members: { role: 'role' } })
      const members = ['c1 u1 admin', 'c2 u2 member', 'c3 u1 member', 'c3 u3 member']
      says(['c1 pro law', 'c2 free art', 'c3 free art'], members)
      await copyOn('2025-03-07', options) // no event is in the future any more
      says(['c1 pro law', 'c2 free art', 'c3 free art'], members.with(1, 'c2 u2 admin'))
      const affected: Row[] = []
      const stages: string[] = []
      const stage: Warehouse['stage'] = async (name, select, more) => {
        await warehouse.stage(name, select, more)
        if (name === 'affected_companies')
          affected.push(...(await warehouse.query(sql`select * from ${sql.staging(name)}`)))
      }
      const report = await copyOn('2025-03-08', options, {
        warehouse: { ...warehouse, stage },
        onProgress: (event) => event.state === 'finished' && stages.push(event.stage),
      })
      expect(affected).toEqual([{ company_id: 'c2' }])
      expect(stages.filter((name) => ['visits', 'sessions', 'credits'].includes(name))).toEqual([])
      // The membership ends and begins anew, the company has one administrator more: a row opened or closed each.
      expect(report.rowsWritten).toBe(5)
      await expectRebuilt(options)
    })

    test('settings of companies that change with a run which releases rows are not lost', async () => {
      says(['c1 pro law'], ['c1 u1 owner'])
      const before = companies({ members: { role: 'role' } })
      await copyOn('2025-03-03', before)
      const after = { ...before, adminRoles: ['owner'] }
      await copyOn('2025-03-04', after, { release: { reason: 'PAST' } })
      await copyOn('2025-03-05', after)
      const [member] = await warehouse.query(
        sql`select is_admin from ${sql.table('current_company_members')} where until_at is null`,
      )
      expect(member).toEqual({ is_admin: true })
      await expectRebuilt(after)
    })

    test('a company that is created while the first run works begins then', async () => {
      says(['c1 free law 2025-03-03T05:10:00Z', 'c2 free law'], ['c1 u1 member'])
      const options = companies({ companies: { createdAt: 'paid_on' } })
      await copyOn('2025-03-03', options)
      expect(await metric('metric: "newCompanies", from: "2025-03-02", to: "2025-03-04"')).toEqual([
        '03-02 0/1 assumed',
        '03-03 1/2',
      ])
    })

    test('an empty range has no days', async () => {
      says(['c1 free law'], ['c1 u1 member'])
      await copyOn('2025-03-03', companies({}))
      const empty = 'from: "2025-03-02", to: "2025-03-02"'
      expect(await metric(`metric: "active", ${empty}`)).toEqual([])
      const { companyRows } = await dataOf(served, `companyRows(${empty}) { companyId activeDays }`)
      expect(companyRows).toEqual([{ companyId: 'c1', activeDays: 0 }])
    })

    test('what names a company is part of when it was seen', async () => {
      says(['c1 free law', 'c2 free law'], ['c2 u1 member'])
      events.write(
        'named.jsonl',
        JSON.stringify({
          type: 'page',
          messageId: 'named',
          anonymousId: 'of-u1',
          userId: 'u1',
          timestamp: '2025-03-07T09:00:00Z',
          receivedAt: '2025-03-07T09:00:00Z',
          context: { groupId: 'c1' },
        }),
      )
      await copyOn('2025-03-08', companies({}))
      const { company } = await dataOf(served, 'company(id: "c1") { firstSeenAt lastSeenAt sessionCount }')
      expect(company).toEqual({
        firstSeenAt: '2025-03-07T09:00:00.000Z',
        lastSeenAt: '2025-03-07T09:00:00.000Z',
        sessionCount: 1,
      })
      events.write('named.jsonl', '')
    })

    test('a first copy without rows begins nothing, and says so', async () => {
      says([], [])
      const options = companies({ companies: { plan: 'plan' }, members: { role: 'role' } })
      const { problems } = await copyOn('2025-03-03', options)
      expect(problems.join('\n')).toMatch(/product\/companies: it has no rows.*row-level security/)
      expect(problems.join('\n')).toMatch(/product\/members: it has no rows/)
      says(['c1 pro law'], ['c1 u1 admin'])
      await copyOn('2025-03-05', options)
      expect(await metric(`metric: "paid", ${range}`)).toEqual([
        '03-02 1/1 assumed',
        '03-03 1/1 assumed',
        '03-04 1/1 assumed',
        '03-05 1/1',
      ])
      await expectRebuilt(options)
    })

    test('that were copied by a wrong column stop the next run, and begin anew when asked to', async () => {
      says(['c1 pro law', 'c2 free art'], ['c1 u1 admin x1', 'c2 u2 member x2'])
      const wrong = companies({ companies: { plan: 'plan' }, members: { userId: 'other_id' } })
      const { problems } = await copyOn('2025-03-03', wrong)
      expect(problems.join('\n')).toMatch(/none of its 2 accounts is the user id of an event.*members.userId/)
      const right = companies({ companies: { plan: 'plan' } })
      await expect(copyOn('2025-03-05', right)).rejects.toMatchObject({
        code: 'SOURCE_SHRANK',
        message: expect.stringMatching(/of the 2 that the last copy had only 0 are among them.*--restart-history/s),
      })
      await copyOn('2025-03-05', right, { restartHistory: true })
      expect(await metric(`metric: "active", ${range}`)).toEqual([
        '03-02 1/2 assumed',
        '03-03 1/2 assumed',
        '03-04 0/2 assumed',
        '03-05 1/2',
      ])
      const members = await warehouse.query(
        sql`select user_id, since_at, until_at from ${sql.table('current_company_members')} order by user_id`,
      )
      expect(members).toEqual(['u1', 'u2'].map((user_id) => ({ user_id, since_at: null, until_at: null })))
      expect((await copyOn('2025-03-06', right)).rowsWritten).toBe(0)
      await expectRebuilt(right)
    })

    test('times that are none are counted, and dates are midnights', async () => {
      says(['c1 pro law 2025-02-30', 'c2 pro art 2025-02-01', 'c3 pro art infinity'], ['c1 u1 admin'])
      const options = companies({ companies: { plan: 'plan', paidAt: 'paid_on' } })
      const { problems } = await copyOn('2025-03-05', options)
      expect(problems.join('\n')).toMatch(/product\/companies: 2 times are none that can be read.*count as absent/)
      const rows = await warehouse.query(
        sql`select company_id, given_paid_at from ${sql.table('current_companies')} order by company_id`,
      )
      expect(rows).toEqual([
        { company_id: 'c1', given_paid_at: null },
        { company_id: 'c2', given_paid_at: '2025-02-01T00:00:00.000000Z' },
        { company_id: 'c3', given_paid_at: null },
      ])
    })

    test('new companies are among those that there are, and grouped as they are', async () => {
      says(['c1 free law', 'c2 free art'], ['c1 u1 admin'])
      const options = companies({ companies: { plan: 'plan' } })
      await copyOn('2025-03-03', options)
      says(['c1 free law', 'c2 free art', 'c3 free art', 'c4 free art'], ['c1 u1 admin'])
      await copyOn('2025-03-04', options)
      says(['c1 free law', 'c2 free art', 'c3 pro art'], ['c1 u1 admin'])
      await copyOn('2025-03-05', options)
      const march = 'metric: "newCompanies", granularity: "month", from: "2025-03-01", to: "2025-04-01"'
      expect(await metric(march)).toEqual(['03-01 1/3']) // c3; c4 is gone
      const { companyMetrics } = await dataOf(
        served,
        `companyMetrics(${march}, by: "plan") { plan numerator denominator }`,
      )
      expect(companyMetrics).toEqual([
        { plan: 'free', numerator: 0, denominator: 2 },
        { plan: 'pro', numerator: 1, denominator: 1 },
      ])
    })

    test('use by members whom no copy had seen by then is assumed', async () => {
      says(['c1 free law', 'c2 free law'], ['c2 u2 member'])
      const options = companies({ members: { role: 'role', createdAt: 'since' } })
      const write = (since: string) =>
        product.write(
          'members.csv',
          csv(
            ['company_id', 'user_id', 'role', 'since'],
            [['c2', 'u2', 'member', ''], ...(since ? [['c1', 'u1', 'admin', since]] : [])],
          ),
        )
      write('')
      await copyOn('2025-03-01', options)
      write('2025-03-02')
      await copyOn('2025-03-05', options)
      expect(await metric(`metric: "adminActive", from: "2025-03-01", to: "2025-03-06"`)).toEqual([
        '03-01 0/2',
        '03-02 1/2 assumed',
        '03-03 1/2 assumed',
        '03-04 0/2',
        '03-05 1/2',
      ])
      expect(await metric(`metric: "active", granularity: "month", from: "2025-03-01", to: "2025-04-01"`)).toEqual([
        '03-01 1/2 assumed',
      ])
    })
  })
}
