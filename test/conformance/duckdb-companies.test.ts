import { openDuckdb } from '../../src/warehouses/duckdb.ts'
import { testCompanyStreams } from './companies-streams-suite.ts'
import { testCompanies } from './companies-suite.ts'
import { testCompanyMetricStreams } from './company-metrics-streams-suite.ts'

const open = () => openDuckdb({ path: ':memory:', schema: 'tributary', threads: 1 })

testCompanies(open)
testCompanyStreams(open, { numRuns: 8, seed: 20261121 })
testCompanyMetricStreams(open, { numRuns: 40, seed: 20261122 })
