import { postgresFor } from '../harness/postgres-warehouse.ts'
import { testCorners } from './corners-suite.ts'
import { testHandWorked } from './hand-worked-suite.ts'
import { testWeblog } from './weblog-suite.ts'

const { open } = postgresFor()

testHandWorked(open)
testWeblog(open)
testCorners(open)
