import type { BigQuery, Dataset, Table, TableMetadata } from '@google-cloud/bigquery'
import type { Answers } from './bigquery-answers.ts'
import { bigqueryDialect } from './bigquery-dialect.ts'
import { refused, told } from './bigquery-errors.ts'
import { schemaOf } from './bigquery-loads.ts'
import { nameOf } from './bigquery-text.ts'
import { type BigqueryPlace, tableId } from './bigquery-writer.ts'
import type { SqlWriter } from './sql.ts'
import type { TableDescriptions, TableSpec } from './warehouse.ts'

/** A staging table that nobody drops is gone after so long; the longest run is shorter. */
const STAGING_LIVES = 3 * 86_400_000

/** Tables and datasets by the REST interface: it costs nothing, and reads no rows. */
export class BigqueryTables {
  private readonly client: BigQuery
  private readonly answers: Answers
  private readonly place: BigqueryPlace

  constructor(client: BigQuery, answers: Answers, place: BigqueryPlace) {
    this.client = client
    this.answers = answers
    this.place = place
  }

  /** Creates the datasets that are missing. */
  async createDatasets(): Promise<void> {
    await this.createDataset(this.place.dataset, {})
    await this.createDataset(this.place.stagingDataset, { defaultTableExpirationMs: String(STAGING_LIVES) })
  }

  /** Creates the tables that are missing. Returns those it made. */
  async create(specs: readonly TableSpec[]): Promise<TableSpec[]> {
    const dataset = this.dataset(this.place.dataset)
    const known = new Set((await this.list(dataset)).map((table) => table.id))
    const missing = specs.filter((spec) => !known.has(tableId(spec.name)))
    const made = await inTurns(missing, async (spec) => {
      const isMade = await this.unlessThere(`create ${spec.name}`, () =>
        dataset.createTable(tableId(spec.name), layoutOf(spec)),
      )
      return isMade ? [spec] : []
    })
    return made.flat()
  }

  staging(name: string): Table {
    return this.dataset(this.place.stagingDataset).table(tableId(`${name}${this.place.stagingSuffix}`))
  }

  table(name: string): Table {
    return this.dataset(this.place.dataset).table(tableId(name))
  }

  /** Drops staging tables; without names all of them. */
  async dropStaging(names?: readonly string[]): Promise<void> {
    const dataset = this.dataset(this.place.stagingDataset)
    const tables = names ? names.map((name) => this.staging(name)) : await this.list(dataset)
    await inTurns(tables, (table) => this.asked(`drop ${table.id}`, () => table.delete({ ignoreNotFound: true })))
  }

  /** The columns of a table or view; null when there is none. A dataset of another project is named `project.dataset`. */
  async describe(name: string, schema = this.place.dataset): Promise<Record<string, string> | null> {
    const [datasetId, projectId] = schema.split('.').reverse()
    const table = this.client.dataset(datasetId!, { projectId: projectId ?? this.place.project }).table(tableId(name))
    try {
      const [metadata] = await this.answers.within(table.getMetadata())
      const fields: { name: string; type: string; mode?: string }[] = metadata.schema?.fields ?? []
      return Object.fromEntries(fields.map((f) => [nameOf(f.name), typeName(f)]))
    } catch (cause) {
      if (told(cause).code === 404) return null
      throw refused(`describe ${name}`, cause)
    }
  }

  /** The columns of those tables that there are: by a list of tables and a request for each, which cost nothing. */
  async describeAll(names: readonly string[]): Promise<TableDescriptions> {
    const known = new Set((await this.list(this.dataset(this.place.dataset))).map((table) => table.id))
    const present = names.filter((name) => known.has(tableId(name)))
    const described = await inTurns(present, async (name) => [name, await this.describe(name)] as const)
    return Object.fromEntries(described.flatMap(([name, columns]) => (columns ? [[name, columns]] : [])))
  }

  /** With its location, which load jobs take from it. */
  private dataset(id: string): Dataset {
    return this.client.dataset(id, { location: this.client.location })
  }

  private async list(dataset: Dataset): Promise<Table[]> {
    try {
      const [tables] = await this.answers.within(dataset.getTables({ maxResults: 1000 }))
      return tables
    } catch (cause) {
      if (told(cause).code === 404) return []
      throw refused(`list tables of ${dataset.id}`, cause)
    }
  }

  private async createDataset(id: string, metadata: { defaultTableExpirationMs?: string }): Promise<void> {
    const dataset = this.dataset(id)
    const [isThere] = await this.asked(`look for dataset ${id}`, () => dataset.exists())
    if (isThere) return
    await this.unlessThere(`create dataset ${id}`, () =>
      this.client.createDataset(id, { ...metadata, location: this.client.location }),
    )
  }

  private async asked<T>(what: string, ask: () => Promise<T>): Promise<T> {
    try {
      return await this.answers.within(ask())
    } catch (cause) {
      throw refused(what, cause)
    }
  }

  /** True when it was made, false when somebody else was faster. */
  private async unlessThere(what: string, make: () => Promise<unknown>): Promise<boolean> {
    try {
      await this.answers.within(make())
      return true
    } catch (cause) {
      if (told(cause).code === 409) return false
      throw refused(what, cause)
    }
  }
}

/** Partitions by month, so that a statement with literal bounds reads the months between them; at most four columns cluster. */
export function layoutOf(spec: TableSpec): TableMetadata {
  const clustered = (spec.clusterBy ?? []).slice(0, 4)
  return {
    schema: schemaOf(spec.columns),
    description: spec.description.slice(0, 16_384),
    labels: { application: 'tributary', kind: spec.kind },
    ...(spec.partitionBy ? { timePartitioning: { type: 'MONTH', field: tableId(spec.partitionBy) } } : {}),
    ...(clustered.length === 0 ? {} : { clustering: { fields: clustered.map(tableId) } }),
  }
}

const NOTHING = {
  string: "''",
  integer: '0',
  float: '0',
  boolean: 'false',
  timestamp: "timestamp('1970-01-01', 'UTC')",
} as const

/** The row of a versioned table that is visible in no run: the same on every engine, though only DuckDB needs it. */
export function sentinelOf(spec: TableSpec, writer: SqlWriter): string {
  const values = Object.entries(spec.columns).map(([column, { type, nullable }]) => {
    if (column === 'from_run') return '9223372036854775807'
    if (column === 'to_run') return '0'
    return nullable ? `cast(null as ${bigqueryDialect.types[type]})` : NOTHING[type]
  })
  const columns = Object.keys(spec.columns).map((name) => writer.quote(name))
  return `insert into ${writer.table(spec.name)} (${columns.join(', ')}) select ${values.join(', ')}`
}

/** The type of a column in the words of SQL. */
function typeName({ type, mode }: { type: string; mode?: string }): string {
  const names: Record<string, string> = { INTEGER: 'INT64', FLOAT: 'FLOAT64', BOOLEAN: 'BOOL', RECORD: 'STRUCT' }
  const name = names[type] ?? type
  return mode === 'REPEATED' ? `ARRAY<${name}>` : name
}

/** A few at a time: the service counts requests per second. */
async function inTurns<T, R>(all: readonly T[], work: (one: T) => Promise<R>, atOnce = 8): Promise<R[]> {
  const results: R[] = []
  for (let from = 0; from < all.length; from += atOnce) {
    results.push(...(await Promise.all(all.slice(from, from + atOnce).map(work))))
  }
  return results
}
