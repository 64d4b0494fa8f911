import { bigqueryJson, jsonValue } from './bigquery-json.ts'
import { quoted, quotedName, text } from './bigquery-text.ts'
import { asTime, parseTime } from './bigquery-times.ts'
import type { ColumnType, Dialect } from './dialect.ts'
import { expr, sql } from './sql.ts'

const types: Readonly<Record<ColumnType, string>> = {
  string: 'string',
  integer: 'int64',
  float: 'float64',
  boolean: 'bool',
  timestamp: 'timestamp',
}

const WHITE_SPACE = ' \t\n\v\f\r'

/** A percent sign that two hex digits do not follow, or that stands for NUL. */
const BROKEN_ESCAPE = '%(00|[^0-9a-fA-F]|[0-9a-fA-F]([^0-9a-fA-F]|$)|$)'

/** The engine extracts from patterns with one group only: all others become groups that are not kept. */
function withOneGroup(pattern: string): string {
  let isInBrackets = false
  let groups = 0
  return pattern.replace(/[[\](]/g, (c) => {
    if (c === '[') isInBrackets = true
    else if (c === ']') isInBrackets = false
    else if (!isInBrackets && ++groups > 1) return '(?:'
    return c
  })
}

/** BigQuery's words (GoogleSQL). Times are TIMESTAMP, and every function that would ask for a time zone is told UTC. */
export const bigqueryDialect: Dialect = {
  name: 'bigquery',
  types,
  described: types,
  comparableTimes: [types.timestamp.toLowerCase()],

  quote: quotedName,
  placeholder: (position) => `@p${position}`,
  timestampOf: (value) => `timestamp(${value}, 'UTC')`,
  literal(value) {
    if (value === null) return 'null'
    if (typeof value === 'string') return quoted(value)
    if (typeof value === 'number' && !Number.isFinite(value)) {
      throw new TypeError(`Expected a finite number, but got: ${value}`)
    }
    // In parentheses: `1 - -2` without the space would begin a comment.
    return typeof value !== 'boolean' && value < 0 ? `(${value})` : String(value)
  },

  cast: (value, type) => sql`cast(${expr(value)} as ${sql.raw(types[type])})`,
  safeDivide: (a, b) => sql`(cast((${expr(a)}) as float64) / nullif(cast((${expr(b)}) as float64), 0))`,
  integerDivide: (a, b) => sql`div(${expr(a)}, ${expr(b)})`,

  now: () => sql`current_timestamp()`,
  assertThat: (condition, message) => sql`select if(${condition}, 1, error(${text(message)}))`,
  dateTrunc: (unit, time) => sql`timestamp_trunc(${expr(time)}, ${sql.raw(unit === 'week' ? 'isoweek' : unit)}, 'UTC')`,
  localTime: (time, timezone) => sql`timestamp(datetime(${expr(time)}, ${expr(timezone)}), 'UTC')`,
  microsecondsBetween: (start, end) => sql`timestamp_diff(${expr(end)}, ${expr(start)}, microsecond)`,
  addMicroseconds: (time, n) => sql`timestamp_add(${expr(time)}, interval (${expr(n)}) microsecond)`,
  epochMicroseconds: (time) => sql`unix_micros(${expr(time)})`,
  parseTime: (value) => parseTime(value, bigqueryDialect.trim),
  asTime: (value, engineType) => asTime(value, engineType, bigqueryDialect.trim),
  rowNumber: () => sql`row_number() over ()`,

  concat: (texts) => sql`concat(${sql.join(texts)})`,
  storedBy: () => sql.empty, // clustering does it
  materialized: () => sql.empty,
  narrowsByLiterals: true, // clusters are left out by constants only
  isOneOf: (value, literals) => (literals.length === 0 ? sql`1 = 0` : sql`${expr(value)} in (${sql.values(literals)})`),
  md5: (value) => sql`to_hex(md5(${expr(value)}))`,
  hashNumber: (value) => sql`(farm_fingerprint(${expr(value)}) & ${sql.raw('0x7fffffffffffffff')})`,
  // Values are preceded by their length, so that ('a', 'bc') and ('ab', 'c') differ, and null is a word no length is.
  surrogateKey(values) {
    const parts = values.map((v) => {
      const value = sql`cast(${expr(v)} as string)`
      return sql`coalesce(cast(length(${value}) as string) || ':' || ${value}, 'null')`
    })
    return sql`to_hex(md5(${sql.join(parts, ` || ',' || `)}))`
  },

  // A struct is not null when its value is: rows without a key go, those without a value stay.
  firstBy: (value, key) => sql`${ordered(expr(value), expr(key))} limit 1)[safe_offset(0)].v`,
  lastBy: (value, key) => sql`${ordered(expr(value), expr(key))} desc limit 1)[safe_offset(0)].v`,

  trim: (value) => sql`trim(${expr(value)}, ${text(WHITE_SPACE)})`,
  regexpMatches: (value, pattern) => sql`regexp_contains(${expr(value)}, ${text(pattern)})`,
  regexpExtract: (value, pattern) => sql`nullif(regexp_extract(${expr(value)}, ${text(withOneGroup(pattern))}), '')`,
  regexpReplace: (value, pattern, replacement) =>
    sql`regexp_replace(${expr(value)}, ${text(pattern)}, ${text(replacement.replaceAll('\\', '\\\\'))})`,
  percentDecode(value) {
    const v = expr(value)
    const spaced = sql`replace(${v}, '+', ' ')`
    const piece = sql`if(starts_with(piece, '%'), substr(piece, 2), to_hex(cast(piece as bytes)))`
    const pieces = sql`unnest(regexp_extract_all(${spaced}, '%..|[^%]+')) as piece with offset as place`
    return sql`case
        when strpos(${v}, '%') = 0 then ${spaced}
        when regexp_contains(${v}, ${text(BROKEN_ESCAPE)}) then ${v}
        else coalesce(
            (select safe_cast(from_hex(string_agg(${piece}, '' order by place)) as string) from ${pieces}),
            ${v}
        )
    end`
  },

  ...bigqueryJson,
  jsonValue,
  decimalToInteger: (value, digits) =>
    sql`cast(round(cast(${expr(value)} as bignumeric) * cast(power(10, ${expr(digits)}) as bignumeric)) as int64)`,
}

const ordered = (value: ReturnType<typeof expr>, key: ReturnType<typeof expr>) =>
  sql`array_agg(if(${key} is null, null, struct(${value} as v)) ignore nulls order by ${key}`
