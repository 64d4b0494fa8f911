/** A token of GoogleSQL. White space and comments are none. */
export interface Token {
  readonly kind: 'word' | 'name' | 'text' | 'number' | 'symbol'
  /** A word in upper case, a quoted name without its quotes, anything else as written. */
  readonly text: string
  /** Where it stands in the statement. */
  readonly start: number
  readonly end: number
}

const SPACE = /(?:\s|--[^\n]*|#[^\n]*|\/\*[\s\S]*?\*\/)*/y
const TOKENS: readonly (readonly [Token['kind'], RegExp])[] = [
  ['text', /(?:rb|br|r|b)?(?:'''(?:\\[\s\S]|[\s\S])*?'''|"""(?:\\[\s\S]|[\s\S])*?""")/iy],
  ['text', /(?:rb|br|r|b)?(?:'(?:\\[\s\S]|[^'\\])*'|"(?:\\[\s\S]|[^"\\])*")/iy],
  ['name', /`(?:\\[\s\S]|[^`\\])*`/y],
  ['word', /[A-Za-z_][A-Za-z0-9_]*/y],
  ['number', /[0-9][0-9a-zA-Z]*(?:\.[0-9]*)?(?:[eE][+-]?[0-9]+)?|\.[0-9]+(?:[eE][+-]?[0-9]+)?/y],
  ['symbol', /[\s\S]/y],
]

/** The tokens of a text. What the engine would not take is left for the engine to refuse. */
export function tokensOf(sql: string): Token[] {
  const tokens: Token[] = []
  let at = 0
  for (;;) {
    SPACE.lastIndex = at
    at += SPACE.exec(sql)![0].length
    if (at >= sql.length) return tokens
    for (const [kind, pattern] of TOKENS) {
      pattern.lastIndex = at
      const match = pattern.exec(sql)
      if (!match) continue
      const written = match[0]
      tokens.push({ kind, text: textOf(kind, written), start: at, end: at + written.length })
      at += written.length
      break
    }
  }
}

function textOf(kind: Token['kind'], written: string): string {
  if (kind === 'word') return written.toUpperCase()
  return kind === 'name' ? written.slice(1, -1).replace(/\\(.)/g, '$1') : written
}

/** One statement of a script. */
export interface StatementText {
  readonly sql: string
  readonly tokens: readonly Token[]
}

/** The statements of a script, which semicolons part. */
export function statementsOf(script: string): StatementText[] {
  const statements: StatementText[] = []
  let tokens: Token[] = []
  const flush = () => {
    if (tokens.length > 0) {
      const start = tokens[0]!.start
      const sql = script.slice(start, tokens.at(-1)!.end)
      statements.push({ sql, tokens: tokens.map((t) => ({ ...t, start: t.start - start, end: t.end - start })) })
    }
    tokens = []
  }
  for (const token of tokensOf(script)) {
    if (token.kind === 'symbol' && token.text === ';') flush()
    else tokens.push(token)
  }
  flush()
  return statements
}

/** Names that dots part: `a`.b.`c.d`. */
export interface Path {
  readonly parts: readonly string[]
  readonly start: number
  readonly end: number
  /** The place of the token after it. */
  readonly next: number
}

/** The path that begins with the token at `at`, or null when a name does not begin there. */
export function pathAt(statement: StatementText, at: number): Path | null {
  const { tokens, sql } = statement
  const isName = (t: Token | undefined) => t?.kind === 'name' || t?.kind === 'word'
  if (!isName(tokens[at])) return null
  let last = at
  while (tokens[last + 1]?.text === '.' && isName(tokens[last + 2])) last += 2
  const names = tokens.slice(at, last + 1).filter(isName)
  const parts = names.flatMap((t) => (t.kind === 'name' ? t.text.split('.') : [sql.slice(t.start, t.end)]))
  return { parts, start: tokens[at]!.start, end: tokens[last]!.end, next: last + 1 }
}
