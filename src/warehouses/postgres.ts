import { randomBytes } from 'node:crypto'
import Cursor from 'pg-cursor'
import { QueryError, TributaryError } from '../errors.ts'
import { byTable } from './described.ts'
import { tabularRows } from './duckdb-reader.ts'
import { lineColumns, lineRows } from './file-rows.ts'
import { PostgresConnections } from './postgres-connections.ts'
import { copyRows, SourceOfRowsError } from './postgres-copy.ts'
import { createTable, stagingTable } from './postgres-ddl.ts'
import { postgresDialect } from './postgres-dialect.ts'
import { notMade } from './postgres-errors.ts'
import { staleTables } from './postgres-maintain.ts'
import { makePartitions } from './postgres-partitions.ts'
import { quoted } from './postgres-text.ts'
import { clientTypes } from './postgres-values.ts'
import { analyze, createStaging, dropStaging, postgresWriter, STAGING } from './postgres-writer.ts'
import { compile, compileInline, type Sql, type SqlValue } from './sql.ts'
import type { ColumnSpec, Row, RunOptions, TableSpec, Warehouse } from './warehouse.ts'

/** Where the server is and what may be asked of it. */
export interface PostgresOptions {
  readonly url: string
  readonly schema: string
  readonly maxConnections?: number
  readonly statementMinutes?: number
}

/** `IS JSON` and `pg_input_is_valid` came with it. */
const OLDEST = 160_000

/** Rows that a cursor fetches at a time. */
const BATCH = 5000

/** Columns of the tables of a schema; their names as a JSON list. */
const DESCRIPTION = `
select c.relname as table, a.attname as name, format_type(a.atttypid, null) as type
from pg_attribute as a
join pg_class as c on c.oid = a.attrelid
join pg_namespace as n on n.oid = c.relnamespace
where n.nspname = $1 and c.relname in (select json_array_elements_text($2::json))
    and c.relkind in ('r', 'p', 'v', 'm', 'f') and a.attnum > 0 and not a.attisdropped
order by a.attnum`

