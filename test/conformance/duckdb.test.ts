import { openDuckdb } from '../../src/warehouses/duckdb.ts'
import { testCorners } from './corners-suite.ts'
import { testHandWorked } from './hand-worked-suite.ts'
import { testOtherTables } from './other-tables-suite.ts'
import { testWeblog } from './weblog-suite.ts'

// One thread: the tables are tiny, and other tests run beside these.
const open = () => openDuckdb({ path: ':memory:', schema: 'tributary', threads: 1 })

testHandWorked(open)
testWeblog(open)
testCorners(open)
testOtherTables(open)
