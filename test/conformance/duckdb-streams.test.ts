import { openDuckdb } from '../../src/warehouses/duckdb.ts'
import { testStreams } from './streams-suite.ts'

// Half of the streams; duckdb-more-streams.test.ts has the others, so that two workers share them.
testStreams(() => openDuckdb({ path: ':memory:', schema: 'tributary', threads: 1 }), { numRuns: 50, seed: 20261121 })
