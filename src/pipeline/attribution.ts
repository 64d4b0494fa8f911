import { type Sql, sql } from '../warehouses/sql.ts'
import { afterOrderKey, timeKey } from './order.ts'
import { defineStage, type KeyedStep, keyed, type StageContext, type Step, stored } from './stage.ts'
import { attribution as attributionTable } from './tables/people.ts'
import { OPEN_RUN } from './tables/table.ts'
import { compareVersions, publishVersions } from './versions.ts'

/** The attribution rows of the affected people who signed up. */
export const attribution = defineStage({
  name: 'attribution',
  does: 'attribution rows of the affected people',
  reads: ['attribution', 'conversions', 'sessions', 'visits'],
  writes: ['attribution'],
  result: 'attribution_rows',

  steps: (c) => [
    ...signups(c),
    signupTouches(c),
    attributionRows(c),
    ...compareVersions(c, {
      spec: attributionTable,
      rows: 'attribution_rows',
      scope: { where: sql`t.person_id in (select person_id from ${sql.staging('attribution_people')})` },
    }),
  ],
  publish: (c) => publishVersions(c, attributionTable),
})

/** The four touches of the row, in the order of its columns. */
const PICKS = [
  { name: 'first_touch', key: 'first_key' },
  { name: 'last_touch', key: 'last_key' },
  { name: 'first_paid_touch', key: 'first_paid_key' },
  { name: 'last_paid_touch', key: 'last_paid_key' },
] as const

/** The signups of the people whose row is made anew, with their sessions and first pages: what is stored and what is new. */
function signups(c: StageContext): readonly (Step | KeyedStep)[] {
  const of = sql`
join ${sql.staging('attribution_people')} as p on p.person_id = t.person_id
join ${sql.staging('affected_people')} as a on a.person_id = t.person_id`
  const keys = sql`select person_id as id from ${sql.staging('attribution_people')} order by person_id`
  const named = (ids: readonly string[] | null) => (ids ? sql` and ${c.d.isOneOf('t.person_id', ids)}` : sql.empty)
  return [
    {
      into: 'signups',
      select: sql`
select person_id, converted_at as signed_up_at, session_id
from ${sql.staging('conversions_rows')}
where conversion = 'signup'
union all
select t.person_id, t.converted_at as signed_up_at, t.session_id
from ${stored(c, 'conversions')} as t${of}
where t.to_run = ${OPEN_RUN} and t.conversion = 'signup' and t.converted_at < a.from_at
`,
    },
    keyed(c, {
      into: 'signup_sessions',
      keys,
      select: (ids) => sql`
select session_id, person_id, started_at
from ${sql.staging('sessions_merged')}
where person_id in (select person_id from ${sql.staging('attribution_people')})
union all
select t.session_id, t.person_id, t.started_at
from ${stored(c, 'sessions')} as t${of}
where t.to_run = ${OPEN_RUN} and t.started_at < a.from_at${named(ids)}
`,
    }),
    keyed(c, {
      into: 'signup_pages',
      keys,
      select: (ids) => sql`
with visited as (
    select person_id, page_key, page_url, blog_key, blog_url
    from ${sql.staging('people_visits')}
    where is_in_session and person_id in (select person_id from ${sql.staging('attribution_people')})
    union all
    select t.person_id, t.page_key, t.page_url, t.blog_key, t.blog_url
    from ${stored(c, 'visits')} as t${of}
    where t.is_in_session and t.ended_at < a.from_at${named(ids)}
)

-- An order key in front carries the page along with the order.
select person_id, min(page_key || page_url) as first_page, min(blog_key || blog_url) as first_blog
from visited
group by person_id
`,
    }),
  ]
}

/** Which touches those are: at or before the signup, without lookback. */
function signupTouches(c: StageContext): Step {
  const key = sql`t.order_key || t.touch_id`
  const paid = sql`case when t.is_paid then ${key} end`
  return {
    into: 'signup_touches',
    select: sql`
select
    t.person_id,
    min(${key}) as first_key,
    max(${key}) as last_key,
    min(${paid}) as first_paid_key,
    max(${paid}) as last_paid_key
from ${sql.staging('journeys')} as t
join ${sql.staging('signups')} as g on g.person_id = t.person_id
where ${c.d.microsecondsBetween('t.touched_at', 'g.signed_up_at')} >= 0
group by t.person_id
`,
  }
}

const touchColumns = (name: string, alias: string): Sql =>
  sql.join(
    ['at', 'channel', 'source', 'medium', 'campaign', 'referrer'].map(
      (field) =>
        sql`${sql.id(alias)}.${sql.id(field === 'at' ? 'touched_at' : field)} as ${sql.id(`${name}_${field}`)}`,
    ),
  )

/** The rows: counts of sessions, first pages, and the four touches. */
function attributionRows({ d }: StageContext): Step {
  const signupMicroseconds = timeKey(d, 'g.signed_up_at')
  return {
    into: 'attribution_rows',
    select: sql`
with session_counts as (
    select
        g.person_id,
        sum(case when s.started_at < coalesce(u.started_at, g.signed_up_at) then 1 else 0 end) as earlier_sessions
    from ${sql.staging('signups')} as g
    left join ${sql.staging('signup_sessions')} as u on u.session_id = g.session_id
    left join ${sql.staging('signup_sessions')} as s on s.person_id = g.person_id
    group by g.person_id
)

select
    g.person_id,
    g.signed_up_at,
    n.earlier_sessions as session_count_before_signup,
    g.session_id as signup_session_id,
    case when g.session_id is not null then n.earlier_sessions + 1 end as signup_session_number,
    case when substr(p.first_blog, 1, 16) <= ${signupMicroseconds} then ${afterOrderKey('p.first_blog')} end as blog_url,
    ${afterOrderKey('p.first_page')} as first_page_ever_visited,
    ${d.addMicroseconds(sql.timestamp('1970-01-01T00:00:00Z'), d.cast(sql`substr(p.first_page, 1, 16)`, 'integer'))} as first_page_at,
    ${sql.join(
      PICKS.map(({ name }, i) => touchColumns(name, `t${i}`)),
      ',\n    ',
    )}
from ${sql.staging('signups')} as g
join session_counts as n on n.person_id = g.person_id
left join ${sql.staging('signup_pages')} as p on p.person_id = g.person_id
left join ${sql.staging('signup_touches')} as k on k.person_id = g.person_id
${sql.join(
  PICKS.map(({ key }, i) => {
    const alias = sql.id(`t${i}`)
    return sql`left join ${sql.staging('journeys')} as ${alias}
    on ${alias}.person_id = g.person_id and ${alias}.order_key || ${alias}.touch_id = k.${sql.id(key)}`
  }),
  '\n',
)}
`,
  }
}
