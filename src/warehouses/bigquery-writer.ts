import { scriptOf } from './bigquery-bounds.ts'
import { bigqueryDialect } from './bigquery-dialect.ts'
import type { Printer } from './printer.ts'
import { compileInline, type Sql, type SqlWriter } from './sql.ts'

/** Where the tables of tributary are. */
export interface BigqueryPlace {
  readonly project: string
  readonly dataset: string
  /** Staging tables, which go away by themselves. */
  readonly stagingDataset: string
  /** After the name of a staging table. */
  readonly stagingSuffix: string
}

/** The dataset of staging tables when none is configured. */
export const stagingOf = (dataset: string): string => `${dataset}_staging`

/** Names and literals of a project whose tables are in a dataset. */
export const bigqueryWriter = (place: BigqueryPlace): SqlWriter => ({
  ...bigqueryDialect,
  table: (name) => qualified(place.project, place.dataset, name),
  staging: (name) => qualified(place.project, place.stagingDataset, `${name}${place.stagingSuffix}`),
})

function qualified(project: string, dataset: string, name: string): string {
  return `\`${project}.${dataset}.${bigqueryDialect.quote(name).slice(1, -1)}\``
}

/** The name that the engine knows a table by. */
export const tableId = (name: string): string => bigqueryDialect.quote(name).slice(1, -1)

/** The statement that creates or replaces a staging table with the rows of a query. */
export const createStaging = (name: string, select: Sql, writer: SqlWriter): string =>
  scriptOf(`create or replace table ${writer.staging(name)} as\n${compileInline(select, writer).trim()}`)

/** Prints for BigQuery. The project is left out: it is the one whoever runs the statement has chosen. */
export function bigqueryPrinter(dataset: string): Printer {
  const writer: SqlWriter = {
    ...bigqueryDialect,
    table: (name) => `\`${dataset}.${tableId(name)}\``,
    staging: (name) => `\`${stagingOf(dataset)}.${tableId(name)}\``,
  }
  return {
    dialect: bigqueryDialect,
    preamble: [],
    statement: (statement) => compileInline(statement, writer),
    stage: (name, select) => createStaging(name, select, writer),
    dropStaging: (name) => `drop table if exists ${writer.staging(name)}`,
    begin: 'begin transaction',
    commit: 'commit transaction',
  }
}
