import { sql } from '../../src/warehouses/sql.ts'
import type { Row, Warehouse } from '../../src/warehouses/warehouse.ts'

/** The warehouse, with all that ever stands in a staging table said as JSON. */
export function watched(warehouse: Warehouse, see: (rows: string) => void): Warehouse {
  const watching =
    <A extends readonly unknown[], R>(make: (name: string, ...rest: A) => Promise<R>) =>
    async (name: string, ...rest: A): Promise<R> => {
      const made = await make(name, ...rest)
      see(asText(await warehouse.query(sql`select * from ${sql.staging(name)}`)))
      return made
    }
  return {
    ...warehouse,
    stage: watching(warehouse.stage),
    loadStaging: watching(warehouse.loadStaging),
    loadLines: watching(warehouse.loadLines),
    loadTabular: watching(warehouse.loadTabular),
  }
}

/** Rows as JSON. */
export const asText = (rows: readonly Row[]): string =>
  JSON.stringify(rows, (_, value) => (typeof value === 'bigint' ? String(value) : value))
