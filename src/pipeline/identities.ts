import { type Sql, sql } from '../warehouses/sql.ts'
import { resolveAliases } from './components.ts'
import { eventKeyOf } from './order.ts'
import { changedDevices, deviceVisits, goneVisits, visitOwners } from './owners.ts'
import { defineStage, insertInto, type StageContext, type Step, stored } from './stage.ts'
import { aliases, aliasLinks, identityMembers, knownPairs, visits } from './tables/people.ts'
import { compareVersions, publishVersions } from './versions.ts'
import { VISIT_PIECE } from './visits.ts'

/** Who owns each visit: the rule for its device, then aliases. Which visits and people that changes. */
export const identities = defineStage({
  name: 'identities',
  does: 'owners of new visits; which older visits change owner; who is affected',
  reads: ['visits', 'alias_links', 'identity_members', 'known_pairs', 'aliases'],
  writes: ['visits', 'alias_links', 'identity_members', 'known_pairs', 'aliases'],
  result: 'affected_people',
  discards: ['batch', 'visits_hit', 'device_visits', 'owners', 'owned', 'alias_visits', 'alias_labels', 'alias_hooked'],

  steps: (c) => [
    goneVisits(c),
    changedDevices(c),
    deviceVisits(c),
    visitOwners(c),
    ...resolveAliases(c),
    ...movedVisits(c),
    knownPairRows,
    ...compareVersions(c, {
      spec: knownPairs,
      rows: 'known_pairs_rows',
      scope: sql`anonymous_id in (select anonymous_id from ${sql.staging('devices')})`,
    }),
    ...aliasRows(c),
    ...compareVersions(c, {
      spec: aliases,
      rows: 'aliases_rows',
      scope: sql`id in (select id from ${sql.staging('alias_ids')})`,
    }),
  ],

  publish: (c) => [
    c.isRebuild
      ? sql`delete from ${sql.table('visits')} where 1 = 1`
      : sql`delete from ${sql.table('visits')} where visit_id in (select visit_id from ${sql.staging('visits_out')})`,
    insertInto('visits', Object.keys(visits.columns), 'visits_in'),
    c.isRebuild
      ? sql`delete from ${sql.table('alias_links')} where 1 = 1`
      : sql`delete from ${sql.table('alias_links')} where event_key in (select event_key from ${sql.staging('links_gone')})`,
    insertInto('alias_links', Object.keys(aliasLinks.columns), 'links_new'),
    c.isRebuild
      ? sql`delete from ${sql.table('identity_members')} where 1 = 1`
      : sql`delete from ${sql.table('identity_members')} where member_id in (select id from ${sql.staging('alias_nodes')})`,
    insertInto('identity_members', Object.keys(identityMembers.columns), 'members_new'),
    ...publishVersions(c, knownPairs),
    ...publishVersions(c, aliases),
  ],
})

/** Persons after aliases; older visits that change hands; everyone whose visits changed. */
function movedVisits(c: StageContext): readonly Step[] {
  const piece = sql.join(VISIT_PIECE.map((name) => sql`v.${sql.id(name)}`))
  return [
    {
      into: 'owned',
      select: sql`
select o.visit_id, o.is_new, o.old_owner_id, o.old_person_id, o.owner_id, coalesce(n.person_id, m.person_id, o.owner_id) as person_id
from ${sql.staging('owners')} as o
left join ${sql.staging('members_new')} as n on n.member_id = o.owner_id
left join ${stored(c, 'identity_members')} as m on m.member_id = o.owner_id
`,
    },
    {
      into: 'moved',
      select: sql`
select visit_id, owner_id, person_id
from ${sql.staging('owned')}
where is_new = 0 and (owner_id <> old_owner_id or person_id <> old_person_id)
union all
select v.visit_id, v.owner_id, n.person_id
from ${stored(c, 'visits')} as v
join ${sql.staging('members_new')} as n on n.member_id = v.owner_id
where v.person_id <> n.person_id
    and v.visit_id not in (select visit_id from ${sql.staging('owned')})
    and v.visit_id not in (select visit_id from ${sql.staging('visits_gone')})
`,
    },
    {
      into: 'visits_out',
      select: sql`
select visit_id, anonymous_id, user_id, person_id from ${sql.staging('visits_gone')}
union all
select v.visit_id, v.anonymous_id, v.user_id, v.person_id
from ${stored(c, 'visits')} as v
where v.visit_id in (select visit_id from ${sql.staging('moved')})
`,
    },
    {
      into: 'visits_in',
      select: sql`
select v.visit_id, ${piece}, o.owner_id, o.person_id
from ${sql.staging('visits_merged')} as v
join ${sql.staging('owned')} as o on o.visit_id = v.visit_id and o.is_new = 1
union all
select v.visit_id, ${piece}, m.owner_id, m.person_id
from ${stored(c, 'visits')} as v
join ${sql.staging('moved')} as m on m.visit_id = v.visit_id
`,
    },
    {
      into: 'affected_people',
      select: sql`
select person_id from ${sql.staging('visits_out')}
union distinct
select person_id from ${sql.staging('visits_in')}${unmoved(c)}
`,
    },
  ]
}

