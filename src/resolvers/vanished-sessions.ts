import { sql } from '../warehouses/sql.ts'
import { type Context, type PublishedRun, read, visibleIn } from './context.ts'

interface Event {
  readonly [column: string]: string | null
  readonly anonymous_id: string | null
  readonly user_id: string | null
  readonly occurred_at: string
}

/**
 * The session that holds an event. A session is named by its first event; when an earlier one arrives or two sessions
 * merge, the name vanishes, but the event stays in some session: one of a person that owns visits of the event's user,
 * or else of its device, at that time.
 */
export async function sessionOfEvent(context: Context, run: PublishedRun, eventKey: string): Promise<string | null> {
  const [event] = await read<Event>(
    context,
    'event of a vanished session',
    sql`
select anonymous_id, user_id, occurred_at
from ${sql.table('events')}
where event_key = ${eventKey} and run_id <= ${run.run_id} and is_in_session and excluded_reason is null`,
  )
  if (!event) return null
  const id = event.user_id ?? event.anonymous_id
  const [session] = await read<{ session_id: string }>(
    context,
    'session of an event',
    sql`
select session_id
from ${sql.table('sessions')}
where ${visibleIn(run)}
    and started_at <= ${sql.timestamp(event.occurred_at)} and ended_at >= ${sql.timestamp(event.occurred_at)}
    and person_id in (select person_id from ${sql.table('aliases')} where id = ${id} and ${visibleIn(run)})
order by started_at desc, session_id
limit 1`,
  )
  return session?.session_id ?? null
}
