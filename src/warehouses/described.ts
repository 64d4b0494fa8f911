import type { TableDescriptions } from './warehouse.ts'

/** A column of a table, as an engine's catalog tells it. */
interface DescribedColumn {
  readonly table: unknown
  readonly name: unknown
  readonly type: unknown
}

/** Rows of a catalog as tables with their columns, in the order of the rows. */
export function byTable(rows: readonly DescribedColumn[]): TableDescriptions {
  const tables: Record<string, Readonly<Record<string, string>>> = {}
  for (const { table, name, type } of rows) {
    tables[String(table)] = { ...tables[String(table)], [String(name)]: String(type) }
  }
  return tables
}
