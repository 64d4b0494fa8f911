import type { Dialect } from './dialect.ts'
import type { Sql } from './sql.ts'

/** The statements of a warehouse as text, without the warehouse: what it would send, letter for letter. */
export interface Printer {
  readonly dialect: Dialect
  /** What a session of one's own needs before the others run. */
  readonly preamble: readonly string[]
  /** A statement with literals. */
  statement(statement: Sql): string
  /** Creates or replaces a staging table with the rows of a query. */
  stage(name: string, select: Sql): string
  dropStaging(name: string): string
  readonly begin: string
  readonly commit: string
}

/** Warehouses whose statements can be printed. */
export const printable = ['duckdb', 'postgres', 'redshift', 'bigquery'] as const

/** The printer of a kind of warehouse; no driver is loaded. */
export async function openPrinter(kind: (typeof printable)[number], schema: string): Promise<Printer> {
  const printers = {
    duckdb: async () => (await import('./duckdb-writer.ts')).duckdbPrinter,
    postgres: async () => (await import('./postgres-writer.ts')).postgresPrinter,
    redshift: async () => (await import('./redshift-writer.ts')).redshiftPrinter,
    bigquery: async () => (await import('./bigquery-writer.ts')).bigqueryPrinter,
  }
  return (await printers[kind]())(schema)
}
