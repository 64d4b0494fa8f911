import { openOn } from '../harness/engines.ts'
import { testBatches } from './batches-suite.ts'
import { testInterplay } from './interplay-suite.ts'
import { testSourceColumns } from './source-columns-suite.ts'
import { testSourceTables } from './source-tables-suite.ts'
import { testSources } from './sources-suite.ts'

const open = openOn('bigquery')

testBatches(open)
testInterplay(open)
testSourceColumns(open)
testSourceTables(open)
testSources(open)
