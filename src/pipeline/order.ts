import type { Dialect } from '../warehouses/dialect.ts'
import { type Sql, sql } from '../warehouses/sql.ts'

/** Length of an order key: 16 digits of microseconds, `0` or `1`, 32 hex digits of the event key. */
const ORDER_KEY_LENGTH = 49

/** The event key at the end of an order key. */
export const eventKeyOf = (orderKey: Sql | string): Sql => sql`substr(${sql.join([orderKey])}, 18)`

/** The time at the front of an order key: microseconds in 16 digits, so that text compares as time does. */
export const timeKey = (d: Dialect, time: Sql | string): Sql =>
  sql`lpad(${d.cast(d.epochMicroseconds(time), 'string')}, 16, '0')`

/**
 * Place of an event in the order of events, compared by bytes: microseconds, `0` for pages and screens else `1`, event
 * key. `events` does not hold it: it is made of three of its columns, and as long as they are.
 */
export const orderKey = (
  d: Dialect,
  event: string,
  isPage: Sql = sql`${sql.id(event)}.type in ('page', 'screen')`,
): Sql =>
  sql`${timeKey(d, `${event}.occurred_at`)} || case when ${isPage} then '0' else '1' end || ${sql.id(event)}.event_key`

/** What follows an order key in a text that begins with one: the value of `min(order_key || value)`. */
export const afterOrderKey = (text: Sql | string): Sql => sql`substr(${sql.join([text])}, ${ORDER_KEY_LENGTH + 1})`

/**
 * Events in their visits: each row of `items` (columns anonymous_id, user_id, is_in_session, order_key and others) with
 * the `visit_id` of the one of `visits` that it lies in; items in none of them are left out. Both have to be
 * relations. One window over visits and items, not a join of every visit of an atom with every item of it.
 */
export function withVisit(d: Dialect, items: Sql, visits: Sql): Sql {
  return sql`
with marks as (
    select anonymous_id, user_id, is_in_session, first_key as order_key, 0 as kind, first_key || visit_id as mark
    from ${visits} as v
    union all
    select distinct anonymous_id, user_id, is_in_session, order_key, 1 as kind, ${d.cast(sql`null`, 'string')} as mark
    from ${items} as i
),

carried as (
    select
        *,
        max(mark) over (
            partition by anonymous_id, user_id, is_in_session order by order_key, kind
            rows between unbounded preceding and current row
        ) as latest
    from marks
)

select i.*, v.visit_id
from carried as c
join ${visits} as v on v.visit_id = ${afterOrderKey('c.latest')} and v.last_key >= c.order_key
join ${items} as i
    on i.anonymous_id = c.anonymous_id and i.user_id = c.user_id and i.is_in_session = c.is_in_session and i.order_key = c.order_key
where c.kind = 1
`
}
