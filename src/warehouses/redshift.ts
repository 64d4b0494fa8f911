import { randomBytes } from 'node:crypto'
import { QueryError } from '../errors.ts'
import { byTable } from './described.ts'
import { tabularRows } from './duckdb-reader.ts'
import { lineColumns, lineRows } from './file-rows.ts'
import type { RedshiftBucket } from './redshift-bucket.ts'
import { connect, type RedshiftTarget } from './redshift-client.ts'
import { createTable, stagingTable } from './redshift-ddl.ts'
import { redshiftDialect } from './redshift-dialect.ts'
import { cancelled } from './redshift-errors.ts'
import { linesThatFit } from './redshift-load.ts'
import { redshiftLoads } from './redshift-loads.ts'
import { BATCH, Statements } from './redshift-statements.ts'
import { viewMaker } from './redshift-views.ts'
import { asBatch, bindable, createStaging, dropStaging, redshiftWriter, STAGING_PREFIX } from './redshift-writer.ts'
import { compile, compileInline, type Sql, sql } from './sql.ts'
import type { Row, RunOptions, TableSpec, Warehouse } from './warehouse.ts'

/** Which database, and the schema of our tables. */
export interface RedshiftOptions extends RedshiftTarget {
  readonly schema: string
  /** Large loads go through it; without one all rows are sent as inserts. */
  readonly bucket?: RedshiftBucket
}

/**
 * Opens a database of Amazon Redshift through its Data API: no connection, no driver, one request per statement. A first
 * one tells whether it can be reached; what may pass is left to those who try again.
 */
export async function openRedshift({ schema, bucket: place, ...target }: RedshiftOptions): Promise<Warehouse> {
  const statements = new Statements(connect(target), target)
  const bucket = place ? new (await import('./redshift-bucket.ts')).Bucket(place, target.region) : null
  const writer = redshiftWriter(schema, `${randomBytes(4).toString('hex')}_`)
  const inline = (statement: Sql) => compileInline(statement, writer)
  const run = (texts: readonly string[], o?: RunOptions) => statements.run({ statements: asBatch(texts) }, o)

  const query = async <R extends Row>(statement: Sql, o?: RunOptions): Promise<R[]> => {
    const { text, values } = compile(bindable(statement), writer)
    const parameters = values.map((value, i) => ({ name: `p${i + 1}`, value: String(value) }))
    return (await statements.rows({ statements: asBatch([text]), parameters }, o)) as R[]
  }

  /** Statements that may be carried out again, in as few calls as they fit in. */
  const runAll = async (texts: readonly string[], o?: RunOptions) => {
    for (let i = 0; i < texts.length; i += BATCH) await run(texts.slice(i, i + BATCH), o)
  }

  const loads = redshiftLoads(writer, run, bucket)

  const loadStaging: Warehouse['loadStaging'] = async (name, columns, rows, o) => {
    await withSchema()
    const create = [dropStaging(name, writer), stagingTable(name, columns, writer)]
    await loads.fill(create, writer.staging(name), columns, rows, o)
  }

  const load = (table: TableSpec, rows: AsyncIterable<Row> | Iterable<Row>, o?: RunOptions) =>
    loads.addTo(writer.table(table.name), table.columns, rows, o)

  /** Their names in the schema, also of those that other processes left. */
  const stagingTables = async (): Promise<string[]> => {
    const rows = await query<Row & { name: string }>(
      sql`select cast(tablename as varchar) as name from pg_tables where schemaname = ${schema} and left(tablename, ${STAGING_PREFIX.length}) = ${STAGING_PREFIX}`,
    )
    return rows.map((row) => row.name)
  }

  const describeTables = async (names: readonly string[], of = schema) => {
    if (names.length === 0) return {}
    const rows = await query<Row & { table_name: string; name: string; type: string }>(
      sql`select cast(table_name as varchar) as table_name, cast(column_name as varchar) as name, cast(data_type as varchar) as type from svv_columns where table_schema = ${of} and table_name in (${sql.values(names)}) order by ordinal_position`,
    )
    // Our word for it: a column of that type is compared as it is, and its sort key is of use.
    return byTable(
      rows.map(({ table_name: table, name, type }) => ({ table, name, type: type.replace(' without time zone', '') })),
    )
  }

  /** Asked first: with `if not exists` it still needs the right to create schemas, which few users have. */
  const makeSchema = async () => {
    const found = await query(sql`select 1 as one from pg_namespace where nspname = ${schema}`)
    if (found.length === 0) await run([`create schema if not exists ${redshiftDialect.quote(schema)}`])
  }
  let schemaMade: Promise<void> | undefined
  const withSchema = () => {
    schemaMade ??= makeSchema().catch((error) => {
      schemaMade = undefined
      throw error
    })
    return schemaMade
  }

  const makeView = viewMaker(schema, query, run)

  await run(['select 1']).catch((error) => {
    if (error instanceof QueryError && error.isTransient) return
    statements.close()
    bucket?.close()
    throw error
  })

  return {
    dialect: redshiftDialect,
    writer,
    isExclusive: false,
    atOnce: { small: 4, large: 2 },
    query,
    execute: (statement, o) => run([inline(statement)], o),
    transaction: async (all, o) => {
      if (all.length > 0) await run(all.map(inline), o)
    },

    async createTables(specs) {
      await withSchema()
      await runAll(specs.flatMap((spec) => createTable(spec, writer)))
    },

    async createView(name, select) {
      await withSchema()
      await makeView(name, writer.table(name), inline(select).trim())
    },

    async stage(name, select, o) {
      if (o?.signal?.aborted) throw cancelled(name)
      await withSchema()
      await run(createStaging(name, select, writer), o)
    },
    async dropStaging(names, o) {
      await runAll(
        names
          ? names.map((name) => dropStaging(name, writer))
          : (await stagingTables()).map((name) => `drop table if exists ${writer.table(name)}`),
        o,
      )
    },
    async loadLines(name, files, o) {
      const { rows, unreadable } = lineRows(files, o?.signal)
      await untilAborted(`load lines into ${name}`, o, () => loadStaging(name, lineColumns, linesThatFit(rows), o))
      return unreadable
    },
    loadTabular: (name, files, o) =>
      untilAborted(`load files into ${name}`, o, async () => {
        const { columns, rows, loaded, close } = await tabularRows(files, o)
        try {
          await loadStaging(name, columns, rows, o)
          return loaded
        } finally {
          await close()
        }
      }),
    load,
    loadStaging,

    describeTable: async (name, other) => (await describeTables([name], other))[name] ?? null,
    describeTables: (names) => describeTables(names),

    // Rows are sorted and space is reclaimed by the service itself; statistics of what just changed help the next run.
    async maintain(specs) {
      await runAll(specs.map((spec) => `analyze ${writer.table(spec.name)}`))
    },

    ping: () => run(['select 1']),
    async tryBulkLoad(name, o) {
      if (!bucket) return
      const columns = { attempt: { type: 'integer', description: '1.' } } as const
      await withSchema()
      await loads.copy([stagingTable(name, columns, writer)], writer.staging(name), columns, [{ attempt: 1 }], o)
      await run([dropStaging(name, writer)], o)
    },
    async close() {
      statements.close()
      bucket?.close()
    },
  }
}

/** Reading files for a statement is part of it. */
async function untilAborted<T>(text: string, o: RunOptions | undefined, work: () => Promise<T>): Promise<T> {
  if (o?.signal?.aborted) throw cancelled(text)
  try {
    return await work()
  } catch (error) {
    throw o?.signal?.aborted ? cancelled(text) : error
  }
}
