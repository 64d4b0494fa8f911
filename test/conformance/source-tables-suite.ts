import { describe, expect, test } from 'vitest'
import type { SourceOptions } from '../../src/pipeline/options.ts'
import { sql } from '../../src/warehouses/sql.ts'
import { emptyTables, temporaryFolder } from '../harness/pipeline.ts'
import { deliver, dropSchema, segmentTables } from '../harness/source-tables.ts'
import { testSettings } from '../oracle/settings.ts'
import { order, page, schema, tableSource, useSourceTables } from './source-tables-bench.ts'
import type { Open } from './suite.ts'

/** Rows of Segment’s and RudderStack’s tables as they come from run to run. */
export function testSourceTables(open: Open): void {
  describe('tables of a source', () => {
    const { load, execute, table, take, query, eventIds, values, failure, opened } = useSourceTables(open)

    describe('watermarks', () => {
      test('rows are new by when they became readable, however long ago they were received', async () => {
        await load(page('p1', '2025-03-02T00:00:00.000000Z'))
        expect((await take()).web).toMatchObject({ files: 1, read: 1, accepted: 1 })
        await load(
          page('p2', '2025-03-02T00:00:00.000001Z', { receivedAt: '2024-01-01T00:00:00.000000Z', timestamp: null }),
          page('p3', '2025-03-01T23:00:00.000000Z'),
        )
        // p1 and p3 lie within the hour before the latest time read.
        expect((await take()).web).toMatchObject({ read: 3, accepted: 2, seenBefore: 1 })
        const [mark] = await query(sql`select * from ${sql.table('watermarks')} order by run_id desc`)
        expect(mark).toMatchObject({ source: 'web', item: 'pages', position: '2025-03-02T00:00:00.000001Z' })
      })

      test('a readable time to come does not hide what follows', async () => {
        await load(page('p1', '2999-01-01T00:00:00.000000Z'), page('p2', '2025-03-02T00:00:00.000000Z'))
        await take()
        await load(page('p3', '2025-03-03T00:00:00.000000Z'))
        await take()
        expect(await eventIds()).toEqual(['p1', 'p2', 'p3'])
      })

      test('rows without a readable time are counted by day', async () => {
        await load(page('p1', '2025-03-02T00:00:00.000000Z'), { ...page('p2', null), receivedAt: null })
        expect((await take()).web).toMatchObject({ read: 2, accepted: 2 })
        await load({ ...page('p3', null), receivedAt: null })
        expect((await take()).web).toMatchObject({ read: 3, accepted: 1, seenBefore: 2 })
        expect((await take()).web).toMatchObject({ read: 1, seenBefore: 1 })
      })
    })

    describe('reconciliation', () => {
      const source = { readableAt: null }

      test('days with another number of rows than was read are read whole, others not at all', async () => {
        await load(page('p1', null), page('p2', null, { receivedAt: '2025-03-02T10:00:00.000000Z' }))
        expect((await take({ source })).web).toMatchObject({ read: 2, accepted: 2 })
        expect((await take({ source })).web).toBeUndefined()
        await load(page('p3', null, { receivedAt: '2025-03-02T09:00:00.000000Z' }))
        expect((await take({ source })).web).toMatchObject({ read: 2, accepted: 1, seenBefore: 1 })
        await execute(sql`delete from ${table('pages')} where id = 'p1'`)
        expect((await take({ source })).web).toBeUndefined()
        expect(await eventIds()).toEqual(['p1', 'p2', 'p3'])
        const marks = await query(sql`select item, rows_read from ${sql.table('watermarks')} order by run_id, item`)
        expect(Object.fromEntries(marks.map((m) => [m.item, m.rows_read]))).toEqual({
          'pages/2025-03-01': 1,
          'pages/2025-03-02': 2,
        })
      })

      test('another column begins anew: what the first had passed is not missed', async () => {
        await load(page('p1', '2025-03-09T00:00:00.000000Z'))
        await execute(
          sql`alter table ${table('pages')} add column seen_by_us ${sql.raw(opened().dialect.types.timestamp)}`,
        )
        await execute(
          sql`update ${table('pages')} set seen_by_us = ${sql.timestamp('2025-03-02T00:00:00.000000Z')} where id = 'p1'`,
        )
        await take()
        await load(page('p2', null))
        await execute(
          sql`update ${table('pages')} set uuid_ts = ${sql.timestamp('2025-03-03T00:00:00.000000Z')}, seen_by_us = ${sql.timestamp('2025-03-03T00:00:00.000000Z')} where id = 'p2'`,
        )
        const { web } = await take({ source: { readableAt: 'seen_by_us' } })
        expect(web).toMatchObject({ read: 2, accepted: 1, seenBefore: 1 })
      })

      test('a configured column is used, and must be there', async () => {
        await load(page('p1', '2025-03-02T00:00:00.000000Z'))
        await execute(sql`alter table ${table('pages')} rename column uuid_ts to seen_by_us`)
        await take({ source: { readableAt: 'seen_by_us' } })
        expect(await query(sql`select item from ${sql.table('watermarks')}`)).toEqual([{ item: 'pages@seen_by_us' }])
        const error = await failure({ source: { readableAt: 'nowhere' } })
        expect(error.message).toMatch(/web, table pages: expected the column nowhere/)
      })
    })

    describe('values of events', () => {
      test('from the table of the event, under the name of the column', async () => {
        const settings = {
          conversions: {
            ...testSettings.conversions,
            purchase: { ...testSettings.conversions.purchase!, value: 'order.grandTotal', currency: 'theCurrency' },
          },
        }
        await load(
          order('o1', { order: { grandTotal: 12.34 }, theCurrency: 'EUR' }),
          order('o2', { theCurrency: 'EUR' }),
        )
        const { web } = await take({}, settings)
        expect(web).toMatchObject({ read: 2, accepted: 2, duplicates: 0 })
        expect(await values()).toEqual(
          expect.arrayContaining([
            [1234, 'EUR', null],
            [null, null, null],
          ]),
        )
      })

      test('a row of the event that becomes readable later brings its value; the other order too', async () => {
        const { tracks, order_completed } = segmentTables([order('o1', { revenue: 7, currency: 'USD' })])
        await deliver(opened(), schema, { tracks: tracks! })
        await take()
        expect(await values()).toEqual([[null, null, null]])
        await deliver(opened(), schema, { order_completed: order_completed! })
        await take()
        expect(await values()).toEqual([[700, 'USD', null]])
        const state = await query(sql`select * from ${sql.table('current_conversions')}`)
        await take()
        expect(await query(sql`select * from ${sql.table('current_conversions')}`)).toEqual(state)

        await emptyTables(opened())
        await dropSchema(opened(), schema)
        await deliver(opened(), schema, { order_completed: order_completed! })
        await take()
        await deliver(opened(), schema, { tracks: tracks! })
        await take()
        expect(await values()).toEqual([[700, 'USD', null]])
        expect(await eventIds()).toEqual(['o1'])
      })
    })

    describe('rows that cannot be used', () => {
      test('are in quarantine as messages, and taken in when time has cured them', async () => {
        await load(
          page('f1', '2025-03-02T00:00:00.000000Z', {
            timestamp: '2025-03-05T10:00:00.000000Z',
            receivedAt: '2025-03-05T10:00:00.000000Z',
            properties: { url: 'https://acme.test/"a"\\?utm_source=x' },
          }),
          { ...page('n1', '2025-03-02T00:00:00.000000Z'), anonymousId: ' null ' },
          { ...page('n1', '2025-03-02T00:00:00.000000Z'), anonymousId: ' null ' },
        )
        const first = await take({ now: new Date('2025-03-02T01:00:00Z') })
        expect(first.web).toMatchObject({ read: 3, accepted: 0, quarantined: 3 })
        const refused = await query(
          sql`select reason, file, line, text from ${sql.table('current_quarantine')} order by reason`,
        )
        expect(refused).toMatchObject([
          { reason: 'FUTURE', file: 'pages', line: -1 },
          { reason: 'NO_ID', file: 'pages', line: -1 },
        ])
        expect(JSON.parse(String(refused[0]!.text))).toMatchObject({
          ...{ type: 'page', messageId: 'f1', anonymousId: 'a-f1' },
          properties: { url: 'https://acme.test/"a"\\?utm_source=x' },
        })
        // The table has moved on: the row itself is not read again.
        await load(page('p9', '2025-03-06T00:00:00.000000Z'))
        await take({ now: new Date('2025-03-02T02:00:00Z') })
        await take({ now: new Date('2025-03-07T00:00:00Z') })
        expect(await eventIds()).toEqual(['f1', 'p9'])
        expect(await query(sql`select reason from ${sql.table('current_quarantine')}`)).toEqual([{ reason: 'NO_ID' }])
        const [event] = await query(sql`select page_url, utm_source from ${sql.table('events')} where event_id = 'f1'`)
        expect(event).toMatchObject({ utm_source: 'x' })
        // Read again from the table it is the same row.
        await execute(
          sql`update ${table('pages')} set uuid_ts = ${sql.timestamp('2025-03-08T00:00:00Z')} where id = 'f1'`,
        )
        expect((await take()).web).toMatchObject({ accepted: 0, duplicates: 0 })
      })
    })

    test('a row that time has cured counts once, though it is read again as well', async () => {
      const at = '2025-03-05T10:00:00.000000Z'
      const twice = page('f2', '2025-03-02T00:00:00.000000Z', { timestamp: at, receivedAt: at })
      await load(page('f1', '2025-03-02T00:00:00.000000Z', { timestamp: at, receivedAt: at }), twice, twice)
      const early = { now: new Date('2025-03-02T01:00:00Z') }
      expect((await take(early)).web).toMatchObject({ read: 3, accepted: 0, quarantined: 3 })
      // Still within the hour before the latest time read: the rows are met again, and so is what stands in quarantine.
      expect((await take(early)).web).toMatchObject({ read: 3, accepted: 0, quarantined: 3 })
      const cured = await take({ now: new Date('2025-03-07T00:00:00Z') })
      expect(cured.web).toMatchObject({ read: 5, accepted: 2, seenBefore: 3, duplicates: 0, quarantined: 0 })
      expect(await eventIds()).toEqual(['f1', 'f2'])
      expect((await take()).web).toMatchObject({ read: 3, accepted: 0, seenBefore: 3, duplicates: 0 })
    })

    test('a file and a table that share deduplicateAs count a message once', async () => {
      const folder = temporaryFolder()
      try {
        const message = page('p1', '2025-03-02T00:00:00.000000Z')
        folder.write('a.jsonl', `${JSON.stringify(message)}\n`)
        await load(message, page('p2', '2025-03-02T00:00:00.000000Z'))
        const sources: SourceOptions[] = [
          { kind: 'files', name: 'export', path: folder.path, deduplicateAs: 'site' },
          { ...tableSource, deduplicateAs: 'site' },
        ]
        const report = await take({ sources })
        expect(report.sources.map((s) => s.read)).toEqual([1, 2])
        expect(await eventIds()).toEqual(['p1', 'p2'])
      } finally {
        folder.remove()
      }
    })

    test('nulls, blanks and numbers in columns are no news to anybody', async () => {
      const { integer, string, timestamp } = opened().dialect.types
      await execute(sql`create table ${table('tracks')} (id ${sql.raw(string)}, user_id ${sql.raw(integer)},
        event_text ${sql.raw(string)}, received_at ${sql.raw(timestamp)}, uuid_ts ${sql.raw(timestamp)})`)
      const at = sql.timestamp('2025-03-01T00:00:00Z')
      await execute(sql`insert into ${table('tracks')}
        select null, 12, '  ', ${at}, ${at} union all select 'b', null, 'x', ${at}, ${at}
        union all select 'c', 13, 'Signed Up', null, ${at} union all select 'd', 14, 'Signed Up', ${at}, null`)
      expect((await take()).web).toMatchObject({ read: 4, accepted: 2, quarantined: 2 })
      const refused = await query(sql`select reason from ${sql.table('current_quarantine')} order by reason`)
      expect(refused).toEqual([{ reason: 'NO_ID' }, { reason: 'NO_TIME' }])
      const users = await query(sql`select user_id, name from ${sql.table('events')} order by user_id`)
      expect(users).toEqual([
        { user_id: '12', name: null },
        { user_id: '14', name: 'Signed Up' },
      ])
    })
  })
}
