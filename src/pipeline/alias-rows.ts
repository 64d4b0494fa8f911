import { sql } from '../warehouses/sql.ts'
import { type KeyedStep, keyed, type StageContext, type Step, stored } from './stage.ts'
import { OPEN_RUN } from './tables/table.ts'

/**
 * Which persons own visits of the ids whose visits changed.
 *
 * A visit that is added can only widen what is known of an id and its persons. Visits are read only for ids that lost
 * one: it moved to another person or was withdrawn; and where two persons were last seen at one instant.
 */
export function aliasRows(c: StageContext): readonly (Step | KeyedStep)[] {
  return [changedIds, widened(c), lookedAtIds(c), idVisits(c), rows(c)]
}

const changedIds: Step = {
  into: 'alias_ids',
  select: sql`
select anonymous_id as id from ${sql.staging('visits_out')} where anonymous_id <> ''
union distinct
select user_id from ${sql.staging('visits_out')} where user_id <> ''
union distinct
select anonymous_id from ${sql.staging('visits_in')} where anonymous_id <> ''
union distinct
select user_id from ${sql.staging('visits_in')} where user_id <> ''
`,
}

/** What is known of those ids, with the visits that came in. */
function widened(c: StageContext): Step {
  const came = (id: 'anonymous_id' | 'user_id') => {
    const [anonymous, user] = id === 'anonymous_id' ? [1, 0] : [0, 1]
    return sql`
    select ${sql.id(id)} as id, person_id, ${anonymous} as was_anonymous, ${user} as was_user, started_at as first_seen_at, ended_at as last_seen_at
    from ${sql.staging('visits_in')}
    where ${sql.id(id)} <> ''`
  }
  return {
    into: 'alias_widened',
    select: sql`
with seen as (
    select
        k.id, k.person_id,
        case when k.is_anonymous_id then 1 else 0 end as was_anonymous,
        case when k.is_user_id then 1 else 0 end as was_user,
        k.first_seen_at, k.last_seen_at
    from ${stored(c, 'aliases')} as k
    where k.to_run = ${OPEN_RUN} and k.id in (select id from ${sql.staging('alias_ids')})
    union all${came('anonymous_id')}
    union all${came('user_id')}
)

select
    id,
    person_id,
    max(was_anonymous) as was_anonymous,
    max(was_user) as was_user,
    min(first_seen_at) as first_seen_at,
    max(last_seen_at) as last_seen_at
from seen
group by id, person_id
`,
  }
}

function lookedAtIds(c: StageContext): Step {
  const ids = (from: string) => sql`
select anonymous_id from ${sql.staging(from)} where anonymous_id <> ''
union distinct
select user_id from ${sql.staging(from)} where user_id <> ''`
  const lost = (id: 'anonymous_id' | 'user_id') => sql`
select h.${sql.id(id)}
from ${sql.staging('visits_hit')} as h
join ${sql.staging('visits_in')} as v
    on v.anonymous_id = h.anonymous_id and v.user_id = h.user_id and v.is_in_session = h.is_in_session
where v.first_key <= h.first_key and h.first_key <= v.last_key and v.person_id <> h.person_id and h.${sql.id(id)} <> ''`
  return {
    into: 'looked_at_ids',
    select: sql`
select w.id
from ${sql.staging('alias_widened')} as w
join ${sql.staging('alias_widened')} as o on o.id = w.id
where o.person_id <> w.person_id and o.last_seen_at = w.last_seen_at
union distinct${ids('moved')}${
      c.isRebuild
        ? sql.empty
        : sql`
union distinct${ids('visits_broken')}`
    }
union distinct${lost('anonymous_id')}
union distinct${lost('user_id')}
`,
  }
}

/** Every visit of those ids as it will be after the run. */
function idVisits(c: StageContext): KeyedStep | Step {
  const side = (id: 'anonymous_id' | 'user_id', keys: readonly string[] | null) => {
    const [anonymous, user] = id === 'anonymous_id' ? [1, 0] : [0, 1]
    const columns = sql`v.${sql.id(id)} as id, ${anonymous} as was_anonymous, ${user} as was_user, v.person_id, v.started_at, v.ended_at, v.last_key`
    return sql`
select ${columns}
from ${stored(c, 'visits')} as v
where ${keys ? c.d.isOneOf(sql`v.${sql.id(id)}`, keys) : sql`v.${sql.id(id)} in (select id from ${sql.staging('looked_at_ids')})`}
    and v.visit_id not in (select visit_id from ${sql.staging('visits_out')})
union all
select ${columns}
from ${sql.staging('visits_in')} as v
where v.${sql.id(id)} in (select id from ${sql.staging('looked_at_ids')})`
  }
  return keyed(c, {
    into: 'alias_visits',
    keys: sql`select id from ${sql.staging('looked_at_ids')} order by id`,
    select: (keys) => sql`${side('anonymous_id', keys)}
union all${side('user_id', keys)}`,
  })
}

function rows(c: StageContext): Step {
  return {
    into: 'aliases_rows',
    select: sql`
with latest as (
    select id, ${c.d.lastBy('person_id', 'last_key')} as person_id
    from ${sql.staging('alias_visits')}
    group by id
),

looked_at as (
    select
        id,
        person_id,
        max(was_anonymous) as was_anonymous,
        max(was_user) as was_user,
        min(started_at) as first_seen_at,
        max(ended_at) as last_seen_at
    from ${sql.staging('alias_visits')}
    group by id, person_id
),

widest as (
    select *, max(last_seen_at) over (partition by id) as id_last_seen_at
    from ${sql.staging('alias_widened')}
    where id not in (select id from ${sql.staging('looked_at_ids')})
)

select
    o.id,
    o.person_id,
    o.was_anonymous = 1 as is_anonymous_id,
    o.was_user = 1 as is_user_id,
    o.first_seen_at,
    o.last_seen_at,
    o.person_id = l.person_id as is_latest
from looked_at as o
join latest as l on l.id = o.id
union all
select
    id,
    person_id,
    was_anonymous = 1 as is_anonymous_id,
    was_user = 1 as is_user_id,
    first_seen_at,
    last_seen_at,
    last_seen_at = id_last_seen_at as is_latest
from widest
`,
  }
}
