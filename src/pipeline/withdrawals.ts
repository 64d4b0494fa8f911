import { sql } from '../warehouses/sql.ts'
import { BATCH } from './batch.ts'
import { orderKey } from './order.ts'
import { daysOf, eventsIn } from './ranges.ts'
import { atomColumns, type RangedStep, type StageContext, type Step } from './stage.ts'

/** The columns of `events` that taking an event back needs. */
const WITHDRAWN = [
  'event_key',
  'occurred_at',
  'received_at',
  'event_name',
  'type',
  'excluded_reason',
  'group_id',
  'anonymous_id',
  'user_id',
  'is_in_session',
]

/**
 * Stored visits that held a withdrawn event, and the events to make them anew from. The only reads of `events` in an
 * increment: of the times of withdrawn events, and of the visits that held them.
 */
export function brokenVisits(c: StageContext): readonly (Step | RangedStep)[] {
  if (c.isRebuild) return []
  const columns = WITHDRAWN.slice(0, -3).map((name) => sql`e.${sql.id(name)}`)
  return [
    {
      into: 'withdrawn_events',
      select: sql`
select ${sql.join(columns)}, ${orderKey(c.d, 'e')} as order_key, ${atomColumns('e')}
from ${eventsIn(c.withdrawnRanges, WITHDRAWN)} as e
join ${sql.staging('withdrawn')} as w
    on w.event_key = e.event_key and w.occurred_at = e.occurred_at and w.received_at = e.received_at
`,
    },
    {
      into: 'visits_broken',
      select: sql`
select distinct v.*
from ${sql.table('visits')} as v
join ${sql.staging('withdrawn_events')} as w
    on w.anonymous_id = v.anonymous_id and w.user_id = v.user_id and w.is_in_session = v.is_in_session
where w.excluded_reason is null and v.started_at <= w.occurred_at and v.ended_at >= w.occurred_at
`,
    },
    {
      into: 'reread',
      ranges: daysOf(c.d.dateTrunc('day', 'started_at'), sql`started_at`, sql`ended_at`, sql.staging('visits_broken')),
      select: (ranges) => sql`
select e.*, ${orderKey(c.d, 'e')} as order_key
from ${eventsIn(ranges, [...BATCH, 'received_at', 'excluded_reason', 'anonymous_id', 'user_id', 'is_in_session'])} as e
join ${sql.staging('visits_broken')} as v
    on v.anonymous_id = coalesce(e.anonymous_id, '') and v.user_id = coalesce(e.user_id, '') and v.is_in_session = e.is_in_session
left join ${sql.staging('withdrawn_events')} as w
    on w.event_key = e.event_key and w.occurred_at = e.occurred_at and w.received_at = e.received_at
where e.excluded_reason is null and w.event_key is null
    and e.occurred_at >= v.started_at and e.occurred_at <= v.ended_at
`,
    },
    {
      into: 'reread_keys',
      select: sql`
select event_key, order_key, occurred_at from ${sql.staging('reread')}
union all
select event_key, order_key, occurred_at from ${sql.staging('withdrawn_events')}
`,
    },
  ]
}
