import type { JsonPath } from '../warehouses/dialect.ts'
import { type Sql, sql } from '../warehouses/sql.ts'
import { batch, everyEvent } from './batch.ts'
import { currencyDigits } from './currencies.ts'
import { normaliseName } from './incoming.ts'
import type { ConversionOptions } from './options.ts'
import { propertyPaths } from './property-names.ts'
import type { StageContext, Step } from './stage.ts'

const NUMBER = '^[+-]?([0-9]+([.][0-9]*)?|[.][0-9]+)$'
/** What arithmetic leaves of nothing, as JSON writes it (`5.7e-14`): less than a millionth is 0 in every currency. */
const TINY = '^[+-]?[0-9]([.][0-9]*)?[eE]-0*([7-9]|[1-9][0-9]+)$'
/** A thousand trillions or more, as JSON writes it with an exponent: engines differ in which numbers they write so. */
const HUGE = '^[+-]?[0-9]([.][0-9]*)?[eE][+]?0*(1[5-9]|[2-9][0-9]|[1-9][0-9][0-9]+)$'
/** Fifteen digits before the point; fourteen where a unit has ten thousand parts, so that the parts fit an integer. */
const inRange = (digits: number) => `^[+-]?[0-9]{0,${digits}}([.][0-9]{0,18})?$`

/**
 * Events of the batch that some conversion of the configuration names, with their value in minor units. Of conversions
 * that changed all events, since no batch held them.
 */
export function conversionValues(c: StageContext, events: Sql = sql`${batch(c)} as b`): readonly Step[] {
  const conversions = Object.entries(c.options.conversions)
  return conversions
    .map(([name, options], i) => named(c, name, options, i, events))
    .concat([
      {
        into: 'conversion_candidates_new',
        select: sql.join(
          conversions.map(
            (_, i) => sql`
select anonymous_id, user_id, is_in_session, order_key, event_key, occurred_at, conversion, value, currency, value_problem, company_id
from ${sql.staging(`conversion_candidates_${i}`)}`,
          ),
          '\nunion all',
        ),
      },
    ])
}

/** Stored candidates that the run makes anew or drops: of events read again, and of conversions that changed. */
export function isDropped(c: StageContext): Sql {
  const isReread = sql`order_key in (select order_key from ${sql.staging('reread_keys')})`
  const { candidates } = c.recompute
  return candidates.length === 0 ? isReread : sql`(${isReread} or conversion in (${sql.values(candidates)}))`
}

function named(c: StageContext, name: string, options: ConversionOptions, index: number, batched: Sql): Step {
  const { d } = c
  const events = [...new Set(options.events.map(normaliseName))]
  const isRecomputed = !c.isRebuild && c.recompute.candidates.includes(name)
  const from = sql`(
    select *
    from ${isRecomputed ? sql`(${everyEvent(c)}) as every_event` : batched}
    where type = 'track' and event_name in (${sql.values(events)})
)`
  const fields: Record<string, { path: JsonPath; as: 'text' | 'amount' }> = {}
  /** The property as text, from the first of the places where it may stand. */
  const property = (name: string, property: string, as: 'text' | 'amount'): Sql => {
    const columns = propertyPaths(property).map((path, i) => {
      fields[`${name}_${i}`] = { path, as }
      return `${name}_${i}`
    })
    return columns.length === 1 ? sql.join(columns) : sql`coalesce(${sql.join(columns)})`
  }
  const amount =
    options.value === null
      ? d.cast(sql`null`, 'string')
      : sql`nullif(${d.trim(property('raw_value', options.value, 'amount'))}, '')`
  const code =
    options.currency === null
      ? sql`${options.defaultCurrency}`
      : sql`coalesce(nullif(upper(${d.trim(property('raw_currency', options.currency, 'text'))}), ''), ${options.defaultCurrency})`
  return {
    into: `conversion_candidates_${index}`,
    select: sql`
with delivered as (
    select e.*, ${amount} as written, ${code} as code
    from ${d.jsonColumns(from, 'properties', fields)} as e
),

rounded as (
    select *, case when ${d.regexpMatches('written', TINY)} then '0' else written end as amount
    from delivered
),

judged as (
    select
        *,
        case
            ${options.value === null ? sql.empty : sql`when is_stripped then 'PROPERTIES_NOT_KEPT'`}
            when amount is null then null
            when ${d.regexpMatches('amount', HUGE)} then 'OUT_OF_RANGE'
            when not ${d.regexpMatches('amount', NUMBER)} then 'NOT_A_NUMBER'
            when not ${d.regexpMatches('amount', inRange(15))} then 'OUT_OF_RANGE'
            when ${digits()} = 4 and not ${d.regexpMatches('amount', inRange(14))} then 'OUT_OF_RANGE'
            when code not in (${sql.values(Object.keys(currencyDigits))}) then 'UNKNOWN_CURRENCY'
        end as value_problem
    from rounded
)

select
    anonymous_id, user_id, is_in_session, order_key, event_key, occurred_at,
    ${name} as conversion,
    case when amount is not null and value_problem is null then ${d.decimalToInteger('amount', digits())} end as value,
    case when amount is not null and value_problem is null then code end as currency,
    value_problem,
    group_id as company_id
from judged
`,
  }
}

/** Digits after the point of the currency in `code`. */
function digits(): Sql {
  const odd = Object.entries(currencyDigits).filter(([, n]) => n !== 2)
  const by = [0, 3, 4].map((n) => {
    const codes = odd.filter(([, m]) => m === n).map(([currency]) => currency)
    return codes.length === 0 ? sql.empty : sql`when code in (${sql.values(codes)}) then ${n} `
  })
  return sql`case ${sql.join(by, '')}else 2 end`
}
