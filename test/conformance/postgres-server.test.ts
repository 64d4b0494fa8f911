import { readFileSync } from 'node:fs'
import { setTimeout as wait } from 'node:timers/promises'
import pg from 'pg'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { checkInstallation } from '../../src/check/check.ts'
import { runPipeline } from '../../src/pipeline/run.ts'
import { openPostgres, type PostgresOptions } from '../../src/warehouses/postgres.ts'
import { withRetries } from '../../src/warehouses/retry.ts'
import { sql } from '../../src/warehouses/sql.ts'
import type { Warehouse } from '../../src/warehouses/warehouse.ts'
import { currentTables, optionsFor, run, temporaryFolder } from '../harness/pipeline.ts'
import { type PostgresServer, startPostgres } from '../harness/postgres.ts'
import { columnsOf } from './suite.ts'

const CHECKED = { configVersion: 'test', kind: 'postgres', place: 'tests' }
const fixture = (name: string) => readFileSync(new URL(`../fixtures/hand-worked/${name}`, import.meta.url), 'utf8')

/** What only a server can do to a run: refuse, end sessions, run out of time, have another user. */
describe('a Postgres server', () => {
  let server: PostgresServer
  let url: string
  /** Somebody else who may do anything. */
  let admin: pg.Client
  const opened: Warehouse[] = []
  const open = async (more: Partial<PostgresOptions> = {}) => {
    const warehouse = await openPostgres({ url, schema: 'tributary', ...more })
    opened.push(warehouse)
    return warehouse
  }
  const folder = temporaryFolder()
  const options = optionsFor(folder.path)

  beforeAll(async () => {
    server = await startPostgres()
    for (const name of ['1.jsonl', '2.jsonl', '3.jsonl']) folder.write(name, fixture(name))
  })
  afterAll(async () => {
    await server.stop()
    folder.remove()
  })
  beforeEach(async () => {
    url = await server.createDatabase({ locale: 'en-US' })
    admin = new pg.Client({ connectionString: url })
    await admin.connect()
  })
  afterEach(async () => {
    for (const warehouse of opened.splice(0)) await warehouse.close()
    await admin.end()
  })

  describe('refuses', () => {
    const withUser = (user: string, password = 'theirs') => {
      const there = new URL(url)
      there.username = user
      there.password = password
      return there.href
    }
    const makeUser = async (name: string) => {
      await admin.query(`drop role if exists ${name}; create role ${name} login password 'theirs'`)
      return withUser(name)
    }

    test('a wrong password: says so, without it', async () => {
      const error = await open({ url: withUser('postgres', 'hunter2') }).catch((e) => e)
      expect(error).toMatchObject({
        code: 'WAREHOUSE_UNUSABLE',
        message: expect.stringMatching(/refused the log-in.*`warehouse.url`/),
      })
      expect(JSON.stringify(error) + error.message + error.cause.message).not.toContain('hunter2')
    })

    test('a database that is not there', async () => {
      await expect(open({ url: url.replace(/[^/]+$/, 'nowhere') })).rejects.toMatchObject({
        code: 'WAREHOUSE_UNUSABLE',
        message: expect.stringContaining('"nowhere" does not exist'),
      })
    })

    test('or nobody answers: may pass', async () => {
      await expect(open({ url: 'postgres://x@127.0.0.1:1/x' })).rejects.toMatchObject({
        isTransient: true,
        message: expect.stringContaining('127.0.0.1:1'),
      })
    })

    test('a user who may not make a schema: the grant is named, and with it all works', async () => {
      const theirs = await makeUser('no_schema')
      await expect(open({ url: theirs })).rejects.toMatchObject({
        code: 'WAREHOUSE_UNUSABLE',
        message: expect.stringMatching(
          /permission denied for database.*create schema tributary authorization no_schema/,
        ),
      })
      await admin.query('create schema tributary authorization no_schema')
      expect(await run(await open({ url: theirs }), options)).toMatchObject({ state: 'published' })
    })

    test('a user who may only look at the schema', async () => {
      const theirs = await makeUser('looks_only')
      await admin.query('create schema tributary; grant usage on schema tributary to looks_only')
      const { findings } = await checkInstallation({ ...CHECKED, options, warehouse: await open({ url: theirs }) })
      expect(findings).toContainEqual(
        expect.objectContaining({
          subject: 'warehouse',
          message: expect.stringContaining('grant usage, create on schema'),
        }),
      )
      await expect(run(await open({ url: theirs }), options)).rejects.toMatchObject({
        code: 'WAREHOUSE_UNUSABLE',
        message: expect.stringMatching(/permission denied for schema tributary.*grant usage, create on schema/),
      })
    })

    test('to show the tables of a source: the run says which grant is missing, and the next one works', async () => {
      const theirs = await makeUser('no_source')
      await admin.query(`
create schema tributary authorization no_source;
create schema segment_prod;
create table segment_prod.pages as select 'm1' as id, 'a1' as anonymous_id, null::text as user_id,
    timestamp '2025-05-01 10:00:00' as "timestamp", timestamp '2025-05-01 10:00:01' as received_at, timestamp '2025-05-01 11:00:00' as uuid_ts`)
      const fromTables = {
        ...options,
        sources: [{ kind: 'segment', name: 'segment', schema: 'segment_prod', deduplicateAs: null }],
      } as const
      const warehouse = await open({ url: theirs })
      await expect(run(warehouse, fromTables)).rejects.toMatchObject({
        code: 'WAREHOUSE_UNUSABLE',
        message: expect.stringMatching(
          /permission denied for (schema segment_prod|table pages).*grant select on all tables in schema/,
        ),
      })
      const { findings } = await checkInstallation({ ...CHECKED, options: fromTables, warehouse })
      expect(findings).toContainEqual(
        expect.objectContaining({
          severity: 'error',
          message: expect.stringContaining('permission denied for schema segment_prod'),
        }),
      )
      await admin.query(
        'grant usage on schema segment_prod to no_source; grant select on all tables in schema segment_prod to no_source',
      )
      expect(await run(warehouse, fromTables)).toMatchObject({
        state: 'published',
        sources: [{ read: 1, accepted: 1 }],
      })
    })
  })

  describe('ends', () => {
    /** Ends sessions of tributary whose statement is like this, once there is one. */
    const terminate = async (like: string) => {
      for (;;) {
        const { rows } = await admin.query(
          "select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'tributary' and state = 'active' and query like $1",
          [like],
        )
        if (rows.length > 0) return
        await wait(5)
      }
    }

    test('a session in the middle of a statement: a failure that may pass', async () => {
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
        const { rows } = await admin.query(
          'select 1 from pg_stat_activity where query like $1 and pid <> pg_backend_pid()',
          [like],
        )
        if (rows.length > 0) return
        await wait(2)
      }
    }

    test('a statement that takes longer than it may: says which option, and the warehouse goes on', async () => {
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
      const [stalled, other] = [await open(), await open()]
      await stalled.stage('numbers', sql`select 1 as n`)
      await other.dropStaging()
      await other.stage('numbers', sql`select 2 as n`)
      await stalled.stage('numbers', sql`select 3 as n`)
      expect(await other.query(sql`select n from ${sql.staging('numbers')}`)).toEqual([{ n: 2 }])
    })

    test('that make one staging table at the same moment: the later one waits, and both are told the truth', async () => {
      const warehouse = withRetries(await open(), { sleep: () => wait(5) })
      const select = sql`select n, cast(pg_sleep(0.05) as text) as slept from generate_series(1, 2) as g(n)`
      await Promise.all([1, 2, 3].map(() => warehouse.stage('same', select)))
      expect(await warehouse.query(sql`select count(*) as n from ${sql.staging('same')}`)).toEqual([{ n: 2 }])
    })
  })

  test('keeps events by month', async () => {
    const warehouse = await open()
    await run(warehouse, options)
    const { rows } = await admin.query(`
select tableoid::regclass::text as part, to_char(min(occurred_at), 'YYYY_MM') as first, to_char(max(occurred_at), 'YYYY_MM') as last
from tributary.events group by 1 order by 1`)
    expect(rows.length).toBeGreaterThan(1)
    for (const { part, first, last } of rows) expect([first, last]).toEqual([part.slice(-7), part.slice(-7)])
  })

  test('has its statements labelled with run and stage', async () => {
    await admin.query('create table seen (query text)')
    const warehouse = await open()
    const seen = new Set<string>()
    let isOver = false
    const watching = (async () => {
      while (!isOver) {
        const { rows } = await admin.query(
          "select query from pg_stat_activity where application_name = 'tributary' and pid <> pg_backend_pid()",
        )
        for (const { query } of rows) seen.add(/^\/\* (tributary[^*]*) \*\//.exec(query)?.[1] ?? query)
        await wait(2)
      }
    })()
    await runPipeline({ warehouse, options, configVersion: 'test', kind: 'increment' })
    isOver = true
    await watching
    expect(
      [...seen].filter((text) => /^tributary: run 1 (ingest|visits|touches|publish)/.test(text)).length,
    ).toBeGreaterThan(0)
  })

  test('refuses a document nested deeper than it can read, and only that', async () => {
    const warehouse = await open()
    const nested = (depth: number) => ({ document: `${'['.repeat(depth)}${']'.repeat(depth)}` })
    const many = { document: JSON.stringify(Array.from({ length: 20_000 }, () => ({ a: '[["\\' }))) }
    await warehouse.loadStaging('documents', columnsOf({ document: 'string' }), [nested(10_000), nested(100_000), many])
    const is = warehouse.dialect.isJson('document')
    const found = await warehouse.query(sql`select ${is} as is_json from ${sql.staging('documents')}`)
    expect(found.map((row) => row.is_json)).toEqual([true, false, true])
  })

  test('bulk loads hold any text but NUL, which it cannot', async () => {
    const warehouse = await open()
    const rows = [{ s: 'tab\tnew\nline\r\\N\\.' }, { s: '\\' }, { s: '' }, { s: null }]
    await warehouse.loadStaging('texts', columnsOf({ s: 'string' }), rows)
    expect(await warehouse.query(sql`select s from ${sql.staging('texts')}`)).toEqual(rows)
    await expect(warehouse.loadStaging('texts', columnsOf({ s: 'string' }), [{ s: 'a\u0000' }])).rejects.toMatchObject({
      code: 'QUERY_FAILED',
    })
  })
})

const shown = async (warehouse: Warehouse) => {
  const { events, channelTotals, ...views } = await currentTables(warehouse)
  return views
}
