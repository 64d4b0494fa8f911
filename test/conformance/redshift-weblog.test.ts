import { openOn } from '../harness/engines.ts'
import { testWeblog } from './weblog-suite.ts'

testWeblog(openOn('redshift'))
