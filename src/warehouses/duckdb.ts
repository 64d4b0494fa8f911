import { stat } from 'node:fs/promises'
import type { DuckDBConnection } from '@duckdb/node-api'
import { byTable } from './described.ts'
import { append } from './duckdb-append.ts'
import { Connections, openInstance, reopen, run } from './duckdb-connections.ts'
import { createTable, stagingTable } from './duckdb-ddl.ts'
import { duckdbDialect } from './duckdb-dialect.ts'
import { loadLines } from './duckdb-lines.ts'
import { loadTabular } from './duckdb-tabular.ts'
import { bindTypes, toRow } from './duckdb-values.ts'
import { ATTACH_STAGING, createStaging, dropStaging, duckdbWriter, STAGING } from './duckdb-writer.ts'
import { compile, compileInline, type Sql } from './sql.ts'
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

/** The log is moved into the file when it is larger, in bytes. */
const LARGEST_LOG = 64 * 2 ** 20

const logBytes = async (path: string): Promise<number> =>
  stat(`${path}.wal`).then(
    (log) => log.size,
    () => 0, // in memory, or just moved
  )

/** Opens an embedded DuckDB. */
export async function openDuckdb(options: DuckdbOptions): Promise<Warehouse> {
  const settings: Record<string, string> = {}
  if (options.memoryLimit) settings.memory_limit = options.memoryLimit
  if (options.threads) settings.threads = String(options.threads)
  const instance = await openInstance(options.path, settings)
  // One connection stays open: it keeps the attached catalog alive and carries everything that writes.
  const pool = new Connections(instance, options.maxConcurrentQueries ?? 12)
  const writer = duckdbWriter(options.schema)
  let committing: Promise<unknown> | null = null

  const plain = (connection: DuckDBConnection, text: string, o?: RunOptions) =>
    run(connection, text, o?.signal, () => connection.run(text))

  const describeTables = (names: readonly string[], schema = options.schema) =>
    pool.use(async (c) => {
      const found = await c.runAndReadAll(
        `select table_name, column_name, data_type from duckdb_columns() where database_name = current_database() and schema_name = $1 and list_contains(from_json($2, '["varchar"]'), table_name) order by column_index`,
        [schema, JSON.stringify(names)],
      )
      return byTable(found.getRows().map(([table, name, type]) => ({ table, name, type })))
    })

  try {
    await pool.use(async (c) => {
      await plain(c, ATTACH_STAGING)
      await plain(c, `create schema if not exists ${duckdbDialect.quote(options.schema)}`)
    })
  } catch (error) {
    pool.close()
    instance.closeSync()
    throw error
  }

  return {
    dialect: duckdbDialect,
    writer,
    isExclusive: true,
    atOnce: { small: 1, large: 1 },

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

    stage: (name, select, o) => pool.use(async (c) => void (await plain(c, createStaging(name, select, writer), o))),

    dropStaging: (names, o) =>
      pool.use(async (c) => {
        if (names) {
          for (const name of names) await plain(c, dropStaging(name, writer), o)
          return
        }
        await plain(c, `detach database if exists ${STAGING}`)
        await plain(c, ATTACH_STAGING)
      }),

    loadLines: (name, files, o) =>
      pool.use((c) =>
        run(c, `load lines into ${name}`, o?.signal, () =>
          loadLines(c, writer.staging(name), { name, catalog: STAGING }, files, o?.signal),
        ),
      ),

    loadTabular: (name, files, o) =>
      pool.use((c) =>
        run(c, `load files into ${name}`, o?.signal, () => loadTabular(c, writer.staging(name), files, o)),
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

    describeTable: async (name, schema) => (await describeTables([name], schema))[name] ?? null,
    describeTables: (names) => describeTables(names),

    // Statistics are kept as rows arrive; a checkpoint moves the log into the file. It rewrites what many small changes
    // touched, so it waits until the log is worth it; when the database is opened a log of that size is read in a second.
    maintain: () =>
      pool.use(async (c) => {
        if ((await logBytes(options.path)) <= LARGEST_LOG) return
        try {
          await plain(c, 'checkpoint')
        } catch (error) {
          // What is committed is safe in the log, but nobody could read it. New reads wait, as during a commit.
          const reopened = reopen(instance, options.path)
          committing = reopened.catch(() => undefined)
          await reopened.finally(() => {
            committing = null
          })
          throw error
        }
      }),

    ping: () => pool.use(async (c) => void (await plain(c, 'select 1'))),

    async close() {
      pool.close()
      instance.closeSync()
    },
  }
}
