import { sql } from '../warehouses/sql.ts'
import { eventKeyOf, timeKey } from './order.ts'
import type { StageContext, Step } from './stage.ts'

/**
 * Known pairs of the devices on which somebody was seen: of devices that were looked at from their visits, of others
 * from the pair as it is and the new visits.
 */
export function knownPairRows({ d }: StageContext): readonly Step[] {
  return [
    {
      into: 'paired_devices',
      select: sql`
select anonymous_id from ${sql.staging('looked_at_devices')}
union distinct
select anonymous_id from ${sql.staging('device_pairs')} where is_new = 1
`,
    },
    {
      into: 'known_pairs_rows',
      select: sql`
select
    anonymous_id,
    user_id,
    min(started_at) as first_seen_at,
    max(ended_at) as last_seen_at,
    ${eventKeyOf(sql`min(first_key)`)} as first_event_key
from ${sql.staging('device_visits')}
where user_id <> ''
group by anonymous_id, user_id
union all
select
    anonymous_id,
    user_id,
    min(first_seen_at) as first_seen_at,
    max(last_seen_at) as last_seen_at,
    ${d.firstBy('first_event_key', sql`${timeKey(d, 'first_seen_at')} || first_event_key`)} as first_event_key
from ${sql.staging('device_pairs')}
where anonymous_id in (select anonymous_id from ${sql.staging('paired_devices')})
    and anonymous_id not in (select anonymous_id from ${sql.staging('looked_at_devices')})
group by anonymous_id, user_id
`,
    },
  ]
}
