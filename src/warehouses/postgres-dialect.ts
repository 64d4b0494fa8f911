import type { ColumnType, Dialect } from './dialect.ts'
import { isJson, postgresJsonColumns } from './postgres-json.ts'
import { percentDecode, quoted, text } from './postgres-text.ts'
import { type Expr, expr, type Sql, sql } from './sql.ts'

const types: Readonly<Record<ColumnType, string>> = {
  string: 'text',
  integer: 'bigint',
  float: 'double precision',
  boolean: 'boolean',
  timestamp: 'timestamp',
}

/** Texts are compared by their bytes, whatever the language of the database. */
const byBytes = (value: Sql): Sql => sql`(${value} collate "C")`

const WHITE_SPACE = ' \t\n\v\f\r'
const trimmed = (value: Expr): Sql => sql`btrim(${expr(value)}, ${text(WHITE_SPACE)})`

/** ISO 8601 as loaders write it; anything else is no time. The engine alone would also take `infinity` and `yesterday`. */
const ISO_TIME =
  '^[0-9]{4}-[0-9]{2}-[0-9]{2}[T ]([01][0-9]|2[0-3]):[0-5][0-9](:[0-5][0-9]([.][0-9]+)?)?(Z|[+-]([01][0-9]|2[0-3])(:?[0-5][0-9])?)?$'

/** Years that other engines do not have, and what an offset would move into them. */
const OTHER_YEARS = '^(0000|9999-12-31.*-[0-9:]+$|0001-01-01.*[+])'

/** The engine rounds digits past microseconds: they are cut before. */
function parseTime(value: Expr): Sql {
  const v = sql`upper(${trimmed(value)})`
  const offset = sql`substring(substr(${v}, 11) from '[+-].*$')`
  const local = sql`regexp_replace(regexp_replace(${v}, ${text('([0-9:.]{5})(Z|[+-][0-9:]+)$')}, ${text('\\1')}), ${text('([.][0-9]{6})[0-9]+')}, ${text('\\1')})`
  const digits = sql`rpad(translate(substr(${offset}, 2), ':', ''), 4, '0')`
  const minutes = sql`(cast(substr(${digits}, 1, 2) as integer) * 60 + cast(substr(${digits}, 3, 2) as integer))`
  return sql`case
      when ${v} !~ ${text(ISO_TIME)} or ${v} ~ ${text(OTHER_YEARS)} or not pg_input_is_valid(${local}, 'timestamp') then null
      when substr(${v}, 11) !~ '[+-]' then cast(${local} as timestamp)
      else cast(${local} as timestamp) - (case when ${offset} like '-%' then -1 else 1 end * ${minutes}) * interval '1 minute'
  end`
}

/** What comes from an expression of a fixed type is not known before it runs. */
const isOf = (value: Sql, names: readonly string[]): Sql =>
  sql`pg_typeof(${value}) in (${sql.join(names.map((name) => sql`cast(${text(name)} as regtype)`))})`

/** How `assertThat` marks its message within the engine's. */
export const ASSERTION = 'assertion failed: '

