import { notBuilt, ServiceError } from './errors.ts'
import { pathAt, type StatementText, type Token } from './lexer.ts'
import type { Column } from './store.ts'
import { typeOf } from './values.ts'

/** A CREATE or DROP statement, taken apart. */
export interface Definition {
  readonly verb: 'CREATE' | 'DROP'
  readonly kind: 'TABLE' | 'VIEW' | 'SCHEMA'
  readonly path: readonly string[]
  readonly orReplace: boolean
  /** IF EXISTS or IF NOT EXISTS. */
  readonly ifExists: boolean
  readonly columns: readonly Column[]
  readonly partitionBy?: { readonly column: string; readonly unit: string }
  readonly clusterBy?: readonly string[]
  /** Where the query begins in the statement. */
  readonly queryAt?: number
}

/** Takes a statement apart: `create [or replace] table [if not exists] t [(…)] [partition by …] [cluster by …] [options (…)] [as …]`. */
export function definitionOf(statement: StatementText): Definition {
  const { tokens } = statement
  let at = 0
  const takes = (...words: string[]) => {
    if (!words.every((word, i) => tokens[at + i]?.text === word)) return false
    at += words.length
    return true
  }
  const verb = takes('CREATE') ? 'CREATE' : takes('DROP') ? 'DROP' : fail(statement)
  const orReplace = takes('OR', 'REPLACE')
  const kind = (['TABLE', 'VIEW', 'SCHEMA'] as const).find((word) => takes(word)) ?? fail(statement)
  const ifExists = takes('IF', 'NOT', 'EXISTS') || takes('IF', 'EXISTS')
  const path = pathAt(statement, at) ?? fail(statement)
  at = path.next
  const columns = tokens[at]?.text === '(' ? columnsIn(group()) : []
  let partitionBy: Definition['partitionBy']
  let clusterBy: string[] | undefined
  let queryAt: number | undefined
  while (at < tokens.length && queryAt === undefined) {
    if (takes('PARTITION', 'BY')) partitionBy = partitionIn(clause())
    else if (takes('CLUSTER', 'BY')) clusterBy = clause().filter(isName).map(written)
    else if (takes('OPTIONS')) group()
    else if (takes('AS')) queryAt = tokens[at]?.start ?? statement.sql.length
    else at++
  }
  return { verb, kind, path: path.parts, orReplace, ifExists, columns, partitionBy, clusterBy, queryAt }

  function written(token: Token): string {
    return token.kind === 'name' ? token.text : statement.sql.slice(token.start, token.end)
  }
  /** The tokens in the parentheses that begin here. */
  function group(): Token[] {
    const from = at + 1
    let depth = 0
    do {
      if (tokens[at]?.text === '(') depth++
      if (tokens[at]?.text === ')') depth--
      at++
    } while (depth > 0 && at < tokens.length)
    return tokens.slice(from, at - 1)
  }
  /** The tokens of the clause that begins here. */
  function clause(): Token[] {
    const next = tokens.findIndex((t, i) => i >= at && ['PARTITION', 'CLUSTER', 'OPTIONS', 'AS'].includes(t.text))
    const from = at
    at = next < 0 ? tokens.length : next
    return tokens.slice(from, at)
  }
  function columnsIn(inside: readonly Token[]): Column[] {
    const columns: Column[] = []
    for (let i = 0; i < inside.length; ) {
      const [name, type] = [inside[i]!, inside[i + 1]]
      const comma = inside.findIndex((t, k) => k > i && t.text === ',')
      const rest = inside.slice(i + 2, comma < 0 ? undefined : comma)
      columns.push({ name: written(name), type: typeOf(type?.text ?? ''), isRequired: rest[0]?.text === 'NOT' })
      i = comma < 0 ? inside.length : comma + 1
    }
    return columns
  }
  function partitionIn(inside: readonly Token[]): { column: string; unit: string } {
    const unit = ['MONTH', 'DAY', 'HOUR', 'YEAR'].find((word) => inside.some((t) => t.text === word)) ?? 'DAY'
    const column = inside.find((t) => isName(t) && !t.text.endsWith('_TRUNC') && t.text !== 'DATE')
    return { column: column ? written(column) : '', unit }
  }
}

const isName = (token: Token): boolean => token.kind === 'name' || token.kind === 'word'

function fail(statement: StatementText): never {
  throw notBuilt(`statements like ${statement.sql.slice(0, 60)}`)
}

/** What the service refuses in a layout and the engine does not look at. */
export function checkLayout(
  { partitionBy, clusterBy }: Pick<Definition, 'partitionBy' | 'clusterBy'>,
  columns: readonly Column[],
): void {
  const refuse = (message: string) => new ServiceError(400, 'invalid', message)
  const find = (name: string) => columns.find((c) => c.name.toLowerCase() === name.toLowerCase())
  if (clusterBy && clusterBy.length > 4) throw refuse('Clustering supports at most 4 columns.')
  for (const name of clusterBy ?? []) {
    const type = find(name)?.type ?? 'no column'
    if (['no column', 'FLOAT64', 'JSON'].includes(type)) throw refuse(`Clustering is not supported on ${name}: ${type}`)
  }
  if (partitionBy && !['TIMESTAMP', 'DATE', 'DATETIME'].includes(find(partitionBy.column)?.type ?? '')) {
    throw refuse(`The field specified for partitioning, ${partitionBy.column}, is no time of the table.`)
  }
}
