/**
 * The same news on histories of several sizes, on Postgres: `node bench/postgres.ts --events 1M,10M [--news N] [--runs K]`.
 * A server from npm in a temporary folder, or `--url` of one that may write to. Prints what an increment takes and which
 * rows of which tables it reads.
 */
import { chmodSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import pg from 'pg'
import { checkConfig } from '../src/config/read.ts'
import { runPipeline } from '../src/pipeline/run.ts'
import { openWarehouse } from '../src/warehouses/open.ts'
import { sql } from '../src/warehouses/sql.ts'
import { startPostgres } from '../test/harness/postgres.ts'
import { generate } from './generate.ts'
import { HELD, READABLE, segmentTables } from './segment-tables.ts'
import { EVENTS_PER_PERSON, type Shape } from './shape.ts'

const { values } = parseArgs({
  options: {
    events: { type: 'string', default: '300K' },
    news: { type: 'string', default: '2000' },
    runs: { type: 'string', default: '3' },
    url: { type: 'string' },
  },
})
const numberOf = (text: string) => Number(text.replace(/K$/i, '000').replace(/M$/i, '000000'))
const runs = Number(values.runs)
const print = (text: string) => process.stdout.write(`${text}\n`)

for (const events of values.events.split(',').map(numberOf)) await measure(events)

async function measure(events: number): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'tributary-bench-'))
  chmodSync(folder, 0o777)
  const server = values.url === undefined ? await startPostgres(['shared_buffers=512MB']) : null
  const client = new pg.Client({ connectionString: values.url ?? (await server!.createDatabase()) })
  await client.connect()
  try {
    const history = await fill(client, folder, events)
    print(`\n${history.events} messages of ${history.people} people, ${history.news} new ones per increment`)
    await measureRuns(client)
  } finally {
    await client.end()
    await server?.stop()
    rmSync(folder, { recursive: true, force: true })
  }
}

/** Generates a history with DuckDB and copies it. */
async function fill(client: pg.Client, folder: string, events: number) {
  const shape: Shape = {
    events,
    people: Math.round(events / EVENTS_PER_PERSON),
    ...{ months: 24, devices: 1.6, lateShare: 0.01, lateDays: 3, news: numberOf(values.news), held: runs, seed: 1 },
  }
  const source = await openWarehouse({ kind: 'duckdb', path: join(folder, 'data.duckdb'), schema: 'bench' })
  try {
    const history = await generate(source, shape, () => undefined)
    for (const [schema, tables] of [
      [READABLE, Object.keys(segmentTables)],
      [HELD, [...Object.keys(segmentTables), 'news']],
    ] as const) {
      await client.query(`drop schema if exists ${schema} cascade; create schema ${schema}`)
      for (const table of tables) {
        const columns = await source.describeTable(table, schema)
        const types: Record<string, string> = {
          VARCHAR: 'text',
          BIGINT: 'bigint',
          DOUBLE: 'double precision',
          TIMESTAMP: 'timestamp',
        }
        const list = Object.entries(columns!).map(([name, type]) => `"${name}" ${types[type] ?? 'text'}`)
        const file = join(folder, `${schema}-${table}.csv`)
        await source.execute(
          sql.raw(`copy ${schema}.${table} to '${file}' (format csv, header false, nullstr '\\N', force_quote *)`),
        )
        chmodSync(file, 0o644)
        await client.query(`create table ${schema}.${table} (${list.join(', ')})`)
        await client.query(`copy ${schema}.${table} from '${file}' (format csv, null '\\N', force_null *)`)
        rmSync(file)
      }
    }
    for (const table of Object.keys(segmentTables))
      await client.query(`create index on ${READABLE}.${table} (uuid_ts); analyze ${READABLE}.${table}`)
    return history
  } finally {
    await source.close()
  }
}

async function measureRuns(client: pg.Client): Promise<void> {
  const { host, port, user, password, database } = client
  const url = `postgres://${user}:${password}@${host}:${port}/${database}`
  const {
    pipeline: options,
    configVersion,
    limits,
  } = checkConfig(
    {
      warehouse: { kind: 'postgres', url },
      sources: [{ kind: 'segment', schema: READABLE }],
      sites: ['example.com'],
      conversions: { purchase: { event: 'Order Completed', value: 'revenue', currency: 'currency', every: true } },
    },
    'bench',
    {},
  )
  const warehouse = await openWarehouse({ kind: 'postgres', url, schema: 'tributary' })
  try {
    for (let number = 0; number <= runs; number++) {
      if (number > 0) await makeReadable(client, number)
      await client.query('checkpoint')
      const before = await reads(client)
      const began = performance.now()
      const report = await runPipeline({
        warehouse,
        options,
        configVersion,
        kind: 'increment',
        rowsPerRun: limits.rowsPerRun,
      })
      const seconds = ((performance.now() - began) / 1000).toFixed(2)
      print(
        `${number === 0 ? 'first load' : `increment ${number}`}: ${seconds} s, ${report.rowsWritten} rows written; ${report.stages.map((s) => `${s.stage} ${s.milliseconds}`).join(', ')}`,
      )
      if (number === runs) for (const line of difference(before, await reads(client))) print(`  ${line}`)
    }
    const rebuild = await runPipeline({ warehouse, options, configVersion, kind: 'rebuild' })
    print(`rebuild: ${(rebuild.milliseconds / 1000).toFixed(1)} s, ${rebuild.rowsWritten} rows written`)
  } finally {
    await warehouse.close()
  }
}

async function makeReadable(client: pg.Client, number: number): Promise<void> {
  const until = (n: number) => `(select until from ${HELD}.news where number = ${n})`
  for (const name of Object.keys(segmentTables))
    await client.query(
      `insert into ${READABLE}.${name} select * from ${HELD}.${name} where uuid_ts > ${until(number - 1)} and uuid_ts <= ${until(number)} order by uuid_ts`,
    )
}

interface Reads {
  readonly name: string
  readonly rows: number
  readonly scanned: number
  readonly fetched: number
}

/** Rows that sequential scans and indexes have given so far, partitions with their table. */
async function reads(client: pg.Client): Promise<readonly Reads[]> {
  await client.query('select pg_stat_force_next_flush()')
  const { rows } = await client.query(`
select regexp_replace(relname, '_(default|[0-9]{4}_[0-9]{2})$', '') as name,
    sum(n_live_tup)::float8 as rows, sum(seq_tup_read)::float8 as scanned, sum(coalesce(idx_tup_fetch, 0))::float8 as fetched
from pg_stat_all_tables
where schemaname in ('tributary', '${READABLE}') and relname not like 'staging%'
group by 1 order by 1`)
  return rows
}

function difference(before: readonly Reads[], after: readonly Reads[]): readonly string[] {
  return after.flatMap(({ name, rows, scanned, fetched }) => {
    const old = before.find((b) => b.name === name) ?? { scanned: 0, fetched: 0 }
    const [read, found] = [scanned - old.scanned, fetched - old.fetched]
    return read + found < 5000 ? [] : [`${name}: ${rows} rows, ${read} scanned, ${found} by an index`]
  })
}
