import type { DuckDBConnection } from '@duckdb/node-api'
import { append } from './duckdb-append.ts'
import { Connections, openInstance, run } from './duckdb-connections.ts'
import { createTable, stagingTable } from './duckdb-ddl.ts'
import { duckdbDialect } from './duckdb-dialect.ts'
import { loadLines } from './duckdb-lines.ts'
import { loadTabular } from './duckdb-tabular.ts'
import { bindTypes, toRow } from './duckdb-values.ts'
import { compile, compileInline, type Sql, type SqlWriter } from './sql.ts'
import type { Row, RunOptions, Warehouse } from './warehouse.ts'

/** Where the database is and what it may use. */
export interface DuckdbOptions {
  /** A file, created when there is none, or `:memory:`. */
  readonly path: string
  readonly schema: string
  /** In DuckDB's words, e.g. `4GB`; default 80 % of the machine. */
  readonly memoryLimit?: string
  readonly threads?: number
  /** Statements at a time; each occupies one thread of Node's pool, which must be larger (`UV_THREADPOOL_SIZE`). */
  readonly maxConcurrentQueries?: number
}

/** The catalog of staging tables: in memory, so a run writes them nowhere and a dead run leaves none. */
const STAGING = 'staging'

/** Opens an embedded DuckDB. */
export async function openDuckdb(options: DuckdbOptions): Promise<Warehouse> {
  const settings: Record<string, string> = {}
  if (options.memoryLimit) settings.memory_limit = options.memoryLimit
  if (options.threads) settings.threads = String(options.threads)
  const instance = await openInstance(options.path, settings)
  // One connection stays open: it keeps the attached catalog alive and carries everything that writes.
  const pool = new Connections(instance, options.maxConcurrentQueries ?? 12)
  const writer: SqlWriter = {
    ...duckdbDialect,
    table: (name) => `${duckdbDialect.quote(options.schema)}.${duckdbDialect.quote(name)}`,
    staging: (name) => `${STAGING}.main.${duckdbDialect.quote(name)}`,
  }
  let committing: Promise<unknown> | null = null

  const plain = (connection: DuckDBConnection, text: string, o?: RunOptions) =>
    run(connection, text, o?.signal, () => connection.run(text))

  await pool.use(async (c) => {
    await c.run(`attach if not exists ':memory:' as ${STAGING}`)
    await c.run(`create schema if not exists ${duckdbDialect.quote(options.schema)}`)
  })

  return {
    dialect: duckdbDialect,
    writer,
    isExclusive: true,

    async query<R extends Row>(query: Sql, o?: RunOptions): Promise<R[]> {
      const { text, values } = compile(query, writer)
      return pool.use((c) =>
        run(c, text, o?.signal, async () => {
          const prepared = await c.prepare(text)
          try {
            prepared.bind([...values], bindTypes(values))
            // DuckDB 1.5 tears large commits for reads that begin while COMMIT runs: they wait these milliseconds.
            while (committing !== null) await committing
            const result = await prepared.start()
            return (await result.readAll()).getRowObjects().map(toRow) as R[]
          } finally {
            prepared.destroySync()
          }
        }),
      )
    },

    execute: (statement, o) => pool.use(async (c) => void (await plain(c, compileInline(statement, writer), o))),

    transaction: (statements, o) =>
      pool.use(async (c) => {
        await c.run('begin')
        try {
          for (const statement of statements) await plain(c, compileInline(statement, writer), o)
          const commit = plain(c, 'commit', o)
          const settled = commit.catch(() => undefined)
          committing = settled
          await commit.finally(() => {
            if (committing === settled) committing = null
          })
        } catch (error) {
          await c.run('rollback').catch(() => undefined) // a failed commit has rolled back already
          throw error
        }
      }),

    createTables: (specs) =>
      pool.use(async (c) => {
        for (const spec of specs) for (const text of createTable(spec, writer)) await plain(c, text)
      }),

    // Bare names in a view mean its own schema, whatever the database is called when somebody else opens the file.
    createView: (name, select) =>
      pool.use(async (c) => {
        const text = compileInline(select, { ...writer, table: duckdbDialect.quote })
        await plain(c, `create or replace view ${writer.table(name)} as\n${text}`)
      }),

    stage: (name, select, o) =>
      pool.use(async (c) => {
        await plain(c, `create or replace table ${writer.staging(name)} as\n${compileInline(select, writer)}`, o)
      }),

    dropStaging: (names) =>
      pool.use(async (c) => {
        if (names) {
          for (const name of names) await plain(c, `drop table if exists ${writer.staging(name)}`)
          return
        }
        await c.run(`detach ${STAGING}`)
        await c.run(`attach ':memory:' as ${STAGING}`)
      }),

    loadLines: (name, files, o) =>
      pool.use((c) =>
        run(c, `load lines into ${name}`, o?.signal, () =>
          loadLines(c, writer.staging(name), { name, catalog: STAGING }, files, o?.signal),
        ),
      ),

    loadTabular: (name, files, o) =>
      pool.use((c) =>
        run(c, `load files into ${name}`, o?.signal, () => loadTabular(c, writer.staging(name), files, o?.signal)),
      ),

    load: (table, rows, o) =>
      pool.use((c) =>
        append(c, { table: table.name, schema: options.schema, catalog: null }, table.columns, rows, o?.signal),
      ),

    loadStaging: (name, columns, rows, o) =>
      pool.use(async (c) => {
        await plain(c, stagingTable(name, columns, writer), o)
        await append(c, { table: name, schema: 'main', catalog: STAGING }, columns, rows, o?.signal)
      }),

    describeTable: (name, schema) =>
      pool.use(async (c) => {
        const found = await c.runAndReadAll(
          'select column_name, data_type from duckdb_columns() where database_name = current_database() and schema_name = $1 and table_name = $2 order by column_index',
          [schema ?? options.schema, name],
        )
        const rows = found.getRows()
        return rows.length === 0
          ? null
          : Object.fromEntries(rows.map(([column, type]) => [String(column), String(type)]))
      }),

    // Statistics are kept as rows arrive; a checkpoint moves the log into the file.
    maintain: () => pool.use(async (c) => void (await c.run('checkpoint'))),

    ping: () => pool.use(async (c) => void (await c.run('select 1'))),

    async close() {
      pool.close()
      instance.closeSync()
    },
  }
}
