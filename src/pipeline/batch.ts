import { type Sql, sql } from '../warehouses/sql.ts'
import { remembered } from './from-sources.ts'
import { atomColumns, type StageContext, type Step } from './stage.ts'

/** The columns of `events` that visits and candidates are made of. */
export const BATCH = [
  'event_key',
  'type',
  'event_name',
  'group_id',
  'previous_id',
  'occurred_at',
  'order_key',
  'page_url',
  'page_path',
  'referrer',
  'referrer_host',
  'raw_referrer_host',
  'utm_source',
  'utm_medium',
  'utm_campaign',
  'utm_content',
  'utm_term',
  'click_id',
  'properties',
  'is_stripped',
]

/** The events that make visits in this run. */
export function batch(c: StageContext): Step {
  return {
    into: 'batch',
    select: c.isRebuild
      ? everyEvent(c)
      : sql`${usable(sql.staging('new_events'))}
union all${usable(sql.staging('reread'))}
`,
  }
}

/** The columns that visits are made of, of the events that no exclusion keeps out of them. */
const usable = (events: Sql) => sql`
select ${sql.join(BATCH)}, ${atomColumns()}
from ${events}
where excluded_reason is null`

/** Every event as it is after the run, in the columns of the batch. */
export function everyEvent(c: StageContext): Sql {
  if (!c.readsSources && !c.recompute.events) return usable(sql.table('events'))
  const kept = sql`(
    select e.*
    from ${remembered(c, 'events')} as e
    left join ${sql.staging('withdrawn')} as w
        on w.event_key = e.event_key and w.occurred_at = e.occurred_at and w.received_at = e.received_at
    where w.event_key is null
) as kept`
  return sql`${usable(sql.staging('new_events'))}
union all${usable(kept)}
`
}
