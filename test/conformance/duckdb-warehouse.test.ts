import { openDuckdb } from '../../src/warehouses/duckdb.ts'
import { testDialectColumns } from './dialect-columns-suite.ts'
import { testDialect } from './dialect-suite.ts'
import { testHostileTexts } from './hostile-suite.ts'
import { testTabular } from './tabular-suite.ts'
import { testWarehouse } from './warehouse-suite.ts'

const open = () => openDuckdb({ path: ':memory:', schema: 'tributary', threads: 2 })

testDialect(open)
testHostileTexts(open)
testWarehouse(open)
testDialectColumns(open)
testTabular(open)
