import { setTimeout as wait } from 'node:timers/promises'
import { describe, expect, test } from 'vitest'
import { checkInstallation } from '../../src/check/check.ts'
import { runPipeline } from '../../src/pipeline/run.ts'
import { sql } from '../../src/warehouses/sql.ts'
import { run } from '../harness/pipeline.ts'
import { usePostgresServer } from './postgres-world.ts'
import { columnsOf } from './suite.ts'

const CHECKED = { configVersion: 'test', kind: 'postgres', place: 'tests' }

/** What only a server can do: refuse, have another user, show what it is asked. */
describe('a Postgres server', () => {
  const use = usePostgresServer()

  describe('refuses', () => {
    const withUser = (user: string, password = 'theirs') => {
      const there = new URL(use().url)
      there.username = user
      there.password = password
      return there.href
    }
    const makeUser = async (name: string) => {
      await use().admin.query(`drop role if exists ${name}; create role ${name} login password 'theirs'`)
      return withUser(name)
    }

    test('a wrong password: says so, without it', async () => {
      const { open } = use()
      const error = await open({ url: withUser('postgres', 'hunter2') }).catch((e) => e)
      expect(error).toMatchObject({
        code: 'WAREHOUSE_UNUSABLE',
        message: expect.stringMatching(/refused the log-in.*`warehouse.url`/),
      })
      expect(JSON.stringify(error) + error.message + error.cause.message).not.toContain('hunter2')
    })

    test('a database that is not there', async () => {
      const { url, open } = use()
      await expect(open({ url: url.replace(/[^/]+$/, 'nowhere') })).rejects.toMatchObject({
        code: 'WAREHOUSE_UNUSABLE',
        message: expect.stringContaining('"nowhere" does not exist'),
      })
    })

    test('or nobody answers: may pass', async () => {
      const { open } = use()
      await expect(open({ url: 'postgres://x@127.0.0.1:1/x' })).rejects.toMatchObject({
        isTransient: true,
        message: expect.stringContaining('127.0.0.1:1'),
      })
    })

    test('a user who may not make a schema: the grant is named, and with it all works', async () => {
      const { admin, open, options } = use()
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
      const { admin, open, options } = use()
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
      const { admin, open, options } = use()
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

  test('keeps events by month', async () => {
    const { admin, open, options } = use()
    const warehouse = await open()
    await run(warehouse, options)
    const { rows } = await admin.query(`
select tableoid::regclass::text as part, to_char(min(occurred_at), 'YYYY_MM') as first, to_char(max(occurred_at), 'YYYY_MM') as last
from tributary.events group by 1 order by 1`)
    expect(rows.length).toBeGreaterThan(1)
    for (const { part, first, last } of rows) expect([first, last]).toEqual([part.slice(-7), part.slice(-7)])
  })

  test('has its statements labelled with run and stage', async () => {
    const { admin, open, options } = use()
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
    const { open } = use()
    const warehouse = await open()
    const nested = (depth: number) => ({ document: `${'['.repeat(depth)}${']'.repeat(depth)}` })
    const many = { document: JSON.stringify(Array.from({ length: 20_000 }, () => ({ a: '[["\\' }))) }
    await warehouse.loadStaging('documents', columnsOf({ document: 'string' }), [nested(10_000), nested(100_000), many])
    const is = warehouse.dialect.isJson('document')
    const found = await warehouse.query(sql`select ${is} as is_json from ${sql.staging('documents')}`)
    expect(found.map((row) => row.is_json)).toEqual([true, false, true])
  })

  test('bulk loads hold any text but NUL, which it cannot', async () => {
    const { open } = use()
    const warehouse = await open()
    const rows = [{ s: 'tab\tnew\nline\r\\N\\.' }, { s: '\\' }, { s: '' }, { s: null }]
    await warehouse.loadStaging('texts', columnsOf({ s: 'string' }), rows)
    expect(await warehouse.query(sql`select s from ${sql.staging('texts')}`)).toEqual(rows)
    await expect(warehouse.loadStaging('texts', columnsOf({ s: 'string' }), [{ s: 'a\u0000' }])).rejects.toMatchObject({
      code: 'QUERY_FAILED',
    })
  })
})
