import { openDuckdb } from '../../src/warehouses/duckdb.ts'
import { testDialect } from './dialect-suite.ts'

const open = () => openDuckdb({ path: ':memory:', schema: 'tributary', threads: 1 })

testDialect(open)
