import type { Dialect } from '../warehouses/dialect.ts'
import { type Sql, sql } from '../warehouses/sql.ts'
import { creditedOf, journeys } from './journeys.ts'
import { type Model, ruleModels, WHOLE } from './models/rule-models.ts'
import { anyOf, defineStage, type StageContext, type Step } from './stage.ts'
import { credits as creditsTable, RULE_MODELS } from './tables/people.ts'
import { compareVersions, publishVersions, type Scope, type SinceScope, sinceAffected } from './versions.ts'

/** What each rule model gives each touch of each conversion of the affected people. */
export const credits = defineStage({
  name: 'credits',
  does: 'credit of the affected conversions under each rule model',
  reads: ['touches', 'conversions', 'attribution', 'credits'],
  writes: ['credits'],
  result: 'credits_rows',
  discards: ['eligible'],

  steps: (c) => [
    ...journeys(c),
    eligible(c),
    creditRows(c),
    ...compareVersions(c, {
      spec: creditsTable,
      rows: 'credits_rows',
      scope: creditScope(c),
    }),
  ],
  publish: (c) => publishVersions(c, creditsTable),
})

/** Credit of the affected conversions, and of those that are credited anew. */
function creditScope(c: StageContext): Scope | SinceScope {
  const names = creditedOf(c)
  const affected = sinceAffected(c, 'converted_at')
  if (names.length === 0) return affected
  return {
    join: sql`left join ${sql.staging('affected_people')} as a on a.person_id = t.person_id`,
    where: sql`(t.conversion in (${sql.values(names)}) or t.converted_at >= a.from_at)`,
  }
}

/** Touches that a conversion may credit: at or before it, and not older than its lookback. */
function eligible(c: StageContext): Step {
  const { d } = c
  const inLookback = anyOf(
    Object.entries(c.options.conversions).map(([name, { lookbackDays }]) =>
      lookbackDays === null
        ? sql`k.conversion = ${name}`
        : sql`(k.conversion = ${name} and ${d.microsecondsBetween('t.touched_at', 'k.converted_at')} <= ${lookbackDays * 86_400_000_000})`,
    ),
  )
  return {
    into: 'eligible',
    select: sql`
with considered as (
    select
        k.conversion_id, k.conversion, k.person_id, k.converted_at, k.value, k.currency,
        t.touch_id, t.touched_at, t.order_key, t.channel, t.source, t.medium, t.campaign, t.is_paid, t.is_direct
    from ${sql.staging('credited_conversions')} as k
    join ${sql.staging('journeys')} as t on t.person_id = k.person_id and t.touched_at <= k.converted_at
    where ${inLookback}
),

placed as (
    select
        *,
        row_number() over (partition by conversion_id order by order_key, touch_id) as position,
        count(*) over (partition by conversion_id) as touch_count
    from considered
)

select
    *,
    ${eligibleColumns(['conversion_id'])}
from placed
`,
  }
}

/** What models ask of all eligible touches of a conversion, for each of them. */
function eligibleColumns(conversion: readonly string[]): Sql {
  const position = (pick: 'min' | 'max', condition: Sql) =>
    sql`${pick === 'min' ? sql`min` : sql`max`}(case when ${condition} then position end) over (partition by ${sql.join(conversion)})`
  return sql`${position('min', sql`not is_direct`)} as first_non_direct,
    ${position('max', sql`not is_direct`)} as last_non_direct,
    ${position('min', sql`is_paid`)} as first_paid,
    ${position('max', sql`is_paid`)} as last_paid`
}

/** One row per (conversion, touch); conversions without an eligible touch get one row `Unattributed`. */
function creditRows(c: StageContext): Step {
  const { d } = c
  const columns = (share: (model: Model) => { credit: Sql; revenue: Sql }) =>
    sql.join(
      RULE_MODELS.map((name) => {
        const { credit, revenue } = share(ruleModels[name])
        return sql`${credit} as ${sql.id(`${name}_credit`)},
    ${revenue} as ${sql.id(`${name}_revenue`)}`
      }),
      ',\n    ',
    )
  return {
    into: 'credits_rows',
    select: sql`
select
    conversion_id, touch_id, conversion, person_id, converted_at, touched_at, channel, source, medium, campaign,
    position, touch_count, currency,
    ${columns((model) => ({
      credit: share(d, model, sql`${WHOLE}`),
      revenue: sql`case when value < 0 then -${share(d, model, sql`-value`)} else ${share(d, model, sql`value`)} end`,
    }))}
from ${sql.staging('eligible')}
union all
select
    k.conversion_id, '' as touch_id, k.conversion, k.person_id, k.converted_at, k.converted_at as touched_at,
    'Unattributed' as channel, null as source, null as medium, null as campaign,
    0 as position, 0 as touch_count, k.currency,
    ${columns(() => ({ credit: sql`${WHOLE}`, revenue: sql`k.value` }))}
from ${sql.staging('credited_conversions')} as k
where k.conversion_id not in (select conversion_id from ${sql.staging('eligible')})
`,
  }
}

/** A touch's share of a whole, in whole units; the shares of a conversion sum to it exactly. */
function share(d: Dialect, model: Model, whole: Sql): Sql {
  if (model.kind === 'single')
    return sql`(case when position = ${model.position} then ${whole} when ${whole} is not null then 0 end)`
  const each = d.integerDivide(sql`(${whole})`, 'touch_count')
  return sql`(${each} + case when position = touch_count then ${whole} - ${each} * touch_count else 0 end)`
}
