import { openDuckdb } from '../../src/warehouses/duckdb.ts'
import { testStreams } from './streams-suite.ts'

// The same rows whatever is worked off side by side, which other engines are asked for.
testStreams(
  async () => ({
    ...(await openDuckdb({ path: ':memory:', schema: 'tributary', threads: 1 })),
    atOnce: { small: 8, large: 8 },
  }),
  {
    alone: 10,
    together: [40, 25, 25, 25, 25, 9],
    seed: 20261443,
  },
)
