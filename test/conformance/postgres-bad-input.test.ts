import { openOn } from '../harness/engines.ts'
import { testBadInput } from './bad-input-suite.ts'

testBadInput(openOn('postgres'))
