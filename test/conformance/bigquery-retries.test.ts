import { openOn } from '../harness/engines.ts'
import { testLease } from './lease-suite.ts'
import { testRetries } from './retries-suite.ts'

const open = openOn('bigquery')

testLease(open)
testRetries(open)
