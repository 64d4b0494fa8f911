import { text } from './bigquery-text.ts'
import type { Dialect, JsonPath } from './dialect.ts'
import { type Expr, expr, type Sql, sql } from './sql.ts'

/** A place in a document in the engine's words. Every key in quotes: it may hold anything but a backslash. */
const pathTo = (path: JsonPath): Sql => text(['$', ...path.map((key) => `."${key.replaceAll('"', '\\"')}"`)].join(''))

/** The same place where keys hold backslashes, which no path can name; numbers beyond 64 bits are rounded there. */
const subscripts = (document: Sql, path: JsonPath): Sql =>
  sql`safe.parse_json(${document}, wide_number_mode => 'round')${sql.join(
    path.map((key) => sql`[${text(key)}]`),
    '',
  )}`

/** A place in a document: its JSON as text, null for null; and the text it holds when it is no object and no list. */
function readAt(document: Sql, path: JsonPath): { whole: Sql; scalar: Sql } {
  const isPath = !path.some((key) => key.includes('\\'))
  const place = isPath ? sql`${document}, ${pathTo(path)}` : subscripts(document, path)
  const whole = isPath ? sql`json_query(${place})` : sql`to_json_string(${place})`
  return { whole: sql`nullif(${whole}, 'null')`, scalar: sql`json_value(${place})` }
}

/** What a document is, by the first letter of its text. */
const KINDS = { '{': 'object', '[': 'array', '"': 'string', t: 'boolean', f: 'boolean' } as const

function kindOf(document: Sql): Sql {
  const whens = Object.entries(KINDS).map(([first, kind]) => sql`when ${text(first)} then ${text(kind)}`)
  return sql`case substr(${document}, 1, 1) ${sql.join(whens, ' ')} else if(${document} is null, null, 'number') end`
}

/** Numbers written out when they have an exponent; strings are in quotes, and no number. */
function amountOf(whole: Sql, scalar: Sql): Sql {
  const size = sql`abs(safe_cast(${whole} as float64))`
  const isNear = sql`strpos(lower(${whole}), 'e') > 0 and (${size} = 0 or ${size} between 1e-6 and 1e20)`
  return sql`coalesce(if(${isNear}, cast(safe_cast(${whole} as bignumeric) as string), null), ${scalar}, ${whole})`
}

export const bigqueryJson: Pick<Dialect, 'isJson' | 'jsonColumns'> = {
  // The engine's parser skips a byte order mark.
  isJson: (value) =>
    sql`coalesce(if(${isFlat(expr(value))}, safe.parse_json(${expr(value)}, wide_number_mode => 'round') is not null and not starts_with(${expr(value)}, ${text('\ufeff')}), false), false)`,

  // From text, not from the engine's JSON: that keeps numbers as floating point.
  jsonColumns(from, document, columns) {
    const added = Object.entries(columns).map(([name, { path, as }]) => {
      const { whole, scalar } = readAt(sql`json_plain`, path)
      const read = { text: sql`coalesce(${scalar}, ${whole})`, amount: amountOf(whole, scalar), type: kindOf(whole) }
      return sql`, ${read[as]} as ${sql.id(name)}`
    })
    return sql`(
    select * except (json_plain)${sql.join(added, '')}
    from (select *, ${withoutPairs(expr(document))} as json_plain from ${from})
)`
  },
}

/** Lists and objects within each other that the engine reads; more fail the statement, even a `safe` one. */
const DEEPEST = 500
/** Levels that are taken away before it is counted what is left. */
const LEVELS = 16

/**
 * True when a document is surely not nested too deep: it has few brackets, or few are left without its strings and its
 * innermost levels.
 */
function isFlat(document: Sql): Sql {
  const brackets = (of: Sql) => sql`length(regexp_replace(${of}, ${text('[^[{]')}, ''))`
  let left = sql`regexp_replace(${document}, ${text('"([^"\\\\]|\\\\.)*"')}, '')`
  for (let level = 0; level < LEVELS; level++)
    left = sql`regexp_replace(${left}, ${text('[[][^][{}]*[]]|[{][^][{}]*[}]')}, '')`
  // `if` and not `or`: few documents need the longer look.
  return sql`if(${brackets(document)} <= ${DEEPEST}, true, ${brackets(left)} <= ${DEEPEST - LEVELS})`
}

/** A document in which no letter is written as a pair of escapes: functions of text read each of the two by itself. */
const withoutPairs = (document: Sql): Sql =>
  sql`if(strpos(lower(${document}), ${text('\\ud')}) > 0, to_json_string(safe.parse_json(${document}, wide_number_mode => 'round')), ${document})`

/** `Dialect.jsonValue`. Numbers that JSON does not have would become text; how they are written tells them from text. */
export function jsonValue(value: Expr): Sql {
  const v = expr(value)
  const none = ['nan', 'inf', '-inf'].map((word) => text(`CAST("${word}" AS FLOAT64)`))
  return sql`case when ${v} is null or format('%T', ${v}) in (${sql.join(none)}) then null else to_json_string(to_json(${v})) end`
}
