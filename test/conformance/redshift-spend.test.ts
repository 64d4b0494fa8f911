import { openOn } from '../harness/engines.ts'
import { testSpend } from './spend-suite.ts'

testSpend(openOn('redshift'))
