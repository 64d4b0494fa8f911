import type { Printer } from './printer.ts'
import { redshiftDialect } from './redshift-dialect.ts'
import { compileInline, Sql, type SqlWriter, sql } from './sql.ts'

/** Staging tables are tables of the schema: only those have a transaction that can read them. */
export const STAGING_PREFIX = 'staging__'

/**
 * Names and literals of a database whose tables are in a schema. `session`: goes into the names of staging tables: a run
 * that was given up for dead may still be sending, and must not reach those of the next.
 */
export function redshiftWriter(schema: string, session = ''): SqlWriter {
  const table = (name: string) => `${redshiftDialect.quote(schema)}.${redshiftDialect.quote(name)}`
  return { ...redshiftDialect, table, staging: (name) => table(`${STAGING_PREFIX}${session}${name}`) }
}

/** Goes before statements with such names, in their transaction: names in quotes are otherwise folded to lower case. */
const CASE_SENSITIVE = 'set enable_case_sensitive_identifier to true'
const WITH_CAPITALS = /"[^"]*[A-Z][^"]*"/

/** Statements of one transaction, preceded by what they need of the session. */
export const asBatch = (statements: readonly string[]): readonly string[] =>
  statements.some((text) => WITH_CAPITALS.test(text)) ? [CASE_SENSITIVE, ...statements] : statements

/** The statements that create or replace a staging table with the rows of a query. */
export const createStaging = (name: string, select: Sql, writer: SqlWriter): string[] => [
  dropStaging(name, writer),
  `create table ${writer.staging(name)} as\n${compileInline(select, writer).trim()}`,
]

/** The statement that drops a staging table. */
export const dropStaging = (name: string, writer: SqlWriter): string => `drop table if exists ${writer.staging(name)}`

/**
 * Parameters of the Data API are texts that are not empty. Only those are bound, with their own width; numbers, booleans,
 * null and empty text become literals, which no caller can make say anything else.
 */
export function bindable(statement: Sql): Sql {
  const parts = statement.parts.flatMap((part): Sql['parts'] => {
    if (part.kind !== 'value') return [part]
    const { value } = part
    if (typeof value !== 'string' || value === '') return sql.raw(redshiftDialect.literal(value)).parts
    const width = Math.min(Buffer.byteLength(value), 65_535)
    return sql`cast(${value} as ${sql.raw(`varchar(${width})`)})`.parts
  })
  return new Sql(parts)
}

/** Prints for Redshift. */
export function redshiftPrinter(schema: string): Printer {
  const writer = redshiftWriter(schema)
  return {
    dialect: redshiftDialect,
    preamble: [CASE_SENSITIVE],
    statement: (statement) => compileInline(statement, writer),
    stage: (name, select) => createStaging(name, select, writer).join(';\n\n'),
    dropStaging: (name) => dropStaging(name, writer),
    begin: 'begin',
    commit: 'commit',
  }
}
