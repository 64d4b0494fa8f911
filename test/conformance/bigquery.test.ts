import { bigQueryStandIn } from '../standins/bigquery/open.ts'
import { testHandWorked } from './hand-worked-suite.ts'

const { open } = bigQueryStandIn()

testHandWorked(open)
