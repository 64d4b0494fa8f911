import { openDuckdb } from '../../src/warehouses/duckdb.ts'
import { testSources } from './sources-suite.ts'

testSources(() => openDuckdb({ path: ':memory:', schema: 'tributary', threads: 1 }))
