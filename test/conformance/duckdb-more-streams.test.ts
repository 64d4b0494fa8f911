import { openDuckdb } from '../../src/warehouses/duckdb.ts'
import { testStreams } from './streams-suite.ts'

testStreams(() => openDuckdb({ path: ':memory:', schema: 'tributary', threads: 1 }), { numRuns: 30, seed: 20261122 })
