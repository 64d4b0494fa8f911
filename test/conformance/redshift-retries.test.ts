import { redshiftForTests } from '../harness/redshift.ts'
import { testLease } from './lease-suite.ts'
import { testRetries } from './retries-suite.ts'

const { open } = redshiftForTests()

testLease(open)
testRetries(open)
