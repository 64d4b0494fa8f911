import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import type { PipelineOptions, SourceOptions, TableSource } from '../../src/pipeline/options.ts'
import { type RunReport, runPipeline } from '../../src/pipeline/run.ts'
import { sql } from '../../src/warehouses/sql.ts'
import type { Row, Warehouse } from '../../src/warehouses/warehouse.ts'
import { emptyTables, optionsFor, run, temporaryFolder } from '../harness/pipeline.ts'
import { deliver, dropSchema, type Message, segmentTables } from '../harness/source-tables.ts'
import { testSettings } from '../oracle/settings.ts'
import type { Open } from './suite.ts'

const schema = 'segment_prod'
const tableSource: TableSource = { kind: 'segment', name: 'web', schema, deduplicateAs: null }

const page = (id: string, readableAt: string | null, more: Message = {}): Message => ({
  ...{ type: 'page', messageId: id, anonymousId: `a-${id}`, readableAt },
  ...{ timestamp: '2025-03-01T10:00:00.000000Z', receivedAt: '2025-03-01T10:00:01.000000Z', ...more },
})

const order = (id: string, properties: Message, more: Message = {}): Message => ({
  ...page(id, '2025-03-02T00:00:00.000000Z'),
  ...{ type: 'track', event: 'Order Completed', userId: `u-${id}`, properties, ...more },
})

