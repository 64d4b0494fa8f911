import { openOn } from '../harness/engines.ts'
import { testBadInput } from './bad-input-suite.ts'

const open = openOn('bigquery')

testBadInput(open)
