import { type Sql, sql } from '../warehouses/sql.ts'
import { identityMembers, publishAliasLinks } from './alias-links.ts'
import { aliasRows } from './alias-rows.ts'
import { resolveAliases } from './components.ts'
import { knownPairRows } from './known-pairs.ts'
import { changedDevices, deviceUsers, deviceVisits, goneVisits, visitOwners } from './owners.ts'
import { defineStage, fedBy, insertByMonth, type StageContext, type Step, stored } from './stage.ts'
import { aliases, knownPairs, visits } from './tables/people.ts'
import { compareVersions, publishVersions } from './versions.ts'
import { VISIT_PIECE } from './visit-piece.ts'

/** Who owns each visit: the rule for its device, then aliases. Which visits and people that changes. */
export const identities = defineStage({
  name: 'identities',
  does: 'owners of new visits; which older visits change owner; who is affected',
  reads: ['visits', 'alias_links', 'known_pairs', 'aliases'],
  writes: ['visits', 'alias_links', 'known_pairs', 'aliases'],
  result: 'changed_people',
  discards: [
    'visits_hit',
    'device_pairs',
    'device_visits',
    'owners',
    'owned',
    'moved',
    'alias_visits',
    'alias_labels',
    'alias_hooked',
  ],

  steps: (c) => [
    goneVisits(c),
    changedDevices(c),
    ...deviceUsers(c),
    deviceVisits(c),
    visitOwners(c),
    ...resolveAliases(c),
    ...movedVisits(c),
    ...knownPairRows(c),
    ...compareVersions(c, {
      spec: knownPairs,
      rows: 'known_pairs_rows',
      scope: { where: sql`t.anonymous_id in (select anonymous_id from ${sql.staging('paired_devices')})` },
    }),
    ...aliasRows(c),
    ...compareVersions(c, {
      spec: aliases,
      rows: 'aliases_rows',
      scope: { where: sql`t.id in (select id from ${sql.staging('alias_ids')})` },
    }),
  ],

  publish: (c) => [
    ...(c.isRebuild
      ? [sql`delete from ${sql.table('visits')} where 1 = 1`]
      : fedBy(
          c,
          'visits_out',
          sql`delete from ${sql.table('visits')}
where visit_id in (select visit_id from ${sql.staging('visits_out')})
    and started_at >= (select min(started_at) from ${sql.staging('visits_out')})
    and started_at <= (select max(started_at) from ${sql.staging('visits_out')})
    and started_at in (select started_at from ${sql.staging('visits_out')})`,
        )),
    ...fedBy(c, 'visits_in', insertByMonth(c.d, visits, 'visits_in')),
    ...publishAliasLinks(c),
    ...publishVersions(c, knownPairs),
    ...publishVersions(c, aliases),
  ],
})

/** Persons after aliases; older visits that change hands; everyone whose visits changed, and since when. */
function movedVisits(c: StageContext): readonly Step[] {
  const piece = sql.join(VISIT_PIECE.map((name) => sql`v.${sql.id(name)}`))
  return [
    {
      into: 'owned',
      select: sql`
select o.visit_id, o.is_new, o.old_owner_id, o.old_person_id, o.owner_id, coalesce(n.person_id, m.person_id, o.owner_id) as person_id
from ${sql.staging('owners')} as o
left join ${sql.staging('members_new')} as n on n.member_id = o.owner_id
left join ${identityMembers(c)} as m on m.member_id = o.owner_id
`,
    },
    {
      into: 'moved',
      select: sql`
select v.visit_id, ${piece}, o.owner_id, o.person_id, v.person_id as old_person_id
from ${sql.staging('device_visits')} as v
join ${sql.staging('owned')} as o on o.visit_id = v.visit_id and o.is_new = 0
where v.is_new = 0 and (o.owner_id <> o.old_owner_id or o.person_id <> o.old_person_id)
union all
select v.visit_id, ${piece}, v.owner_id, n.person_id, v.person_id as old_person_id
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
select visit_id, anonymous_id, user_id, started_at, person_id from ${sql.staging('visits_gone')}
union all
select visit_id, anonymous_id, user_id, started_at, old_person_id as person_id from ${sql.staging('moved')}
`,
    },
    {
      into: 'visits_in',
      select: sql`
select v.visit_id, ${piece}, o.owner_id, o.person_id
from ${sql.staging('visits_merged')} as v
join ${sql.staging('owned')} as o on o.visit_id = v.visit_id and o.is_new = 1
union all
select v.visit_id, ${piece}, v.owner_id, v.person_id
from ${sql.staging('moved')} as v
`,
    },
    {
      into: 'changed_people',
      select: sql`
select person_id, min(started_at) as since
from (
    select person_id, started_at from ${sql.staging('visits_out')}
    union all
    select person_id, started_at from ${sql.staging('visits_in')}${unmoved(c)}
) as changes
group by person_id
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
    union all
    select v.person_id, v.started_at
    from ${stored(c, 'visits')} as v${converting}
    where v.visit_id not in (select visit_id from ${sql.staging('visits_out')})`
}
