import { sql } from '../warehouses/sql.ts'
import { remembered } from './from-sources.ts'
import type { StageContext, Step } from './stage.ts'

/**
 * Which copy of each message counts.
 *
 * Copies of one event key received within the horizon of each other form a cluster; the one received first wins, ties
 * by content. The ledger remembers the winner and the reach of each cluster, so that a copy that arrives in any later
 * run finds it. Only keys with more than one copy pass through windows. `counted` counts what became of the rows
 * while they are all still there. Where stored events are revised as well, what it finds is only part of what is
 * withdrawn and new.
 */
export function resolveDuplicates(c: StageContext, counted: Step): readonly Step[] {
  const { d } = c
  // Two hundred years: see docs/decisions/0005.
  const horizon = 200 * 365 * 86_400_000_000
  return [
    // The ledger is as long as history: of all its rows only two numbers are read, the rest where a key may be known.
    {
      into: 'ledger_hits',
      select: sql`
select key_hash, received_at
from ${remembered(c, 'event_ledger')} as l
where key_hash in (select ${d.hashNumber('event_key')} from ${sql.staging('incoming')})
`,
    },
    {
      into: 'copies',
      select: sql`
select event_key, received_at, received_at as last_received_at, content_hash, occurred_at, row_number_read, 0 as is_stored
from ${sql.staging('incoming')}
union all
select l.event_key, l.received_at, l.last_received_at, l.content_hash, l.occurred_at, 0 as row_number_read, 1 as is_stored
from ${remembered(c, 'event_ledger')} as l
where l.received_at >= (select min(received_at) from ${sql.staging('ledger_hits')})
    and l.received_at <= (select max(received_at) from ${sql.staging('ledger_hits')})
    and l.key_hash in (select key_hash from ${sql.staging('ledger_hits')})
    and l.event_key in (select event_key from ${sql.staging('incoming')})
`,
    },
    {
      into: 'contested',
      select: sql`
with keys as (
    select event_key from ${sql.staging('copies')} group by event_key having count(*) > 1
),

reached as (
    select
        c.*,
        max(c.last_received_at) over (
            partition by c.event_key order by c.received_at, c.content_hash, c.is_stored desc, c.row_number_read
            rows between unbounded preceding and 1 preceding
        ) as reach
    from ${sql.staging('copies')} as c
    join keys as k on k.event_key = c.event_key
),

clustered as (
    select
        *,
        sum(case when reach is null or ${d.microsecondsBetween('reach', 'received_at')} > ${horizon} then 1 else 0 end) over (
            partition by event_key order by received_at, content_hash, is_stored desc, row_number_read
            rows between unbounded preceding and current row
        ) as cluster_number
    from reached
)

select
    *,
    row_number() over (
        partition by event_key, cluster_number order by received_at, content_hash, is_stored desc, row_number_read
    ) as place,
    max(is_stored) over (partition by event_key, cluster_number) as has_stored,
    min(is_stored) over (partition by event_key, cluster_number) as is_only_stored,
    max(is_stored) over (partition by event_key, cluster_number, content_hash) as is_known_content,
    min(row_number_read) over (partition by event_key, cluster_number, content_hash) as first_of_content,
    max(last_received_at) over (partition by event_key, cluster_number) as cluster_last_received_at
from clustered
`,
    },
    {
      into: 'contested_rows',
      select: sql`
select
    row_number_read,
    case
        when has_stored = 0 and place = 1 then 'fresh'
        when has_stored = 1 and place = 1 then 'replacing'
        when is_known_content = 1 then 'seen'
        -- Below zero stands what earlier runs have read, and is tried again.
        when first_of_content < 0 and row_number_read > 0 then 'seen'
        else 'duplicate'
    end as status
from ${sql.staging('contested')}
where is_stored = 0
`,
    },
    counted,
    {
      into: c.recompute.events ? 'replaced' : 'withdrawn',
      select: sql`
select event_key, received_at, occurred_at
from ${sql.staging('contested')}
where is_stored = 1 and place > 1
`,
    },
    // Rows of clusters in which nothing changed stay as they are.
    {
      into: 'ledger_changes',
      select: sql`
select ${d.hashNumber('event_key')} as key_hash, event_key, received_at, last_received_at, content_hash, occurred_at, 0 as is_old
from ${sql.staging('copies')}
where is_stored = 0 and event_key not in (select event_key from ${sql.staging('contested')})
union all
select ${d.hashNumber('c.event_key')} as key_hash, c.event_key, c.received_at, c.cluster_last_received_at, c.content_hash, c.occurred_at, 0 as is_old
from ${sql.staging('contested')} as c
where c.place = 1 and c.is_only_stored = 0
    and not (c.is_stored = 1 and c.last_received_at = c.cluster_last_received_at)
union all
select ${d.hashNumber('c.event_key')} as key_hash, c.event_key, c.received_at, c.last_received_at, c.content_hash, c.occurred_at, 1 as is_old
from ${sql.staging('contested')} as c
where c.is_stored = 1 and c.is_only_stored = 0
    and not (c.place = 1 and c.last_received_at = c.cluster_last_received_at)
`,
    },
  ]
}
