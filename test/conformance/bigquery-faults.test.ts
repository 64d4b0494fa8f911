import { openOn } from '../harness/engines.ts'
import { testFaults } from './faults-suite.ts'

const open = openOn('bigquery')

testFaults(open, { every: 40 })
