import type { Expr, Sql, SqlWriter } from './sql.ts'

/** The types a column can have, one meaning on every engine. Times are UTC with microseconds; JSON is kept as text. */
export type ColumnType = 'string' | 'integer' | 'float' | 'boolean' | 'timestamp'

/** A field to take out of a JSON document: the keys from the root down. No key may be a number: it could mean a place in a list. */
export type JsonPath = readonly string[]

/** What to take out of a document, by the name of the column. */
export type JsonColumns = Readonly<Record<string, { path: JsonPath; as: 'text' | 'amount' | 'type' }>>

/** The words one warehouse uses where the engines disagree. One meaning each, fixed by the dialect suite. */
export interface Dialect extends Omit<SqlWriter, 'table' | 'staging'> {
  readonly name: 'duckdb' | 'postgres' | 'redshift' | 'bigquery'
  readonly types: Readonly<Record<ColumnType, string>>
  /** The same types as a description of a table names them, in lower case. */
  readonly described: Readonly<Record<ColumnType, string>>
  /** Types in the engine's words, lower case, whose columns compare with our times as they are: an engine can then use what it knows of the column. */
  readonly comparableTimes: readonly string[]

  /** The value as another type; an error when it cannot be. A boolean becomes text by `case`: not every engine casts it. */
  cast(value: Expr, type: ColumnType): Sql
  /** Floating-point division; null when the divisor is zero. */
  safeDivide(numerator: Expr, denominator: Expr): Sql
  /** Whole-number division, cut towards zero. The divisor must not be zero. */
  integerDivide(numerator: Expr, denominator: Expr): Sql
  /** The warehouse's clock, UTC. */
  now(): Sql
  /** A statement that fails with the message unless the condition holds; fences a transaction. */
  assertThat(condition: Sql, message: string): Sql
  /** The start of the UTC hour, day, week (Monday) or month a time lies in. */
  dateTrunc(unit: 'hour' | 'day' | 'week' | 'month', time: Expr): Sql
  /** The UTC time as the clock on the wall shows it in a time zone (IANA name). */
  localTime(time: Expr, timezone: Expr): Sql
  /** Microseconds from `start` to `end`, negative when `end` is earlier. */
  microsecondsBetween(start: Expr, end: Expr): Sql
  /** The time that many microseconds later. */
  addMicroseconds(time: Expr, microseconds: Expr): Sql
  /** Microseconds since 1970, as an integer. */
  epochMicroseconds(time: Expr): Sql
  /** A time from ISO 8601 text with date, hours and minutes at least; finer than microseconds cut, without an offset UTC; null when it is none. */
  parseTime(text: Expr): Sql
  /**
   * A time of ours from a column of any type, named in the engine's words: with a zone as UTC, a date at midnight, text as
   * by `parseTime`; null for what lies outside the years 1 to 9999. Null instead of SQL when the type holds no times.
   */
  asTime(value: Expr, engineType: string): Sql | null
  /** A whole number from 0, below 2^40, that no other row of the staging table with this alias has. */
  rowNumber(alias: string): Sql
  /** The texts one after the other; none may be null. For many of them: `||` copies what it has once for each. */
  concat(texts: readonly Expr[]): Sql
  /**
   * An `order by` of rows that are stored, where reads find them by where they lie; nothing where the engine arranges rows by
   * itself and would sort all of them in one place, or where there is no key.
   */
  storedBy(keys: readonly Expr[]): Sql
  /** A word after `as` of a `with` query that has it computed once and kept; nothing where the engine has none. */
  materialized(): Sql
  /** Ids as literals make it read less than a join with them does. Elsewhere statements name none: they stand in the engine's history and logs. */
  readonly narrowsByLiterals: boolean
  /** Whether a text is one of some literals, asked where rows are read: of rows that are not, such an engine need not read more. */
  isOneOf(value: Expr, literals: readonly string[]): Sql
  /** Lower-case hex MD5 of the text. */
  md5(text: Expr): Sql
  /** A number from 0 to 2^63 - 1 that the text alone decides, as if by lot: for narrow keys of look-ups. Not the same on every engine. */
  hashNumber(text: Expr): Sql
  /** Lower-case hex MD5 of the values in order, none of them a boolean; nulls count, and differ from empty text. */
  surrogateKey(values: readonly Expr[]): Sql
  /**
   * Aggregate: the value of the row with the smallest key among rows whose key is not null; that value may be null. Keys are
   * text, unique, compared by bytes, and hold no control characters. The value is text unless its type says otherwise.
   */
  firstBy(value: Expr, key: Expr, type?: ColumnType): Sql
  /** Aggregate: the same for the largest key. */
  lastBy(value: Expr, key: Expr, type?: ColumnType): Sql
  /** The text without white space (space, tab, line feed, vertical tab, form feed, carriage return) at its ends. */
  trim(text: Expr): Sql
  /** True when the text contains a match. Patterns use the common core of RE2 and POSIX and no backslash. */
  regexpMatches(text: Expr, pattern: string): Sql
  /** The first group of the first match; null when there is none or it is empty. Patterns as above. */
  regexpExtract(text: Expr, pattern: string): Sql
  /** Every match replaced by a text without group references. Patterns as above. */
  regexpReplace(text: Expr, pattern: string, replacement: string): Sql
  /** Percent-decoded UTF-8, `+` read as a space; the text as it is when it decodes to no valid text. */
  percentDecode(text: Expr): Sql
  /** True when the text is one JSON document. */
  isJson(text: Expr): Sql
  /**
   * A relation that adds columns taken out of a JSON document to those of `from`, a table or query without an alias. `text`: strings without quotes,
   * whole numbers and booleans as written, other numbers as the engine writes them, objects and arrays as JSON, null for null or absent. `amount`: a text too, but
   * a number with an exponent is written out when it is 0 or its size from 0.000001 to 10^20: `1e3` is `1000` or `1000.0`. `type`: `object`, `array`, `string`, `number`, `boolean` or null. A `document` that is null
   * gives nulls.
   */
  jsonColumns(from: Sql, document: Expr, columns: JsonColumns): Sql
  /** The value as JSON: text in quotes with escapes, numbers and booleans bare, times as text; null for null and for numbers that JSON does not have. Of a time it takes the type, in the engine's words. */
  jsonValue(value: Expr, engineType?: string): Sql
  /** A decimal number in text (checked before) times 10^digits, rounded half away from zero to an integer. */
  decimalToInteger(text: Expr, digits: Expr): Sql
}
