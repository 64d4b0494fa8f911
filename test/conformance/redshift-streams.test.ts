import { redshiftForTests } from '../harness/redshift.ts'
import { testStreams } from './streams-suite.ts'

const { open } = redshiftForTests()

testStreams(open, { numRuns: 4, seed: 20261123 })
