import { type Sql, sql } from '../warehouses/sql.ts'
import { remembered } from './from-sources.ts'
import { newEvents } from './new-events.ts'
import { orderKey } from './order.ts'
import { atomColumns, type StageContext } from './stage.ts'

/** The columns of `events` that, with the order key, visits and candidates are made of. */
export const BATCH = [
  'event_key',
  'type',
  'event_name',
  'group_id',
  'previous_id',
  'occurred_at',
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

/** The events that make visits in this run: a relation, for they are as wide as they are many. */
export const batch = (c: StageContext): Sql =>
  sql`(${
    c.isRebuild
      ? everyEvent(c)
      : sql`${usable(newEvents(c))}
union all${usable(sql.staging('reread'))}
`
  })`

/** The columns that visits are made of, of the events that no exclusion keeps out of them. */
const usable = (events: Sql, key: Sql = sql`order_key`) => sql`
select ${sql.join(BATCH)}, ${key} as order_key, ${atomColumns()}
from ${events} as e
where excluded_reason is null`

/** Every event as it is after the run, in the columns of the batch. */
export function everyEvent(c: StageContext): Sql {
  const key = orderKey(c.d, 'e')
  if (!c.readsSources && !c.recompute.events) return usable(sql.table('events'), key)
  const kept = sql`(
    select e.*
    from ${remembered(c, 'events')} as e
    left join ${sql.staging('withdrawn')} as w
        on w.event_key = e.event_key and w.occurred_at = e.occurred_at and w.received_at = e.received_at
    where w.event_key is null
)`
  return sql`${usable(newEvents(c))}
union all${usable(kept, key)}
`
}
