import { redshiftForTests } from '../harness/redshift.ts'
import { testBadInput } from './bad-input-suite.ts'

const { open } = redshiftForTests()

testBadInput(open)
