import { type Sql, sql } from '../warehouses/sql.ts'
import { fedBy, type StageContext, stored } from './stage.ts'

/** Links that alias messages declare: `event_key, occurred_at, previous_id, user_id`. */
export const declaredLinks = (c: StageContext): Sql => sql`(
    select k.event_key, k.occurred_at, k.id as previous_id, k.other_id as user_id
    from ${stored(c, 'alias_links')} as k
    where k.kind = 'declared'
)`

/** Ids that they join to others, and their persons: `member_id, person_id`. */
export const identityMembers = (c: StageContext): Sql => sql`(
    select k.id as member_id, k.other_id as person_id
    from ${stored(c, 'alias_links')} as k
    where k.kind = 'person'
)`

/** What the run takes out of both and puts in. One table, so that a publish needs two statements for them and not four. */
export const publishAliasLinks = (c: StageContext): readonly Sql[] => [
  ...(c.isRebuild
    ? [sql`delete from ${sql.table('alias_links')} where 1 = 1`]
    : fedBy(
        c,
        sql`(
    select 1 as one from ${sql.staging('links_gone')}
    union all
    select 1 as one from ${sql.staging('alias_nodes')}
)`,
        sql`delete from ${sql.table('alias_links')}
where (kind = 'declared' and event_key in (select event_key from ${sql.staging('links_gone')}))
    or (kind = 'person' and id in (select id from ${sql.staging('alias_nodes')}))`,
      )),
  ...fedBy(
    c,
    sql`(
    select 1 as one from ${sql.staging('links_new')}
    union all
    select 1 as one from ${sql.staging('members_new')}
)`,
    sql`insert into ${sql.table('alias_links')} (kind, event_key, occurred_at, id, other_id)
select 'declared', event_key, occurred_at, previous_id, user_id
from ${sql.staging('links_new')}
union all
select 'person', '', ${c.d.cast(sql`null`, 'timestamp')}, member_id, person_id
from ${sql.staging('members_new')}`,
  ),
]