/** Tables of Segment and RudderStack as they change from run to run. */
export function testSourceTables(open: Open): void {
  describe('tables of a source', () => {
    let warehouse: Warehouse
    beforeAll(async () => {
      warehouse = await open()
      const folder = temporaryFolder()
      await run(warehouse, optionsFor(folder.path))
      folder.remove()
    })
    beforeEach(async () => {
      await emptyTables(warehouse)
      await dropSchema(warehouse, schema)
    })
    afterAll(() => warehouse.close())

    const load = (...messages: Message[]) => deliver(warehouse, schema, segmentTables(messages))
    const execute = (statement: ReturnType<typeof sql>) => warehouse.execute(statement)
    const table = (name: string) => sql`${sql.id(schema)}.${sql.id(name)}`

    /** A run; what it took from the source `web`. */
    async function take(
      more: { source?: Partial<TableSource>; sources?: SourceOptions[]; acceptColumns?: boolean; now?: Date } = {},
      settings: Partial<PipelineOptions> = {},
    ) {
      const { source, sources = [{ ...tableSource, ...source }], ...request } = more
      const options = { ...testSettings, ...settings, sources }
      const report: RunReport = await runPipeline({
        ...{ warehouse, options, kind: 'increment', configVersion: 'test' },
        ...request,
      })
      return { ...report, web: report.sources.find((s) => s.source === 'web') }
    }
    const query = (text: ReturnType<typeof sql>) => warehouse.query<Row>(text)
    const eventIds = async () =>
      (await query(sql`select event_id from ${sql.table('events')} order by event_id`)).map((r) => r.event_id)
    const values = async () =>
      (
        await query(sql`select conversion, value, currency, value_problem from ${sql.table('current_conversions')}`)
      ).map((r) => [r.value, r.currency, r.value_problem])
    const failure = async (more: Parameters<typeof take>[0] = {}) => {
      const before = await eventIds()
      const error = await take(more).then(
        () => null,
        (e) => e as Error & { code: string },
      )
      expect(error, 'the run ends with an error').not.toBeNull()
      expect(await eventIds()).toEqual(before)
      return error!
    }

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
        const [mark] = await query(sql`select * from ${sql.table('watermarks')}`)
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
        const marks = await query(sql`select item, rows_read from ${sql.table('watermarks')} order by item`)
        expect(marks).toEqual([
          { item: 'pages/2025-03-01', rows_read: 1 },
          { item: 'pages/2025-03-02', rows_read: 2 },
        ])
      })

      test('a configured column is used, and must be there', async () => {
        await load(page('p1', '2025-03-02T00:00:00.000000Z'))
        await execute(sql`alter table ${table('pages')} rename column uuid_ts to seen_by_us`)
        await take({ source: { readableAt: 'seen_by_us' } })
        expect(await query(sql`select item from ${sql.table('watermarks')}`)).toEqual([{ item: 'pages' }])
        const error = await failure({ source: { readableAt: 'nowhere' } })
        expect(error.message).toMatch(/web, table pages: expected the column nowhere/)
      })
    })

    describe('columns that change', () => {
      beforeEach(async () => {
        await load(page('p1', '2025-03-02T00:00:00.000000Z'), order('o1', { revenue: 5 }))
        await take()
        await load(page('p2', '2025-03-03T00:00:00.000000Z'))
      })

      test('a new one is recorded and the run goes on', async () => {
        await execute(sql`alter table ${table('pages')} add column shade ${sql.raw(warehouse.dialect.types.string)}`)
        const { run: number } = await take()
        const recorded = await query(
          sql`select first_run from ${sql.table('source_columns')} where item = 'pages' and column_name = 'shade'`,
        )
        expect(recorded).toEqual([{ first_run: number }])
        expect(await eventIds()).toEqual(['o1', 'p1', 'p2'])
      })

      test.each([
        [
          'a missing one',
          sql`alter table ${table('pages')} drop column anonymous_id`,
          /anonymous_id: expected .*missing/,
        ],
        [
          'one with another type',
          sql`alter table ${table('pages')} alter column timestamp type ${sql.raw('varchar')}`,
          /timestamp: expected .*, but it is /,
        ],
        ['a vanished table', sql`drop table ${table('pages')}`, /table pages: expected the table, but it is gone/],
        [
          'a missing value',
          sql`alter table ${table('order_completed')} drop column revenue`,
          /table order_completed, column revenue/,
        ],
      ])('%s stops the run before it writes, until it is accepted', async (_, change, message) => {
        await execute(change)
        const error = await failure()
        expect(error.code).toBe('SOURCE_CHANGED')
        expect(error.message).toMatch(/source web, table/)
        expect(error.message).toMatch(message)
        expect(error.message).toMatch(/--accept-columns/)
        await failure()
        await take({ acceptColumns: true })
        await take()
      })

      test('one that nobody uses may go', async () => {
        await execute(sql`alter table ${table('pages')} add column shade ${sql.raw(warehouse.dialect.types.string)}`)
        await take()
        await execute(sql`alter table ${table('pages')} drop column shade`)
        await take()
        expect(
          await query(sql`select 1 as one from ${sql.table('source_columns')} where column_name = 'shade'`),
        ).toEqual([])
      })

      test('a table that appears later is read', async () => {
        await load({ ...page('s1', '2025-03-02T00:00:00.000000Z'), type: 'screen' })
        expect((await take()).web).toMatchObject({ accepted: 2 })
      })
    })

    describe('what cannot be read', () => {
      test('a schema without any of the tables', async () => {
        const error = await failure()
        expect(error.code).toBe('SOURCE_UNREADABLE')
        expect(error.message).toMatch(/Source web: expected Segment's tables .* in the schema segment_prod/)
      })

      test('a table without ids, or with times of no use', async () => {
        const { integer, string } = warehouse.dialect.types
        await execute(sql`create table ${table('pages')} (id ${sql.raw(string)}, timestamp ${sql.raw(integer)})`)
        expect((await failure()).message).toMatch(/table pages: expected a column anonymous_id or user_id/)
        await execute(sql`alter table ${table('pages')} add column user_id ${sql.raw(string)}`)
        expect((await failure()).message).toMatch(/table pages, column timestamp: expected times/)
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
        await deliver(warehouse, schema, { tracks: tracks! })
        await take()
        expect(await values()).toEqual([[null, null, null]])
        await deliver(warehouse, schema, { order_completed: order_completed! })
        await take()
        expect(await values()).toEqual([[700, 'USD', null]])
        const state = await query(sql`select * from ${sql.table('current_conversions')}`)
        await take()
        expect(await query(sql`select * from ${sql.table('current_conversions')}`)).toEqual(state)

        await emptyTables(warehouse)
        await dropSchema(warehouse, schema)
        await deliver(warehouse, schema, { order_completed: order_completed! })
        await take()
        await deliver(warehouse, schema, { tracks: tracks! })
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
      const { integer, string, timestamp } = warehouse.dialect.types
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
