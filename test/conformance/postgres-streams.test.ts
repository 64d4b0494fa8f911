import { openOn } from '../harness/engines.ts'
import { testStreams } from './streams-suite.ts'

// A few: DuckDB has sixty, and every stream is some runs of a third of a second here.
testStreams(openOn('postgres'), { numRuns: 4, seed: 20261123 })
