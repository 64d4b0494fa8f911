import { duckdbDialect } from './duckdb-dialect.ts'
import type { SqlWriter } from './sql.ts'
import type { ColumnSpec, TableSpec } from './warehouse.ts'

const NOTHING = {
  string: "''",
  integer: '0',
  float: '0',
  boolean: 'false',
  timestamp: "timestamp '1970-01-01'",
} as const

/**
 * The statements that create a table when it is missing.
 *
 * A versioned table begins with one sentinel row (`from_run` the largest bigint, `to_run` 0), visible in no run: without
 * it the optimizer drops a filter `from_run <= R` that statistics say is always true, and a read that begins during the
 * commit of R + 1 sees its rows. No indexes: an update of an indexed row is a delete and an insert.
 */
export function createTable(spec: TableSpec, writer: SqlWriter): string[] {
  const name = writer.table(spec.name)
  const statements = [`create table if not exists ${name} (\n${columnList(spec.columns)}\n)`]
  if (spec.versioned) {
    const values = Object.entries(spec.columns).map(([column, { type, nullable }]) => {
      if (column === 'from_run') return '9223372036854775807'
      if (column === 'to_run') return '0'
      return nullable ? 'null' : NOTHING[type]
    })
    statements.push(
      `insert into ${name} select ${values.join(', ')} where not exists (select 1 from ${name} where to_run = 0)`,
    )
  }
  return statements
}

/** Creates or replaces an empty staging table. */
export function stagingTable(name: string, columns: Readonly<Record<string, ColumnSpec>>, writer: SqlWriter): string {
  return `create or replace table ${writer.staging(name)} (\n${columnList(columns)}\n)`
}

function columnList(columns: Readonly<Record<string, ColumnSpec>>): string {
  return Object.entries(columns)
    .map(
      ([name, c]) => `    ${duckdbDialect.quote(name)} ${duckdbDialect.types[c.type]}${c.nullable ? '' : ' not null'}`,
    )
    .join(',\n')
}
