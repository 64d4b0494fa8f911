import { openOn } from '../harness/engines.ts'
import { testLease } from './lease-suite.ts'
import { testMeetings } from './meetings-suite.ts'
import { testRetries } from './retries-suite.ts'

const open = openOn('postgres')

testLease(open)
testMeetings(open)
testRetries(open)
