import { duckdbDialect } from './duckdb-dialect.ts'
import type { Printer } from './printer.ts'
import { compileInline, type Sql, type SqlWriter } from './sql.ts'

/** The catalog of staging tables: in memory, so a run writes them nowhere and a dead run leaves none. */
export const STAGING = 'staging'

/** Brings the catalog of staging tables, which belongs to the session. */
export const ATTACH_STAGING = `attach if not exists ':memory:' as ${STAGING}`

/** Names and literals of a DuckDB database whose tables are in a schema. */
export const duckdbWriter = (schema: string): SqlWriter => ({
  ...duckdbDialect,
  table: (name) => `${duckdbDialect.quote(schema)}.${duckdbDialect.quote(name)}`,
  staging: (name) => `${STAGING}.main.${duckdbDialect.quote(name)}`,
})

/** The statement that creates or replaces a staging table with the rows of a query. */
export const createStaging = (name: string, select: Sql, writer: SqlWriter): string =>
  `create or replace table ${writer.staging(name)} as\n${compileInline(select, writer).trim()}`

/** The statement that drops a staging table. */
export const dropStaging = (name: string, writer: SqlWriter): string => `drop table if exists ${writer.staging(name)}`

/** Prints for DuckDB. */
export function duckdbPrinter(schema: string): Printer {
  const writer = duckdbWriter(schema)
  return {
    dialect: duckdbDialect,
    preamble: [ATTACH_STAGING],
    statement: (statement) => compileInline(statement, writer),
    stage: (name, select) => createStaging(name, select, writer),
    dropStaging: (name) => dropStaging(name, writer),
    begin: 'begin',
    commit: 'commit',
  }
}
