import type { ColumnType, Dialect } from './dialect.ts'
import type { Sql, SqlWriter } from './sql.ts'

/** One column: its type and what it means, in words for docs/tables.md. */
export interface ColumnSpec {
  readonly type: ColumnType
  readonly description: string
  /** May it be null? Default no. */
  readonly nullable?: boolean
}

/** A table: the one source of its DDL, its versions and its documentation. */
export interface TableSpec {
  readonly name: string
  /** What a row is, e.g. "session". */
  readonly row: string
  readonly description: string
  /**
   * `output`: stable contract for readers. `state`: the pipeline's memory, subject to change. `record`: what the
   * pipeline writes about itself. `reference`: data that comes with tributary.
   */
  readonly kind: 'output' | 'state' | 'record' | 'reference'
  readonly columns: Readonly<Record<string, ColumnSpec>>
  /** The columns that name a row; with `versioned`, one row per key and run. */
  readonly key: readonly string[]
  /** Rows are visible in the runs `from_run <= run < to_run`; both columns are added to `columns`. */
  readonly versioned?: boolean
  /** The column whose month partitions the table where the engine can. */
  readonly partitionBy?: string
  /** The columns that keep rows together where the engine can. */
  readonly clusterBy?: readonly string[]
  /** Columns that few rows at a time are looked up by, where these are not those of `clusterBy` and the first of the key: indexes, where the engine has them. */
  readonly lookUpBy?: readonly (readonly string[])[]
  /** It may outgrow all others: partitioned even where every partition is a table of its own. */
  readonly isHuge?: boolean
}

/** A value in a result: integers are numbers (bigint beyond 2^53), times ISO text `2025-01-01T11:10:00.000001Z`. */
export type RowValue = string | number | bigint | boolean | null
export type Row = Readonly<Record<string, RowValue>>

export interface RunOptions {
  /** Aborting cancels the statement in the warehouse. */
  readonly signal?: AbortSignal
  /** Shows in the engine's own history. */
  readonly label?: string
  /** Not sent again when it fails, whatever the reason. */
  readonly once?: boolean
}

export interface TransactionOptions extends RunOptions {
  /**
   * What to do when it failed for a reason that may pass, which leaves open whether it was committed. `always`: it may be
   * carried out twice, send it again. A function: ask it whether it was committed, and send it again when not; its own
   * statements must then fail should both attempts come through. Without it: the failure is told.
   */
  readonly repeat?: 'always' | (() => Promise<boolean>)
  /** Tables that the statements fill, each with the relation its rows come from: an engine may make room before. */
  readonly fills?: readonly (readonly [table: TableSpec, rows: Sql])[]
}

/** Lines of text to be loaded as they are. */
export interface TextFile {
  /** An absolute path. */
  readonly path: string
  /** What quarantine and messages call it. */
  readonly name: string
  readonly isGzip: boolean
}

/** A file of rows with named columns. */
export interface TabularFile extends TextFile {
  readonly format: 'csv' | 'parquet'
}

export interface TabularOptions extends RunOptions {
  /** Names in lower case: no other column leaves the file. Without it every one is loaded. */
  readonly columns?: readonly string[]
}

/** What became of a file of rows. */
export interface LoadedFile {
  readonly file: string
  /** Names of its columns in lower case, as far as they are loaded. */
  readonly columns: readonly string[]
  /** Why it could not be read; null when it was. */
  readonly reason: string | null
}

/** Columns of a table with their types in the engine's words. */
type Columns = Readonly<Record<string, string>>

/** Tables by name. */
export type TableDescriptions = Readonly<Record<string, Columns>>

/** Steps at a time. */
export interface AtOnce {
  /** In a run of few rows: what takes time there is planning, and waiting for answers. */
  readonly small: number
  /** In any other: a large statement takes all the engine has, and memory. */
  readonly large: number
}

