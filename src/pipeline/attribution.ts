import { type Sql, sql } from '../warehouses/sql.ts'
import { afterOrderKey } from './order.ts'
import { affectedScope } from './recompute.ts'
import { defineStage, type StageContext, type Step } from './stage.ts'
import { attribution as attributionTable } from './tables/people.ts'
import { compareVersions, publishVersions } from './versions.ts'

/** The attribution rows of the affected people who signed up. */
export const attribution = defineStage({
  name: 'attribution',
  does: 'attribution rows of the affected people',
  reads: ['attribution'],
  writes: ['attribution'],
  result: 'attribution_rows',

  steps: (c) => [
    signupTouches(c),
    attributionRows(c),
    ...compareVersions(c, {
      spec: attributionTable,
      rows: 'attribution_rows',
      scope: affectedScope(c),
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

const signups = sql`(select person_id, converted_at as signed_up_at, session_id from ${sql.staging('conversions_rows')} where conversion = 'signup')`

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
from ${sql.staging('touches_rows')} as t
join ${signups} as g on g.person_id = t.person_id
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
  const signupMicroseconds = sql`lpad(${d.cast(d.epochMicroseconds('g.signed_up_at'), 'string')}, 16, '0')`
  return {
    into: 'attribution_rows',
    select: sql`
with session_counts as (
    select
        g.person_id,
        sum(case when s.started_at < coalesce(u.started_at, g.signed_up_at) then 1 else 0 end) as earlier_sessions
    from ${signups} as g
    left join ${sql.staging('sessions_merged')} as u on u.session_id = g.session_id
    left join ${sql.staging('sessions_merged')} as s on s.person_id = g.person_id
    group by g.person_id
),

-- An order key in front carries the first page along with the order.
pages as (
    select person_id, min(page_key || page_url) as first_page, min(blog_key || blog_url) as first_blog
    from ${sql.staging('people_visits')}
    where is_in_session
    group by person_id
)

select
    g.person_id,
    g.signed_up_at,
    n.earlier_sessions as session_count_before_signup,
    g.session_id as signup_session_id,
    case when g.session_id is not null then n.earlier_sessions + 1 end as signup_session_number,
    case when substr(p.first_blog, 1, 16) <= ${signupMicroseconds} then ${afterOrderKey('p.first_blog')} end as blog_url,
    ${afterOrderKey('p.first_page')} as first_page_ever_visited,
    ${sql.join(
      PICKS.map(({ name }, i) => touchColumns(name, `t${i}`)),
      ',\n    ',
    )}
from ${signups} as g
join session_counts as n on n.person_id = g.person_id
left join pages as p on p.person_id = g.person_id
left join ${sql.staging('signup_touches')} as k on k.person_id = g.person_id
${sql.join(
  PICKS.map(({ key }, i) => {
    const alias = sql.id(`t${i}`)
    return sql`left join ${sql.staging('touches_rows')} as ${alias}
    on ${alias}.person_id = g.person_id and ${alias}.order_key || ${alias}.touch_id = k.${sql.id(key)}`
  }),
  '\n',
)}
`,
  }
}
