import { setTimeout as wait } from 'node:timers/promises'
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { openPostgres } from '../../src/warehouses/postgres.ts'
import { sql } from '../../src/warehouses/sql.ts'
import type { Warehouse } from '../../src/warehouses/warehouse.ts'
import { optionsFor, run, temporaryFolder } from '../harness/pipeline.ts'
import { type PostgresServer, startPostgres } from '../harness/postgres.ts'

const NOW = new Date('2025-06-01T00:00:00Z')
/** Rows of other people in each of these. */
const HISTORY = 60_000
const COPIED = ['events', 'event_ledger', 'visits', 'touch_candidates', 'sessions', 'touches', 'aliases', 'known_pairs']

let id = 0
const page = (at: string, more: Record<string, unknown> = {}) =>
  JSON.stringify({ type: 'page', messageId: `s${++id}`, anonymousId: 'd1', timestamp: at, receivedAt: at, ...more })

describe('rows that an increment reads of stored tables', () => {
  let server: PostgresServer
  let url: string
  let warehouse: Warehouse
  let admin: pg.Client
  const folder = temporaryFolder()
  const options = optionsFor(folder.path)

  beforeAll(async () => {
    server = await startPostgres(['autovacuum=off'])
    url = await server.createDatabase({ locale: 'en-US' })
    warehouse = await openPostgres({ url, schema: 'tributary' })
    admin = new pg.Client({ connectionString: url })
    await admin.connect()
    folder.write(
      '1.jsonl',
      [
        page('2021-06-01T10:00:00Z', { messageId: 'early', receivedAt: '2021-06-01T12:00:00Z' }),
        page('2021-06-01T10:10:00Z'),
        page('2024-06-01T10:00:00Z'),
        page('2024-06-01T10:10:00Z', { userId: 'u1' }),
      ].join('\n'),
    )
    await run(warehouse, options, 'increment', { now: NOW })
    // Years of other people, each event in the partition of its month, as runs leave them.
    await admin.query(`do $$ begin
    for i in 0..71 loop
        execute format('create table if not exists tributary.events_%s partition of tributary.events for values from (%L) to (%L)',
            to_char(date '2020-01-01' + make_interval(months => i), 'YYYY_MM'), date '2020-01-01' + make_interval(months => i), date '2020-01-01' + make_interval(months => i + 1));
    end loop;
end $$`)
    for (const table of COPIED) await multiply(table)
    await admin.query('analyze')
  })
  afterAll(async () => {
    await admin.end()
    await warehouse.close()
    await server.stop()
    folder.remove()
  })

  /** Copies of a row for other people at other times. */
  async function multiply(table: string): Promise<void> {
    const types = (await warehouse.describeTable(table))!
    const columns = Object.keys(types)
    const other = (name: string) => {
      if (/_at$/.test(name)) return `t.${name} + (n.i % 1500) * interval '1 day' - interval '1 year'`
      if (name === 'key_hash') return 't.key_hash + n.i'
      return /(_id|_key|^id)$/.test(name) && types[name] === 'text' ? `n.i || left(t.${name}, 40)` : `t.${name}`
    }
    await admin.query(`
insert into tributary.${table} (${columns.map((c) => `"${c}"`).join(', ')})
select ${columns.map((c) => (columns.includes('to_run') && c === 'to_run' ? 't.to_run' : other(c))).join(', ')}
from (select * from tributary.${table} ${columns.includes('to_run') ? 'where to_run > 0' : ''} limit 1) as t, generate_series(1, ${HISTORY}) as n(i)`)
  }

  /** Rows of each table, by scans and by indexes. */
  async function reads(): Promise<Map<string, { scanned: number; fetched: number }>> {
    const { rows } = await admin.query(`
select regexp_replace(relname, '_(default|[0-9]{4}_[0-9]{2})$', '') as name,
    sum(seq_tup_read)::float8 as scanned, sum(coalesce(idx_tup_fetch, 0))::float8 as fetched
from pg_stat_all_tables where schemaname in ('tributary', 'segment_prod') and relname not like 'staging%' group by 1`)
    return new Map(rows.map(({ name, scanned, fetched }) => [name, { scanned, fetched }]))
  }

  /** Sessions tell what they read when they end, at the latest. */
  async function endSessions(): Promise<void> {
    await warehouse.close()
    const open = "select 1 from pg_stat_activity where application_name = 'tributary'"
    while ((await admin.query(open)).rows.length > 0) await wait(5)
  }

  async function increment(name: string, lines: readonly string[]) {
    folder.write(name, lines.join('\n'))
    await endSessions()
    const before = await reads()
    warehouse = await openPostgres({ url, schema: 'tributary' })
    await run(warehouse, options, 'increment', { now: NOW })
    await endSessions()
    const after = await reads()
    warehouse = await openPostgres({ url, schema: 'tributary' })
    return (table: string) => {
      const [a, b] = [after.get(table)!, before.get(table)!]
      return { scanned: a.scanned - b.scanned, fetched: a.fetched - b.fetched }
    }
  }

  test('without withdrawals none of events, and of the others few, by an index', async () => {
    const of = await increment('2.jsonl', [
      page('2024-06-01T10:20:00Z'),
      page('2025-05-30T10:00:00Z', { anonymousId: 'd2' }),
    ])
    expect(of('events')).toEqual({ scanned: 0, fetched: 0 })
    for (const table of COPIED.filter((name) => name !== 'events')) {
      expect(of(table).scanned, table).toBeLessThan(10) // the sentinel row, looked for when tables are made
      expect(of(table).fetched, table).toBeLessThan(HISTORY / 50)
    }
    expect(of('visits').fetched).toBeGreaterThan(0) // it does count
  })

  test('with a withdrawal, the events of its day', async () => {
    const of = await increment('3.jsonl', [
      page('2021-06-01T10:05:00Z', { messageId: 'early', receivedAt: '2021-06-01T11:00:00Z' }),
    ])
    expect(of('events').scanned).toBe(0)
    expect(of('events').fetched).toBeGreaterThan(0)
    expect(of('events').fetched).toBeLessThan(HISTORY / 100)
  })

  test('of a table of Segment’s with zones in its times, what became readable, by an index', async () => {
    await admin.query(`
create schema segment_prod;
create table segment_prod.pages as
select 'p' || i as id, 'a' || i % 1000 as anonymous_id, t as "timestamp", t as received_at, t as uuid_ts
from generate_series(1, 6000) as i, lateral (select timestamptz '2025-01-01' + i * interval '30 minutes' as t) as times;
create index on segment_prod.pages (uuid_ts);
analyze segment_prod.pages`)
    const sources = [{ kind: 'segment', name: 'segment', schema: 'segment_prod', deduplicateAs: null }] as const
    const fromTables = { ...options, sources }
    await run(warehouse, fromTables, 'increment', { now: NOW })
    await admin.query(
      "insert into segment_prod.pages select 'new', 'a1', t, t, t from (select max(uuid_ts) + interval '2 hours' as t from segment_prod.pages) as m where t < '2025-05-31'",
    )
    await endSessions()
    const before = await reads()
    warehouse = await openPostgres({ url, schema: 'tributary' })
    const report = await run(warehouse, fromTables, 'increment', { now: NOW })
    await endSessions()
    const after = await reads()
    warehouse = await openPostgres({ url, schema: 'tributary' })
    expect(report.sources[0]).toMatchObject({ accepted: 1 })
    expect(after.get('pages')!.scanned - before.get('pages')!.scanned).toBe(0)
  })

  test('the API finds a person’s sessions and a session’s touches by an index', async () => {
    const plan = async (query: string) =>
      (await admin.query(`explain ${query}`)).rows.map((row) => row['QUERY PLAN']).join('\n')
    for (const query of [
      "select * from tributary.sessions where person_id in ('u1', 'd2') and from_run <= 2 and to_run > 2",
      "select * from tributary.sessions where session_id = 'x' and from_run <= 2 and to_run > 2",
      "select * from tributary.touches where session_id in ('x') and from_run <= 2 and to_run > 2",
      "select * from tributary.aliases where id = 'd1' and is_latest and from_run <= 2 and to_run > 2",
      "select * from tributary.touches where touched_at >= timestamp '2025-05-01' and touched_at < timestamp '2025-05-02' and to_run > 2",
    ])
      expect(await plan(query), query).toContain('Index')
    expect(await warehouse.query(sql`select count(*) as n from ${sql.table('events')}`)).toEqual([
      { n: HISTORY + 6 + 6001 },
    ])
  })
})