/** One warehouse: somewhere to run SQL and keep tables. */
export interface Warehouse {
  readonly dialect: Dialect
  /** Names and literals of this warehouse with its schema filled in. */
  readonly writer: SqlWriter
  /** True when whoever has it open is its only user: a lease that another process held is then a dead one's. */
  readonly isExclusive: boolean
  /** How many steps of a stage that need nothing of each other it is given at a time: `query`, `execute`, `stage`, `loadStaging` and `dropStaging` run side by side. */
  readonly atOnce: AtOnce

  /** Rows of a query with bound values. Each running query has a connection of its own. */
  query<R extends Row = Row>(query: Sql, options?: RunOptions): Promise<R[]>
  /** Runs one statement with literals that returns nothing. It may be sent twice when an answer is lost: twice must be as good as once. */
  execute(statement: Sql, options?: RunOptions): Promise<void>
  /** Runs statements as one transaction: all or none. New queries wait while it commits where the engine needs that. */
  transaction(statements: readonly Sql[], options?: TransactionOptions): Promise<void>
  /** Creates the schema and the tables that are missing. */
  createTables(specs: readonly TableSpec[]): Promise<void>
  /** Creates or replaces a view of the schema. */
  createView(name: string, select: Sql): Promise<void>
  /** Creates or replaces a staging table with the rows of a query. */
  stage(name: string, select: Sql, options?: RunOptions): Promise<void>
  /** Drops the staging tables of these names that exist; without names every one, also those that a dead run left. Can be repeated. */
  dropStaging(names?: readonly string[], options?: RunOptions): Promise<void>
  /**
   * Creates or replaces a staging table with each line of the files, `(file, line, text)`, `line` counted from 1, lines of white
   * space left out. A line that is not UTF-8, or is longer than 64 MB, comes with null text. Files it cannot read to the end are returned with the reason
   * and none of their lines stay.
   */
  loadLines(name: string, files: readonly TextFile[], options?: RunOptions): Promise<readonly UnreadableFile[]>
  /**
   * Creates or replaces a staging table with the rows of CSV and Parquet files: `row_file`, `row_in_file` counted from 1, and every
   * column of any of the files, or those of the options, as text under its name in lower case, null where a file does not have it. An empty field of
   * a CSV file is null. Files it cannot read to the end are returned with the reason and none of their rows stay.
   */
  loadTabular(name: string, files: readonly TabularFile[], options?: TabularOptions): Promise<readonly LoadedFile[]>
  /** Bulk load of rows into an existing table, outside any transaction. Sent once: a lost answer leaves open whether they are there. */
  load(table: TableSpec, rows: AsyncIterable<Row> | Iterable<Row>, options?: RunOptions): Promise<void>
  /** The same into a new staging table. */
  loadStaging(
    name: string,
    columns: Readonly<Record<string, ColumnSpec>>,
    rows: AsyncIterable<Row> | Iterable<Row>,
    options?: RunOptions,
  ): Promise<void>
  /** The columns of a table or view with their types in the engine's words, or null when there is none. Of the schema of tributary, or of another one. */
  describeTable(name: string, schema?: string): Promise<Columns | null>
  /** The same of several tables of the schema of tributary, with as few questions as the engine allows; those that there are. */
  describeTables(names: readonly string[]): Promise<TableDescriptions>
  /** Statistics, checkpoint, order of rows: what the engine wants done after a publication. */
  maintain(specs: readonly TableSpec[]): Promise<void>
  /** Bytes that a query would read, where the engine can tell before it runs; null when it cannot tell of this one. */
  estimateBytes?(statement: Sql, options?: RunOptions): Promise<number | null>
  /** Makes and drops a staging table by whatever only large loads go through; absent where there is nothing of that kind. */
  tryBulkLoad?(name: string, options?: RunOptions): Promise<void>
  /** Resolves when the warehouse answers. */
  ping(): Promise<void>
  close(): Promise<void>
}

/** A file that could not be read, and the reason in the words of whoever refused. */
export interface UnreadableFile {
  readonly file: string
  readonly reason: string
}
