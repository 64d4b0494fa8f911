import { sql } from '../../warehouses/sql.ts'
import type { Row, Warehouse } from '../../warehouses/warehouse.ts'
import { insertInto } from '../stage.ts'
import { sourceColumns } from '../tables/records.ts'
import { text } from '../tables/table.ts'

/** The columns of a table, types in the engine's words. */
export type Columns = Readonly<Record<string, string>>

/** A table of a source as it is now. */
export interface PresentTable {
  readonly source: string
  readonly table: string
  /** Null when there is none. */
  readonly columns: Columns | null
  /** The columns that are read when they are there, in lower case. */
  readonly wanted: readonly string[]
}

/** What was recorded of columns, and how the tables look now. */
export interface SeenColumns {
  readonly known: readonly Known[]
  readonly tables: readonly PresentTable[]
}

/** A recorded column. */
type Known = Row & { source: string; item: string; column_name: string; column_type: string; first_run: number }

/** Columns as the last run that read them saw them. */
export function readKnownColumns(warehouse: Warehouse): Promise<Known[]> {
  return warehouse.query<Known>(sql`select * from ${sql.table('source_columns')} order by source, item, column_name`)
}

/** What is missing or has another type and matters, in words. New columns, and others that changed, matter to nobody. */
export function driftOf(known: readonly Known[], tables: readonly PresentTable[]): readonly string[] {
  return tables.flatMap(({ source, table, columns, wanted }) => {
    const before = known.filter((k) => k.source === source && k.item === table)
    if (before.length === 0) return []
    if (columns === null) return [`source ${source}, table ${table}: expected the table, but it is gone`]
    return before
      .filter((k) => wanted.includes(k.column_name.toLowerCase()))
      .flatMap((k) => {
        const where = `source ${source}, table ${table}, column ${k.column_name}`
        const type = columns[k.column_name]
        if (type === undefined) return [`${where}: expected ${k.column_type}, but the column is missing`]
        return type === k.column_type ? [] : [`${where}: expected ${k.column_type}, but it is ${type} now`]
      })
  })
}

/**
 * Records the columns of tables that look otherwise than recorded. After the publication: what was accepted with a run
 * that came to nothing has to be accepted again.
 */
export async function recordColumns(warehouse: Warehouse, { known, tables }: SeenColumns, run: number): Promise<void> {
  const changed = tables.filter(({ source, table, columns }) => {
    const before = known.filter((k) => k.source === source && k.item === table)
    const now = Object.entries(columns ?? {})
    return now.length !== before.length || before.some((k) => columns?.[k.column_name] !== k.column_type)
  })
  if (changed.length === 0) return
  await warehouse.loadStaging(
    'source_tables_changed',
    { source: text('Name of the source.'), item: text('Table.') },
    changed.map(({ source, table }) => ({ source, item: table })),
  )
  await warehouse.loadStaging(
    'source_columns_new',
    sourceColumns.columns,
    changed.flatMap(({ source, table, columns }) =>
      Object.entries(columns ?? {}).map(([column_name, column_type]) => {
        const before = known.find((k) => k.source === source && k.item === table && k.column_name === column_name)
        return { source, item: table, column_name, column_type, first_run: before?.first_run ?? run }
      }),
    ),
  )
  await warehouse.transaction(
    [
      sql`delete from ${sql.table('source_columns')}
where exists (
    select 1 from ${sql.staging('source_tables_changed')} as n where n.source = source_columns.source and n.item = source_columns.item
)`,
      insertInto('source_columns', Object.keys(sourceColumns.columns), 'source_columns_new'),
    ],
    { label: `run ${run} columns`, repeat: 'always' },
  )
}
