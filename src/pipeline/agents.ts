import { isbot } from 'isbot'
import { sql } from '../warehouses/sql.ts'
import type { Row, Warehouse } from '../warehouses/warehouse.ts'
import { userAgents } from './tables/records.ts'

/**
 * Looks up which user agents of the batch declare themselves bots: staging table `agents`. The library runs once per distinct agent, not per event.
 */
export async function lookUpAgents(warehouse: Warehouse, signal?: AbortSignal): Promise<void> {
  const unknown = await warehouse.query<Row & { user_agent: string }>(
    sql`
select distinct s.user_agent
from ${sql.staging('checked')} as s
left join ${sql.table('user_agents')} as a on a.user_agent = s.user_agent
where s.reason is null and s.user_agent is not null and a.user_agent is null
`,
    { signal },
  )
  // Reference data: what a user agent is does not depend on whether this run comes to its end.
  await warehouse.load(
    userAgents,
    unknown.map(({ user_agent }) => ({ user_agent, is_bot: isbot(user_agent) })),
    { signal },
  )
  await warehouse.stage(
    'agents',
    sql`
select user_agent, is_bot from ${sql.table('user_agents')}
where user_agent in (select user_agent from ${sql.staging('checked')} where reason is null)
`,
    { signal },
  )
}
