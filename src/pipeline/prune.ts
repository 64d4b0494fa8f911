import { sql } from '../warehouses/sql.ts'
import type { Row, Warehouse } from '../warehouses/warehouse.ts'
import { oldestPin } from './pins.ts'
import { versionedTables } from './tables/tables.ts'

const HOUR = 3_600_000_000

/** How much history stays. */
export interface Keeping {
  /** Answers can be asked again as of any moment of the last so many days. */
  readonly keepDays: number
  /** Replaces the warehouse's clock, for tests. */
  readonly now?: Date
  /** The warehouse as requests know it, where they pin their runs; by default the one that is pruned. */
  readonly pinnedIn?: Warehouse
}

/**
 * Removes versions that no answer can be asked for any more.
 *
 * First the runs before the oldest kept one are marked `pruned`: from then on nobody can ask for them. Only then are the
 * requests of this process asked which runs they still read, and rows that ended before all of those are deleted. So a
 * request that found its run still there has pinned it by the time anything goes. What a request or a dead process
 * leaves behind goes with the next call. A deleted row is visible in no run that can be read, so no read can be torn.
 */
export async function pruneVersions(warehouse: Warehouse, keeping: Keeping): Promise<void> {
  await markPruned(warehouse, keeping)
  const runs = sql.table('runs')
  const [row] = await warehouse.query<Row & { oldest: number | null; pruned: number }>(sql`
select
    (select min(run_id) from ${runs} where state = 'published') as oldest,
    (select count(*) from ${runs} where state = 'pruned') as pruned`)
  if (!row?.pruned || row.oldest === null) return
  const limit = Math.min(row.oldest, oldestPin(keeping.pinnedIn ?? warehouse) ?? row.oldest)
  // The sentinel row of a table has `to_run` 0 and stays.
  await warehouse.transaction(
    versionedTables.map(({ name }) => sql`delete from ${sql.table(name)} where to_run > 0 and to_run <= ${limit}`),
    { label: 'prune versions' },
  )
}

/** The oldest kept run is the one that readers saw `keepDays` ago, and never one that was the last within the hour. */
async function markPruned(warehouse: Warehouse, { keepDays, now }: Keeping): Promise<void> {
  const runs = sql.table('runs')
  const { dialect: d } = warehouse
  const clock = now ? sql.timestamp(now.toISOString()) : d.now()
  const since = d.addMicroseconds(clock, sql`${-Math.max(keepDays * 24 * HOUR, HOUR)}`)
  await warehouse.transaction([
    sql`update ${runs}
set state = 'pruned'
where state = 'published' and run_id < (
    select max(run_id) from ${runs} where state = 'published' and published_at <= ${since}
)`,
  ])
}
