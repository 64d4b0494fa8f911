import { type Sql, sql } from '../../warehouses/sql.ts'
import type { StageContext } from '../stage.ts'
import type { TableToRead } from './read-tables.ts'
import { columnFor, rowsOf } from './row-sql.ts'
import { tableOf } from './watermarks.ts'

/** What quarantine says instead of a line for rows of a table: they have no number. */
export const TABLE_ROW = -1

/**
 * The rows of tables that a run reads, where they stand.
 *
 * A row of an event's own table is a whole message: the copy of its row in `tracks` with the properties. Both are read,
 * and the one with properties wins by the rule of duplicates, whichever becomes readable first. Only when both are read
 * in one run is the one in `tracks` left out: it would count as a duplicate that nobody sent.
 */
export function rowsOfTables(c: StageContext, tables: readonly TableToRead[]): readonly Sql[] {
  return tables.map((table) => {
    const key = table.options.deduplicateAs ?? table.source
    const twins = table.type === 'track' && !table.isEvent ? tables.filter((t) => t.isEvent && isTwin(t, table)) : []
    return rowsOf(c, {
      kind: table.kind,
      columns: table.columns,
      origin: sql`${table.number} as file_number, ${table.source} as source, ${key} as key_source, ${table.table} as file, ${TABLE_ROW} as line`,
      type: sql`${table.type}`,
      event: table.isEvent ? table.table : null,
      propertiesWhen: table.isEvent || table.type === 'identify' || table.type === 'group' ? sql`1 = 1` : null,
      isPage: table.type === 'page' || table.type === 'screen',
      from: sql`${tableOf(table)} as t
where ${table.where('t')}${sql.join(
        twins.map((twin) => without(c, twin, table)),
        '',
      )}`,
    })
  })
}

const isTwin = (event: TableToRead, tracks: TableToRead) =>
  event.options === tracks.options &&
  columnFor(event.columns, event.kind.columns.message_id) !== null &&
  columnFor(tracks.columns, tracks.kind.columns.message_id) !== null

function without({ d }: StageContext, twin: TableToRead, table: TableToRead): Sql {
  const id = (t: TableToRead, alias: string) =>
    d.cast(sql`${sql.id(alias)}.${sql.id(columnFor(t.columns, t.kind.columns.message_id)!)}`, 'string')
  return sql`
    and not exists (select 1 from ${tableOf(twin)} as e where ${id(twin, 'e')} = ${id(table, 't')} and ${twin.where('e')})`
}
