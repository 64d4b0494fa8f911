import type { ColumnType, Dialect, JsonPath } from './dialect.ts'
import { type Expr, expr, type Sql, sql } from './sql.ts'

const types: Readonly<Record<ColumnType, string>> = {
  string: 'varchar',
  integer: 'bigint',
  float: 'double',
  boolean: 'boolean',
  timestamp: 'timestamp',
}

const text = (value: string): Sql => sql.raw(quoted(value))

/** A literal of text. Control characters are written as escapes: printed SQL has to survive an editor. */
function quoted(value: string): string {
  const text = value.replaceAll("'", "''")
  // biome-ignore lint/suspicious/noControlCharactersInRegex: those are the ones to find
  const control = /[\u0000-\u001f\u007f]/g
  if (text.search(control) < 0) return `'${text}'`
  return `e'${text.replaceAll('\\', '\\\\').replace(control, (c) => ESCAPES[c] ?? `\\x${c.charCodeAt(0).toString(16).padStart(2, '0')}`)}'`
}

const ESCAPES: Readonly<Record<string, string>> = { '\t': '\\t', '\n': '\\n', '\r': '\\r' }

const WHITE_SPACE = ' \t\n\v\f\r'

/** The engine's `trim` looks at every character; most columns have none to trim, which a look for white space tells sooner. */
function trimmed(value: Expr): Sql {
  const v = expr(value)
  const trim = sql`trim(${v}, ${text(WHITE_SPACE)})`
  return v.parts.length > 1
    ? trim
    : sql`case when regexp_matches(${v}, ${text(`[${WHITE_SPACE}]`)}) then ${trim} else ${v} end`
}

/** ISO 8601 as loaders write it; anything else is no time. The engine alone would also take `infinity` and `epoch`. */
const ISO_TIME =
  '^[0-9]{4}-[0-9]{2}-[0-9]{2}[T ]([01][0-9]|2[0-3]):[0-5][0-9](:[0-5][0-9]([.][0-9]+)?)?(Z|[+-]([01][0-9]|2[0-3])(:?[0-5][0-9])?)?$'

/** Years that other engines do not have, and what an offset would move into them. */
const OTHER_YEARS = '^(0000|9999-12-31.*-[0-9:]+$|0001-01-01.*[+])'

/** What JSON is not: a comma before a closing bracket, NaN, Infinity. */
const LENIENT = ',[ \t\r\n]*[]}]|(^|[[:,])[ \t\r\n]*[-+]?([nN][aA][nN]|[iI][nN][fF])'

/** A percent sign that two hex digits do not follow. */
const BROKEN_ESCAPE = '%(00|[^0-9a-fA-F]|[0-9a-fA-F]([^0-9a-fA-F]|$)|$)'

/** A place in a document as a JSON pointer: unlike the engine's paths it can name any key. */
function jsonPointer(path: JsonPath): string {
  if (path.length === 0) return "'$'"
  const keys = path.map((key) => `/${key.replaceAll('~', '~0').replaceAll('/', '~1')}`)
  return `'${keys.join('').replaceAll("'", "''")}'`
}

/** How DuckDB's names of JSON types read in ours. */
const JSON_TYPES: Readonly<Record<string, string>> = {
  VARCHAR: 'string',
  BIGINT: 'number',
  UBIGINT: 'number',
  DOUBLE: 'number',
  BOOLEAN: 'boolean',
  OBJECT: 'object',
  ARRAY: 'array',
}

// The engine's own cast to a time with zone goes through a calendar and costs ten times as much.
function parseTime(value: Expr): Sql {
  const v = sql`upper(${trimmed(value)})`
  const offset = sql`regexp_extract(substr(${v}, 11), '[+-].*$')`
  const local = sql`try_cast(substr(${v}, 1, length(${v}) - length(${offset})) as timestamp)`
  const minutes = sql`(cast(substr(${offset}, 2, 2) as bigint) * 60 + coalesce(try_cast(right(substr(${offset}, 4), 2) as bigint), 0))`
  return sql`case
      when not regexp_matches(${v}, ${text(ISO_TIME)}) or regexp_matches(${v}, ${text(OTHER_YEARS)}) then null
      when not regexp_matches(substr(${v}, 11), '[+-]') then try_cast(replace(${v}, 'Z', '') as timestamp)
      else ${local} - to_minutes(case when ${offset} like '-%' then -1 else 1 end * ${minutes})
  end`
}

