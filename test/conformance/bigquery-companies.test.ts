import { openOn } from '../harness/engines.ts'
import { testCompanies } from './companies-suite.ts'

testCompanies(openOn('bigquery'))
