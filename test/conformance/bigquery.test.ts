import { bigQueryStandIn } from '../standins/bigquery/open.ts'
import { testCorners } from './corners-suite.ts'
import { testHandWorked } from './hand-worked-suite.ts'
import { testWeblog } from './weblog-suite.ts'

const { open } = bigQueryStandIn()

testHandWorked(open)
testWeblog(open)
testCorners(open)
