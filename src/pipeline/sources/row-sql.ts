import { type Sql, sql } from '../../warehouses/sql.ts'
import type { StageContext } from '../stage.ts'
import { type Field, fields, ownColumns, type TableKind, timeFields } from './table-kind.ts'

/** What a relation of rows is: where they come from and how its columns map to fields. */
export interface RowRelation {
  readonly kind: TableKind
  /** Its columns with their types in the engine's words. */
  readonly columns: Readonly<Record<string, string>>
  /** `file_number, source, key_source, file, line` as a select list. */
  readonly origin: Sql
  /** The type of message, as an expression. */
  readonly type: Sql
  /** When properties are kept, as a condition; null for never. */
  readonly propertiesWhen: Sql | null
  /** Name of the event when no column says it. */
  readonly event: string | null
  /** Its rows are pages or screens, whose name and URLs stand in columns of their own: always, never, or where this holds. */
  readonly isPage: boolean | Sql
  /** `… as t` with joins and `where`. */
  readonly from: Sql
}

/** The first column of the list that a table has, as the table spells it. */
export function columnFor(columns: Readonly<Record<string, string>>, names: readonly string[]): string | null {
  const byLower = new Map(Object.keys(columns).map((name) => [name.toLowerCase(), name]))
  for (const name of names) {
    const found = byLower.get(name.toLowerCase())
    if (found !== undefined) return found
  }
  return null
}

/** A column of the relation. */
const of = (name: string) => sql`t.${sql.id(name)}`

/** Rows of a table as the input of `checked`. */
export function rowsOf({ d }: StageContext, relation: RowRelation): Sql {
  const { kind, columns } = relation
  const pageFields: readonly Field[] = ['raw_name', 'properties_url', 'properties_referrer']
  const hasName = columnFor(columns, [...kind.columns.raw_event, ...kind.columns.raw_event_text]) !== null
  const value = (field: Field): Sql => {
    if (field === 'raw_event' && relation.event !== null && !hasName) return sql`${relation.event}`
    const name = columnFor(columns, kind.columns[field])
    const isTime = timeFields.includes(field)
    if (name === null) return d.cast(sql`null`, isTime ? 'timestamp' : 'string')
    if (isTime) return d.asTime(of(name), columns[name]!) ?? d.cast(sql`null`, 'timestamp')
    return d.cast(of(name), 'string')
  }
  return sql`
select
    ${relation.origin}, 0 as is_retry, 1 as is_row, ${d.cast(sql`null`, 'string')} as text,
    ${d.cast(sql`null`, 'string')} as unreadable, ${d.cast(sql`null`, 'string')} as wrong_type,
    ${relation.type} as raw_type,
    ${sql.join(
      fields(kind).map((field) => {
        if (relation.isPage === true || !pageFields.includes(field)) return sql`${value(field)} as ${sql.id(field)}`
        if (relation.isPage === false) return sql`${d.cast(sql`null`, 'string')} as ${sql.id(field)}`
        return sql`case when ${relation.isPage} then ${value(field)} end as ${sql.id(field)}`
      }),
      ',\n    ',
    )},
    ${properties(d, relation)} as raw_properties
from ${relation.from}`
}

/** The own columns of a row as one JSON object; null when all are null. */
function properties(d: StageContext['d'], { kind, columns, propertiesWhen }: RowRelation): Sql {
  const own = propertiesWhen === null ? [] : ownColumns(kind, Object.keys(columns))
  if (own.length === 0) return d.cast(sql`null`, 'string')
  const members = own.map((name) => [name.toLowerCase(), d.jsonValue(of(name), columns[name])] as const)
  return sql`case when ${propertiesWhen!} then ${jsonObject(members)} end`
}

/** A JSON object of values that are JSON already; null ones are left out, and without any it is null. */
export function jsonObject(members: readonly (readonly [string, Sql])[]): Sql {
  const pieces = members.map(([name, value]) => sql`coalesce(${`,${JSON.stringify(name)}:`} || ${value}, '')`)
  return sql`'{' || substr(nullif(${sql.join(pieces, ' || ')}, ''), 2) || '}'`
}
