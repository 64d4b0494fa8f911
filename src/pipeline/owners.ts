import { type Sql, sql } from '../warehouses/sql.ts'
import { afterOrderKey, eventKeyOf } from './order.ts'
import { type KeyedStep, keyed, type StageContext, type Step, stored } from './stage.ts'
import { OPEN_RUN } from './tables/table.ts'
import { VISIT_PIECE } from './visit-piece.ts'

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

/**
 * Users of the changed devices, before the run and after it, and the devices whose older visits have to be looked at.
 *
 * Most need not: without a user a device owns its visits; a device that had one user and has no other gives every
 * visit to that user; a shared one stays shared. What is left are devices that get their first user or another one,
 * and those that lost events to a withdrawal.
 */
export function deviceUsers(c: StageContext): readonly Step[] {
  const { maxUsersPerDevice, sharedDevices } = c.options.identity
  const staysShared = sharedDevices === 'next-user' ? sql`users_before > ${maxUsersPerDevice}` : sql`1 = 0`
  const broken = c.isRebuild
    ? sql.empty
    : sql`
union distinct
select anonymous_id from ${sql.staging('visits_broken')} where anonymous_id <> ''`
  return [
    {
      into: 'device_pairs',
      select: sql`
select k.anonymous_id, k.user_id, k.first_seen_at, k.last_seen_at, k.first_event_key, 0 as is_new
from ${stored(c, 'known_pairs')} as k
where k.to_run = ${OPEN_RUN} and k.anonymous_id in (select anonymous_id from ${sql.staging('devices')})
union all
select
    anonymous_id, user_id, min(started_at) as first_seen_at, max(ended_at) as last_seen_at,
    ${eventKeyOf(sql`min(first_key)`)} as first_event_key, 1 as is_new
from ${sql.staging('visits_merged')}
where anonymous_id <> '' and user_id <> ''
group by anonymous_id, user_id
`,
    },
    {
      into: 'device_users',
      select: sql`
select
    anonymous_id,
    count(distinct user_id) as users,
    count(distinct case when is_new = 0 then user_id end) as users_before,
    min(user_id) as single_user
from ${sql.staging('device_pairs')}
group by anonymous_id
`,
    },
    {
      into: 'looked_at_devices',
      select: sql`
select anonymous_id from ${sql.staging('device_users')}
where ${c.recompute.identities ? sql`1 = 1` : sql`users_before = 0 or (users > 1 and not ${staysShared})`}
union distinct
-- Two events at one instant: which of them was first only the visits know.
select n.anonymous_id
from ${sql.staging('device_pairs')} as n
join ${sql.staging('device_pairs')} as o on o.anonymous_id = n.anonymous_id and o.user_id = n.user_id
where n.is_new = 1 and o.is_new = 0 and o.first_seen_at = n.first_seen_at and o.first_event_key <> n.first_event_key${broken}
`,
    },
  ]
}

/** Every visit of those devices as it will be after the run, `is_new` 1 for those this run made. */
export function deviceVisits(c: StageContext): KeyedStep | Step {
  const piece = sql.join(VISIT_PIECE.map((name) => sql`v.${sql.id(name)}`))
  const none = c.d.cast(sql`null`, 'string')
  return keyed(c, {
    into: 'device_visits',
    keys: sql`select anonymous_id as id from ${sql.staging('looked_at_devices')} order by anonymous_id`,
    select: (keys) => sql`
select v.visit_id, ${piece}, v.owner_id, v.person_id, 0 as is_new
from ${stored(c, 'visits')} as v
where ${keys ? c.d.isOneOf('v.anonymous_id', keys) : sql`v.anonymous_id in (select anonymous_id from ${sql.staging('looked_at_devices')})`}
    and v.visit_id not in (select visit_id from ${sql.staging('visits_gone')})
union all
select v.visit_id, ${piece}, ${none} as owner_id, ${none} as person_id, 1 as is_new
from ${sql.staging('visits_merged')} as v
where v.anonymous_id in (select anonymous_id from ${sql.staging('looked_at_devices')})
`,
  })
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
  const none = c.d.cast(sql`null`, 'string')
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
select
    v.visit_id, 1 as is_new, ${none} as old_owner_id, ${none} as old_person_id,
    case when v.user_id <> '' then v.user_id when u.users = 1 then u.single_user else v.anonymous_id end as owner_id
from ${sql.staging('visits_merged')} as v
left join ${sql.staging('device_users')} as u on u.anonymous_id = v.anonymous_id
where v.anonymous_id not in (select anonymous_id from ${sql.staging('looked_at_devices')})
`,
  }
}
