import { DuckDBInstance } from '@duckdb/node-api'
import type { ColumnType } from '../../src/warehouses/dialect.ts'
import { type SqlValue, sql } from '../../src/warehouses/sql.ts'
import type { Warehouse } from '../../src/warehouses/warehouse.ts'

/** A message as a tracking library sends it. */
// biome-ignore lint/suspicious/noExplicitAny: messages hold anything
export type Message = Record<string, any>

/** A value of a source table; times as ISO text. */
type Cell = SqlValue
export type SourceRow = Readonly<Record<string, Cell>>

/** The rows of each table of a schema. */
export type Tables = Record<string, SourceRow[]>

const TABLES: Readonly<Record<string, string>> = {
  track: 'tracks',
  page: 'pages',
  screen: 'screens',
  identify: 'identifies',
  alias: 'aliases',
  group: 'groups',
}
const TIMES = ['timestamp', 'original_timestamp', 'sent_at', 'received_at', 'uuid_ts', 'loaded_at']

/** `Order Completed` → `order_completed`, `orderTotal` → `order_total`. Written apart from what it tests. */
const snake = (name: string) =>
  name
    .replace(/([a-z])([A-Z])/g, '$1_$2')
    .replace(/[^a-zA-Z0-9]+/g, '_')
    .toLowerCase()

/** Nested objects as columns: `{ page: { url } }` → `page_url`. */
function flatten(value: Message, prefix: string): Record<string, Cell> {
  return Object.fromEntries(
    Object.entries(value).flatMap(([name, inner]) =>
      inner !== null && typeof inner === 'object'
        ? Object.entries(flatten(inner, `${prefix}${snake(name)}_`))
        : [[`${prefix}${snake(name)}`, inner as Cell]],
    ),
  )
}

/** What Segment's loader makes of messages: a row in the table of the type, and one in the table of each event. */
export function segmentTables(messages: readonly Message[], readableAt = 'uuid_ts'): Tables {
  const tables: Tables = {}
  const add = (table: string, row: SourceRow) => {
    tables[table] = [...(tables[table] ?? []), row]
  }
  for (const m of messages) {
    const common = {
      id: m.messageId ?? null,
      anonymous_id: m.anonymousId ?? null,
      user_id: m.userId ?? null,
      timestamp: m.timestamp ?? null,
      original_timestamp: m.originalTimestamp ?? null,
      sent_at: m.sentAt ?? null,
      received_at: m.receivedAt ?? null,
      [readableAt]: m.readableAt ?? m.receivedAt ?? null,
      ...flatten(m.context ?? {}, 'context_'),
    }
    const properties = flatten({ ...m.traits, ...m.properties }, '')
    const more = {
      ...(m.type === 'track' ? { event: snake(m.event), event_text: m.event } : {}),
      ...(m.type === 'alias' ? { previous_id: m.previousId ?? null } : {}),
      ...(m.type === 'group' ? { group_id: m.groupId ?? null } : {}),
      ...(m.type === 'page' || m.type === 'screen' ? { name: m.name ?? null } : {}),
    }
    add(TABLES[m.type]!, { ...common, ...(m.type === 'track' ? {} : properties), ...more })
    if (m.type === 'track') add(snake(m.event), { ...common, ...more, ...properties })
  }
  return tables
}

/** RudderStack's: the same with a column more, and its own name for groups on some warehouses. */
export function rudderstackTables(messages: readonly Message[]): Tables {
  const tables = segmentTables(messages)
  return Object.fromEntries(
    Object.entries(tables).map(([name, rows]) => [
      name === 'groups' ? '_groups' : name,
      rows.map((row) => ({ ...row, channel: 'web' })),
    ]),
  )
}

