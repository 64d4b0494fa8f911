import { openDuckdb } from '../../src/warehouses/duckdb.ts'
import { testLease } from './lease-suite.ts'
import { testMeetings } from './meetings-suite.ts'
import { testRetries } from './retries-suite.ts'

const open = () => openDuckdb({ path: ':memory:', schema: 'tributary', threads: 1 })

testLease(open)
testMeetings(open)
testRetries(open)
