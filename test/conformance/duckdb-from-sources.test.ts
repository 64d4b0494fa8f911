import { openDuckdb } from '../../src/warehouses/duckdb.ts'
import { testFromSources } from './from-sources-suite.ts'

testFromSources(() => openDuckdb({ path: ':memory:', schema: 'tributary', threads: 1 }))