/** Connects to a Postgres server. */
export async function openPostgres(options: PostgresOptions): Promise<Warehouse> {
  const { url, schema, maxConnections = 10, statementMinutes = 120 } = options
  const connections = new PostgresConnections({ url, maxConnections, statementMinutes })
  // Whoever shares the pool, the lease of a run before all, does not wait for the steps of a stage.
  const free = Math.max(1, maxConnections - 2)
  const writer = postgresWriter(schema, `${randomBytes(4).toString('hex')}_`)
  const quote = postgresDialect.quote

  /** The label is the first thing that shows in the server's list of statements. */
  const labelled = (text: string, o?: RunOptions) =>
    `/* tributary${o?.label ? `: ${o.label.replaceAll('*/', '')}` : ''} */ ${text}`
  const send = (text: string, o?: RunOptions) =>
    connections.use(text, o?.signal, (client) => client.query(labelled(text, o)))
  const ask = <R>(text: string, values: SqlValue[] = []) =>
    connections.use(text, undefined, async (client) => (await client.query(text, values)).rows as R[])

  /** Statements as one transaction; the text of the one at work is that of the error. */
  const together = (texts: readonly string[], o?: RunOptions) =>
    connections.use('begin', o?.signal, async (client) => {
      await client.query(labelled('begin', o))
      let at = 'begin'
      try {
        for (const text of texts) {
          at = text
          await client.query(labelled(text, o))
        }
        await client.query('commit')
      } catch (error) {
        await client.query('rollback').catch(() => undefined) // the first error is the one to tell
        throw error instanceof Error ? Object.assign(error, { statement: at }) : error
      }
    })

  const load = async (
    table: string,
    columns: Readonly<Record<string, ColumnSpec>>,
    rows: AsyncIterable<Row> | Iterable<Row>,
    { before = [], after = [], ...o }: RunOptions & { before?: readonly string[]; after?: readonly string[] } = {},
  ) => {
    let ofRows: unknown
    try {
      await connections.use(`copy ${table} from stdin`, o.signal, async (client) => {
        await client.query(['begin', ...before].join('; '))
        try {
          await copyRows(client, table, columns, rows, quote)
          await client.query([...after, 'commit'].join('; '))
        } catch (error) {
          if (error instanceof SourceOfRowsError) ofRows = error.cause
          await client.query('rollback').catch(() => undefined)
          throw error
        }
      })
    } catch (error) {
      throw ofRows && !o.signal?.aborted ? ofRows : error
    }
  }
  const loadStaging = (
    name: string,
    columns: Readonly<Record<string, ColumnSpec>>,
    rows: AsyncIterable<Row> | Iterable<Row>,
    o?: RunOptions,
  ) => {
    const before = [stagingTable(name, columns, writer)]
    return load(writer.staging(name), columns, rows, { ...o, before, after: [analyze(name, writer)] })
  }

  try {
    await prepareSchema(connections.place, schema, ask)
  } catch (error) {
    await connections.close()
    throw error
  }

  return {
    dialect: postgresDialect,
    writer,
    isExclusive: false,
    atOnce: { small: Math.min(4, free), large: Math.min(2, free) },

    async query<R extends Row>(query: Sql, o?: RunOptions): Promise<R[]> {
      const { text, values } = compile(query, writer)
      return connections.use(text, o?.signal, async (client) => {
        const cursor = client.query(new Cursor<R>(labelled(text, o), [...values], { types: clientTypes as never }))
        const rows: R[] = []
        for (let batch = await cursor.read(BATCH); batch.length > 0; batch = await cursor.read(BATCH)) {
          for (const row of batch) rows.push(row)
          if (batch.length < BATCH) break
        }
        await cursor.close()
        return rows
      })
    },

    execute: async (statement, o) => void (await send(compileInline(statement, writer), o)),

    async transaction(statements, o) {
      for (const [spec, rows] of o?.fills ?? []) await makePartitions(spec, rows, writer, send)
      await together(
        statements.map((statement) => compileInline(statement, writer)),
        o,
      )
    },

    // One at a time, also across processes: `if not exists` alone fails when two find nothing.
    createTables: (specs) =>
      together([
        `select pg_advisory_xact_lock(hashtextextended(${quoted(`tributary ${schema}`)}, 0))`,
        ...specs.flatMap((spec) => createTable(spec, writer)),
      ]),

    createView: (name, select) =>
      together([`create or replace view ${writer.table(name)} as\n${compileInline(select, writer)}`]).catch((error) => {
        if (!/cannot (drop|change name of|change data type of) /.test(String(error))) throw error
        return together([
          `drop view ${writer.table(name)}`,
          `create view ${writer.table(name)} as\n${compileInline(select, writer)}`,
        ])
      }),

    stage: async (name, select, o) => void (await send(createStaging(name, select, writer), o)),

    async dropStaging(names, o) {
      const found = names
        ? names.map((name) => dropStaging(name, writer))
        : (
            await ask<{ name: string }>(
              "select c.relname as name from pg_class as c join pg_namespace as n on n.oid = c.relnamespace where n.nspname = $1 and c.relkind = 'r' and starts_with(c.relname, $2)",
              [schema, STAGING],
            )
          ).map(({ name }) => `drop table if exists ${quote(schema)}.${quote(name)}`)
      if (found.length > 0) await send(found.join('; '), o)
    },

    async loadLines(name, files, o) {
      const { rows, unreadable } = lineRows(files, o?.signal)
      await loadStaging(name, lineColumns, rows, o)
      return unreadable
    },

    async loadTabular(name, files, o) {
      const { columns, rows, loaded, close } = await tabularRows(files, o)
      try {
        await loadStaging(name, columns, rows, o)
        return loaded
      } finally {
        await close()
      }
    },

    load: (table, rows, o) => load(writer.table(table.name), table.columns, rows, o),
    loadStaging,

    describeTable: async (name, of = schema) =>
      byTable(await ask(DESCRIPTION, [of, JSON.stringify([name])]))[name] ?? null,
    describeTables: async (names) => byTable(await ask(DESCRIPTION, [schema, JSON.stringify(names)])),

    // The server vacuums by itself; statistics of what has changed much are wanted before it comes to that.
    async maintain(specs: readonly TableSpec[]) {
      const stale = await ask<{ name: string }>(staleTables, [schema, JSON.stringify(specs.map(({ name }) => name))])
      for (const { name } of stale) await send(`analyze ${writer.table(name)}`)
    },

    ping: async () => void (await send('select 1')),
    close: () => connections.close(),
  }
}

type Ask = <R>(text: string, values?: SqlValue[]) => Promise<R[]>

/** Sees that the server is new enough, and makes the schema when there is none. */
async function prepareSchema(place: string, schema: string, ask: Ask): Promise<void> {
  const [server] = await ask<{ version: string; user: string; has_schema: boolean }>(
    `select current_setting('server_version_num') as version, quote_ident(current_user) as user,
    exists (select 1 from pg_namespace where nspname = $1) as has_schema`,
    [schema],
  )
  if (Number(server?.version) < OLDEST) {
    throw new TributaryError(
      'WAREHOUSE_UNUSABLE',
      `Expected Postgres 16 or newer at ${place}, but got ${Math.floor(Number(server?.version) / 10_000)}. Upgrade the server, or use another warehouse.`,
    )
  }
  if (server?.has_schema) return
  await ask(`create schema if not exists ${postgresDialect.quote(schema)}`).catch((cause) => {
    throw cause instanceof QueryError && cause.isTransient ? cause : notMade(schema, server?.user ?? '…', cause)
  })
}
