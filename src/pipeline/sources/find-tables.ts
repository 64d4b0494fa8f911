import { TributaryError } from '../../errors.ts'
import type { Warehouse } from '../../warehouses/warehouse.ts'
import { normaliseName } from '../incoming.ts'
import type { PipelineOptions, TableSource } from '../options.ts'
import { columnOf, propertyPaths } from '../property-names.ts'
import type { Columns, PresentTable } from './columns.ts'
import { columnFor } from './row-sql.ts'
import { rudderstack } from './rudderstack.ts'
import { segment } from './segment.ts'
import { fields, type MessageType, type TableKind } from './table-kind.ts'

/** How each kind of source lays out its tables. */
export const tableKinds: Readonly<Record<TableSource['kind'], TableKind>> = { segment, rudderstack }

/** A table that tributary reads when it is there. */
export interface WantedTable extends PresentTable {
  readonly options: TableSource
  readonly kind: TableKind
  readonly type: MessageType
  /** A table of one event, with its properties. */
  readonly isEvent: boolean
}

/** A wanted table that is there. */
export type FoundTable = WantedTable & { readonly columns: Columns }

/** The tables of a source, there or not. A schema with none of them is an error. */
export async function findTables(
  warehouse: Warehouse,
  source: TableSource,
  conversions: PipelineOptions['conversions'],
): Promise<readonly WantedTable[]> {
  const kind = tableKinds[source.kind]
  const events = eventTables(kind, conversions)
  const wanted = [
    ...Object.entries(kind.tables).map(([table, type]) => ({ table, type, properties: [] as readonly string[] })),
    ...[...events].map(([table, properties]) => ({ table, type: 'track' as const, properties })),
  ]
  const standard = [...fields(kind).flatMap((field) => kind.columns[field])]
  const readable = typeof source.readableAt === 'string' ? [source.readableAt] : kind.readableAt
  const tables: WantedTable[] = []
  for (const { table, type, properties } of wanted) {
    const columns = await warehouse.describeTable(table, source.schema)
    const names = [...standard, ...(source.readableAt === null ? [] : readable), ...properties]
    tables.push({
      options: source,
      source: source.name,
      kind,
      table,
      type,
      columns,
      isEvent: events.has(table),
      wanted: names.map((name) => name.toLowerCase()),
    })
  }
  if (tables.every((t) => t.columns === null)) throw nothingThere(source, kind)
  return tables
}

/** Tables of single events that are read: of those that a conversion with a value names; with the columns of their values. */
function eventTables(kind: TableKind, conversions: PipelineOptions['conversions']): ReadonlyMap<string, string[]> {
  const tables = new Map<string, string[]>()
  for (const { events, value, currency } of Object.values(conversions)) {
    const properties = [value, currency].filter((property) => property !== null)
    if (properties.length === 0) continue
    const columns = properties.flatMap((property) => propertyPaths(property).map((path) => columnOf(path.join('.'))))
    for (const table of events.flatMap((event) => [normaliseName(event), columnOf(event)])) {
      if (!Object.hasOwn(kind.tables, table)) tables.set(table, [...(tables.get(table) ?? []), ...columns])
    }
  }
  return tables
}

function nothingThere({ name, schema }: TableSource, { label, tables }: TableKind): TributaryError {
  return new TributaryError(
    'SOURCE_UNREADABLE',
    `Source ${name}: expected ${label}'s tables (${Object.keys(tables).join(', ')}) in the schema ${schema}, but there is none of them. Check the name of the schema and the permission to read it; nothing was written.`,
  )
}

/** What keeps rows of a table from being events, in words; null when nothing does. */
export function whyUnusable(warehouse: Warehouse, { kind, table, columns, source }: FoundTable): string | null {
  const has = (...names: readonly (keyof TableKind['columns'])[]) =>
    names.some((name) => columnFor(columns, kind.columns[name]) !== null)
  const where = `source ${source}, table ${table}`
  if (!has('raw_anonymous_id', 'raw_user_id'))
    return `${where}: expected a column anonymous_id or user_id, but there is none`
  if (!has('corrected_at', 'collected_at'))
    return `${where}: expected a column timestamp or received_at, but there is none`
  for (const field of ['corrected_at', 'original_at', 'sent_at', 'collected_at'] as const) {
    const name = columnFor(columns, kind.columns[field])
    if (name !== null && warehouse.dialect.asTime(name.toLowerCase(), columns[name]!) === null)
      return `${where}, column ${name}: expected times, but it is ${columns[name]}`
  }
  return null
}
