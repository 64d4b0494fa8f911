import { openDuckdb } from '../../src/warehouses/duckdb.ts'
import { testProductPostgres } from './product-postgres-suite.ts'

testProductPostgres(() => openDuckdb({ path: ':memory:', schema: 'tributary', threads: 1 }))
