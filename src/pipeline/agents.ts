import { isbot } from 'isbot'
import isbotPackage from 'isbot/package.json' with { type: 'json' }
import { type Sql, sql } from '../warehouses/sql.ts'
import type { Row, Warehouse } from '../warehouses/warehouse.ts'
import { insertInto, type Step } from './stage.ts'
import { userAgents } from './tables/records.ts'

/** Which version of the library gives the verdicts: part of what exclusions depend on. */
export const botsVersion: string = isbotPackage.version

/** Judges every known user agent again when another version of the library judged them. */
export async function judgeAgents(warehouse: Warehouse): Promise<void> {
  const fingerprints = sql.table('stage_fingerprints')
  const [stored] = await warehouse.query<Row & { fingerprint: string }>(
    sql`select fingerprint from ${fingerprints} where stage = 'bots'`,
  )
  if (stored?.fingerprint === botsVersion) return
  const agents = await warehouse.query<Row & { user_agent: string }>(
    sql`select user_agent from ${sql.table('user_agents')}`,
  )
  await warehouse.loadStaging(
    'user_agents_load',
    userAgents.columns,
    agents.map(({ user_agent }) => ({ user_agent, is_bot: isbot(user_agent) })),
  )
  await warehouse.transaction([
    sql`delete from ${sql.table('user_agents')} where 1 = 1`,
    insertInto('user_agents', Object.keys(userAgents.columns), 'user_agents_load'),
    sql`delete from ${fingerprints} where stage = 'bots'`,
    sql`insert into ${fingerprints} (stage, fingerprint, run_id) select 'bots', ${botsVersion}, 0`,
  ])
}

/**
 * Looks up which user agents of the batch declare themselves bots: staging table `agents`. The library runs once per distinct agent, not per event.
 */
export async function lookUpAgents(warehouse: Warehouse, signal?: AbortSignal): Promise<void> {
  const unknown = await warehouse.query<Row & { user_agent: string }>(unknownAgents, { signal })
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
  await warehouse.stage(agentsOfBatch.into, agentsOfBatch.select, { signal })
}

/** User agents of the batch that no run has looked up. */
export const unknownAgents: Sql = sql`
select distinct s.user_agent
from ${sql.staging('checked')} as s
left join ${sql.table('user_agents')} as a on a.user_agent = s.user_agent
where s.reason is null and s.user_agent is not null and a.user_agent is null
`

/** Those of the batch, all looked up. */
export const agentsOfBatch: Step = {
  into: 'agents',
  select: sql`
select distinct user_agent, is_bot from ${sql.table('user_agents')}
where user_agent in (select user_agent from ${sql.staging('checked')} where reason is null)
`,
}
