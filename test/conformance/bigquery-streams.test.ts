import { openOn } from '../harness/engines.ts'
import { testStreams } from './streams-suite.ts'

const open = openOn('bigquery')

testStreams(open, { numRuns: 4, seed: 20261123 })
