import { randomBytes } from 'node:crypto'
import { BigQuery, type BigQueryOptions } from '@google-cloud/bigquery'
import { Answers } from './bigquery-answers.ts'
import { withBounds } from './bigquery-bounds.ts'
import { bigqueryDialect } from './bigquery-dialect.ts'
import { cancelled, closed, refused } from './bigquery-errors.ts'
import { type JobLimits, QueryJobs } from './bigquery-jobs.ts'
import { loadRows } from './bigquery-loads.ts'
import { BigqueryTables, sentinelOf } from './bigquery-tables.ts'
import { bigqueryWriter, createStaging, stagingOf } from './bigquery-writer.ts'
import { tabularRows } from './duckdb-reader.ts'
import { lineColumns, lineRows } from './file-rows.ts'
import { compile, compileInline, type Sql } from './sql.ts'
import type { ColumnSpec, Row, RunOptions, Warehouse } from './warehouse.ts'

/** Which project and datasets, and how to reach them. */
export interface BigqueryOptions extends JobLimits {
  readonly project: string
  /** The dataset. */
  readonly schema: string
  /** Where staging tables go; default the dataset's name with `_staging`. */
  readonly stagingDataset?: string
  /** Where the datasets are, and jobs run: `EU`, `US`, `europe-west3` … */
  readonly location: string
  /** A key file of a service account; without it whatever the machine offers. */
  readonly keyFile?: string
  /** Another address than Google's: a private endpoint, or a stand-in. */
  readonly apiEndpoint?: string
}

/** Opens BigQuery: credentials are looked for, the service is asked nothing yet. `authClient` replaces the credentials; for tests. */
export async function openBigquery(
  options: BigqueryOptions,
  authClient?: BigQueryOptions['authClient'],
): Promise<Warehouse> {
  const { project, schema: dataset, stagingDataset = stagingOf(dataset) } = options
  const client = new BigQuery({
    projectId: project,
    location: options.location,
    apiEndpoint: options.apiEndpoint,
    keyFilename: options.keyFile,
    authClient,
    retryOptions: { autoRetry: false, maxRetries: 0 }, // ours knows what may be sent twice
  })
  // Without credentials the client would send requests without headers, and end the process over it.
  await client.authClient.getRequestHeaders().catch((cause: unknown) => {
    throw refused('credentials', cause)
  })
  // A run that was given up for dead may still be sending statements: each process has staging tables of its own.
  const place = { project, dataset, stagingDataset, stagingSuffix: `__${randomBytes(4).toString('hex')}` }
  const writer = bigqueryWriter(place)
  const answers = new Answers(client, options)
  const tables = new BigqueryTables(client, answers, place)
  const sent = new QueryJobs(client, answers, options)
  let isClosed = false
  let datasets: Promise<void> | null = null

  /** Staging tables need their dataset; it is looked for once. */
  const withDatasets = async (): Promise<void> => {
    if (isClosed) throw closed()
    datasets ??= tables.createDatasets()
    await datasets.catch((error: unknown) => {
      datasets = null
      throw error
    })
  }
  const run = async (text: string, o?: RunOptions): Promise<Row[]> => {
    if (isClosed) throw closed()
    return sent.run({ text, values: [] }, o)
  }
  const replaceStaging = async (
    name: string,
    columns: Readonly<Record<string, ColumnSpec>>,
    rows: AsyncIterable<Row> | Iterable<Row>,
    o?: RunOptions,
  ): Promise<void> => {
    await withDatasets()
    if (await loadRows(answers, tables.staging(name), columns, rows, { ...o, isReplaced: true })) return
    const list = Object.entries(columns).map(
      ([column, { type, nullable }]) =>
        `${writer.quote(column)} ${bigqueryDialect.types[type]}${nullable ? '' : ' not null'}`,
    )
    await run(`create or replace table ${writer.staging(name)} (${list.join(', ')})`, o)
  }

  return {
    dialect: bigqueryDialect,
    writer,
    isExclusive: false,
    atOnce: { small: 4, large: 4 },

    async query<R extends Row>(query: Sql, o?: RunOptions): Promise<R[]> {
      if (isClosed) throw closed()
      return (await sent.run(compile(query, writer), o)) as R[]
    },

    execute: async (statement, o) => void (await run(compileInline(statement, writer), o)),

    async transaction(statements, o) {
      if (statements.length === 0) return
      await run(transactionOf(statements.map((s) => compileInline(s, writer))), o)
    },

    async createTables(specs) {
      await withDatasets()
      const made = await tables.create(specs)
      const sentinels = made.filter((spec) => spec.versioned).map((spec) => `${sentinelOf(spec, writer)};`)
      if (sentinels.length > 0) await run(sentinels.join('\n'), { label: 'create tables' })
    },

    createView: async (name, select) =>
      void (await run(`create or replace view ${writer.table(name)} as\n${compileInline(select, writer)}`, {
        label: 'create view',
      })),

    async stage(name, select, o) {
      await withDatasets()
      await run(createStaging(name, select, writer), o)
    },

    async dropStaging(names) {
      if (isClosed) throw closed()
      await tables.dropStaging(names)
    },

    async loadLines(name, files, o) {
      const { rows, unreadable } = lineRows(files, o?.signal)
      await replaceStaging(name, lineColumns, rows, o)
      return unreadable
    },

    async loadTabular(name, files, o) {
      if (o?.signal?.aborted) throw cancelled(`load ${name}`)
      const { columns, rows, loaded, close } = await tabularRows(files, o)
      try {
        await replaceStaging(name, columns, rows, o)
      } finally {
        await close()
      }
      return loaded
    },

    async load(table, rows, o) {
      if (isClosed) throw closed()
      await loadRows(answers, tables.table(table.name), table.columns, rows, { ...o, isReplaced: false })
    },

    loadStaging: replaceStaging,

    async describeTable(name, schema) {
      if (isClosed) throw closed()
      return tables.describe(name, schema)
    },

    async describeTables(names) {
      if (isClosed) throw closed()
      return tables.describeAll(names)
    },

    maintain: async () => undefined, // the service keeps statistics and clusters by itself

    estimateBytes: async (statement, o) => {
      if (isClosed) throw closed()
      return sent.estimate(compile(statement, writer), o?.label)
    },

    ping: async () => void (await run('select 1 as one', { label: 'ping' })),

    async close() {
      isClosed = true
    },
  }
}

/** One script: a script that fails before its end has its transaction rolled back by the service. */
function transactionOf(statements: readonly string[]): string {
  // Staging tables do not change within it, so bounds are the same before it begins; declarations must come first.
  const { declarations, text } = withBounds(statements.map((statement) => `${statement};`).join('\n'))
  return [...declarations, 'begin transaction;', text, 'commit transaction;'].join('\n')
}
