import { setTimeout as wait } from 'node:timers/promises'
import pg from 'pg'
import { describe, expect, test } from 'vitest'
import { withRetries } from '../../src/warehouses/retry.ts'
import { sql } from '../../src/warehouses/sql.ts'
import type { Warehouse } from '../../src/warehouses/warehouse.ts'
import { currentTables, run } from '../harness/pipeline.ts'
import { usePostgresServer } from './postgres-world.ts'
import { columnsOf } from './suite.ts'

/** What becomes of sessions: ended by somebody, out of time, of two processes at once. */
describe('a Postgres server', () => {
  const use = usePostgresServer()

  test('with few connections still answers others while the steps of a run hold theirs', async () => {
    for (const maxConnections of [3, 4]) {
      const warehouse = await use().open({ maxConnections })
      const held = new AbortController()
      const step = () => warehouse.query(sql`select pg_sleep(60)`, { signal: held.signal })
      const steps = Array.from({ length: warehouse.atOnce.small }, () =>
        expect(step()).rejects.toMatchObject({ code: 'QUERY_CANCELLED' }),
      )
      await Promise.all([warehouse.ping(), warehouse.ping()])
      held.abort()
      await Promise.all(steps)
    }
  })

  describe('ends', () => {
    /** Ends sessions of tributary whose statement is like this, once there is one. */
    const terminate = async (like: string) => {
      for (;;) {
        const { rows } = await use().admin.query(
          "select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'tributary' and state = 'active' and query like $1",
          [like],
        )
        if (rows.length > 0) return
        await wait(5)
      }
    }

    test('a session in the middle of a statement: a failure that may pass', async () => {
      const { open } = use()
      const warehouse = await open()
      const ended = expect(warehouse.query(sql`select pg_sleep(60)`)).rejects.toMatchObject({
        code: 'QUERY_FAILED',
        isTransient: true,
      })
      await terminate('%pg_sleep%')
      await ended
      await warehouse.ping()
    })

    test('sessions at any moment: each statement ends, well or with a failure that may pass', async () => {
      const { admin, open } = use()
      const warehouse = await open()
      const works = [
        () => warehouse.query(sql`select count(*) as n from generate_series(1, 20000) as g`),
        () => warehouse.loadStaging('numbers', columnsOf({ n: 'integer' }), [{ n: 1 }, { n: 2 }]),
        () => warehouse.stage('one', sql`select 1 as one`),
        () => warehouse.transaction([sql`select 1`, sql`select 2`]),
      ]
      let isOver = false
      const disturbing = (async () => {
        for (let pause = 1; !isOver; pause = (pause * 7) % 13) {
          await admin.query(
            "select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'tributary'",
          )
          await wait(pause)
        }
      })()
      let failures = 0
      try {
        for (let n = 0; n < 200; n++) {
          await works[n % works.length]!().catch((error: unknown) => {
            failures++
            expect(error).toMatchObject({ isTransient: true })
          })
        }
      } finally {
        isOver = true
        await disturbing
      }
      expect(failures).toBeGreaterThan(0)
    })

    test('sessions of a run, ten times: the run goes on, and the tables are the same', async () => {
      const { admin, open, options } = use()
      const undisturbed = await open({ schema: 'undisturbed' })
      await run(undisturbed, options)
      const warehouse = await open()
      const retried: string[] = []
      let isOver = false
      const disturbing = (async () => {
        for (let ended = 0; !isOver && ended < 10; ) {
          const { rows } = await admin.query(
            "select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'tributary' and state = 'active'",
          )
          if (rows.length > 0) ended++
          await wait(rows.length > 0 ? 150 : 3)
        }
      })()
      try {
        const report = await run(warehouse, options, 'increment', {
          retry: { sleep: () => wait(5), onRetry: ({ what }) => retried.push(what) },
        })
        expect(report).toMatchObject({ state: 'published' })
      } finally {
        isOver = true
        await disturbing
      }
      expect(retried.length).toBeGreaterThan(0)
      expect(await shown(warehouse)).toEqual(await shown(undisturbed))
    })

    test('the session of the publish transaction: nothing is half done, and it is sent again', async () => {
      const { url, admin, open, folder, options } = use()
      const warehouse = await open()
      await run(warehouse, options)
      folder.write(
        '4.jsonl',
        JSON.stringify({
          type: 'page',
          messageId: 'm4',
          anonymousId: 'd9',
          timestamp: '2025-05-01T10:00:00Z',
          receivedAt: '2025-05-01T10:00:00Z',
        }),
      )
      try {
        // The transaction has written its rows when it comes to `runs`, which somebody holds.
        await admin.query('begin; lock table tributary.runs in share mode')
        const retried: string[] = []
        const publishing = run(warehouse, options, 'increment', {
          retry: { sleep: () => wait(5), onRetry: ({ what }) => retried.push(what) },
        })
        const holder = new pg.Client({ connectionString: url })
        await holder.connect()
        // The record of the beginning waits for the lock as well: it is let through, and the lock taken again.
        await admin.query('rollback')
        await holder.query('begin')
        await untilActive('%/* tributary: run 2 %')
        await holder.query('lock table tributary.runs in share mode')
        await terminate('%tributary: run 2 publish%update "tributary"."runs"%')
        await holder.query('rollback')
        await holder.end()
        expect(await publishing).toMatchObject({ run: 2, state: 'published' })
        expect(retried).toContain('run 2 publish')
        const { rows } = await admin.query("select count(*)::int as n from tributary.events where event_id = 'm4'")
        expect(rows).toEqual([{ n: 1 }])
      } finally {
        folder.write('4.jsonl', '')
      }
    })

    const untilActive = async (like: string) => {
      for (;;) {
        const { rows } = await use().admin.query(
          'select 1 from pg_stat_activity where query like $1 and pid <> pg_backend_pid()',
          [like],
        )
        if (rows.length > 0) return
        await wait(2)
      }
    }

    test('a statement that takes longer than it may: says which option, and the warehouse goes on', async () => {
      const { open } = use()
      const warehouse = await open({ statementMinutes: 0.2 / 60 })
      await expect(warehouse.query(sql`select pg_sleep(60)`)).rejects.toMatchObject({
        isTransient: false,
        message: expect.stringContaining('`warehouse.statementMinutes`'),
      })
      await warehouse.ping()
    })
  })

  describe('serves two processes', () => {
    test('that begin a first run at once: one runs, the other says so; nothing is made twice', async () => {
      const { open, options } = use()
      const [one, other] = [await open(), await open()]
      const ended = await Promise.allSettled([run(one, options), run(other, options)])
      expect(ended.map((e) => e.status).sort()).toEqual(['fulfilled', 'rejected'])
      expect(ended.find((e) => e.status === 'rejected')).toMatchObject({ reason: { code: 'RUN_IN_PROGRESS' } })
      expect(await one.query(sql`select count(*) as n from ${sql.table('sessions')} where to_run = 0`)).toEqual([
        { n: 1 },
      ])
      expect(await run(other, options)).toMatchObject({ state: 'published', rowsWritten: 0 })
    })

    test('with staging tables of their own: one that was given up for dead cannot change what the other computes', async () => {
      const { open } = use()
      const [stalled, other] = [await open(), await open()]
      await stalled.stage('numbers', sql`select 1 as n`)
      await other.dropStaging()
      await other.stage('numbers', sql`select 2 as n`)
      await stalled.stage('numbers', sql`select 3 as n`)
      expect(await other.query(sql`select n from ${sql.staging('numbers')}`)).toEqual([{ n: 2 }])
    })

    test('that make one staging table at the same moment: the later one waits, and both are told the truth', async () => {
      const { open } = use()
      const warehouse = withRetries(await open(), { sleep: () => wait(5) })
      const select = sql`select n, cast(pg_sleep(0.05) as text) as slept from generate_series(1, 2) as g(n)`
      await Promise.all([1, 2, 3].map(() => warehouse.stage('same', select)))
      expect(await warehouse.query(sql`select count(*) as n from ${sql.staging('same')}`)).toEqual([{ n: 2 }])
    })
  })
})

const shown = async (warehouse: Warehouse) => {
  const { events, channelTotals, ...views } = await currentTables(warehouse)
  return views
}