/** People whose visits stay as they are, but who are computed again all the same: everyone, or those with some conversion. */
function unmoved(c: StageContext): Sql {
  const { people, conversions } = c.recompute
  if (!people && conversions.length === 0) return sql.empty
  const atoms = (table: Sql) => sql`
    select anonymous_id, user_id, is_in_session from ${table} as k where conversion in (${sql.values(conversions)})`
  const converting = people
    ? sql.empty
    : sql`
join (${atoms(stored(c, 'conversion_candidates'))}
    union distinct${atoms(sql.staging('conversion_candidates_new'))}
) as a on a.anonymous_id = v.anonymous_id and a.user_id = v.user_id and a.is_in_session = v.is_in_session`
  return sql`
union distinct
select v.person_id
from ${stored(c, 'visits')} as v${converting}
where v.visit_id not in (select visit_id from ${sql.staging('visits_out')})`
}

/** Known pairs of the changed devices. */
const knownPairRows: Step = {
  into: 'known_pairs_rows',
  select: sql`
select
    anonymous_id,
    user_id,
    min(started_at) as first_seen_at,
    max(ended_at) as last_seen_at,
    ${eventKeyOf(sql`min(first_key)`)} as first_event_key
from ${sql.staging('device_visits')}
where user_id <> ''
group by anonymous_id, user_id
`,
}

/** Which persons own visits of the ids whose visits changed. */
function aliasRows(c: StageContext): readonly Step[] {
  const side = (id: 'anonymous_id' | 'user_id') => sql`
select v.${sql.id(id)} as id, ${id === 'anonymous_id' ? 1 : 0} as is_anonymous, v.person_id, v.started_at, v.ended_at, v.last_key
from ${stored(c, 'visits')} as v
where v.${sql.id(id)} in (select id from ${sql.staging('alias_ids')})
    and v.visit_id not in (select visit_id from ${sql.staging('visits_out')})
union all
select ${sql.id(id)} as id, ${id === 'anonymous_id' ? 1 : 0} as is_anonymous, person_id, started_at, ended_at, last_key
from ${sql.staging('visits_in')}
where ${sql.id(id)} <> ''`
  return [
    {
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
    },
    {
      into: 'alias_visits',
      select: sql`${side('anonymous_id')}
union all${side('user_id')}`,
    },
    {
      into: 'aliases_rows',
      select: sql`
with latest as (
    select id, ${c.d.lastBy('person_id', 'last_key')} as person_id
    from ${sql.staging('alias_visits')}
    group by id
),

owned as (
    select
        id,
        person_id,
        max(is_anonymous) as is_anonymous,
        min(is_anonymous) as is_only_anonymous,
        min(started_at) as first_seen_at,
        max(ended_at) as last_seen_at
    from ${sql.staging('alias_visits')}
    group by id, person_id
)

select
    o.id,
    o.person_id,
    o.is_anonymous = 1 as is_anonymous_id,
    o.is_only_anonymous = 0 as is_user_id,
    o.first_seen_at,
    o.last_seen_at,
    o.person_id = l.person_id as is_latest
from owned as o
join latest as l on l.id = o.id
`,
    },
  ]
}
