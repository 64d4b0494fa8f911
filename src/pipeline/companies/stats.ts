import { type Sql, sql } from '../../warehouses/sql.ts'
import { quarterHour, type StageContext, type Step } from '../stage.ts'
import { RULE_MODELS } from '../tables/people.ts'
import { equalColumns, equalCredits, singleCredits } from './credits.ts'
import { conversionSpans } from './spans.ts'

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
export const companyStats = (c: StageContext): readonly Step[] => [
  conversionSpans(c),
  singleCredits(c),
  ...equalCredits(c),
  deltas(c),
]

function deltas(c: StageContext): Step {
  const { d } = c
  const zero = RULE_MODELS.map((m) => sql`0 as ${sql.id(`${m}_credit`)}, 0 as ${sql.id(`${m}_revenue`)}`)
  const credited = (dateBy: 'touch' | 'conversion', at: string, from: string, columns: readonly Sql[]) => sql`
    select
        company_id, ${quarterHour(d, at)} as bucket_at, ${dateBy} as date_by,
        channel, source, medium, campaign, conversion, currency, 0 as touches, 0 as sessions,
        ${sql.join(columns)}
    from ${sql.staging(from)}`
  const single = RULE_MODELS.map((m) => sql`${sql.id(`${m}_credit`)}, ${sql.id(`${m}_revenue`)}`)
  const credits = (dateBy: 'touch' | 'conversion') =>
    sql.join(
      [
        credited(dateBy, dateBy === 'touch' ? 'touched_at' : 'converted_at', 'company_credits', single),
        credited(dateBy, 'credited_at', `company_equal_by_${dateBy}`, equalColumns()),
      ],
      '\n    union all',
    )
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
