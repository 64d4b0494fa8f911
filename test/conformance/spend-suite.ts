import { afterEach, describe, expect } from 'vitest'
import { importSpend } from '../../src/pipeline/spend/import-spend.ts'
import { readStatus } from '../../src/pipeline/status.ts'
import { sql } from '../../src/warehouses/sql.ts'
import type { Row, Warehouse } from '../../src/warehouses/warehouse.ts'
import { emptyTables, optionsFor, run, temporaryFolder } from '../harness/pipeline.ts'
import { type Open, openedFor, tester } from './suite.ts'

const HEAD = 'day,source,medium,campaign,cost,currency,clicks,impressions'
const csv = (...lines: readonly string[]) => [HEAD, ...lines].join('\n')
const page = JSON.stringify({
  type: 'page',
  messageId: 'a',
  anonymousId: 'ann',
  timestamp: '2025-01-01T10:00:00Z',
  context: { page: { url: 'https://acme.test/?utm_source=fb&utm_medium=CPC&utm_campaign=Brand' } },
})

/** Ad spend: written like touches, replaced by day and import, all or nothing. */
export function testSpend(open: Open): void {
  describe('ad spend', () => {
    const use = openedFor(open)
    const test = tester()
    const folder = temporaryFolder()
    const options = optionsFor(folder.path)
    afterEach(() => folder.remove())
    const takeIn = (text: string, source: string | null = null, warehouse: Warehouse = use()) =>
      importSpend({ warehouse, options }, { text, source })
    const begin = async () => {
      folder.write('a.jsonl', `${page}\n`)
      await run(use(), options)
      await emptyTables(use())
      await run(use(), options)
    }
    const spend = (): Promise<Row[]> =>
      use().query(
        sql`select import_name, day, source, medium, campaign, cost, currency, clicks, impressions from ${sql.table('current_ad_spend')} order by day, import_name, campaign, currency`,
      )
    const costs = async () => (await spend()).map((r) => `${r.day} ${r.import_name} ${r.campaign} ${r.cost}`)

    test('is kept in minor units, named like touches, finer rows added up', async () => {
      await begin()
      const report = await takeIn(
        csv(
          '2025-01-01,Facebook.com,CPC,Brand,10.005,EUR,1,10',
          '2025-01-01,fb,cpc,Brand,-0.005,EUR,,5',
          '2025-01-01,google,(none),(not set),1.5,JPY,,',
          '2025-01-02,google,cpc,x,1.2345,KWD,2,3',
        ),
      )
      expect(report).toMatchObject({ run: 2, lines: 4, firstDay: '2025-01-01', lastDay: '2025-01-02', rowsWritten: 3 })
      expect(report.problems).toEqual([expect.stringContaining('No touch has the source `google`')])
      const facebook = { import_name: 'facebook', source: 'facebook', medium: 'cpc', campaign: 'Brand' }
      const google = { import_name: 'google', source: 'google' }
      expect(await spend()).toEqual([
        { ...facebook, day: '2025-01-01', cost: 1000, currency: 'EUR', clicks: 1, impressions: 15 },
        {
          ...google,
          day: '2025-01-01',
          medium: null,
          campaign: null,
          cost: 2,
          currency: 'JPY',
          clicks: null,
          impressions: null,
        },
        {
          ...google,
          day: '2025-01-02',
          medium: 'cpc',
          campaign: 'x',
          cost: 1235,
          currency: 'KWD',
          clicks: 2,
          impressions: 3,
        },
      ])
      const joined = await use().query(sql`
select t.touch_id from ${sql.table('current_touches')} as t
join ${sql.table('current_ad_spend')} as s on s.source = t.source and s.medium = t.medium and s.campaign = t.campaign`)
      expect(joined).toHaveLength(1)
      const { run: last, runs } = await readStatus(use())
      expect(last).toMatchObject({
        run: 2,
        kind: 'import',
        rowsRead: 4,
        rowsWritten: 3,
        dataThrough: runs[1]!.dataThrough,
      })
      const next = await run(use(), options)
      expect(next).toMatchObject({ run: 3, rowsWritten: 0, problems: [] })
      expect((await run(use(), options, 'rebuild')).rowsWritten).toBe(0)
    })

    test('replaces the days it holds of its import, and writes nothing the second time', async () => {
      await begin()
      await takeIn(
        csv(
          '2025-01-01,google,cpc,a,1,EUR,,',
          '2025-01-01,google,cpc,b,1,EUR,,',
          '2025-01-02,google,cpc,a,1,EUR,,',
          '2025-01-01,bing,cpc,a,1,EUR,,',
        ),
      )
      const before = await costs()
      const again = csv('2025-01-01,google,cpc,a,1,EUR,,', '2025-01-01,google,cpc,c,2,EUR,,')
      expect((await takeIn(again)).rowsWritten).toBe(2) // b ends, c begins
      expect(await costs()).toEqual([
        '2025-01-01 bing a 100',
        '2025-01-01 google a 100',
        '2025-01-01 google c 200',
        '2025-01-02 google a 100',
      ])
      expect((await takeIn(again)).rowsWritten).toBe(0)
      const earlier = await use().query(
        sql`select day from ${sql.table('ad_spend')} where from_run <= 2 and to_run > 2`,
      )
      expect(earlier).toHaveLength(before.length)
    })

    test('of a named import is its own, whatever the sources in it', async () => {
      await begin()
      await takeIn(csv('2025-01-01,google,cpc,a,1,EUR,,', '2025-01-01,bing,cpc,a,1,EUR,,'), 'agency')
      await takeIn(csv('2025-01-01,google,cpc,a,5,EUR,,'))
      await takeIn('day,cost,currency\n2025-01-01,3,EUR', 'agency')
      expect(await costs()).toEqual(['2025-01-01 agency null 300', '2025-01-01 google a 500'])
    })

    test('that cannot be used, or fails, leaves nothing but the record of a failure', async () => {
      await begin()
      await takeIn(csv('2025-01-01,google,cpc,a,1,EUR,,'))
      const before = await spend()
      await expect(
        takeIn(csv('2025-01-01,google,cpc,a,2,EUR,,', '2025-01-02,google,cpc,a,x,EUR,,')),
      ).rejects.toMatchObject({
        code: 'INPUT_INVALID',
        message: expect.stringContaining('line 3: cost'),
      })
      expect((await readStatus(use())).runs[0]!.run).toBe(2)
      const broken: Warehouse = {
        ...use(),
        transaction: (statements, o) =>
          use().transaction(
            o?.label?.endsWith('publish') ? [...statements, use().dialect.assertThat(sql`1 = 2`, 'cut')] : statements,
            o,
          ),
      }
      await expect(takeIn(csv('2025-01-01,google,cpc,a,2,EUR,,'), null, broken)).rejects.toThrow('cut')
      expect(await spend()).toEqual(before)
      expect((await readStatus(use())).runs[0]).toMatchObject({ run: 3, kind: 'import', state: 'failed' })
      expect(await takeIn(csv('2025-01-01,google,cpc,a,2,EUR,,'))).toMatchObject({ run: 4, rowsWritten: 2 })
    })

    test('needs a published run before', async () => {
      await begin()
      await emptyTables(use())
      await expect(takeIn(csv('2025-01-01,google,cpc,a,1,EUR,,'))).rejects.toMatchObject({ code: 'NOT_READY' })
    })
  })
}
