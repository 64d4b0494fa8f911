import { type Sql, sql } from '../warehouses/sql.ts'
import { declaredLinks, identityMembers } from './alias-links.ts'
import { batch } from './batch.ts'
import { type Loop, type StageContext, type Step, stored } from './stage.ts'

/**
 * Aliases: which owners are one person.
 *
 * Alias messages link ids; connected components of links are persons. Only components that a change touches are made
 * anew, whole: links may come, go (withdrawn), or stop counting (a device that became shared), so components may
 * merge and split. Contraction with pointer jumping: plain propagation needs one pass per hop of the longest chain.
 */
export function resolveAliases(c: StageContext): readonly (Step | Loop)[] {
  return [...changedLinks(c), ...touchedNodes(c), edges(c), ...contract(), members(c)]
}

/** Links of alias messages in the batch, and those that were withdrawn. */
function changedLinks(c: StageContext): readonly Step[] {
  return [
    {
      into: 'links_new',
      select: sql`
select distinct event_key, occurred_at, previous_id, user_id
from ${batch(c)} as b
where type = 'alias' and previous_id is not null and user_id <> '' and previous_id <> user_id
`,
    },
    {
      into: 'links_gone',
      select: c.isRebuild
        ? sql`select * from ${declaredLinks(c)} as l`
        : sql`
select l.*
from ${declaredLinks(c)} as l
where l.event_key in (
    select event_key from ${sql.staging('withdrawn_events')} where type = 'alias'
    union all
    select event_key from ${sql.staging('reread')} where type = 'alias'
)
`,
    },
  ]
}

/** All links after the run. */
const links = (c: StageContext): Sql => sql`(
    select previous_id, user_id from ${declaredLinks(c)} as k
    where event_key not in (select event_key from ${sql.staging('links_gone')})
    union all
    select previous_id, user_id from ${sql.staging('links_new')}
)`

/** Visits after the run of which some id column is among the nodes. */
const visitsOf = (c: StageContext, id: 'anonymous_id' | 'user_id'): Sql => sql`(
    select anonymous_id, user_id, first_key from ${stored(c, 'visits')}
    where ${sql.id(id)} in (select id from ${sql.staging('alias_nodes')})
        and visit_id not in (select visit_id from ${sql.staging('visits_gone')})
    union all
    select anonymous_id, user_id, first_key from ${sql.staging('visits_merged')}
    where ${sql.id(id)} in (select id from ${sql.staging('alias_nodes')})
)`

/** Ids whose component may change, and all members of those components. */
function touchedNodes(c: StageContext): readonly Step[] {
  const changed = (id: string) => sql`
    select ${sql.id(id)} from ${sql.staging('visits_merged')}
    union all
    select ${sql.id(id)} from ${sql.staging('visits_gone')}`
  const all = sql`
union distinct
select member_id from ${identityMembers(c)} as m`
  return [
    {
      into: 'alias_touched',
      select: sql`
select previous_id as id from ${sql.staging('links_new')}
union distinct
select user_id from ${sql.staging('links_new')}
union distinct
select previous_id from ${sql.staging('links_gone')}
union distinct
select user_id from ${sql.staging('links_gone')}
union distinct
select member_id from ${identityMembers(c)} as m where member_id in (${changed('user_id')})
union distinct
select member_id from ${identityMembers(c)} as m where member_id in (${changed('anonymous_id')})${c.recompute.identities ? all : sql.empty}
`,
    },
    // A link that did not count before may count now: its other end is touched as well.
    {
      into: 'alias_seeds',
      select: sql`
select id from ${sql.staging('alias_touched')}
union distinct
select l.user_id from ${links(c)} as l where l.previous_id in (select id from ${sql.staging('alias_touched')})
union distinct
select l.previous_id from ${links(c)} as l where l.user_id in (select id from ${sql.staging('alias_touched')})
`,
    },
    {
      into: 'alias_nodes',
      select: sql`
select id from ${sql.staging('alias_seeds')}
union distinct
select m.member_id
from ${identityMembers(c)} as m
where m.person_id in (
    select o.person_id from ${identityMembers(c)} as o
    where o.member_id in (select id from ${sql.staging('alias_seeds')})
)
`,
    },
  ]
}

/** The links among those nodes that count, in both directions. A shared device joins no component. */
function edges(c: StageContext): Step {
  const { maxUsersPerDevice } = c.options.identity
  return {
    into: 'alias_edges',
    select: sql`
with shared as (
    select v.anonymous_id as id
    from ${visitsOf(c, 'anonymous_id')} as v
    where v.anonymous_id <> ''
    group by v.anonymous_id
    having count(distinct nullif(v.user_id, '')) > ${maxUsersPerDevice}
),

counting as (
    select l.previous_id, l.user_id
    from ${links(c)} as l
    where l.previous_id in (select id from ${sql.staging('alias_nodes')})
        and l.user_id in (select id from ${sql.staging('alias_nodes')})
        and l.previous_id not in (select id from shared)
        and l.user_id not in (select id from shared)
)

select previous_id as id, user_id as other_id from counting
union distinct
select user_id, previous_id from counting
`,
  }
}

/** Labels every node with the smallest id it can reach. */
function contract(): readonly (Step | Loop)[] {
  return [
    { into: 'alias_labels', select: sql`select id, id as label from ${sql.staging('alias_nodes')}` },
    {
      remaining: sql`
select count(*) as remaining
from ${sql.staging('alias_edges')} as e
join ${sql.staging('alias_labels')} as a on a.id = e.id
join ${sql.staging('alias_labels')} as b on b.id = e.other_id
where a.label <> b.label
`,
      repeat: [
        // Contract: each label takes over the smallest label next to it.
        {
          into: 'alias_hooked',
          select: sql`
with smallest as (
    select a.label, min(b.label) as neighbour
    from ${sql.staging('alias_edges')} as e
    join ${sql.staging('alias_labels')} as a on a.id = e.id
    join ${sql.staging('alias_labels')} as b on b.id = e.other_id
    group by a.label
)

select l.id, case when s.neighbour < l.label then s.neighbour else l.label end as label
from ${sql.staging('alias_labels')} as l
left join smallest as s on s.label = l.label
`,
        },
        // Jump: follow each label to the label of the node it names.
        {
          into: 'alias_labels',
          select: sql`
select h.id, n.label
from ${sql.staging('alias_hooked')} as h
join ${sql.staging('alias_hooked')} as n on n.id = h.label
`,
        },
      ],
    },
  ]
}

/** The person of each node: the member of its component that was seen first as a user id. */
function members(c: StageContext): Step {
  return {
    into: 'members_new',
    select: sql`
with seen as (
    select v.user_id as id, min(v.first_key) as first_key
    from ${visitsOf(c, 'user_id')} as v
    group by v.user_id
),

named as (
    select l.label, ${c.d.firstBy('l.id', sql`coalesce(s.first_key, '~') || l.id`)} as person_id
    from ${sql.staging('alias_labels')} as l
    left join seen as s on s.id = l.id
    group by l.label
)

select l.id as member_id, n.person_id
from ${sql.staging('alias_labels')} as l
join named as n on n.label = l.label
`,
  }
}
