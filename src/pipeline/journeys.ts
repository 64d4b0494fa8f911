import { sql } from '../warehouses/sql.ts'
import { type KeyedStep, keyed, type StageContext, type Step, stored } from './stage.ts'
import { conversions } from './tables/people.ts'
import { dataColumns, OPEN_RUN } from './tables/table.ts'

/** What credits and attribution need of a touch. */
const TOUCH = [
  'person_id',
  'touch_id',
  'touched_at',
  'order_key',
  'channel',
  'source',
  'medium',
  'campaign',
  'referrer',
  'is_paid',
  'is_direct',
]

/**
 * The touches that affected conversions and attribution rows are made of: the recomputed ones, and of the people who
 * need them those from before, as they are, back to the earliest that a lookback admits.
 */
export function journeys(c: StageContext): readonly (Step | KeyedStep)[] {
  const columns = sql.join(TOUCH.map((name) => sql`t.${sql.id(name)}`))
  return [
    creditedConversions(c),
    attributionPeople(c),
    journeyPeople(c),
    keyed(c, {
      into: 'journeys',
      keys: sql`select person_id as id from ${sql.staging('journey_people')} where is_unlimited = 1 order by person_id`,
      select: (unlimited) => sql`
select ${columns}
from ${sql.staging('touches_rows')} as t
where t.person_id in (select person_id from ${sql.staging('journey_people')})
union all
select ${columns}
from ${stored(c, 'touches')} as t
join (select * from ${sql.staging('journey_people')} where is_unlimited = 0) as p on p.person_id = t.person_id
where t.to_run = ${OPEN_RUN} and t.touched_at < p.from_at and t.touched_at >= p.earliest_at
    and t.touched_at >= (select min(earliest_at) from ${sql.staging('journey_people')} where is_unlimited = 0)
union all
select ${columns}
from ${stored(c, 'touches')} as t
join (select * from ${sql.staging('journey_people')} where is_unlimited = 1) as p on p.person_id = t.person_id
where t.to_run = ${OPEN_RUN} and t.touched_at < p.from_at${unlimited ? sql` and ${c.d.isOneOf('t.person_id', unlimited)}` : sql.empty}
`,
    }),
  ]
}

/** For people whom the run does not affect: all their touches are from before. */
const END_OF_TIME = sql.timestamp('9999-12-31T00:00:00Z')

/** Conversions that are credited anew beside the affected ones. */
export const creditedOf = (c: StageContext): readonly string[] =>
  c.isRebuild || c.recompute.people ? [] : c.recompute.credits

/** The conversions to be credited. */
function creditedConversions(c: StageContext): Step {
  const names = creditedOf(c)
  const columns = sql.join(dataColumns(conversions).map((name) => sql`t.${sql.id(name)}`))
  const others = sql`
union all
select ${columns}
from ${sql.table('conversions')} as t
left join ${sql.staging('affected_people')} as a on a.person_id = t.person_id
where t.to_run = ${OPEN_RUN} and t.conversion in (${sql.values(names.length === 0 ? [''] : names)})
    and (a.person_id is null or t.converted_at < a.from_at)`
  return {
    into: 'credited_conversions',
    select: sql`
select ${columns}
from ${sql.staging('conversions_rows')} as t${names.length === 0 ? sql.empty : others}
`,
  }
}

/** People whose attribution row may differ: their signup is among the affected conversions, or their first page may be. */
function attributionPeople(c: StageContext): Step {
  return {
    into: 'attribution_people',
    select: sql`
select person_id from ${sql.staging('conversions_rows')} where conversion = 'signup'
union distinct
select t.person_id
from ${stored(c, 'attribution')} as t
join ${sql.staging('affected_people')} as a on a.person_id = t.person_id
where t.to_run = ${OPEN_RUN} and (t.signed_up_at >= a.from_at or t.first_page_at is null or t.first_page_at >= a.from_at)
`,
  }
}

/** How far back the touches of each are needed. */
function journeyPeople(c: StageContext): Step {
  const limited = Object.entries(c.options.conversions).flatMap(([name, { lookbackDays }]) =>
    lookbackDays === null ? [] : [sql`when conversion = ${name} then ${lookbackDays * 86_400_000_000}`],
  )
  const earliest =
    limited.length === 0
      ? sql`converted_at`
      : c.d.addMicroseconds('converted_at', sql`-(case ${sql.join(limited, ' ')} else 0 end)`)
  const unlimited = Object.entries(c.options.conversions)
    .filter(([, { lookbackDays }]) => lookbackDays === null)
    .map(([name]) => name)
  return {
    into: 'journey_people',
    select: sql`
with needs as (
    select person_id, ${earliest} as earliest_at, ${unlimited.length === 0 ? sql`0` : sql`case when conversion in (${sql.values(unlimited)}) then 1 else 0 end`} as is_unlimited
    from ${sql.staging('credited_conversions')}
    union all
    select person_id, ${c.d.cast(sql`null`, 'timestamp')} as earliest_at, 1 as is_unlimited
    from ${sql.staging('attribution_people')}
)

select n.person_id, coalesce(a.from_at, ${END_OF_TIME}) as from_at, max(n.is_unlimited) as is_unlimited, min(n.earliest_at) as earliest_at
from needs as n
left join ${sql.staging('affected_people')} as a on a.person_id = n.person_id
group by n.person_id, a.from_at
`,
  }
}
