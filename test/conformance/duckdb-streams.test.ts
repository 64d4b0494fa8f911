import { openDuckdb } from '../../src/warehouses/duckdb.ts'
import { testStreams } from './streams-suite.ts'

// Half of the streams; duckdb-more-streams.test.ts has the others, so that two workers share them. `npm run -s fuzz` tries as
// many as one likes.
testStreams(() => openDuckdb({ path: ':memory:', schema: 'tributary', threads: 1 }), {
  alone: 10,
  together: [40, 25, 25, 25, 25, 9],
  seed: 20261371,
})
