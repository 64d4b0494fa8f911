import { openOn } from '../harness/engines.ts'
import { testDialectColumns } from './dialect-columns-suite.ts'
import { testDialect } from './dialect-suite.ts'
import { testHostileTexts } from './hostile-suite.ts'
import { testTabular } from './tabular-suite.ts'
import { testWarehouse } from './warehouse-suite.ts'

const open = openOn('redshift')

testDialect(open, { 'a key without a letter': 'a name in quotes has at least one letter on Redshift' })
testHostileTexts(open)
testWarehouse(open, {
  'a line of three million characters': 'a text of Redshift has at most 65,535 bytes; a longer line comes without it',
})
testDialectColumns(open)
testTabular(open)
