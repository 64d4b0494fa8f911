import { notFound } from './errors.ts'
import { type Path, pathAt, type StatementText, statementsOf } from './lexer.ts'
import { membershipOf, semiJoined } from './semi-joins.ts'
import { keyOf, type Table, type Tables } from './store.ts'

/** A statement whose tables have the one name that the engine knows them by, and those tables. */
export interface Prepared {
  readonly sql: string
  /** The same for a query, in words that the engine is faster at; it takes them when its parts know nothing of each other. */
  readonly faster?: string
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
  const edits: Edit[] = []
  const joined: Edit[] = []
  const isChange = ['UPDATE', 'DELETE'].includes(statement.tokens[0]?.text ?? '')
  for (const { path, before } of tablePaths(statement)) {
    const table = find(path, statement, names)
    if (!table) continue
    const alias =
      isAliased(statement, path.next) || before === 'INTO' || before === 'INSERT' ? '' : ` as \`${table.name}\``
    const written = `\`${keyOf(table)}\``
    if (table.view === undefined) {
      used.set(keyOf(table), table)
      edits.push({ start: path.start, end: path.end, text: `${written}${alias}` })
      const membership = before === 'FROM' && !isChange ? membershipOf(statement, path.next, table.name) : null
      if (membership) {
        const { query, column } = membership
        const values = prepare(statementsOf(statement.sql.slice(query.start, query.end))[0]!, names)
        joined.push({ start: path.start, end: path.end, text: `${semiJoined(written, column, values.sql)}${alias}` })
        joined.push({ start: membership.start, end: membership.end, text: 'true' })
      }
    } else {
      const inner = prepare(statementsOf(table.view)[0]!, { ...names, project: table.project })
      for (const [key, t] of inner.used) used.set(key, t)
      edits.push({ start: path.start, end: path.end, text: `(${inner.sql})${alias}` })
    }
  }
  const others = edits.filter((edit) => !joined.some(({ start, end }) => edit.start >= start && edit.end <= end))
  // A condition within another goes with it.
  const whole = joined.filter((edit) => !joined.some((j) => j !== edit && edit.start >= j.start && edit.end <= j.end))
  return {
    sql: edited(statement.sql, edits),
    used,
    ...(joined.length === 0 ? {} : { faster: edited(statement.sql, [...others, ...whole]) }),
  }
}

interface Edit {
  readonly start: number
  readonly end: number
  readonly text: string
}

function edited(sql: string, edits: readonly Edit[]): string {
  let result = ''
  let at = 0
  for (const { start, end, text } of edits.toSorted((a, b) => a.start - b.start)) {
    result += sql.slice(at, start) + text
    at = end
  }
  return result + sql.slice(at)
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
