import { notBuilt, ServiceError } from './errors.ts'
import { pathAt, type StatementText } from './lexer.ts'
import type { Table } from './store.ts'
import { typeOf } from './values.ts'

/** The path in ALTER TABLE. */
export const alteredPath = (statement: StatementText): readonly string[] => pathAt(statement, 2)?.parts ?? ['']

/** A table after `alter table t add column c type`, `drop column c` or `rename column c to d`. */
export function altered(table: Table, statement: StatementText): Table {
  const { tokens, sql } = statement
  const at = pathAt(statement, 2)!.next
  const written = (i: number) => {
    const token = tokens[i]
    if (!token) throw notBuilt(`statements like ${sql.slice(0, 60)}`)
    return token.kind === 'name' ? token.text : sql.slice(token.start, token.end)
  }
  const action = `${tokens[at]?.text} ${tokens[at + 1]?.text}`
  const name = written(at + 2)
  const place = table.columns.findIndex((c) => c.name.toLowerCase() === name.toLowerCase())
  if (action === 'ADD COLUMN') {
    if (place >= 0) throw new ServiceError(400, 'invalidQuery', `Column already exists: ${name}`)
    const added = { name, type: typeOf(written(at + 3)), isRequired: false }
    return { ...table, columns: [...table.columns, added], rows: table.rows.map((row) => [...row, {}]) }
  }
  if (place < 0) throw new ServiceError(400, 'invalidQuery', `Column not found: ${name}`)
  if (action === 'DROP COLUMN') {
    const without = <T>(all: readonly T[]) => all.filter((_, i) => i !== place)
    return { ...table, columns: without(table.columns), rows: table.rows.map(without) }
  }
  if (action !== 'RENAME COLUMN') throw notBuilt(`statements like ${sql.slice(0, 60)}`)
  const columns = table.columns.map((c, i) => (i === place ? { ...c, name: written(at + 4) } : c))
  return { ...table, columns, rows: table.rows.map((row) => [...row]) }
}
