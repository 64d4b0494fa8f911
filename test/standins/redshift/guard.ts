import { loadModule, parseSync } from 'libpg-query'
import { functions, reservedWords, types } from './known-words.ts'
import { toPostgres } from './rewrite.ts'
import { shapeOf, tokensOf } from './tokens.ts'

await loadModule()

type Node = Record<string, unknown>

/** Functions that need a frame when their window is ordered. */
const FRAMED = new Set([
  'sum',
  'count',
  'avg',
  'min',
  'max',
  'first_value',
  'last_value',
  'nth_value',
  'stddev',
  'variance',
])
/** Bits of a parsed window: it was written, it is no ROWS. */
const WRITTEN = 1
const RANGE_OR_GROUPS = 2 | 8

const strings = (list: unknown): string[] =>
  ((list as Node[] | undefined) ?? []).flatMap((x) => {
    const text = (x.String as { sval?: string } | undefined)?.sval
    return text === undefined ? [] : [text]
  })
const isSet = (value: unknown): boolean =>
  Array.isArray(value) ? value.some((x) => Object.keys(x as Node).length > 0) : value !== undefined

const known = new Map<string, readonly string[]>()

/**
 * What Redshift would refuse in a statement that Postgres takes, in words; nothing when it would take it. The statement is
 * parsed by Postgres' own parser. Statements that differ in their values alone are judged once.
 */
export function refusalsOf(statement: string): readonly string[] {
  const tokens = tokensOf(statement)
  const shape = shapeOf(tokens)
  let found = known.get(shape)
  if (!found) {
    found = judge(statement)
    known.set(shape, found)
  }
  return found
}

function judge(statement: string): readonly string[] {
  const problems = new Set<string>()
  for (const { kind, text } of tokensOf(statement)) {
    if (kind === 'word' && reservedWords.has(text.toLowerCase())) problems.add(`the reserved word ${text} as a name`)
  }
  const plain = tokensOf(statement).map((t) => (t.kind === 'parameter' ? "'x'" : t.text))
  const text = withoutExtensions(plain.join(''))
  let tree: unknown
  try {
    tree = parseSync(toPostgres(text, { isCaseSensitive: true }))
  } catch (error) {
    return [`syntax: ${(error as Error).message}`]
  }
  walk((tree as { stmts: unknown }).stmts, '', (node, key) => {
    for (const problem of problemsOf(node, key)) problems.add(problem)
  })
  return [...problems]
}

/** What Redshift adds to what Postgres can parse. */
const withoutExtensions = (text: string): string =>
  text.replace(/\bexclude \("[a-z_]+"\)/g, '').replace(/\bwith no schema binding\s*$/, '')

function walk(node: unknown, key: string, visit: (node: Node, key: string) => void): void {
  if (Array.isArray(node)) {
    for (const child of node) walk(child, key, visit)
  } else if (node !== null && typeof node === 'object') {
    visit(node as Node, key)
    for (const [name, child] of Object.entries(node)) walk(child, name, visit)
  }
}

function* problemsOf(node: Node, key: string): Generator<string> {
  const of = <T = Node>(name: string) => node[name] as T | undefined
  const call = of('FuncCall')
  if (call) yield* problemsOfCall(call)
  const select = of('SelectStmt') ?? (key === 'larg' || key === 'rarg' ? node : undefined)
  if (select) yield* problemsOfSelect(select, key)
  if ((of('RangeSubselect') ?? of('RangeFunction'))?.lateral) yield 'LATERAL'
  if (of('RangeFunction')) yield 'a function in FROM'
  if (of('A_ArrayExpr')) yield 'ARRAY[]'
  if ((of('A_Indirection')?.indirection as Node[] | undefined)?.some((x) => x.A_Indices)) yield 'a subscript'
  if (of('RowExpr')) yield 'a row of values'
  if (of('JsonIsPredicate')) yield 'IS JSON'
  if (of('IndexStmt')) yield 'an index'
  if (of('TruncateStmt')) yield 'TRUNCATE, which commits'
  if (of('TransactionStmt')) yield 'a transaction of its own'
  if (of('MergeStmt')) yield 'MERGE, which this project does without'
  const expression = of('A_Expr')
  if (expression) {
    const kind = String(expression.kind)
    if (/DISTINCT/.test(kind)) yield 'IS DISTINCT FROM'
    if (/OP_ANY|OP_ALL/.test(kind)) yield '= ANY (array)'
    if (strings(expression.name).some((op) => /^(->>?|#>>?|@>|<@|\?[|&]?|&&|~\*|!~\*|@@)$/.test(op)))
      yield 'an operator of JSON, arrays or without case'
  }
  for (const name of ['InsertStmt', 'UpdateStmt', 'DeleteStmt']) {
    const change = of(name)
    if (!change) continue
    if (isSet(change.returningList) || change.returningClause) yield 'RETURNING'
    if (change.onConflictClause) yield 'ON CONFLICT'
    if (name === 'InsertStmt' && change.withClause) yield 'WITH before INSERT'
    if (name === 'DeleteStmt' && (change.relation as Node).alias) yield 'an alias in DELETE'
  }
  const cte = of('CommonTableExpr')
  if (cte?.ctematerialized && cte.ctematerialized !== 'CTEMaterializeDefault') yield 'MATERIALIZED'
  const type = of('TypeCast')?.typeName ?? of('ColumnDef')?.typeName
  if (type) {
    const name = strings((type as Node).names).at(-1)!
    if (!types.has(name)) yield `type ${name}`
    if (isSet((type as Node).arrayBounds)) yield 'an array type'
  }
}

function* problemsOfCall(call: Node): Generator<string> {
  const name = strings(call.funcname).at(-1)!
  const window = call.over as (Node & { frameOptions?: number }) | undefined
  if (!functions.has(name)) yield `function ${name}(), which is not among those known of Redshift`
  if (call.agg_filter) yield 'FILTER'
  if (isSet(call.agg_order) && !call.agg_within_group) yield 'ORDER BY inside of an aggregate'
  if (!window) return
  const frame = window.frameOptions ?? 0
  const isFramed = (frame & WRITTEN) !== 0
  if (window.name || window.refname) yield 'a named window'
  if (isFramed && (frame & RANGE_OR_GROUPS) !== 0) yield 'a frame other than ROWS'
  if (FRAMED.has(name) && isSet(window.orderClause) && !isFramed)
    yield `${name}() over an ordered window without a frame`
  if (call.agg_distinct) yield 'DISTINCT in a window'
}

function* problemsOfSelect(select: Node, key: string): Generator<string> {
  if ((select.distinctClause as Node[] | undefined)?.some((x) => Object.keys(x).length > 0)) yield 'DISTINCT ON'
  if (select.valuesLists && key !== 'selectStmt') yield 'VALUES as a table'
  if (select.lockingClause) yield 'FOR UPDATE'
  if (select.windowClause) yield 'a WINDOW clause'
  if (select.limitOption === 'LIMIT_OPTION_WITH_TIES') yield 'WITH TIES'
  if ((select.groupClause as Node[] | undefined)?.some((x) => x.GroupingSet))
    yield 'grouping sets, which this project does without'
}
