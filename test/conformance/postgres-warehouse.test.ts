import { openOn } from '../harness/engines.ts'
import { testDialectColumns } from './dialect-columns-suite.ts'
import { testDialect } from './dialect-suite.ts'
import { testHostileTexts } from './hostile-suite.ts'
import { testTabular } from './tabular-suite.ts'
import { testWarehouse } from './warehouse-suite.ts'

const open = openOn('postgres')

testDialect(open)
testHostileTexts(open)
testWarehouse(open)
testDialectColumns(open)
testTabular(open)
