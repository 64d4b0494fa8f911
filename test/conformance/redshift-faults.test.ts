import { redshiftForTests } from '../harness/redshift.ts'
import { testFaults } from './faults-suite.ts'

const { open } = redshiftForTests()

testFaults(open, { every: 40 })
