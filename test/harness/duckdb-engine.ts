import { openDuckdb } from '../../src/warehouses/duckdb.ts'
import type { TestEngine } from './engines.ts'

/** DuckDB is its own stand-in. */
export const duckdbEngine = (): TestEngine => ({
  open: () => openDuckdb({ path: ':memory:', schema: 'tributary', threads: 1 }),
  stop: async () => undefined,
})
