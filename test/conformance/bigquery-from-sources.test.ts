import { openOn } from '../harness/engines.ts'
import { testFromSources } from './from-sources-suite.ts'

testFromSources(openOn('bigquery'))
