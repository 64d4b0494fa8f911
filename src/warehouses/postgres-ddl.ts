import { postgresDialect } from './postgres-dialect.ts'
import { quoted } from './postgres-text.ts'
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
 * The statements that create a table when it is missing, its indexes, and the sentinel row of a versioned one (no engine's
 * readers see it).
 */
export function createTable(spec: TableSpec, writer: SqlWriter): string[] {
  const name = writer.table(spec.name)
  const partitioned = spec.isHuge && spec.partitionBy ? ` partition by range (${writer.quote(spec.partitionBy)})` : ''
  const statements = [`create table if not exists ${name} (\n${columnList(spec.columns)}\n)${partitioned}`]
  if (partitioned)
    statements.push(`create table if not exists ${writer.table(`${spec.name}_default`)} partition of ${name} default`)
  for (const columns of indexesOf(spec)) statements.push(createIndex(spec.name, columns, writer))
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

/** Columns that rows of a table that grows are looked up by: as it says, or those that keep them together and the first of their key. */
function indexesOf({ key, clusterBy, partitionBy, versioned, lookUpBy }: TableSpec): readonly (readonly string[])[] {
  if (!clusterBy && !partitionBy && !versioned && !lookUpBy) return []
  const all = lookUpBy ?? [...(clusterBy ? [clusterBy] : []), key.slice(0, 1)]
  return all.filter((columns, i) => all.findIndex((other) => columns.every((name, j) => other[j] === name)) === i)
}

function createIndex(table: string, columns: readonly string[], writer: SqlWriter): string {
  const name = writer.quote(`${table}_by_${columns.join('_')}`.slice(0, 63))
  return `create index if not exists ${name} on ${writer.table(table)} (${columns.map((c) => writer.quote(c)).join(', ')})`
}

/** Creates or replaces an empty staging table. */
export const stagingTable = (name: string, columns: Readonly<Record<string, ColumnSpec>>, writer: SqlWriter): string =>
  `drop table if exists ${writer.staging(name)}; create table ${writer.staging(name)} (\n${columnList(columns)}\n)`

/** Beginning and end of a month written `2025-01`, as literals. */
export function monthRange(month: string): readonly [from: string, to: string] {
  const [year, number] = month.split('-').map(Number)
  const next = new Date(Date.UTC(year!, number!, 1)).toISOString().slice(0, 10)
  return [`timestamp ${quoted(`${month}-01`)}`, `timestamp ${quoted(next)}`]
}

/** The partition of a month. */
export function createPartition(table: string, month: string, writer: SqlWriter): string {
  const [from, to] = monthRange(month)
  const name = writer.table(`${table}_${month.replace('-', '_')}`)
  return `create table if not exists ${name} partition of ${writer.table(table)} for values from (${from}) to (${to})`
}

function columnList(columns: Readonly<Record<string, ColumnSpec>>): string {
  return Object.entries(columns)
    .map(([name, { type, nullable }]) => {
      const order = type === 'string' ? ' collate "C"' : ''
      return `    ${postgresDialect.quote(name)} ${postgresDialect.types[type]}${order}${nullable ? '' : ' not null'}`
    })
    .join(',\n')
}
