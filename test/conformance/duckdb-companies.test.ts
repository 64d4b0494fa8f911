import { openDuckdb } from '../../src/warehouses/duckdb.ts'
import { testCompanyStreams } from './companies-streams-suite.ts'

const open = () => openDuckdb({ path: ':memory:', schema: 'tributary', threads: 1 })

testCompanyStreams(open, { numRuns: 12, seed: 20261121 })
