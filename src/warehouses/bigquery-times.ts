import { text } from './bigquery-text.ts'
import { type Expr, expr, type Sql, sql } from './sql.ts'

/** ISO 8601 as loaders write it; anything else is no time. */
const ISO_TIME =
  '^[0-9]{4}-[0-9]{2}-[0-9]{2}[T ]([01][0-9]|2[0-3]):[0-5][0-9](:[0-5][0-9]([.][0-9]+)?)?(Z|[+-]([01][0-9]|2[0-3])(:?[0-5][0-9])?)?$'

/** Digits finer than microseconds: the engine would refuse them. */
const TOO_FINE = '([.][0-9]{6})[0-9]+'
/** Where seconds are left out, which the engine does not know. */
const NO_SECONDS = '^(.{16})(Z|[+-].*)?$'
/** `Z`, or an offset with or without a colon and minutes. */
const OFFSET = '(Z|[+-][0-9]{2}:?[0-9]{0,2})$'

/** `Dialect.parseTime`; `trim` is the dialect's. The engine's own cast gives null for days that no calendar has. */
export function parseTime(value: Expr, trim: (value: Expr) => Sql): Sql {
  const v = sql`upper(${trim(value)})`
  const cut = sql`regexp_replace(${v}, ${text(TOO_FINE)}, ${text('\\1')})`
  const whole = sql`regexp_replace(${cut}, ${text(NO_SECONDS)}, ${text('\\1:00\\2')})`
  // The engine takes offsets of up to 14 hours: what is written is read as UTC, and moved by the offset.
  const written = sql`safe_cast(regexp_replace(${whole}, ${text(OFFSET)}, '') || 'Z' as timestamp)`
  const part = (pattern: string) => sql`cast(coalesce(regexp_extract(${whole}, ${text(pattern)}), '0') as int64)`
  const minutes = sql`(${part('[+-]([0-9]{2}):?[0-9]{0,2}$')} * 60 + ${part('[+-][0-9]{2}:?([0-9]{2})$')})`
  return sql`case
      when not regexp_contains(${v}, ${text(ISO_TIME)}) then null
      when regexp_contains(substr(${v}, 11), '[+-]')
          then safe.timestamp_sub(${written}, interval if(regexp_contains(substr(${v}, 11), '-'), -1, 1) * ${minutes} minute)
      else ${written}
  end`
}

/** `Dialect.asTime`. */
export function asTime(value: Expr, engineType: string, trim: (value: Expr) => Sql): Sql | null {
  const type = engineType.toUpperCase()
  if (type === 'STRING') return parseTime(value, trim)
  if (type === 'TIMESTAMP') return expr(value)
  return type === 'DATETIME' || type === 'DATE' ? sql`timestamp(${expr(value)}, 'UTC')` : null
}
