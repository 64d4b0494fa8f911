import { openOn } from '../harness/engines.ts'
import { testStreams } from './streams-suite.ts'

const open = openOn('redshift')

testStreams(open, { numRuns: 4, seed: 20261123 })
