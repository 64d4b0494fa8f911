import { copyFile, mkdir, readFile, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import fc from 'fast-check'
import { readConfig } from '../../src/config/read.ts'
import { COPY, PRODUCT } from '../../src/pipeline/companies/copied-tables.ts'
import { runPipeline } from '../../src/pipeline/run.ts'
import { openDuckdb } from '../../src/warehouses/duckdb.ts'
import { sql } from '../../src/warehouses/sql.ts'
import type { Row, Warehouse } from '../../src/warehouses/warehouse.ts'
import { stateOf } from '../conformance/table-states.ts'
import { currentTables } from '../harness/pipeline.ts'
import { streamArbitrary } from '../oracle/streams.ts'
import type { KillAt } from './kill-at.ts'
import { type Ended, type StartOptions, tributary } from './tributary.ts'

export const DATABASE = 'warehouse.duckdb'
const CONFIG = 'tributary.config.json'
/** Loaded into a command before all else. */
const preloaded = (name: string) => ['--import', pathToFileURL(join(import.meta.dirname, name)).href]
export const killer = preloaded('kill-at.ts')
export const longLog = preloaded('long-log.ts')

/** The product database of each: plans, roles and memberships change, a company goes and one comes. */
const PRODUCTS = {
  base: {
    companies: ['c1,free,', 'c2,pro,2025-01-02T00:00:00Z', 'c3,free,'],
    members: ['c1,u1,admin', 'c1,u2,member', 'c2,u2,admin', 'c3,u3,member'],
  },
  all: {
    companies: ['c1,pro,2025-01-03T00:00:00Z', 'c2,pro,2025-01-02T00:00:00Z', 'c4,free,'],
    members: ['c1,u1,member', 'c1,u3,admin', 'c2,u2,admin', 'c4,u4,member'],
  },
}

/**
 * Two folders of events, `base` and `all`: `all` also holds later deliveries, in which messages are withdrawn, people
 * merge and sessions change. Random streams from a fixed seed, and the hand-worked files. Beside each its product database.
 */
export async function writeEvents(folder: string): Promise<void> {
  for (const [name, { companies, members }] of Object.entries(PRODUCTS)) {
    const product = join(folder, `${name}-product`)
    await mkdir(product)
    await writeFile(join(product, 'companies.csv'), ['id,plan,paid_at', ...companies, ''].join('\n'))
    await writeFile(join(product, 'members.csv'), ['company_id,user_id,role', ...members, ''].join('\n'))
  }
  for (const name of ['base', 'all']) await mkdir(join(folder, name))
  const write = async (name: string, content: string, isLater: boolean) => {
    await writeFile(join(folder, 'all', name), content)
    if (!isLater) await copyFile(join(folder, 'all', name), join(folder, 'base', name))
  }
  const streams = fc.sample(streamArbitrary, { numRuns: 12, seed: 20_250_601 })
  for (const [s, { runs }] of streams.entries()) {
    for (const [i, files] of runs.entries()) {
      const isLater = i > 0 && i >= runs.length / 2
      for (const [j, content] of files.entries()) {
        await write(`${s}-${i}-${j}.jsonl`, `${' '.repeat(1000 * s + 10 * i + j)}\n${content}`, isLater)
      }
    }
  }
  for (const name of ['1.jsonl', '2.jsonl', '3.jsonl']) {
    const content = await readFile(new URL(`../fixtures/hand-worked/${name}`, import.meta.url), 'utf8')
    await write(name, content, name !== '1.jsonl')
  }
}

/** A folder to run in: a configuration, events, and the database of a run that came before, if any. */
export async function placeIn(
  folder: string,
  name: string,
  events: string,
  database?: string,
  warehouse: object = {},
): Promise<string> {
  const where = join(folder, name)
  await mkdir(where)
  await symlink(join(folder, events), join(where, 'events'))
  await symlink(join(folder, `${events}-product`), join(where, 'product'))
  const config = {
    warehouse: { kind: 'duckdb', ...warehouse },
    sources: [{ kind: 'files', path: './events' }],
    sites: ['acme.test'],
    conversions: { purchase: { event: 'Order Completed', value: 'total', currency: 'currency', every: true } },
    productDatabase: {
      kind: 'files',
      path: './product',
      companies: { table: 'companies.csv', id: 'id', plan: 'plan', paidAt: 'paid_at' },
      members: { table: 'members.csv', companyId: 'company_id', userId: 'user_id', role: 'role' },
      paidPlans: ['pro'],
    },
  }
  await writeFile(join(where, CONFIG), JSON.stringify(config))
  if (database) await copyFile(database, join(where, DATABASE))
  return where
}

/** How a run is disturbed: killed, kept from writing; or its statements listed in a file. */
interface How extends Pick<StartOptions, 'most' | 'asNobody'> {
  readonly kill?: KillAt
  readonly list?: string
  readonly kind?: 'run' | 'rebuild'
  /** So that it ends with a checkpoint. */
  readonly hasLongLog?: boolean
  /** With the summary of what the tables hold then. */
  readonly isTold?: boolean
}

/** Runs the pipeline as a user would. */
export function runIn(
  where: string,
  { kill, list, kind = 'run', hasLongLog, isTold, ...limits }: How = {},
): Promise<Ended> {
  const env: Record<string, string> = {}
  if (kill) env.KILL_AT = JSON.stringify(kill)
  if (list) env.LIST_STATEMENTS = list
  const nodeArgs = [...(kill || list ? killer : []), ...(hasLongLog ? longLog : [])]
  return tributary([kind, '--config', CONFIG, ...(isTold ? [] : ['--quiet'])], {
    folder: where,
    env,
    nodeArgs,
    ...limits,
  })
}

/** All that a database says: every row, the views, the names of its tables; with `next`, after one more run of that kind. */
export async function contentsOf(where: string, next?: 'run' | 'rebuild') {
  const warehouse = await openDuckdb({ path: join(where, DATABASE), schema: 'tributary', threads: 1 })
  try {
    if (next) {
      const { pipeline: options, configVersion } = await readConfig(join(where, CONFIG))
      await runPipeline({ warehouse, options, configVersion, kind: next === 'run' ? 'increment' : 'rebuild' })
    }
    const { events, channelTotals, ...views } = await currentTables(warehouse)
    const names = sql`select database_name, schema_name, table_name from duckdb_tables() where database_name not in ('system', 'temp') order by all`
    const unfinished = await warehouse.query(
      sql`select * from ${sql.table('runs')} where state in ('running', 'written')`,
    )
    const rows = await stateOf(warehouse)
    // Each copy is remembered and counted; one that finds nothing changes nothing else.
    rows.run_sources = rows.run_sources!.filter((row) => !row.includes('["source","product/'))
    rows.watermarks = rows.watermarks!.filter((row) => !(row.includes(PRODUCT) && row.includes(`["item","${COPY}"]`)))
    const said = await withoutTimesOfCopies(warehouse, { rows, views })
    return { ...said, names: await warehouse.query(names), unfinished: unfinished.length }
  } finally {
    await warehouse.close()
  }
}

/** The same with `copy 1`, `copy 2` … for the times of copies: every run has its own. */
async function withoutTimesOfCopies<T>(warehouse: Warehouse, said: T): Promise<T> {
  const copies = await warehouse.query<Row & { position: string }>(
    sql`select distinct position from ${sql.table('watermarks')} where source = ${PRODUCT} order by position`,
  )
  const places = new Map(copies.map(({ position }, i) => [position, `copy ${i + 1}`]))
  const replaced = (value: unknown): unknown => {
    if (typeof value === 'string') return [...places].reduce((text, [at, name]) => text.replaceAll(at, name), value)
    if (Array.isArray(value)) return value.map(replaced)
    if (value === null || typeof value !== 'object') return value
    return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, replaced(inner)]))
  }
  return replaced(said) as T
}

/** How much the last run changed of what was there: a test of nothing tests nothing. */
export async function changesOf(where: string): Promise<Record<string, number>> {
  const warehouse = await openDuckdb({ path: join(where, DATABASE), schema: 'tributary', threads: 1 })
  try {
    const closed = [
      ...['known_pairs', 'aliases', 'sessions', 'touches', 'conversions', 'credits', 'quarantine'],
      ...['companies', 'company_members'],
    ].map((name) => sql`(select count(*) from ${sql.table(name)} where to_run between 2 and 1000) as ${sql.id(name)}`)
    const [row] = await warehouse.query<Row & Record<string, number>>(sql`
select (select sum(duplicates) from ${sql.table('run_sources')} where run_id = 2) as duplicates, ${sql.join(closed)}`)
    return { ...row! }
  } finally {
    await warehouse.close()
  }
}
