import { openOn } from '../harness/engines.ts'
import { testCorners } from './corners-suite.ts'
import { testHandWorked } from './hand-worked-suite.ts'
import { testWeblog } from './weblog-suite.ts'

const open = openOn('redshift')

testHandWorked(open)
testWeblog(open)
testCorners(open)
