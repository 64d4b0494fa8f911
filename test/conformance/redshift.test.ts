import { openOn } from '../harness/engines.ts'
import { testCorners } from './corners-suite.ts'
import { testHandWorked } from './hand-worked-suite.ts'

const open = openOn('redshift')

testHandWorked(open)
testCorners(open)
