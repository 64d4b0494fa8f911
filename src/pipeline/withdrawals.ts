import { sql } from '../warehouses/sql.ts'
import { atomColumns, type StageContext, type Step } from './stage.ts'

/** Stored visits that held a withdrawn event, and the events to make them anew from. */
export function brokenVisits(c: StageContext): readonly Step[] {
  if (c.isRebuild) return []
  return [
    {
      into: 'withdrawn_events',
      select: sql`
select e.event_key, e.occurred_at, e.received_at, e.order_key, e.event_name, e.type, e.excluded_reason, ${atomColumns('e')}
from ${sql.table('events')} as e
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
      select: sql`
select e.*
from ${sql.table('events')} as e
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
select order_key from ${sql.staging('reread')}
union all
select order_key from ${sql.staging('withdrawn_events')}
`,
    },
  ]
}
