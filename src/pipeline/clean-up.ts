import type { RunOptions, Warehouse } from '../warehouses/warehouse.ts'
import type { Lease } from './lease.ts'

/** Drops all staging tables, unless they may be those of another run, which has the lease by now. */
export async function dropStaging(warehouse: Warehouse, lease: Lease, options?: RunOptions): Promise<void> {
  if (await lease.isOurs(options)) await warehouse.dropStaging()
}

/** What a run leaves behind goes, however it ended; each is tried once: the next run begins with the same. */
export async function cleanUp(opened: Warehouse, lease: Lease): Promise<void> {
  await dropStaging(opened, lease).catch(() => undefined)
  await lease.release().catch(() => undefined) // an unreleased lease runs out
}
