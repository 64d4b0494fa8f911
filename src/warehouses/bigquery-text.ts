import { type Sql, sql } from './sql.ts'

const ESCAPES: Readonly<Record<string, string>> = {
  '\\': '\\\\',
  "'": "\\'",
  '`': '\\`',
  '\n': '\\n',
  '\r': '\\r',
  '\t': '\\t',
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: those are the ones to find
const SPECIAL = /[\\'`\u0000-\u001f\u007f\u0085\u2028\u2029]/g

/**
 * A literal of text. The engine reads backslashes as escapes and takes no line end between its quotes. Back quotes are
 * escaped so that nothing in a literal looks like the name of a table: see `withBounds`.
 */
export const quoted = (value: string): string =>
  `'${value.replace(SPECIAL, (c) => ESCAPES[c] ?? `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`)}'`

export const text = (value: string): Sql => sql.raw(quoted(value))

/** What names of columns and tables may hold; an exclamation mark, a quote or a dot is refused. */
const FORBIDDEN = /[^\p{L}\p{M}\p{N}_]/gu

/**
 * A name in back quotes. Columns of files may be called anything, names of the engine not: what it refuses is written as
 * its code (`a"b` as `a__x22__b`), and read back by `nameOf`.
 */
export const quotedName = (name: string): string =>
  `\`${name.replace(FORBIDDEN, (c) => `__x${c.codePointAt(0)!.toString(16)}__`)}\``

/** The name that `quotedName` wrote. */
export const nameOf = (written: string): string =>
  written.replace(/__x([0-9a-f]{1,6})__/g, (all, code: string) => {
    const point = Number.parseInt(code, 16)
    return point <= 0x10ffff ? String.fromCodePoint(point) : all
  })
