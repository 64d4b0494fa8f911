import { sql } from '../warehouses/sql.ts'
import { withVisit } from './order.ts'
import { affectedSince } from './reach.ts'
import { defineStage, gapMicroseconds, type StageContext, type Step, stored } from './stage.ts'
import { conversionCandidates } from './tables/events.ts'
import { conversions as conversionsTable, sessions as sessionsTable } from './tables/people.ts'
import { OPEN_RUN } from './tables/table.ts'
import { compareVersions, publishVersions, sinceAffected } from './versions.ts'

/** Signups and other conversions of the affected people, and their finished sessions, the signup session marked. */
export const conversions = defineStage({
  name: 'conversions',
  does: 'signups and other conversions of the affected people; the signup session',
  reads: ['conversion_candidates', 'conversions', 'sessions'],
  writes: ['conversions', 'sessions'],
  result: 'conversions_rows',

  steps: (c) => {
    return [
      ...owned(c),
      counting(c),
      inSessions(c),
      ...compareVersions(c, {
        spec: conversionsTable,
        rows: 'conversions_rows',
        scope: sinceAffected(c, 'converted_at'),
      }),
      sessionRows,
      ...compareVersions(c, { spec: sessionsTable, rows: 'sessions_rows', scope: sinceAffected(c, 'started_at') }),
    ]
  },
  publish: (c) => [...publishVersions(c, conversionsTable), ...publishVersions(c, sessionsTable)],
})

/** Candidates in the visits of the affected people. */
function owned(c: StageContext): readonly Step[] {
  const columns = Object.keys(conversionCandidates.columns).map((name) => sql`k.${sql.id(name)}`)
  const atoms = sql`join atoms as a on a.anonymous_id = k.anonymous_id and a.user_id = k.user_id and a.is_in_session = k.is_in_session`
  const { candidates } = c.recompute
  const isSame = candidates.length === 0 ? sql.empty : sql` and k.conversion not in (${sql.values(candidates)})`
  const fresh = c.isRebuild
    ? sql.empty
    : sql`
    and k.order_key not in (select order_key from ${sql.staging('reread_keys')})${isSame}`
  return [
    {
      into: 'conversion_candidates_people',
      select: sql`
with atoms as (
    select distinct anonymous_id, user_id, is_in_session from ${sql.staging('people_visits')}
)

select ${sql.join(columns)}
from ${stored(c, 'conversion_candidates')} as k
${atoms}
where k.occurred_at >= ${affectedSince}${fresh}
union all
select ${sql.join(columns)}
from ${sql.staging('conversion_candidates_new')} as k
${atoms}
`,
    },
    {
      into: 'conversion_visits',
      select: withVisit(c.d, sql.staging('conversion_candidates_people'), sql.staging('people_visits')),
    },
  ]
}

/** Those that count: every one, or the person's first. Earlier ones than the affected stay as they are. */
function counting(c: StageContext): Step {
  const every = Object.entries(c.options.conversions)
    .filter(([name, options]) => options.every && name !== 'signup')
    .map(([name]) => name)
  return {
    into: 'conversions_counting',
    select: sql`
with earlier as (
    select distinct t.person_id, t.conversion
    from ${stored(c, 'conversions')} as t
    join ${sql.staging('affected_people')} as a on a.person_id = t.person_id
    where t.to_run = ${OPEN_RUN} and t.converted_at < a.from_at
),

numbered as (
    select
        k.*,
        v.person_id,
        row_number() over (partition by v.person_id, k.conversion order by k.order_key, k.anonymous_id, k.user_id) as place,
        row_number() over (partition by k.conversion, k.event_key order by k.order_key, k.anonymous_id, k.user_id) as copy_number
    from ${sql.staging('conversion_visits')} as k
    join ${sql.staging('people_visits')} as v on v.visit_id = k.visit_id
    join ${sql.staging('affected_people')} as a on a.person_id = v.person_id
    where k.occurred_at >= a.from_at
)

select
    ${c.d.md5(sql`n.conversion || ${'\u001f'} || n.event_key`)} as conversion_id,
    n.conversion, n.person_id, n.occurred_at as converted_at, n.order_key, n.event_key, n.value, n.currency, n.value_problem, n.company_id
from numbered as n
left join earlier as e on e.person_id = n.person_id and e.conversion = n.conversion
where n.copy_number = 1
    and ((n.place = 1 and e.person_id is null)${every.length === 0 ? sql.empty : sql` or n.conversion in (${sql.values(every)})`})
`,
  }
}

/** Each with the person's last session that had begun by then, when it had not ended more than the gap before. */
function inSessions(c: StageContext): Step {
  return {
    into: 'conversions_rows',
    select: sql`
with marks as (
    select person_id, started_at as marked_at, 0 as kind, session_id, ${c.d.cast(sql`null`, 'string')} as conversion_id
    from ${sql.staging('sessions_merged')}
    where person_id in (select person_id from ${sql.staging('conversions_counting')})
    union all
    select person_id, converted_at as marked_at, 1 as kind, null as session_id, conversion_id
    from ${sql.staging('conversions_counting')}
),

-- A person's sessions never overlap: the one that began last is found by counting beginnings.
carried as (
    select
        *,
        sum(case when kind = 0 then 1 else 0 end) over (
            partition by person_id order by marked_at, kind, conversion_id
            rows between unbounded preceding and current row
        ) as session_number
    from marks
),

latest as (
    select k.conversion_id, s.session_id
    from carried as k
    join carried as s on s.person_id = k.person_id and s.session_number = k.session_number and s.kind = 0
    where k.kind = 1
)

select
    k.conversion_id,
    k.conversion,
    k.person_id,
    k.converted_at,
    k.event_key,
    case when ${c.d.microsecondsBetween('s.ended_at', 'k.converted_at')} <= ${gapMicroseconds(c.options)} then s.session_id end as session_id,
    k.value,
    k.currency,
    k.value_problem,
    k.company_id
from ${sql.staging('conversions_counting')} as k
left join latest as l on l.conversion_id = k.conversion_id
left join ${sql.staging('sessions_merged')} as s on s.session_id = l.session_id
`,
  }
}

/** The sessions as readers see them. */
const sessionRows: Step = {
  into: 'sessions_rows',
  select: sql`
with counted as (
    select
        session_id,
        count(*) as touch_count,
        max(case when is_entry then page_url end) as landing_page
    from ${sql.staging('touches_rows')}
    group by session_id
),

signups as (
    select distinct session_id from ${sql.staging('conversions_rows')} where conversion = 'signup' and session_id is not null
)

select
    s.session_id,
    s.person_id,
    s.started_at,
    s.ended_at,
    s.event_count,
    s.page_count,
    s.device_count,
    t.landing_page,
    k.referrer,
    t.touch_count,
    case when g.session_id is null then 1 else 0 end = 0 as is_signup_session
from ${sql.staging('sessions_merged')} as s
join counted as t on t.session_id = s.session_id
left join ${sql.staging('session_candidates')} as k on k.session_id = s.session_id and k.order_key = substr(s.entry_key, 2)
left join signups as g on g.session_id = s.session_id
`,
}
