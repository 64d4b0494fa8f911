import { openOn } from '../harness/engines.ts'
import { testCompanyStreams } from './companies-streams-suite.ts'
import { testCompanies } from './companies-suite.ts'
import { testCompanyMetricStreams } from './company-metrics-streams-suite.ts'

const open = openOn('postgres')

testCompanies(open)
testCompanyStreams(open, { numRuns: 2, seed: 20261121 })
testCompanyMetricStreams(open, { numRuns: 20, seed: 20261122 })
