import { openDuckdb } from '../../src/warehouses/duckdb.ts'
import { testPruning } from './prune-suite.ts'

testPruning(() => openDuckdb({ path: ':memory:', schema: 'tributary', threads: 1 }))
