import type { Dialect } from '../warehouses/dialect.ts'
import { type Sql, sql } from '../warehouses/sql.ts'
import { asciiLower } from './stage.ts'

/** Parameters whose value names a person; it is not kept. */
const PERSONAL_PARAMETERS = [
  'mc_eid',
  'mkt_tok',
  '_hsenc',
  '_kx',
  'ml_subscriber',
  'ml_subscriber_hash',
  'email',
  'e-mail',
  'mail',
]

const EMAIL = '[A-Za-z0-9._%+-]+(@|%40)[A-Za-z0-9.-]+[.][A-Za-z][A-Za-z]+'
/** `https://`, or `//` alone. */
const SCHEME = '^([a-zA-Z][a-zA-Z0-9+.-]*:)?//'
/** The same without a group, for patterns that extract one. */
const ANY_SCHEME = '^[a-zA-Z0-9+.-]*:?//'

/** A pattern that matches a parameter name without regard to case: `utm` → `[uU][tT][mM]`. */
function anyCase(name: string): string {
  return name.replace(/[a-z]/g, (letter) => `[${letter}${letter.toUpperCase()}]`)
}

/** Host of a URL: lower case, without user and port; null when the text is no absolute URL. */
export function urlHost(d: Dialect, url: Sql): Sql {
  return asciiLower(sql`coalesce(
        case when strpos(${url}, '@') > 0 then ${d.regexpExtract(url, `${ANY_SCHEME}[^/?#]*@([^/?#@:]*)`)} end,
        ${d.regexpExtract(url, `${ANY_SCHEME}([^/?#@:]*)`)}
    )`)
}

/** Path of a URL, `/` when empty; null when the text is no absolute URL. */
export function urlPath(d: Dialect, url: Sql): Sql {
  return sql`case when ${d.regexpMatches(url, SCHEME)} then coalesce(${d.regexpExtract(url, `${ANY_SCHEME}[^/?#]*(/[^?#]*)`)}, '/') end`
}

/** The query of a URL with `&` before each parameter; null when there is none. */
export function urlQuery(d: Dialect, url: Sql): Sql {
  return sql`case when strpos(${url}, '?') > 0 then '&' || ${d.regexpExtract(url, '^[^?#]*[?]([^#]+)')} end`
}

/** Value of the first parameter of that name in a query as `urlQuery` gives it: decoded, trimmed, null when empty. */
export function queryParameter(d: Dialect, query: Sql, name: string): Sql {
  const value = d.regexpExtract(query, `&${anyCase(name)}=([^&]*)`)
  return sql`nullif(${d.trim(d.percentDecode(value))}, '')`
}

/** Name of the first parameter of the list that the query has with a value. */
export function firstParameter(d: Dialect, query: Sql, names: readonly string[]): Sql {
  const lower = asciiLower(query)
  const any = names.join('|')
  return sql`case when ${d.regexpMatches(lower, `&(${any})=[^&]`)} then case
        ${sql.join(
          names.map((name) => sql`when ${d.regexpMatches(lower, `&${name}=[^&]`)} then ${name}`),
          '\n        ',
        )}
    end end`
}

/** What looks like an e-mail address becomes `[email]`. Takes a column: the text stands in it four times. */
export function withoutEmail(d: Dialect, column: string): Sql {
  const text = sql.id(column)
  return sql`case
        when strpos(${text}, '@') > 0 or strpos(${text}, '%40') > 0 then ${d.regexpReplace(text, EMAIL, '[email]')}
        else ${text}
    end`
}

/** A URL whose personal parameters have lost their value. Pass the result through `withoutEmail`. */
export function withoutPersonalParameters(d: Dialect, url: Sql): Sql {
  const names = PERSONAL_PARAMETERS.map(anyCase).join('|')
  const emptied = PERSONAL_PARAMETERS.flatMap((name) => [
    [`[?]${anyCase(name)}=[^&#]*`, `?${name}=`] as const,
    [`[&]${anyCase(name)}=[^&#]*`, `&${name}=`] as const,
  ]).reduce((text, [pattern, replacement]) => d.regexpReplace(text, pattern, replacement), url)
  return sql`case when ${d.regexpMatches(url, `[?&](${names})=`)} then ${emptied} else ${url} end`
}
