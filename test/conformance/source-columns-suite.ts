import { beforeEach, describe, expect, test } from 'vitest'
import type { RunInput } from '../../src/pipeline/run.ts'
import { sql } from '../../src/warehouses/sql.ts'
import { order, page, useSourceTables } from './source-tables-bench.ts'
import type { Open } from './suite.ts'

/** Tables whose columns change, and schemas that cannot be read. */
export function testSourceColumns(open: Open): void {
  describe('columns of source tables', () => {
    const { load, execute, table, take, query, eventIds, failure, opened } = useSourceTables(open)

    describe('columns that change', () => {
      beforeEach(async () => {
        await load(page('p1', '2025-03-02T00:00:00.000000Z'), order('o1', { revenue: 5 }))
        await take()
        await load(page('p2', '2025-03-03T00:00:00.000000Z'))
      })

      test('a new one is recorded and the run goes on', async () => {
        await execute(sql`alter table ${table('pages')} add column shade ${sql.raw(opened().dialect.types.string)}`)
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
          () => [sql`alter table ${table('pages')} drop column anonymous_id`],
          /anonymous_id: expected .*missing/,
        ],
        [
          'one with another type',
          () => [
            sql`alter table ${table('pages')} drop column timestamp`,
            sql`alter table ${table('pages')} add column timestamp ${sql.raw(opened().dialect.types.string)}`,
          ],
          /timestamp: expected .*, but it is /,
        ],
        [
          'a vanished table',
          () => [sql`drop table ${table('pages')}`],
          /table pages: expected the table, but it is gone/,
        ],
        [
          'a missing value',
          () => [sql`alter table ${table('order_completed')} drop column revenue`],
          /table order_completed, column revenue/,
        ],
      ])('%s stops the run before it writes, until it is accepted', async (_, changes, message) => {
        for (const change of changes()) await execute(change)
        const error = await failure()
        expect(error.code).toBe('SOURCE_CHANGED')
        expect(error.message).toMatch(/source web, table/)
        expect(error.message).toMatch(message)
        expect(error.message).toMatch(/--accept-columns/)
        await failure()
        await take({ acceptColumns: true })
        await take()
      })

      test('what was accepted with a run that fails has to be accepted again', async () => {
        await execute(sql`alter table ${table('pages')} drop column anonymous_id`)
        const controller = new AbortController()
        const onProgress: RunInput['onProgress'] = ({ stage }) => stage === 'publish' && controller.abort()
        await failure({ acceptColumns: true, signal: controller.signal, onProgress })
        expect((await failure()).code).toBe('SOURCE_CHANGED')
        await take({ acceptColumns: true })
        await take()
      })

      test('one that nobody uses may go', async () => {
        await execute(sql`alter table ${table('pages')} add column shade ${sql.raw(opened().dialect.types.string)}`)
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
        const { integer, string } = opened().dialect.types
        await execute(sql`create table ${table('pages')} (id ${sql.raw(string)}, timestamp ${sql.raw(integer)})`)
        expect((await failure()).message).toMatch(/table pages: expected a column anonymous_id or user_id/)
        await execute(sql`alter table ${table('pages')} add column user_id ${sql.raw(string)}`)
        expect((await failure()).message).toMatch(/table pages, column timestamp: expected times/)
      })
    })
  })
}
