import { openDuckdb } from '../../src/warehouses/duckdb.ts'
import { testBatches } from './batches-suite.ts'
import { testInterplay } from './interplay-suite.ts'
import { testSourceColumns } from './source-columns-suite.ts'
import { testSourceTables } from './source-tables-suite.ts'
import { testSources } from './sources-suite.ts'

const open = () => openDuckdb({ path: ':memory:', schema: 'tributary', threads: 1 })

testSources(open)
testSourceTables(open)
testSourceColumns(open)
testBatches(open)
testInterplay(open)