/** Columns of rows in the order they are first seen, with a type for each. */
function columnsOf(rows: readonly SourceRow[]): Record<string, ColumnType> {
  const columns: Record<string, ColumnType> = {}
  for (const row of rows) {
    for (const [name, value] of Object.entries(row)) {
      if (TIMES.includes(name)) columns[name] = 'timestamp'
      else if (typeof value === 'number') columns[name] = Number.isInteger(value) ? 'integer' : 'float'
      else if (typeof value === 'boolean') columns[name] = 'boolean'
      else columns[name] ??= 'string'
    }
  }
  return columns
}

/** Begins a schema anew. */
export async function dropSchema(warehouse: Warehouse, schema: string): Promise<void> {
  await warehouse.execute(sql`drop schema if exists ${sql.id(schema)} cascade`)
  await warehouse.execute(sql`create schema ${sql.id(schema)}`)
}

/** Adds rows to the tables of a schema; as loaders do, tables and columns are made when they first have a value. */
export async function deliver(warehouse: Warehouse, schema: string, tables: Tables): Promise<void> {
  const { dialect: d } = warehouse
  for (const [name, rows] of Object.entries(tables)) {
    const table = sql`${sql.id(schema)}.${sql.id(name)}`
    const types = columnsOf(rows)
    const known = await warehouse.describeTable(name, schema)
    const column = (of: string) => sql`${sql.id(of)} ${sql.raw(d.types[types[of]!])}`
    if (known === null)
      await warehouse.execute(sql`create table ${table} (${sql.join(Object.keys(types).map(column))})`)
    for (const missing of Object.keys(types).filter((of) => known && !(of in known)))
      await warehouse.execute(sql`alter table ${table} add column ${column(missing)}`)
    const names = Object.keys(types)
    const typeOf = (of: string) => known?.[of] ?? d.types[types[of]!]
    const isText = (of: string) => typeOf(of).toLowerCase() === d.types.string.toLowerCase()
    const literal = (of: string, value: Cell) => {
      if (value === null) return sql`cast(null as ${sql.raw(typeOf(of))})`
      // Not every engine makes a text of a number by itself, or a number of a text.
      if (isText(of)) return sql`${String(value)}`
      if (typeof value !== 'string') return sql`${value}`
      return TIMES.includes(of) ? sql.timestamp(value) : sql`cast(${value} as ${sql.raw(typeOf(of))})`
    }
    const values = rows.map((row) => sql`select ${sql.join(names.map((n) => literal(n, row[n] ?? null)))}`)
    await warehouse.execute(
      sql`insert into ${table} (${sql.join(names.map(sql.id))}) ${sql.join(values, ' union all ')}`,
    )
  }
}

/** A table as CSV. */
export function csvOf(rows: readonly SourceRow[]): string {
  const names = Object.keys(columnsOf(rows))
  const field = (value: Cell) => (value === null ? '' : `"${String(value).replaceAll('"', '""')}"`)
  return [names.join(','), ...rows.map((row) => names.map((name) => field(row[name] ?? null)).join(','))]
    .map((line) => `${line}\n`)
    .join('')
}

/** Writes rows as a Parquet file, with times as times. */
export async function writeParquet(path: string, rows: readonly SourceRow[]): Promise<void> {
  const instance = await DuckDBInstance.create(':memory:')
  const connection = await instance.connect()
  const types = { string: 'varchar', integer: 'bigint', float: 'double', boolean: 'boolean', timestamp: 'timestamptz' }
  const columns = Object.entries(columnsOf(rows))
  await connection.run(`create table t (${columns.map(([name, type]) => `"${name}" ${types[type]}`).join(', ')})`)
  for (const row of rows) {
    const marks = columns.map(([, type], i) => `cast($${i + 1}::varchar as ${types[type]})`)
    await connection.run(
      `insert into t values (${marks.join(', ')})`,
      columns.map(([name]) => (row[name] === undefined || row[name] === null ? null : String(row[name]))),
    )
  }
  await connection.run(`copy t to '${path.replaceAll("'", "''")}' (format parquet)`)
  connection.closeSync()
  instance.closeSync()
}
