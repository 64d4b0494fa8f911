import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { runPipeline } from '../../src/pipeline/run.ts'
import { sql } from '../../src/warehouses/sql.ts'
import type { Warehouse } from '../../src/warehouses/warehouse.ts'
import { run } from '../harness/pipeline.ts'
import { deliver, dropSchema } from '../harness/source-tables.ts'
import { type CompaniesWorld, companiesWorld, companyOptions, csv } from './companies-world.ts'
import { watched } from './watched-warehouse.ts'

/** What a copy of the product database refuses, counts and takes. */
export function testCompanyCopies(open: () => Promise<Warehouse>): void {
  describe('a copy', { timeout: 300_000 }, () => {
    let world: CompaniesWorld
    let warehouse: Warehouse
    beforeAll(async () => {
      world = companiesWorld()
      warehouse = await open()
      await world.advance(warehouse, 0)
    }, 300_000)
    afterAll(async () => {
      world.remove()
      await warehouse.close()
    })

    const copy = (more: Partial<Parameters<typeof runPipeline>[0]> = {}) =>
      runPipeline({
        warehouse,
        options: world.options,
        configVersion: 'test',
        kind: 'increment',
        now: new Date('2025-03-16T05:00:00Z'),
        ...more,
      })
    const current = () =>
      warehouse.query(
        sql`select company_id, user_id, role from ${sql.table('current_company_members')} where until_at is null order by company_id, user_id`,
      )

    test('that shrank stops the run before it writes, unless that is accepted', async () => {
      const before = await current()
      const { companies, members } = {
        companies: csv(['id', 'company_name', 'plan', 'created', 'industry'], [['c01', 'One', 'pro', '', '']]),
        members: csv(['company_id', 'user_id', 'role'], [['c01', 'u01', 'admin']]),
      }
      world.product.write('companies.csv', companies)
      world.product.write('members.csv', members)
      await expect(copy()).rejects.toMatchObject({
        code: 'SOURCE_SHRANK',
        message: expect.stringMatching(
          /1 usable rows of companies, but the last copy had 19: more than 50 % are gone.*--accept-shrink/s,
        ),
      })
      expect(await current()).toEqual(before)
      expect((await copy({ acceptShrink: true })).rowsWritten).toBeGreaterThan(0)
      expect(await current()).toEqual([{ company_id: 'c01', user_id: 'u01', role: 'admin' }])
    })

    test('with rows that cannot be used counts them, and uses the others', async () => {
      world.product.write(
        'companies.csv',
        csv(
          ['id', 'company_name', 'plan', 'created', 'industry'],
          [
            ['c01', 'One', 'pro', '', ''],
            ['c01', 'One', 'pro', '', ''],
            ['', 'Nobody', 'pro', '', ''],
            [' c02 ', 'Two', '', '', ''],
          ],
        ),
      )
      world.product.write(
        'members.csv',
        csv(
          ['company_id', 'user_id', 'role'],
          [
            ['c01', 'u01', 'member'],
            ['c01', 'u01', 'admin'],
            ['c01', 'u01', 'admin'],
            ['', 'u02', 'member'],
            ['c02', '', 'member'],
            ['c77', 'u02', 'member'],
            ['c02', 'u02', ''],
          ],
        ),
      )
      const report = await copy()
      const of = (source: string) => report.sources.find((s) => s.source === source)
      expect(of('product/companies')).toMatchObject({
        read: 4,
        duplicates: 1,
        quarantined: 1,
        accepted: 1,
        seenBefore: 1,
      })
      expect(of('product/members')).toMatchObject({
        read: 7,
        duplicates: 2,
        quarantined: 3,
        accepted: 1,
        seenBefore: 1,
      })
      expect(report.problems.join(' ')).toMatch(
        /product\/members: 3 rows without an id, or of a company that is not in the table/,
      )
      expect(await current()).toEqual([
        { company_id: 'c01', user_id: 'u01', role: 'admin' },
        { company_id: 'c02', user_id: 'u02', role: null },
      ])
    })

    test('brings no column that is not listed into the warehouse, not even for a moment', async () => {
      const { companies, members } = {
        companies: 'ID,Company_Name,plan,created,industry,owner_email\nc01,One,pro,,,boss@acme.test\nc02,Two,,,,\n',
        members: 'phone,company_id,user_id,role\n123456,c01,u01,admin\n,c02,u02,\n',
      }
      world.product.write('companies.csv', companies)
      world.product.write('members.csv', members)
      const seen: string[] = []
      await copy({ warehouse: watched(warehouse, (rows) => seen.push(rows)), acceptShrink: true })
      expect(seen.join('\n')).toContain('One') // it does see
      expect(seen.join('\n')).not.toMatch(/boss@|123456/)
    })

    test('without a column that is named stops, and names it', async () => {
      world.product.write('members.csv', csv(['company_id', 'user_id'], [['c01', 'u01']]))
      await expect(copy()).rejects.toMatchObject({
        code: 'SOURCE_CHANGED',
        message: expect.stringMatching(/table members.csv: expected the column role/),
      })
      world.product.write(
        'members.csv',
        csv(
          ['company_id', 'user_id', 'role'],
          [
            ['c01', 'u01', 'admin'],
            ['c02', 'u02', ''],
          ],
        ),
      )
      expect((await copy()).rowsWritten).toBe(0)
    })

    test('that says since when a company pays needs no plan', async () => {
      const page = (id: string, at: string, url: string) =>
        JSON.stringify({
          type: 'page',
          messageId: id,
          anonymousId: id,
          userId: 'u90',
          timestamp: at,
          context: { page: { url } },
        })
      world.events.write(
        'paying.jsonl',
        `${page('p1', '2025-02-20T09:00:00Z', 'https://www.acme.test/?utm_source=google&utm_medium=cpc')}
${page('p2', '2025-03-02T09:00:00Z', 'https://www.acme.test/?utm_source=newsletter&utm_medium=email')}`,
      )
      world.product.write(
        'companies.csv',
        csv(
          ['id', 'paid_on'],
          [
            ['c90', '2025-02-25T10:00:00Z'],
            ['c91', ''],
          ],
        ),
      )
      world.product.write(
        'members.csv',
        csv(
          ['company_id', 'user_id', 'role'],
          [
            ['c90', 'u90', ''],
            ['c91', 'u91', ''],
          ],
        ),
      )
      const given = companyOptions(world.product.path)
      const companies = {
        ...given,
        companies: { ...given.companies!, name: null, plan: null, createdAt: null, paidAt: 'paid_on', dimensions: {} },
      }
      const options = { ...world.options, companies }
      await copy({ options, acceptShrink: true })
      const rows = await warehouse.query(
        sql`select company_id, is_paid, paid_at, paid_touch_channel from ${sql.table('current_companies')} where is_latest and until_at is null order by company_id`,
      )
      expect(rows).toEqual([
        {
          company_id: 'c90',
          is_paid: true,
          paid_at: '2025-02-25T10:00:00.000000Z',
          paid_touch_channel: 'Paid Search',
        },
        { company_id: 'c91', is_paid: false, paid_at: null, paid_touch_channel: null },
      ])
      const credit = await warehouse.query(sql`
select company_id, channel, sum(last_touch_credit) as credit
from ${sql.table('channel_stats')}
where conversion = 'paid_plan' and date_by = 'conversion'
group by company_id, channel
having sum(last_touch_credit) <> 0`)
      expect(credit).toEqual([{ company_id: 'c90', channel: 'Paid Search', credit: 1_000_000_000 }])
      expect((await run(warehouse, options, 'rebuild')).rowsWritten).toBe(0)
    })

    test('of tables of the warehouse, such as group() calls as Segment loads them: of each column the latest value counts', async () => {
      const schema = 'segment_groups'
      await dropSchema(warehouse, schema)
      const call = (id: string, group: string, user: string | null, plan: string | null, at: string) => {
        return { id, group_id: group, user_id: user, plan, received_at: at }
      }
      await deliver(warehouse, schema, {
        groups: [
          call('1', 'g1', 'u1', 'free', '2025-01-01T00:00:00Z'),
          call('2', 'g1', 'u2', 'pro', '2025-02-01T00:00:00Z'),
          call('3', 'g1', 'u1', null, '2025-02-03T00:00:00Z'), // the usual call, on each page
          call('4', 'g1', null, 'pro', '2025-02-02T00:00:00Z'), // of somebody without an account
        ],
      })
      const columns = { createdAt: null, latestBy: 'received_at' }
      const companies = {
        ...companyOptions(''),
        from: { kind: 'tables', schema } as const,
        companies: {
          ...columns,
          table: 'groups',
          id: 'group_id',
          name: null,
          plan: 'plan',
          paidAt: null,
          dimensions: {},
        },
        members: { ...columns, table: 'groups', companyId: 'group_id', userId: 'user_id', role: null },
      }
      const report = await copy({ options: { ...world.options, companies }, acceptShrink: true, acceptColumns: true })
      expect(report.sources.find((s) => s.source === 'product/companies')).toMatchObject({ read: 4, duplicates: 3 })
      expect(report.problems.join(' ')).not.toMatch(/repeat|left out/)
      const rows = await warehouse.query(
        sql`select company_id, plan, is_paid, member_count from ${sql.table('current_companies')} where is_latest and until_at is null`,
      )
      expect(rows).toEqual([{ company_id: 'g1', plan: 'pro', is_paid: true, member_count: 2 }])
    })
  })
}
