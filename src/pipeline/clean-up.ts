import type { Warehouse } from '../warehouses/warehouse.ts'
import type { Lease } from './lease.ts'

/** What a run leaves behind goes, however it ended; each is tried once: the next run begins with the same. */
export async function cleanUp(opened: Warehouse, lease: Lease): Promise<void> {
  const isOurs = await lease.isOurs().catch(() => false)
  if (isOurs) await opened.dropStaging().catch(() => undefined) // else they may be another run's
  await lease.release().catch(() => undefined) // an unreleased lease runs out
}
