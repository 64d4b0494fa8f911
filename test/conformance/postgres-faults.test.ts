import { openOn } from '../harness/engines.ts'
import { testFaults } from './faults-suite.ts'

testFaults(openOn('postgres'), { every: 16 })
