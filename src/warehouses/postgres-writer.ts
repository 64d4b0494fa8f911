import { postgresDialect } from './postgres-dialect.ts'
import type { Printer } from './printer.ts'
import { compileInline, type Sql, type SqlWriter } from './sql.ts'

/** How names of staging tables begin. */
export const STAGING = 'staging_'

/**
 * Names and literals of a database whose tables are in a schema. Staging tables stand beside them, so that one schema is
 * all that tributary needs. `session`: goes into their names; two processes never write the same.
 */
export function postgresWriter(schema: string, session = ''): SqlWriter {
  const { quote } = postgresDialect
  return {
    ...postgresDialect,
    table: (name) => `${quote(schema)}.${quote(name)}`,
    staging: (name) => `${quote(schema)}.${quote(`${STAGING}${session}${name}`)}`,
  }
}

/** The statements that create or replace a staging table with the rows of a query; sent as one, they are one transaction. */
export const createStaging = (name: string, select: Sql, writer: SqlWriter): string =>
  `${dropStaging(name, writer)};
create table ${writer.staging(name)} as
${compileInline(select, writer).trim()};
${analyze(name, writer)}`

/** Without statistics a staging table counts as some thousand rows, and what joins it would scan all of history. */
export const analyze = (name: string, writer: SqlWriter): string => `analyze ${writer.staging(name)}`

/** The statement that drops a staging table. */
export const dropStaging = (name: string, writer: SqlWriter): string => `drop table if exists ${writer.staging(name)}`

/** Prints for Postgres. */
export function postgresPrinter(schema: string): Printer {
  const writer = postgresWriter(schema)
  return {
    dialect: postgresDialect,
    preamble: ["set timezone = 'UTC'"],
    statement: (statement) => compileInline(statement, writer),
    stage: (name, select) => createStaging(name, select, writer),
    dropStaging: (name) => dropStaging(name, writer),
    begin: 'begin',
    commit: 'commit',
  }
}
