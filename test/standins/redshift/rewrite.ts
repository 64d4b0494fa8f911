import { closing, nextOf, type Token, textOf, tokensOf } from './tokens.ts'

/** What a session has been told. */
export interface SessionSettings {
  /** `enable_case_sensitive_identifier`: names in quotes keep their case. */
  isCaseSensitive: boolean
}

/** Where a chain of names leads into a SUPER value: behind an alias and a column. */
const REACHED_BEHIND = 2

const sign = (text: string): Token => ({ kind: 'sign', text })
const isWord = (token: Token | undefined, ...words: string[]) =>
  token?.kind === 'word' && words.includes(token.text.toLowerCase())
const nameIn = (token: Token) =>
  token.kind === 'name' ? token.text.slice(1, -1).replaceAll('""', '"') : token.text.toLowerCase()
const quotedText = (text: string) => `'${text.replaceAll('\\', '\\\\').replaceAll("'", "''")}'`

/** A statement of Redshift as Postgres with the shim takes it. Views and `exclude` need more than words: see engine.ts. */
export function toPostgres(statement: string, settings: SessionSettings): string {
  let tokens = tokensOf(statement)
  if (!settings.isCaseSensitive) tokens = tokens.map(folded)
  tokens = withNavigation(tokens)
  tokens = withWords(tokens)
  return textOf(isCreateTable(tokens) ? withoutLayout(tokens) : tokens)
}

/** Redshift folds names in quotes, too. */
const folded = (token: Token): Token =>
  token.kind === 'name' ? { kind: 'name', text: token.text.toLowerCase() } : token

/** `alias.column."field"."field"` → `rs_shim.field(alias.column, 'field', 'field')`. */
function withNavigation(tokens: readonly Token[]): Token[] {
  const out: Token[] = []
  for (let i = 0; i < tokens.length; i++) {
    const chain: Token[] = []
    let end = i
    if (isName(tokens[i]!) && tokens[i - 1]?.text !== '.') {
      chain.push(tokens[i]!)
      while (tokens[end + 1]?.text === '.' && tokens[end + 2] && isName(tokens[end + 2]!)) {
        chain.push(tokens[end + 2]!)
        end += 2
      }
    }
    if (chain.length > REACHED_BEHIND && tokens[end + 1]?.text !== '(') {
      const fields = chain.slice(REACHED_BEHIND).map((t) => quotedText(nameIn(t)))
      out.push(sign(`rs_shim.field(${chain[0]!.text}.${chain[1]!.text}, ${fields.join(', ')})`))
      i = end
    } else out.push(tokens[i]!)
  }
  return out
}

const isName = (token: Token) => token.kind === 'name' || token.kind === 'word'

/** Units of times in quotes, the clock, the width of texts. */
function withWords(tokens: readonly Token[]): Token[] {
  return tokens.map((token, i) => {
    if (token.kind !== 'word') return token
    const before = tokens[i - 1]?.text
    if (before === '(' && isWord(tokens[i - 2], 'datediff', 'dateadd')) return sign(`'${token.text.toLowerCase()}'`)
    // A key word of Postgres' own, unless it is qualified.
    if (isWord(token, 'json_serialize')) return sign('rs_shim.json_serialize')
    if (isWord(token, 'sysdate')) return sign('rs_shim.sysdate()')
    if (isWord(token, 'max') && before === '(' && isWord(tokens[i - 2], 'varchar')) return sign('65535')
    return token
  })
}

/**
 * Postgres would put the query of a name in each place that reads it, and plan for seconds; and parse a document again
 * for each of its fields.
 */
export function withFences(statement: string): string {
  const tokens = tokensOf(statement)
  const parsing = tokens.flatMap((token, i) => (isWord(token, 'json_parse') ? [openingOfQuery(tokens, i)] : []))
  for (const open of [...new Set(parsing)].filter((at) => at !== null).sort((a, b) => b - a)) {
    tokens.splice(closing(tokens, open), 0, sign(' offset 0'))
  }
  const isQuery = (open: number) => tokens[open]?.text === '(' && isWord(tokens[nextOf(tokens, open)], 'select', 'with')
  return textOf(
    tokens.map((token, i) => (isWord(token, 'as') && isQuery(nextOf(tokens, i)) ? sign('as materialized') : token)),
  )
}

/** The parenthesis of the query that a token stands in. */
function openingOfQuery(tokens: readonly Token[], at: number): number | null {
  let depth = 0
  for (let i = at; i >= 0; i--) {
    if (tokens[i]!.text === ')') depth++
    else if (tokens[i]!.text === '(' && depth-- === 0) {
      if (isWord(tokens[nextOf(tokens, i)], 'select')) return i
      depth = 0
    }
  }
  return null
}

function isCreateTable(tokens: readonly Token[]): boolean {
  const words = tokens.filter((t) => t.kind !== 'space').slice(0, 3)
  return isWord(words[0], 'create') && (isWord(words[1], 'table') || isWord(words[2], 'table'))
}

/** Where rows lie is nothing to Postgres. Widths of texts count bytes: `varchar(n)` becomes a check. */
function withoutLayout(tokens: readonly Token[]): Token[] {
  const out: Token[] = []
  const isSelect = tokens.some((t) => isWord(t, 'select'))
  for (let i = 0; i < tokens.length; i++) {
    const token = tokens[i]!
    const next = nextOf(tokens, i)
    if (isWord(token, 'distkey', 'sortkey', 'diststyle', 'encode', 'compound', 'backup') && !isSelect) {
      if (isWord(token, 'compound')) continue
      if (tokens[next]?.text === '(') i = closing(tokens, next)
      else if (isWord(token, 'diststyle', 'encode', 'backup') || isWord(tokens[next], 'auto')) i = next
    } else if (isWord(token, 'varchar') && !isSelect) {
      const column = out.findLast((t) => t.kind !== 'space')!
      const close = tokens[next]?.text === '(' ? closing(tokens, next) : null
      const width = close === null ? '256' : textOf(tokens.slice(next + 1, close))
      out.push(sign(`varchar check (octet_length(${column.text}) <= ${width})`))
      if (close !== null) i = close
    } else out.push(token)
  }
  return out
}

/** Names in front of values: `:name` → `$1`. What is given and not used, or used and not given, the service refuses. */
export function withPositions(
  statement: string,
  parameters: readonly { name: string; value: string }[],
): { text: string; values: string[]; unused: string[]; missing: string[] } {
  const used: string[] = []
  const missing: string[] = []
  const text = tokensOf(statement).map((token) => {
    if (token.kind !== 'parameter') return token
    const name = token.text.slice(1)
    if (!parameters.some((p) => p.name === name)) missing.push(name)
    if (!used.includes(name)) used.push(name)
    return sign(`$${used.indexOf(name) + 1}`)
  })
  return {
    text: textOf(text),
    values: used.map((name) => parameters.find((p) => p.name === name)?.value ?? ''),
    unused: parameters.filter((p) => !used.includes(p.name)).map((p) => p.name),
    missing,
  }
}
