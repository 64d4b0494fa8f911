import type { ColumnType, Dialect } from './dialect.ts'
import { percentDecode, redshiftJson } from './redshift-json.ts'
import { pattern, quoted, text } from './redshift-text.ts'
import { asTime, parseTime } from './redshift-time.ts'
import { type Expr, expr, type Sql, sql } from './sql.ts'

const types: Readonly<Record<ColumnType, string>> = {
  string: 'varchar(65535)',
  integer: 'bigint',
  float: 'double precision',
  boolean: 'boolean',
  timestamp: 'timestamp',
}

/** Of an expression: `varchar` is then as wide as what it holds, and not 65535 bytes of memory for each row. */
const castTypes: Readonly<Record<ColumnType, string>> = { ...types, string: 'varchar' }

const WHITE_SPACE = ' \t\n\v\f\r'
const trim = (value: Expr): Sql => sql`btrim(${expr(value)}, ${text(WHITE_SPACE)})`
const parse = (value: Expr): Sql => parseTime(sql`upper(${trim(value)})`)
const cast = (value: Expr, type: ColumnType): Sql => sql`cast(${expr(value)} as ${sql.raw(castTypes[type])})`

/** Stands between key and value; keys that hold it or something smaller are none of ours. */
const SEPARATOR = '\u0001'

/**
 * There is no `max_by`: the value travels behind its key, as text, with a digit that tells null from empty text. Up to the
 * separator bytes decide, and a key that another one begins with is the smaller one.
 */
function byKey(aggregate: 'min' | 'max', value: Expr, key: Expr, type: ColumnType): Sql {
  const asText = type === 'string' ? expr(value) : cast(value, 'string')
  const carried = sql`${sql.raw(aggregate)}(${expr(key)} || ${text(SEPARATOR)} || coalesce('1' || ${asText}, '0'))`
  const found = sql`substring(${carried}, strpos(${carried}, ${text(SEPARATOR)}) + 1)`
  const back = sql`case when ${found} like '1%' then substring(${found}, 2) end`
  return type === 'string' ? back : cast(back, type)
}

/** A message stands in a comment of the statement: a failed division says nothing else (`failedAssertion`). */
const ASSERTION = /^select \/\* expected: (.*?) \*\//s

/** What a statement asserted, when it is one. */
export const assertionIn = (statement: string): string | null => ASSERTION.exec(statement)?.[1] ?? null

/** How Redshift spells what the engines disagree on. Written from its documentation; tested on a stand-in. */
export const redshiftDialect: Dialect = {
  name: 'redshift',
  types,
  described: { ...types, string: 'character varying' },
  comparableTimes: [types.timestamp.toLowerCase()],
  ...redshiftJson,

  quote: (name) => `"${name.replaceAll('"', '""')}"`,
  placeholder: (position) => `:p${position}`,
  timestampOf: (value) => `cast(${value} as timestamp)`,
  literal(value) {
    if (value === null) return 'null'
    if (typeof value === 'string') return quoted(value)
    if (typeof value === 'number' && !Number.isFinite(value)) {
      throw new TypeError(`Expected a finite number, but got: ${value}`)
    }
    // In parentheses: `1 - -2` without the space would begin a comment.
    return typeof value !== 'boolean' && value < 0 ? `(${value})` : String(value)
  },

  cast,
  safeDivide: (a, b) =>
    sql`(cast((${expr(a)}) as double precision) / nullif(cast((${expr(b)}) as double precision), 0))`,
  // Sums of integers are decimals here, whose quotient has a fraction.
  integerDivide: (a, b) => sql`(cast((${expr(a)}) as bigint) / cast((${expr(b)}) as bigint))`,

  now: () => sql`sysdate`,
  assertThat(condition, message) {
    const said = sql.raw(message.replaceAll('*/', '* /').replaceAll('\n', ' '))
    return sql`select /* expected: ${said} */ 1 / case when ${condition} then 1 else 0 end as holds`
  },
  dateTrunc: (unit, time) => sql`date_trunc(${text(unit)}, ${expr(time)})`,
  localTime: (time, timezone) => sql`convert_timezone('UTC', ${expr(timezone)}, ${expr(time)})`,
  microsecondsBetween: (start, end) => sql`datediff(microsecond, ${expr(start)}, ${expr(end)})`,
  addMicroseconds: (time, n) => sql`dateadd(microsecond, cast(${expr(n)} as bigint), ${expr(time)})`,
  epochMicroseconds: (time) => sql`datediff(microsecond, cast('1970-01-01' as timestamp), ${expr(time)})`,
  parseTime: parse,
  asTime: (value, engineType) => asTime(value, engineType, parse),
  // There is no number of a row; one is counted, by one node.
  rowNumber: () => sql`(row_number() over () - 1)`,

  concat: (texts) => sql`(${sql.join([...texts], ' || ')})`,
  storedBy: (keys) =>
    keys.length === 0
      ? sql.empty
      : sql`
order by ${sql.join(keys)}`,
  materialized: () => sql.empty,
  narrowsByLiterals: false, // rows lie by time
  isOneOf: (value, literals) => (literals.length === 0 ? sql`1 = 0` : sql`${expr(value)} in (${sql.values(literals)})`),
  md5: (value) => sql`md5(${expr(value)})`,
  // Fifteen hex digits: a number below 2^60.
  hashNumber: (value) => sql`strtol(substring(md5(${expr(value)}), 1, 15), 16)`,
  surrogateKey(values) {
    const parts = values.map((v) => {
      const value = cast(v, 'string')
      return sql`coalesce(cast(length(${value}) as varchar) || ':' || ${value}, 'null')`
    })
    return sql`md5(${sql.join(parts, ` || ',' || `)})`
  },
  firstBy: (value, key, type = 'string') => byKey('min', value, key, type),
  lastBy: (value, key, type = 'string') => byKey('max', value, key, type),

  trim,
  regexpMatches: (value, p) => sql`(${expr(value)} ~ ${pattern(p)})`,
  regexpExtract: (value, p) => sql`nullif(regexp_substr(${expr(value)}, ${pattern(p)}, 1, 1, 'e'), '')`,
  regexpReplace: (value, p, replacement) => sql`regexp_replace(${expr(value)}, ${pattern(p)}, ${pattern(replacement)})`,
  percentDecode,

  // Digit by digit: a product of decimals may have more digits than fit.
  decimalToInteger(value, digits) {
    const v = expr(value)
    const bare = sql`ltrim(${v}, '+-')`
    const fraction = sql`split_part(${bare}, '.', 2)`
    const n = sql`cast(${expr(digits)} as integer)`
    const cut = sql`cast('0' || split_part(${bare}, '.', 1) || substring(${fraction} || '0000', 1, ${n}) as bigint)`
    const carry = sql`case when substring(${fraction}, ${n} + 1, 1) >= '5' then 1 else 0 end`
    return sql`((${cut} + ${carry}) * case when ${v} like '-%' then -1 else 1 end)`
  },
}
