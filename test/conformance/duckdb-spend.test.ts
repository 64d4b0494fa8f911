import { openDuckdb } from '../../src/warehouses/duckdb.ts'
import { testSpend } from './spend-suite.ts'

testSpend(() => openDuckdb({ path: ':memory:', schema: 'tributary', threads: 1 }))
