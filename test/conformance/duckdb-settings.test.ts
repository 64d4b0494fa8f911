import { openDuckdb } from '../../src/warehouses/duckdb.ts'
import { testSettingsChanges } from './settings-suite.ts'

testSettingsChanges(() => openDuckdb({ path: ':memory:', schema: 'tributary', threads: 1 }))
