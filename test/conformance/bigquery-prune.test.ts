import { openOn } from '../harness/engines.ts'
import { testPruning } from './prune-suite.ts'

testPruning(openOn('bigquery'))
