import { redshiftDialect } from './redshift-dialect.ts'
import type { SqlWriter } from './sql.ts'
import type { ColumnSpec, TableSpec } from './warehouse.ts'

const NOTHING = {
  string: "''",
  integer: '0',
  float: '0',
  boolean: 'false',
  timestamp: "cast('1970-01-01' as timestamp)",
} as const

/** Sort keys of more columns only make loads slower. */
const MOST_SORT_COLUMNS = 4

/**
 * The statements that create a table when it is missing. Time sorts first where there is one: the months a statement
 * names are then blocks of their own. Rows of one device or person lie on one node, where they are joined and grouped.
 * A versioned table begins with one sentinel row (`from_run` the largest bigint, `to_run` 0), visible in no run.
 */
export function createTable(spec: TableSpec, writer: SqlWriter): string[] {
  const name = writer.table(spec.name)
  const statements = [`create table if not exists ${name} (\n${columnList(spec.columns)}\n)${layoutOf(spec)}`]
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

/** The statement that creates an empty staging table. */
export const stagingTable = (name: string, columns: Readonly<Record<string, ColumnSpec>>, writer: SqlWriter): string =>
  `create table ${writer.staging(name)} (\n${columnList(columns)}\n)`

function layoutOf(spec: TableSpec): string {
  if (spec.kind === 'reference') return '\ndiststyle all'
  const together = spec.clusterBy ?? []
  const sorted = [...new Set([...(spec.partitionBy ? [spec.partitionBy] : []), ...together])].slice(
    0,
    MOST_SORT_COLUMNS,
  )
  const quote = redshiftDialect.quote
  // Rows without a value would all lie on one node, those of one moment as well.
  const distributed = together.find((name) => name !== spec.partitionBy && !spec.columns[name]!.nullable)
  return `${distributed ? `\ndistkey (${quote(distributed)})` : ''}${sorted.length ? `\nsortkey (${sorted.map(quote).join(', ')})` : ''}`
}

function columnList(columns: Readonly<Record<string, ColumnSpec>>): string {
  return Object.entries(columns)
    .map(
      ([name, c]) =>
        `    ${redshiftDialect.quote(name)} ${redshiftDialect.types[c.type]}${c.nullable ? '' : ' not null'}`,
    )
    .join(',\n')
}
