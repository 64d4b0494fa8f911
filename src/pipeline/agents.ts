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
from ${sql.staging('shaped')} as s
left join ${sql.table('user_agents')} as a on a.user_agent = s.user_agent
where s.user_agent is not null and a.user_agent is null
`,
    { signal },
  )
  if (unknown.length > 0) {
    const found = unknown.map(({ user_agent }) => ({ user_agent, is_bot: isbot(user_agent) }))
    await warehouse.loadStaging('agents_new', userAgents.columns, found, { signal })
    // Reference data: what a user agent is does not depend on whether this run comes to its end.
    await warehouse.execute(
      sql`insert into ${sql.table('user_agents')} (user_agent, is_bot)
select n.user_agent, n.is_bot
from ${sql.staging('agents_new')} as n
where not exists (select 1 from ${sql.table('user_agents')} as a where a.user_agent = n.user_agent)`,
      { signal, label: 'user agents' },
    )
  }
  await warehouse.stage(
    'agents',
    sql`
select distinct user_agent, is_bot from ${sql.table('user_agents')}
where user_agent in (select user_agent from ${sql.staging('shaped')})
`,
    { signal },
  )
}
