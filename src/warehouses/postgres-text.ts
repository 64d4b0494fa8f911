import { type Sql, sql } from './sql.ts'

/** A literal of text. Control characters are written as escapes: printed SQL has to survive an editor. */
export function quoted(value: string): string {
  const text = value.replaceAll("'", "''")
  // biome-ignore lint/suspicious/noControlCharactersInRegex: those are the ones to find
  const control = /[\u0000-\u001f\u007f]/g
  if (text.search(control) < 0) return `'${text}'`
  return `e'${text.replaceAll('\\', '\\\\').replace(control, (c) => ESCAPES[c] ?? `\\x${c.charCodeAt(0).toString(16).padStart(2, '0')}`)}'`
}

const ESCAPES: Readonly<Record<string, string>> = { '\t': '\\t', '\n': '\\n', '\r': '\\r' }

/** The same as a piece of SQL. */
export const text = (value: string): Sql => sql.raw(quoted(value))

/** A percent sign that two hex digits do not follow, or of the one byte that is no text. */
const BROKEN_ESCAPE = '%(00|[^0-9a-fA-F]|[0-9a-fA-F]([^0-9a-fA-F]|$)|$)'

/** UTF-8 as pairs of hex digits: no longer forms than needed, no surrogates, nothing beyond the last code point. */
const UTF8 = [
  '[0-7].',
  '(c[2-9a-f]|d.)[89ab].',
  'e0[ab].[89ab].',
  'e[1-9abcef]([89ab].){2}',
  'ed[89].[89ab].',
  'f0[9ab].([89ab].){2}',
  'f[1-3]([89ab].){3}',
  'f48.([89ab].){2}',
]

/** The engine has no such function: the bytes are put together in hex, escapes as they are, all else encoded, and checked. */
export const percentDecode = (v: Sql): Sql => sql`case
    when strpos(${v}, '%') = 0 then translate(${v}, '+', ' ')
    when ${v} ~ ${text(BROKEN_ESCAPE)} then ${v}
    else (
        select case when u.hex ~ ${text(`^(${UTF8.join('|')})*$`)} then convert_from(decode(u.hex, 'hex'), 'UTF8') else ${v} end
        from (
            select string_agg(
                case when strpos(p.piece, '%') = 1 then lower(substr(p.piece, 2))
                else encode(convert_to(translate(p.piece, '+', ' '), 'UTF8'), 'hex') end, '' order by p.place
            ) as hex
            from (
                select m.found[1] as piece, m.place
                from regexp_matches(${v}, '%[0-9a-fA-F]{2}|[^%]+', 'g') with ordinality as m(found, place)
            ) as p
        ) as u
    )
end`
