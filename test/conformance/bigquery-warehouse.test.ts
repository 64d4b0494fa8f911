import { openOn } from '../harness/engines.ts'
import { testDialectColumns } from './dialect-columns-suite.ts'
import { testDialect } from './dialect-suite.ts'
import { testHostileTexts } from './hostile-suite.ts'
import { testTabular } from './tabular-suite.ts'
import { testWarehouse } from './warehouse-suite.ts'

const open = openOn('bigquery')

testDialect(open)
testHostileTexts(open)
// The stand-in takes 4 MiB of rows in one statement.
testWarehouse(open, {}, { manyLines: 40_000 })
testDialectColumns(open)
testTabular(open)
