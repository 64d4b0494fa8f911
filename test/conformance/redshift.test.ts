import { redshiftForTests } from '../harness/redshift.ts'
import { testCorners } from './corners-suite.ts'
import { testHandWorked } from './hand-worked-suite.ts'

const { open } = redshiftForTests()

testHandWorked(open)
testCorners(open)
