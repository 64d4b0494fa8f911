import type { Dialect } from '../warehouses/dialect.ts'
import { type Sql, sql } from '../warehouses/sql.ts'
import type { Row, Warehouse } from '../warehouses/warehouse.ts'
import { type Lease, leaseLost } from './lease.ts'
import type { RunKind } from './report.ts'
import type { StageContext } from './stage.ts'
import { runs } from './tables/records.ts'

/** What the record of a run says that ended without saying how. */
export const DIED =
  'It ended without a word: the process was killed, lost its machine, or was taken for dead. Nothing of it was published; the run after it took in the same news.'

/** Readers see what is written from now on. Also what a run left that died between its two transactions. */
export const publishWritten = (d: Dialect): Sql =>
  sql`update ${sql.table('runs')} set state = 'published', published_at = ${d.now()} where state = 'written'`

/** Lets readers see what is written. */
export async function markPublished(warehouse: Warehouse): Promise<void> {
  await warehouse.transaction([publishWritten(warehouse.dialect)], { label: 'make visible', repeat: 'always' })
}

/** Settles what earlier runs left: one that died after its transaction is published, one that died before has failed. */
export async function settleEarlierRuns(warehouse: Warehouse, lease: Lease): Promise<void> {
  await warehouse.transaction(
    [
      ...lease.fence(),
      publishWritten(warehouse.dialect),
      sql`update ${sql.table('runs')} set state = 'failed', finished_at = ${warehouse.dialect.now()}, error = ${DIED} where state = 'running'`,
    ],
    { label: 'settle earlier runs', repeat: 'always' },
  )
}

/** Writes down that a run is at work. Only the holder of the lease may: so its number is nobody else's. */
export async function recordBegin(
  warehouse: Warehouse,
  c: StageContext,
  lease: Lease,
  { kind, version }: { kind: RunKind; version: string },
): Promise<void> {
  const none = c.d.cast(sql`null`, 'timestamp')
  await warehouse.execute(
    sql`insert into ${sql.table('runs')} (${sql.join(Object.keys(runs.columns))})
select ${c.run}, ${kind}, 'running', ${sql.timestamp(c.startedAt)}, ${none}, ${none}, ${none}, ${version}, 0, 0, ${c.d.cast(sql`null`, 'string')}
from (select 1 as one) as o
where not exists (select 1 from ${sql.table('runs')} where run_id = ${c.run}) and ${lease.isHeld}`,
    { label: `run ${c.run} begin` },
  )
  if (!(await lease.isOurs({}))) throw leaseLost()
}

/**
 * Holds while the run is at work. In the fence of the publish transaction it keeps a repeated one from being applied twice,
 * and one that was given up for dead from being applied at all.
 */
export const isAtWork = (c: StageContext): Sql =>
  sql`(select count(*) from ${sql.table('runs')} where run_id = ${c.run} and state = 'running') >= 1`

/** Whether the publish transaction of a run was committed: settles an answer that was lost. */
export async function isRunWritten(warehouse: Warehouse, run: number): Promise<boolean> {
  const [row] = await warehouse.query<Row & { n: number }>(
    sql`select count(*) as n from ${sql.table('runs')} where run_id = ${run} and state in ('written', 'published')`,
  )
  return (row?.n ?? 0) >= 1
}

/** Keeps the reason of a failure for `status`. */
export async function recordFailure(
  warehouse: Warehouse,
  c: StageContext,
  lease: Lease,
  error: unknown,
): Promise<void> {
  const message = error instanceof Error ? error.message.slice(0, 2000) : String(error)
  await warehouse.execute(
    sql`update ${sql.table('runs')}
set state = 'failed', finished_at = ${c.d.now()}, error = ${message}
where run_id = ${c.run} and state = 'running' and ${lease.isHeld}`,
  )
}

/** Versioned rows that the run opened or closed. */
export async function readRowsWritten(warehouse: Warehouse, run: number): Promise<number> {
  const [row] = await warehouse.query<Row & { rows_written: number }>(
    sql`select rows_written from ${sql.table('runs')} where run_id = ${run}`,
  )
  return row?.rows_written ?? 0
}
