import { notFound } from './errors.ts'
import { type Path, pathAt, type StatementText, statementsOf } from './lexer.ts'
import { keyOf, type Table, type Tables } from './store.ts'

/** A statement whose tables have the one name that the engine knows them by, and those tables. */
export interface Prepared {
  readonly sql: string
  readonly used: ReadonlyMap<string, Table>
}

/** Where names are looked up. */
export interface Names {
  readonly project: string
  readonly tables: Tables
  readonly datasets: ReadonlyMap<string, { readonly location: string }>
}

/** A table stands after these. */
const BEFORE = new Set(['FROM', 'JOIN', 'INTO', 'UPDATE', 'DELETE', 'INSERT', 'TABLE', 'VIEW', 'EXISTS'])

/** What follows a table that has no alias. */
const AFTER = new Set(
  'ON WHERE JOIN INNER LEFT RIGHT FULL CROSS GROUP ORDER LIMIT UNION EXCEPT INTERSECT HAVING QUALIFY WINDOW USING SET VALUES SELECT WITH OPTIONS PARTITION CLUSTER'.split(
    ' ',
  ),
)

/**
 * Puts `project.dataset.table` in back quotes, one name, in the place of every table of a statement, with the alias that
 * it has without; a view becomes its query. The engine takes the content of tables only under single names.
 */
export function prepare(statement: StatementText, names: Names): Prepared {
  const used = new Map<string, Table>()
  let sql = ''
  let written = 0
  for (const { path, before } of tablePaths(statement)) {
    const table = find(path, statement, names)
    if (!table) continue
    sql += statement.sql.slice(written, path.start)
    written = path.end
    const alias =
      isAliased(statement, path.next) || before === 'INTO' || before === 'INSERT' ? '' : ` as \`${table.name}\``
    if (table.view === undefined) {
      used.set(keyOf(table), table)
      sql += `\`${keyOf(table)}\`${alias}`
    } else {
      const inner = prepare(statementsOf(table.view)[0]!, { ...names, project: table.project })
      for (const [key, t] of inner.used) used.set(key, t)
      sql += `(${inner.sql})${alias}`
    }
  }
  return { sql: sql + statement.sql.slice(written), used }
}

function* tablePaths(statement: StatementText): Generator<{ path: Path; before: string }> {
  const { tokens } = statement
  for (let at = 0; at < tokens.length; at++) {
    const before = tokens[at - 1]?.text ?? ''
    if (before === '.') continue
    const token = tokens[at]!
    const isWhole = token.kind === 'name' && token.text.split('.').length >= 3
    if (!isWhole && !BEFORE.has(before)) continue
    const path = pathAt(statement, at)
    if (path && path.parts.length >= 2) yield { path, before }
  }
}

/** The table a path names; null when the path is none of a table, as in `extract(day from t.at)`. */
function find(path: Path, { sql }: StatementText, names: Names): Table | null {
  const { project, dataset, name } = placeOf(path.parts, names.project)
  if (!names.datasets.has(`${project}.${dataset}`)) {
    if (path.parts.length === 2 && !sql.slice(path.start, path.end).includes('`')) return null
    throw notFound(`Dataset ${project}:${dataset} was not found in location US`)
  }
  const table = names.tables.get(keyOf({ project, dataset, name }))
  if (!table || (table.expiresAt ?? Number.POSITIVE_INFINITY) < Date.now())
    throw notFound(`Table ${project}:${dataset}.${name} was not found in location US`)
  return table
}

/** Project, dataset and table of a path; the project may be left out. */
export function placeOf(parts: readonly string[], project: string): { project: string; dataset: string; name: string } {
  return {
    project: parts.length > 2 ? parts.slice(0, -2).join('.') : project,
    dataset: parts.at(-2) ?? '',
    name: parts.at(-1)!,
  }
}

function isAliased({ tokens }: StatementText, next: number): boolean {
  const token = tokens[next]
  if (token?.kind === 'name') return true
  return token?.kind === 'word' && !AFTER.has(token.text)
}
