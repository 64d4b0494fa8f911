import { sql } from '../warehouses/sql.ts'
import { exclusionReason, isSession, outsideHosts, outsideReferrer } from './incoming.ts'
import { isIgnoredId } from './messages.ts'
import { taken } from './new-events.ts'
import { orderKey } from './order.ts'
import { daysOf, eventsIn } from './ranges.ts'
import type { RangedStep, StageContext, Step } from './stage.ts'
import { events } from './tables/events.ts'

/** Ids of an event, as `events` has them; each with `ignored_…` for what was delivered and is on the ignore list. */
const IDS = ['anonymous_id', 'user_id', 'previous_id'] as const

/** What settings make of an event; everything else in it is as delivered. */
const REVISED = [
  ...IDS.flatMap((id) => [id, `ignored_${id}`]),
  'is_in_session',
  'referrer_host',
  'excluded_reason',
] as const

/**
 * Stored events that would be others if they were taken in now: `revisions`, their keys and new values. Ids by the ignore
 * list, outside referrers by the sites and the exclusion list, exclusions, verdicts on bots. An event without an id, or
 * from before `notBefore`, would be refused: its line is gone, so it stays, excluded as `NO_ID` or `PAST`.
 */
export function findRevisions(c: StageContext): readonly Step[] {
  const given = IDS.map((id) => sql`coalesce(${sql.id(id)}, ${sql.id(`ignored_${id}`)}) as ${sql.id(`given_${id}`)}`)
  const was = REVISED.map((name) => sql`${sql.id(name)} as ${sql.id(`was_${name}`)}`)
  const cleaned = IDS.flatMap((id) => {
    const value = sql.id(`given_${id}`)
    return [
      sql`case when not ${isIgnoredId(c, value)} then ${value} end as ${sql.id(id)}`,
      sql`case when ${isIgnoredId(c, value)} then ${value} end as ${sql.id(`ignored_${id}`)}`,
    ]
  })
  const notBefore = new Date(c.options.events.notBefore).toISOString()
  const differs = REVISED.map((name) =>
    name === 'is_in_session'
      ? sql`is_in_session <> was_is_in_session`
      : sql`coalesce(${sql.id(name)}, '') <> coalesce(${sql.id(`was_${name}`)}, '')`,
  )
  return [
    outsideHosts(
      c,
      'outside_hosts_stored',
      sql`select distinct raw_referrer_host as host from ${sql.table('events')} where raw_referrer_host is not null`,
    ),
    {
      into: 'revisions',
      select: sql`
with delivered as (
    select
        event_key, occurred_at, received_at, event_name, page_host, page_path, raw_referrer_host, library, user_agent, is_released,
        ${sql.join(given)},
        ${sql.join(was)}
    from ${sql.table('events')}
),

cleaned as (
    select *, ${sql.join(cleaned)} from delivered
),

judged as (
    select
        s.*,
        ${isSession('s')} as is_in_session,
        ${outsideReferrer} as referrer_host,
        case
            when s.anonymous_id is null and s.user_id is null then 'NO_ID'
            when s.occurred_at < ${sql.timestamp(notBefore)} and not s.is_released then 'PAST'
            ${exclusionReason(c, 'b')}
        end as excluded_reason
    from cleaned as s
    left join ${sql.staging('outside_hosts_stored')} as o on o.host = s.raw_referrer_host
    left join ${sql.table('user_agents')} as b on b.user_agent = s.user_agent
)

select event_key, occurred_at, received_at, ${sql.join([...REVISED])}
from judged
where ${sql.join(differs, '\n    or ')}
`,
    },
  ]
}

/**
 * The revised events beside what the run takes in: the old rows are withdrawn and the new ones are new, so that visits are
 * broken and built, activity is taken back and aliases are linked again as in any other run.
 */
export function reviseEvents(c: StageContext): readonly (Step | RangedStep)[] {
  const columns = Object.keys(events.columns)
  const revised = columns.map((name) =>
    (REVISED as readonly string[]).includes(name) ? sql`r.${sql.id(name)}` : sql`e.${sql.id(name)}`,
  )
  // An event that loses to another copy in this run has nothing to be revised.
  const notReplaced = c.readsSources
    ? sql`
left join ${sql.staging('replaced')} as p
    on p.event_key = r.event_key and p.received_at = r.received_at and p.occurred_at = r.occurred_at
where p.event_key is null`
    : sql.empty
  return [
    ...findRevisions(c),
    {
      into: 'withdrawn',
      select: sql`${
        c.readsSources
          ? sql`
select event_key, received_at, occurred_at from ${sql.staging('replaced')}
union all`
          : sql.empty
      }
select r.event_key, r.received_at, r.occurred_at
from ${sql.staging('revisions')} as r${notReplaced}
`,
    },
    {
      into: 'new_events',
      ranges: daysOf(c.d.dateTrunc('day', 'occurred_at'), sql`occurred_at`, sql`occurred_at`, sql.staging('revisions')),
      select: (ranges) => sql`${
        c.readsSources
          ? sql`
select ${sql.join([...columns, 'order_key'])} from ${taken(c)} as t
union all`
          : sql.empty
      }
select ${sql.join(revised)}, ${orderKey(c.d, 'e')} as order_key
from ${eventsIn(ranges, columns)} as e
join ${sql.staging('revisions')} as r
    on r.event_key = e.event_key and r.received_at = e.received_at and r.occurred_at = e.occurred_at${notReplaced}
`,
    },
  ]
}
