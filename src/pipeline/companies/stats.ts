import { type Sql, sql } from '../../warehouses/sql.ts'
import { eligibleColumns, share } from '../credits.ts'
import { type Model, ruleModels, WHOLE } from '../models/rule-models.ts'
import { anyOf, quarterHour, type StageContext, type Step } from '../stage.ts'
import { RULE_MODELS } from '../tables/people.ts'
import { PAID_PLAN } from './journeys.ts'

const MEASURES = ['touches', 'sessions', ...RULE_MODELS.flatMap((m) => [`${m}_credit`, `${m}_revenue`])]
const GROUP = [
  'company_id',
  'bucket_at',
  'date_by',
  'channel',
  'source',
  'medium',
  'campaign',
  'conversion',
  'currency',
]

/**
 * Touches, and credit with the company as the unit, of the affected companies, as rows of `channel_stats`: what they are now
 * less what is stored. The touches of all its people compete for each conversion, under the same models.
 */
export const companyStats = (c: StageContext): readonly Step[] => [companyCredits(c), deltas(c)]

function companyCredits(c: StageContext): Step {
  const { d } = c
  const inLookback = anyOf([
    sql`k.conversion = ${PAID_PLAN}`,
    ...Object.entries(c.options.conversions).map(([name, { lookbackDays }]) =>
      lookbackDays === null
        ? sql`k.conversion = ${name}`
        : sql`(k.conversion = ${name} and ${d.microsecondsBetween('t.touched_at', 'k.converted_at')} <= ${lookbackDays * 86_400_000_000})`,
    ),
  ])
  const columns = (shareOf: (model: Model) => { credit: Sql; revenue: Sql }) =>
    sql.join(
      RULE_MODELS.map((name) => {
        const { credit, revenue } = shareOf(ruleModels[name])
        return sql`${credit} as ${sql.id(`${name}_credit`)},
    ${revenue} as ${sql.id(`${name}_revenue`)}`
      }),
      ',\n    ',
    )
  return {
    into: 'company_credits',
    select: sql`
with considered as (
    select
        k.company_id, k.conversion_id, k.conversion, k.converted_at, k.value, k.currency,
        t.touch_id, t.session_id, t.touched_at, t.order_key, t.channel, t.source, t.medium, t.campaign, t.is_paid, t.is_direct
    from ${sql.staging('company_conversions')} as k
    join ${sql.staging('company_touches')} as t on t.company_id = k.company_id and t.touched_at <= k.converted_at
    where ${inLookback}
),

placed as (
    select
        *,
        row_number() over (partition by company_id, conversion_id order by order_key, touch_id, session_id) as position,
        count(*) over (partition by company_id, conversion_id) as touch_count
    from considered
),

eligible as (
    select *, ${eligibleColumns(['company_id', 'conversion_id'])} from placed
)

select
    company_id, conversion, converted_at, touched_at, channel, source, medium, campaign, currency,
    ${columns((model) => ({
      credit: share(d, model, sql`${WHOLE}`),
      revenue: sql`case when value < 0 then -${share(d, model, sql`-value`)} else ${share(d, model, sql`value`)} end`,
    }))}
from eligible
union all
select
    k.company_id, k.conversion, k.converted_at, k.converted_at as touched_at,
    'Unattributed' as channel, null as source, null as medium, null as campaign, k.currency,
    ${columns(() => ({ credit: sql`${WHOLE}`, revenue: sql`k.value` }))}
from ${sql.staging('company_conversions')} as k
left join (select distinct company_id, conversion_id from placed) as p on p.company_id = k.company_id and p.conversion_id = k.conversion_id
where p.company_id is null
`,
  }
}

function deltas(c: StageContext): Step {
  const { d } = c
  const zero = RULE_MODELS.map((m) => sql`0 as ${sql.id(`${m}_credit`)}, 0 as ${sql.id(`${m}_revenue`)}`)
  const credits = (dateBy: 'touch' | 'conversion') => sql`
    select
        company_id, ${quarterHour(d, dateBy === 'touch' ? 'touched_at' : 'converted_at')} as bucket_at, ${dateBy} as date_by,
        channel, source, medium, campaign, conversion, currency, 0 as touches, 0 as sessions,
        ${sql.join(RULE_MODELS.map((m) => sql`${sql.id(`${m}_credit`)}, coalesce(${sql.id(`${m}_revenue`)}, 0) as ${sql.id(`${m}_revenue`)}`))}
    from ${sql.staging('company_credits')}`
  return {
    into: 'company_stats_new',
    select: sql`
with compared as (
    select
        company_id, ${quarterHour(d, 'touched_at')} as bucket_at, 'touch' as date_by, channel, source, medium, campaign,
        '' as conversion, ${d.cast(sql`null`, 'string')} as currency,
        1 as touches, case when is_entry then 1 else 0 end as sessions, ${sql.join(zero)}
    from ${sql.staging('company_touches')}
    union all${credits('touch')}
    union all${credits('conversion')}
    union all
    select ${sql.join(GROUP.map((name) => sql`s.${sql.id(name)}`))}, ${sql.join(MEASURES.map((name) => sql`-s.${sql.id(name)}`))}
    from ${sql.table('channel_stats')} as s
    join ${sql.staging('affected_companies')} as a on a.company_id = s.company_id
)

select ${sql.join(GROUP)}, ${sql.join(MEASURES.map((name) => sql`sum(${sql.id(name)}) as ${sql.id(name)}`))}
from compared as d
group by ${sql.join(GROUP)}
having ${sql.join(
      MEASURES.map((name) => sql`sum(d.${sql.id(name)}) <> 0`),
      ' or ',
    )}
`,
  }
}
