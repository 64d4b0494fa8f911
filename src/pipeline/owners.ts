import { type Sql, sql } from '../warehouses/sql.ts'
import { afterOrderKey } from './order.ts'
import { type StageContext, type Step, stored } from './stage.ts'

/** Visits that this run takes out of the table as they are: merged into others, or broken by a withdrawal. */
export function goneVisits(c: StageContext): Step {
  const gone = (name: string) => sql`select * from ${sql.staging(name)}`
  return {
    into: 'visits_gone',
    select: c.isRebuild ? gone('visits_hit') : sql`${gone('visits_hit')} union all ${gone('visits_broken')}`,
  }
}

/** Devices whose visits changed. Nobody else's owner can change: it is a function of the visits of one device. */
export function changedDevices(c: StageContext): Step {
  const all = sql`
union distinct
select anonymous_id from ${stored(c, 'visits')} as v where anonymous_id <> ''`
  return {
    into: 'devices',
    select: sql`
select anonymous_id from ${sql.staging('visits_merged')} where anonymous_id <> ''
union distinct
select anonymous_id from ${sql.staging('visits_gone')} where anonymous_id <> ''${c.recompute.identities ? all : sql.empty}
`,
  }
}

/** Every visit of those devices as it will be after the run, `is_new` 1 for those this run made. */
export function deviceVisits(c: StageContext): Step {
  return {
    into: 'device_visits',
    select: sql`
select v.visit_id, v.anonymous_id, v.user_id, v.started_at, v.ended_at, v.first_key, v.last_key, v.owner_id, v.person_id, 0 as is_new
from ${stored(c, 'visits')} as v
where v.anonymous_id in (select anonymous_id from ${sql.staging('devices')})
    and v.visit_id not in (select visit_id from ${sql.staging('visits_gone')})
union all
select visit_id, anonymous_id, user_id, started_at, ended_at, first_key, last_key, null as owner_id, null as person_id, 1 as is_new
from ${sql.staging('visits_merged')}
where anonymous_id <> ''
`,
  }
}

/**
 * The owner of each of those visits.
 *
 * Walking a device's visits from the latest to the earliest (identified ones by their end, anonymous ones by their
 * start, identified first at one instant), the identified visits passed so far are those that end at or after an
 * anonymous one begins; the one of them that starts first is the next user. `first_key || user_id` carries the user
 * along with the order, so one window suffices and no join back.
 */
export function visitOwners(c: StageContext): Step {
  const { maxUsersPerDevice, sharedDevices } = c.options.identity
  const identified = (key: string) => sql`case when user_id <> '' then ${sql.id(key)} || user_id end`
  const isShared = sql`users > ${maxUsersPerDevice}`
  const owner: Sql =
    sharedDevices === 'last-user'
      ? sql`case when user_id <> '' then user_id when users = 0 then anonymous_id else ${afterOrderKey('last_identified')} end`
      : sql`case
        when user_id <> '' then user_id
        when users = 0 or ${isShared} then anonymous_id
        else ${afterOrderKey(sql`coalesce(next_identified, last_identified)`)}
    end`
  return {
    into: 'owners',
    select: sql`
with counted as (
    select anonymous_id, count(distinct nullif(user_id, '')) as users
    from ${sql.staging('device_visits')}
    group by anonymous_id
),

walked as (
    select
        v.*,
        n.users,
        min(${identified('first_key')}) over (
            partition by v.anonymous_id
            order by case when user_id <> '' then ended_at else started_at end desc, case when user_id <> '' then 0 else 1 end, visit_id
            rows between unbounded preceding and current row
        ) as next_identified,
        max(${identified('last_key')}) over (partition by v.anonymous_id) as last_identified
    from ${sql.staging('device_visits')} as v
    join counted as n on n.anonymous_id = v.anonymous_id
)

select visit_id, is_new, owner_id as old_owner_id, person_id as old_person_id, ${owner} as owner_id
from walked
union all
select visit_id, 1 as is_new, null as old_owner_id, null as old_person_id, user_id as owner_id
from ${sql.staging('visits_merged')}
where anonymous_id = ''
`,
  }
}
