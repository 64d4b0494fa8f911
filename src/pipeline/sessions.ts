import { sql } from '../warehouses/sql.ts'
import { eventKeyOf } from './order.ts'
import { farPeople, nearAndFar, shareDevices, sharePeople } from './reach.ts'
import { defineStage, gapMicroseconds, keyed, stored } from './stage.ts'
import { OPEN_RUN } from './tables/table.ts'

/**
 * Sessions of the affected people: their in-session visits on all devices, merged while the next begins at most the
 * gap after the latest end so far. Pure functions of a person's visits, so nobody else is looked at; and of theirs only
 * what a change can reach: sessions that ended more than the gap before the first change stay as they are, and with
 * them their touches and the conversions before `from_at`, the beginning of the first session that may not.
 */
export const sessions = defineStage({
  name: 'sessions',
  does: 'sessions of the affected people, merged from visits',
  reads: ['visits', 'sessions'],
  writes: [],
  result: 'sessions_merged',

  steps: (c) => {
    const { d } = c
    const gap = gapMicroseconds(c.options)
    return [
      {
        into: 'affected_people',
        select: sql`
with reached as (
    select s.person_id, min(s.started_at) as started_at
    from ${stored(c, 'sessions')} as s
    join ${sql.staging('changed_people')} as p on p.person_id = s.person_id
    where s.to_run = ${OPEN_RUN} and s.ended_at >= ${c.d.addMicroseconds('p.since', sql`${-gap}`)}
        and s.ended_at >= ${c.d.addMicroseconds(sql`(select min(since) from ${sql.staging('changed_people')})`, sql`${-gap}`)}
    group by s.person_id
)

select p.person_id, case when r.started_at < p.since then r.started_at else p.since end as from_at
from ${sql.staging('changed_people')} as p
left join reached as r on r.person_id = p.person_id
`,
      },
      ...sharePeople(c),
      keyed(c, {
        into: 'people_visits',
        keys: farPeople,
        select: (keys) => sql`${sql.join(
          nearAndFar(d, keys, sql`v.ended_at`, sql`v.person_id`).map(
            (part) => sql`
select v.*
from ${stored(c, 'visits')} as v
join ${sql.staging('affected_people')} as a on a.person_id = v.person_id
where v.ended_at >= a.from_at and ${part}
    and v.visit_id not in (select visit_id from ${sql.staging('visits_out')})`,
          ),
          '\nunion all',
        )}
union all
select * from ${sql.staging('visits_in')}
`,
      }),
      {
        into: 'session_visits',
        select: sql`
with reached as (
    select
        *,
        max(ended_at) over (
            partition by person_id order by first_key, visit_id
            rows between unbounded preceding and 1 preceding
        ) as reach
    from ${sql.staging('people_visits')}
    where is_in_session
),

numbered as (
    select
        *,
        sum(case when reach is null or ${c.d.microsecondsBetween('reach', 'started_at')} > ${gap} then 1 else 0 end) over (
            partition by person_id order by first_key, visit_id
            rows between unbounded preceding and current row
        ) as session_number
    from reached
)

select
    *,
    ${eventKeyOf(sql`min(first_key) over (partition by person_id, session_number)`)} as session_id
from numbered
`,
      },
      {
        into: 'sessions_merged',
        select: sql`
select
    session_id,
    person_id,
    min(started_at) as started_at,
    max(ended_at) as ended_at,
    min(first_key) as first_key,
    min(entry_key) as entry_key,
    sum(event_count) as event_count,
    sum(page_count) as page_count,
    count(distinct anonymous_id) as device_count
from ${sql.staging('session_visits')}
group by session_id, person_id
`,
      },
      ...shareDevices(c),
    ]
  },

  publish: () => [],
})