export const postgresDialect: Dialect = {
  name: 'postgres',
  types,
  described: { ...types, timestamp: 'timestamp without time zone' },
  // Sessions are in UTC, so an index on a column with a zone finds times without one.
  comparableTimes: ['timestamp without time zone', 'timestamp with time zone'],

  quote: (name) => `"${name.replaceAll('"', '""')}"`,
  placeholder: (position) => `$${position}`,
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

  cast: (value, type) => {
    const cast = sql`cast(${expr(value)} as ${sql.raw(types[type])})`
    return type === 'string' ? byBytes(cast) : cast
  },
  safeDivide: (a, b) =>
    sql`(cast((${expr(a)}) as double precision) / nullif(cast((${expr(b)}) as double precision), 0))`,
  integerDivide: (a, b) => sql`(cast((${expr(a)}) as bigint) / cast((${expr(b)}) as bigint))`,

  now: () => sql`timezone('UTC', statement_timestamp())`,
  // A text that is no number is the one error that any statement can raise with words of its own. Not folded before it
  // is needed: what it is made of is not constant.
  assertThat: (condition, message) =>
    sql`select case when ${condition} then 1 else cast(${text(ASSERTION + message)} || left(cast(statement_timestamp() as text), 0) as integer) end`,
  dateTrunc: (unit, time) => sql`date_trunc(${text(unit)}, ${expr(time)})`,
  localTime: (time, timezone) => sql`timezone(cast(${expr(timezone)} as text), timezone('UTC', ${expr(time)}))`,
  microsecondsBetween: (start, end) =>
    sql`cast(extract(epoch from (${expr(end)}) - (${expr(start)})) * 1000000 as bigint)`,
  addMicroseconds: (time, n) =>
    sql`(${expr(time)} + cast((${expr(n)}) as double precision) * interval '1 microsecond')`,
  epochMicroseconds: (time) => sql`cast(extract(epoch from (${expr(time)})) * 1000000 as bigint)`,
  parseTime,

  asTime(value, engineType) {
    if (/^(text|character|varchar|citext)/.test(engineType)) return parseTime(value)
    if (!/^(timestamp|date)/.test(engineType)) return null
    const v = /with time zone$|^timestamptz/.test(engineType) ? sql`timezone('UTC', ${expr(value)})` : expr(value)
    return sql`case
        when ${v} between timestamp '0001-01-01' and timestamp '9999-12-31 23:59:59.999999' then cast(${v} as timestamp)
    end`
  },
  // Where a row lies: its page, and its place there, of which a page has fewer than 512.
  rowNumber(alias) {
    const place = sql`cast(cast(${sql.id(alias)}.ctid as text) as point)`
    return sql`cast((${place})[0] * 512 + (${place})[1] as bigint)`
  },

  concat: (texts) => sql`array_to_string(array[${sql.join(texts)}], '')`,
  storedBy: (keys) =>
    keys.length === 0
      ? sql.empty
      : sql`
order by ${sql.join(keys)}`,
  materialized: () => sql`materialized`,
  narrowsByLiterals: false, // an index finds them
  isOneOf: (value, literals) => (literals.length === 0 ? sql`1 = 0` : sql`${expr(value)} in (${sql.values(literals)})`),
  md5: (value) => sql`md5(${expr(value)})`,
  hashNumber: (value) => sql`(hashtextextended(${expr(value)}, 0) & 9223372036854775807)`,
  // Values are preceded by their length, so that ('a', 'bc') and ('ab', 'c') differ, and null is a word no length is.
  surrogateKey(values) {
    const parts = values.map((v) => {
      const value = sql`cast(${expr(v)} as text)`
      return sql`coalesce(length(${value}) || ':' || ${value}, 'null')`
    })
    return byBytes(sql`md5(${sql.join(parts, ` || ',' || `)})`)
  },

  firstBy: (value, key) =>
    sql`(array_agg(${expr(value)} order by ${expr(key)} collate "C") filter (where ${expr(key)} is not null))[1]`,
  lastBy: (value, key) =>
    sql`(array_agg(${expr(value)} order by ${expr(key)} collate "C" desc) filter (where ${expr(key)} is not null))[1]`,

  trim: trimmed,
  regexpMatches: (value, pattern) => sql`(${expr(value)} ~ ${text(pattern)})`,
  regexpExtract: (value, pattern) => sql`nullif(substring(${expr(value)} from ${text(pattern)}), '')`,
  regexpReplace: (value, pattern, replacement) =>
    sql`regexp_replace(${expr(value)}, ${text(pattern)}, ${text(replacement.replaceAll('\\', '\\\\'))}, 'g')`,
  percentDecode: (value) => percentDecode(expr(value)),

  isJson: (value) => isJson(expr(value)),
  jsonColumns: postgresJsonColumns,
  jsonValue(value) {
    const v = expr(value)
    const isTime = isOf(v, ['timestamp', 'timestamptz', 'date'])
    const isNoNumber = sql`(${isOf(v, ['double precision', 'real', 'numeric'])} and cast(${v} as text) in ('NaN', 'Infinity', '-Infinity'))`
    return byBytes(sql`case
        when ${isTime} then cast(to_json(cast(${v} as text)) as text)
        when not ${isNoNumber} then cast(to_json(${v}) as text)
    end`)
  },
  decimalToInteger: (value, digits) =>
    sql`cast(round(cast(${expr(value)} as numeric) * power(cast(10 as numeric), ${expr(digits)})) as bigint)`,
}
