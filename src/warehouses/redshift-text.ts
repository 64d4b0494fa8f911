import { type Sql, sql } from './sql.ts'

/** Characters that may stand for a backslash in a literal: one that the text has not. */
const STAND_INS = ['~', '^', '|', '`', '@', '#']

const plain = (text: string) => `'${text.replaceAll("'", "''")}'`

/**
 * A literal of text with its control characters as they are. Redshift takes a backslash for the begin of an escape,
 * Postgres does not: a text that has one is written with another character in its place, which reads back the same
 * either way.
 */
export function shortLiteral(value: string): string {
  if (!value.includes('\\')) return plain(value)
  const standIn = STAND_INS.find((c) => !value.includes(c))
  if (standIn) return `replace(${plain(value.replaceAll('\\', standIn))}, '${standIn}', chr(92))`
  return `(${value.split('\\').map(plain).join(' || chr(92) || ')})`
}

/** A literal of text. Control characters are written by their number: printed SQL has to survive an editor. */
export function quoted(value: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: those are the ones to find
  const pieces = value.split(/([\u0000-\u001f\u007f])/)
  if (pieces.length === 1) return shortLiteral(value)
  const written = pieces.flatMap((piece, i) =>
    i % 2 === 1 ? [`chr(${piece.charCodeAt(0)})`] : piece === '' ? [] : [shortLiteral(piece)],
  )
  return written.length === 1 ? written[0]! : `(${written.join(' || ')})`
}

/** The same as SQL. */
export const text = (value: string): Sql => sql.raw(quoted(value))

/** A pattern must be a plain literal. */
export function pattern(value: string): Sql {
  if (value.includes('\\')) throw new TypeError(`Expected a pattern without a backslash, but got: ${value}`)
  return sql.raw(plain(value))
}
