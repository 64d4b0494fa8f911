import { openOn } from '../harness/engines.ts'
import { testStreams } from './streams-suite.ts'

const open = openOn('bigquery')

testStreams(open, { alone: 2, together: [12], seed: 20261327 })
