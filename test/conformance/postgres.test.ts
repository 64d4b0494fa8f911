import { openOn } from '../harness/engines.ts'
import { testCorners } from './corners-suite.ts'
import { testHandWorked } from './hand-worked-suite.ts'
import { testOtherTables } from './other-tables-suite.ts'
import { testWeblog } from './weblog-suite.ts'

const open = openOn('postgres')

testHandWorked(open)
testWeblog(open)
testCorners(open)
testOtherTables(open)
