import { setTimeout as wait } from 'node:timers/promises'
import { describe, expect } from 'vitest'
import { type Sql, sql } from '../../src/warehouses/sql.ts'
import type { Warehouse } from '../../src/warehouses/warehouse.ts'
import { temporaryFolder } from '../harness/pipeline.ts'
import { columnsOf, type KnownFailures, type Open, openedFor, tester } from './suite.ts'

const CANCELLED = { code: 'QUERY_CANCELLED' }

/** Statements that are cancelled, and long ones beside short ones. */
export function testCancellation(open: Open, known?: KnownFailures): void {
  describe('long statements', () => {
    const use = openedFor(open)
    const test = tester(known)

    test('are cancelled, and the warehouse goes on', async () => {
      await prepare(use())
      for (const send of ways(use(), long())) {
        const controller = new AbortController()
        const sent = send(controller.signal)
        const settled = expect(sent).rejects.toMatchObject(CANCELLED)
        await wait(200)
        controller.abort()
        await settled
        expect(await use().query(sql`select count(*) as n from ${sql.table('targets')}`)).toEqual([{ n: 0 }])
      }
    })

    test('are not begun when the signal is aborted already', async () => {
      await prepare(use())
      const signal = AbortSignal.abort()
      for (const send of ways(use(), sql`select 1 as n`)) await expect(send(signal)).rejects.toMatchObject(CANCELLED)
      expect(await use().query(sql`select count(*) as n from ${sql.table('targets')}`)).toEqual([{ n: 0 }])
    })

    // A connection that has been used before starts at once: the abort comes while the statement is prepared.
    test('are cancelled right after they were sent, too', async () => {
      await prepare(use())
      await use().ping()
      const controller = new AbortController()
      const sent = use().query(long(700), { signal: controller.signal })
      for (let i = 0; i < 20; i++) await Promise.resolve()
      controller.abort()
      await expect(sent).rejects.toMatchObject(CANCELLED)
    })

    test('aborted loads are cancelled statements', async () => {
      await prepare(use())
      const signal = AbortSignal.abort()
      await expect(use().load(targets, [{ n: 1 }], { signal })).rejects.toMatchObject(CANCELLED)
      const folder = temporaryFolder()
      try {
        const file = { path: folder.write('a', 'a\n'), name: 'a', isGzip: false }
        await expect(use().loadLines('lines', [file], { signal })).rejects.toMatchObject(CANCELLED)
      } finally {
        folder.remove()
      }
    })

    test('do not stop short ones', async () => {
      await prepare(use())
      const controller = new AbortController()
      const finished: string[] = []
      const longs = Array.from({ length: 6 }, () =>
        use()
          .query(long(), { signal: controller.signal })
          .finally(() => finished.push('long')),
      )
      const settled = Promise.allSettled(longs)
      await wait(200)
      for (let i = 0; i < 3; i++) {
        await use().query(sql`select ${'short'} as v`)
        finished.push('short')
      }
      await use().transaction([sql`insert into ${sql.table('targets')} (n) select 1`])
      expect(finished).toEqual(['short', 'short', 'short'])
      controller.abort()
      expect((await settled).map((s) => (s.status === 'rejected' ? s.reason.code : s.status))).toEqual(
        longs.map(() => 'QUERY_CANCELLED'),
      )
    })
  })
}

const targets = {
  name: 'targets',
  row: 'row',
  description: 'For a test.',
  kind: 'state',
  key: ['n'],
  columns: columnsOf({ n: 'integer' }),
} as const

/** A table that stays empty, and numbers to make a statement long. */
async function prepare(warehouse: Warehouse): Promise<void> {
  await warehouse.createTables([targets])
  await warehouse.transaction([sql`delete from ${sql.table('targets')} where 1 = 1`])
  const numbers = Array.from({ length: 4000 }, (_, n) => ({ n }))
  await warehouse.loadStaging('numbers', columnsOf({ n: 'integer' }), numbers)
}

/** Minutes of work with the default; seconds with 700. */
function long(size = 4000): Sql {
  const numbers = sql`(select n from ${sql.staging('numbers')} where n < ${size})`
  return sql`select count(*) as n from ${numbers} as a cross join ${numbers} as b cross join ${numbers} as c where mod(a.n * b.n + c.n, 7) = 9`
}

/** Every way to send a statement; none of them may leave a row in `targets`. */
function ways(warehouse: Warehouse, select: Sql): ((signal: AbortSignal) => Promise<unknown>)[] {
  const insert = sql`insert into ${sql.table('targets')} (n) ${select}`
  return [
    (signal) => warehouse.query(select, { signal }),
    (signal) => warehouse.execute(insert, { signal }),
    (signal) => warehouse.stage('cancelled', select, { signal }),
    (signal) => warehouse.transaction([sql`insert into ${sql.table('targets')} (n) select 1`, insert], { signal }),
  ]
}