export const duckdbDialect: Dialect = {
  name: 'duckdb',
  types,
  described: types,
  comparableTimes: [types.timestamp.toLowerCase()],

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

  cast: (value, type) => sql`cast(${expr(value)} as ${sql.raw(types[type])})`,
  safeDivide: (a, b) => sql`(cast((${expr(a)}) as double) / nullif(cast((${expr(b)}) as double), 0))`,
  integerDivide: (a, b) => sql`((${expr(a)}) // (${expr(b)}))`,

  now: () => sql`timezone('UTC', get_current_timestamp())`,
  assertThat: (condition, message) => sql`select case when ${condition} then 1 else error(${text(message)}) end`,
  dateTrunc: (unit, time) => sql`cast(date_trunc(${text(unit)}, ${expr(time)}) as timestamp)`,
  localTime: (time, timezone) => sql`timezone(${expr(timezone)}, timezone('UTC', ${expr(time)}))`,
  microsecondsBetween: (start, end) => sql`(epoch_us(${expr(end)}) - epoch_us(${expr(start)}))`,
  addMicroseconds: (time, n) => sql`(${expr(time)} + to_microseconds(${expr(n)}))`,
  epochMicroseconds: (time) => sql`epoch_us(${expr(time)})`,
  parseTime,

  asTime(value, engineType) {
    const type = engineType.toUpperCase()
    if (type === 'VARCHAR') return parseTime(value)
    if (!/^(TIMESTAMP|DATE)/.test(type)) return null
    const v = /TIME ZONE$/.test(type) ? sql`timezone('UTC', ${expr(value)})` : expr(value)
    return sql`case
        when ${v} between ${text('0001-01-01')} and ${text('9999-12-31 23:59:59.999999')} then cast(${v} as timestamp)
    end`
  },
  rowNumber: (alias) => sql`${sql.id(alias)}.rowid`,

  concat: (texts) => sql`concat(${sql.join(texts)})`,
  // What stands above a union is otherwise prepared once for each of its branches and threads: half a second for large ones.
  storedBy: (keys) =>
    keys.length === 0
      ? sql.empty
      : sql`
order by ${sql.join(keys)}`,
  materialized: () => sql`materialized`,
  narrowsByLiterals: true,
  // A scan evaluates it before it reads other columns, which it does neither for IN nor for a join.
  isOneOf: (value, literals) =>
    literals.length === 0 ? sql`1 = 0` : sql`list_contains([${sql.values(literals)}], ${expr(value)})`,
  md5: (value) => sql`md5(${expr(value)})`,
  // Digits of the hex text would cost ten times as much.
  hashNumber: (value) => sql`cast(md5_number(${expr(value)}) >> 65 as bigint)`,
  // Values are preceded by their length, so that ('a', 'bc') and ('ab', 'c') differ, and null is a word no length is.
  surrogateKey(values) {
    const parts = values.map((v) => {
      const value = sql`cast(${expr(v)} as varchar)`
      return sql`coalesce(length(${value}) || ':' || ${value}, 'null')`
    })
    return sql`md5(${sql.join(parts, ` || ',' || `)})`
  },

  // arg_min_null takes the value of the smallest key even when that value is null.
  firstBy: (value, key) => sql`arg_min_null(${expr(value)}, ${expr(key)})`,
  lastBy: (value, key) => sql`arg_max_null(${expr(value)}, ${expr(key)})`,

  trim: trimmed,
  regexpMatches: (value, pattern) => sql`regexp_matches(${expr(value)}, ${text(pattern)})`,
  regexpExtract: (value, pattern) => sql`nullif(regexp_extract(${expr(value)}, ${text(pattern)}, 1), '')`,
  regexpReplace: (value, pattern, replacement) =>
    sql`regexp_replace(${expr(value)}, ${text(pattern)}, ${text(replacement)}, 'g')`,
  percentDecode(value) {
    const spaced = sql`replace(${expr(value)}, '+', ' ')`
    return sql`case
        when strpos(${expr(value)}, '%') = 0 then ${spaced}
        when regexp_matches(${expr(value)}, ${text(BROKEN_ESCAPE)}) then ${expr(value)}
        else coalesce(try(url_decode(${spaced})), ${expr(value)})
    end`
  },

  // The engine's parser also takes trailing commas, NaN and Infinity: what looks like one is looked at again without strings.
  isJson(value) {
    const v = expr(value)
    const bare = sql`regexp_replace(${v}, ${text('"([^"\\\\]|\\\\.)*"')}, '""', 'g')`
    return sql`coalesce(json_valid(${v}) and case
        when regexp_matches(${v}, ${text(LENIENT)}) then not regexp_matches(${bare}, ${text(LENIENT)})
        else true
    end, false)`
  },
  // One look at the document takes all fields out of it: a list of paths parses once, one call per path parses anew.
  jsonColumns(from, document, columns) {
    const entries = Object.entries(columns)
    const texts = entries.filter(([, c]) => c.as !== 'type')
    const kinds = entries.filter(([, c]) => c.as === 'type')
    const list = (group: typeof entries) => sql.raw(`[${group.map(([, c]) => jsonPointer(c.path)).join(', ')}]`)
    const pick = (group: typeof entries, source: string, wrap: (value: Sql) => Sql) =>
      group.map(([name], i) => sql`${wrap(sql.raw(`${source}[${i + 1}]`))} as ${sql.id(name)}`)
    const ours = (value: Sql) =>
      sql`case ${value} ${sql.join(
        Object.entries(JSON_TYPES).map(([k, v]) => sql`when ${text(k)} then ${text(v)}`),
        ' ',
      )} end`
    return sql`(
    select * exclude (json_texts, json_kinds), ${sql.join([...pick(texts, 'json_texts', (v) => v), ...pick(kinds, 'json_kinds', ours)])}
    from (
        select *,
            ${texts.length ? sql`json_extract_string(${expr(document)}, ${list(texts)})` : sql`null`} as json_texts,
            ${kinds.length ? sql`json_type(${expr(document)}, ${list(kinds)})` : sql`null`} as json_kinds
        from ${from}
    )
)`
  },
  jsonValue(value) {
    const json = sql`cast(to_json(${expr(value)}) as varchar)`
    return sql`case when ${json} not in ('NaN', 'Infinity', '-Infinity') then ${json} end`
  },
  decimalToInteger: (value, digits) =>
    sql`cast(round(cast(${expr(value)} as decimal(38, 18)) * cast(power(10, ${expr(digits)}) as decimal(5, 0))) as bigint)`,
}
