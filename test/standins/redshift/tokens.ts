/** A piece of a statement. Literals keep their quotes; comments are left out. */
export interface Token {
  readonly kind: 'text' | 'name' | 'word' | 'number' | 'parameter' | 'sign' | 'space'
  readonly text: string
}

const PATTERNS: readonly (readonly [Token['kind'] | 'comment', RegExp])[] = [
  ['comment', /--[^\n]*|\/\*[\s\S]*?\*\//y],
  ['space', /\s+/y],
  ['text', /'(?:[^'\\]|''|\\[\s\S])*'/y],
  ['name', /"(?:[^"]|"")*"/y],
  ['word', /[A-Za-z_][A-Za-z0-9_$]*/y],
  ['number', /\d+(?:\.\d+)?(?:[eE][+-]?\d+)?|\.\d+/y],
  ['parameter', /:[A-Za-z_]\w*/y],
  ['sign', /::|\|\||<>|<=|>=|!=|!~|[^\s]/y],
]

/** Splits a statement; a cast (`::`) is no parameter. */
export function tokensOf(statement: string): Token[] {
  const tokens: Token[] = []
  for (let at = 0; at < statement.length; ) {
    const before = tokens.at(-1)?.text
    for (const [kind, pattern] of PATTERNS) {
      if (kind === 'parameter' && before === '::') continue
      pattern.lastIndex = at
      const match = pattern.exec(statement)
      if (!match) continue
      if (kind === 'sign' && match[0] === '::') tokens.push({ kind, text: '::' })
      else if (kind === 'comment') tokens.push({ kind: 'space', text: ' ' })
      else tokens.push({ kind, text: match[0] })
      at = pattern.lastIndex
      break
    }
  }
  return tokens
}

/** The statement again. */
export const textOf = (tokens: readonly Token[]): string => tokens.map((token) => token.text).join('')

/** The statement without its values: two with the same shape are refused or taken alike. */
export const shapeOf = (tokens: readonly Token[]): string =>
  tokens.map(({ kind, text }) => (kind === 'text' || kind === 'number' ? '?' : kind === 'space' ? ' ' : text)).join('')

/** The position of the parenthesis that closes the one at `open`. */
export function closing(tokens: readonly Token[], open: number): number {
  let depth = 0
  for (let i = open; i < tokens.length; i++) {
    if (tokens[i]!.text === '(') depth++
    else if (tokens[i]!.text === ')' && --depth === 0) return i
  }
  return tokens.length - 1
}

/** The next token that is no space. */
export function nextOf(tokens: readonly Token[], at: number): number {
  let i = at + 1
  while (tokens[i]?.kind === 'space') i++
  return i
}
