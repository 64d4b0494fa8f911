import { openDuckdb } from '../../src/warehouses/duckdb.ts'
import { testStreams } from './streams-suite.ts'

testStreams(() => openDuckdb({ path: ':memory:', schema: 'tributary', threads: 1 }), {
  alone: 10,
  together: [40, 25, 25, 25, 25, 9],
  seed: 20261443,
})
