import { openOn } from '../harness/engines.ts'
import { testStreams } from './streams-suite.ts'

// A few: DuckDB has hundreds, and every stream is some runs of a third of a second here.
testStreams(openOn('postgres'), { alone: 2, together: [12], seed: 20261327 })
