import { openDuckdb } from '../../src/warehouses/duckdb.ts'
import { testFaults } from './faults-suite.ts'

testFaults(() => openDuckdb({ path: ':memory:', schema: 'tributary', threads: 1 }), { every: 8 })
