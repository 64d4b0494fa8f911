import { pattern } from './redshift-text.ts'
import { type Expr, expr, type Sql, sql } from './sql.ts'

/**
 * ISO 8601 as loaders write it, of days that exist: a cast of any other text would be an error. Also none are years that
 * other engines do not have, and what an offset would move into them.
 */
const TIME = (() => {
  const day28 = '(0[1-9]|1[0-9]|2[0-8])'
  const leap = '([0-9][0-9](0[48]|[2468][048]|[13579][26])|([02468][048]|[13579][26])00)-02-29'
  const days = [
    `[0-9]{4}-(0[1-9]|1[0-2])-${day28}`,
    '[0-9]{4}-(0[13-9]|1[0-2])-(29|30)',
    '[0-9]{4}-(0[13578]|1[02])-31',
    leap,
  ]
  const clock = '([01][0-9]|2[0-3]):[0-5][0-9](:[0-5][0-9]([.][0-9]+)?)?'
  const offset = '(Z|[+-]([01][0-9]|2[0-3])(:?[0-5][0-9])?)?'
  return `^(${days.join('|')})[T ]${clock}${offset}$`
})()
const OTHER_YEARS = '^(0000|9999-12-31.*-[0-9:]+$|0001-01-01.*[+])'

/** Date and time without offset, digits finer than microseconds cut. */
const LOCAL = '^[0-9-]{10}[T ][0-9:]{5}(:[0-9]{2}([.][0-9]{1,6})?)?'

/** A time from text as `Dialect.parseTime` says; `v` is the text trimmed, in upper case. */
export function parseTime(v: Sql): Sql {
  const local = sql`replace(regexp_substr(${v}, ${pattern(LOCAL)}), 'T', ' ')`
  const time = sql`cast(${local} || case when length(${local}) = 16 then ':00' else '' end as timestamp)`
  const offset = sql`regexp_substr(substring(${v}, 17), '[+-][0-9:]+$')`
  const minutes = sql`(cast(substring(${offset}, 2, 2) as integer) * 60
            + case when length(${offset}) > 3 then cast(right(${offset}, 2) as integer) else 0 end)`
  return sql`case
        when not (${v} ~ ${pattern(TIME)}) or ${v} ~ ${pattern(OTHER_YEARS)} then null
        when ${offset} = '' then ${time}
        else dateadd(minute, case when substring(${offset}, 1, 1) = '-' then 1 else -1 end * ${minutes}, ${time})
    end`
}

/** A time of ours from a column whose type is named in Redshift's words; null when the type holds none. */
export function asTime(value: Expr, engineType: string, parse: (value: Expr) => Sql): Sql | null {
  const type = engineType.toLowerCase()
  if (/^(character|varchar|char|text|bpchar)/.test(type)) return parse(value)
  if (!/^(timestamp|date)/.test(type)) return null
  const isZoned = /with time zone|timestamptz/.test(type)
  const v = isZoned ? sql`(${expr(value)} at time zone 'UTC')` : expr(value)
  return sql`case
        when ${v} between cast('0001-01-01' as timestamp) and cast('9999-12-31 23:59:59.999999' as timestamp) then cast(${v} as timestamp)
    end`
}
