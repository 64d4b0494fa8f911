import { type Path, pathAt, type StatementText } from './lexer.ts'

/** `where column in (select …)`, a condition that every row of a table must meet. */
export interface Membership {
  /** Where the condition stands in the statement. */
  readonly start: number
  readonly end: number
  readonly column: string
  /** Where its query stands, without the parentheses. */
  readonly query: { readonly start: number; readonly end: number }
}

const ENDS = new Set(') GROUP ORDER LIMIT UNION EXCEPT INTERSECT HAVING QUALIFY WINDOW'.split(' '))

/**
 * The first such condition on the only table of a `from`, whose path ends before the token `next`. The engine compares
 * every row with every row of the query; a join it does by hash.
 */
export function membershipOf(statement: StatementText, next: number, table: string): Membership | null {
  const { tokens } = statement
  const textAt = (at: number) => tokens[at]?.text
  const from = textAt(next) === 'AS' ? next + 1 : next
  const alias: Path | null = textAt(from) === 'WHERE' ? null : pathAt(statement, from)
  let at = alias?.next ?? from
  if (textAt(at++) !== 'WHERE') return null
  const name = (alias?.parts[0] ?? table).toLowerCase()
  let found: Membership | null = null
  for (let begins = true; at < tokens.length && !ENDS.has(textAt(at)!); ) {
    if (textAt(at) === 'OR') return null
    const here: ReturnType<typeof conditionAt> = begins && !found ? conditionAt(statement, at, name) : null
    if (here) found = here.condition
    begins = textAt(at) === 'AND'
    at = here ? here.next : (textAt(at) === '(' ? closing(statement, at) : at) + 1
  }
  return found
}

/** The condition that begins with a token, when it is `column in (select …)` of the table of this name. */
function conditionAt(
  statement: StatementText,
  at: number,
  name: string,
): { condition: Membership; next: number } | null {
  const { tokens, sql } = statement
  const path = pathAt(statement, at)
  if (!path) return null
  const [word, open, select, distinct] = tokens.slice(path.next, path.next + 4)
  const isOurs = path.parts.length === 1 || (path.parts.length === 2 && path.parts[0]!.toLowerCase() === name)
  if (!isOurs || word?.text !== 'IN' || open?.text !== '(' || select?.text !== 'SELECT') return null
  const close = closing(statement, path.next + 1)
  const after = tokens[close + 1]?.text
  if (distinct?.text === 'DISTINCT' || (after !== undefined && after !== 'AND' && !ENDS.has(after))) return null
  const last = tokens[path.next - 1]!
  const query = { start: open.end, end: tokens[close]!.start }
  const column = sql.slice(last.start, last.end)
  return { condition: { start: path.start, end: tokens[close]!.end, column, query }, next: close + 1 }
}

function closing({ tokens }: StatementText, open: number): number {
  let depth = 0
  for (let at = open; at < tokens.length; at++) {
    if (tokens[at]!.text === '(') depth++
    else if (tokens[at]!.text === ')' && --depth === 0) return at
  }
  return tokens.length - 1
}

/** The rows of a table that have one of the values of a query in a column. */
export function semiJoined(table: string, column: string, query: string): string {
  const values = query.replace(/^\s*select/i, 'select as value')
  return `(select t0.* from ${table} as t0 join (select distinct v0 from (${values}) as v0) as s0 on s0.v0 = t0.${column})`
}
