import type { Warehouse } from './warehouse.ts'

/** Which warehouse, and how to reach it. */
export type WarehouseOptions = {
  readonly kind: 'duckdb'
  readonly path: string
  readonly schema: string
  readonly memoryLimit?: string
  readonly threads?: number
}

/** Opens the configured warehouse; its driver is loaded only now. */
export async function openWarehouse(options: WarehouseOptions): Promise<Warehouse> {
  const { openDuckdb } = await import('./duckdb.ts')
  return openDuckdb(options)
}
