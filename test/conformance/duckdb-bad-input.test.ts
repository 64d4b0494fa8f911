import { openDuckdb } from '../../src/warehouses/duckdb.ts'
import { testBadInput } from './bad-input-suite.ts'

testBadInput(() => openDuckdb({ path: ':memory:', schema: 'tributary', threads: 1 }))
