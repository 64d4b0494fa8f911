import { openOn } from '../harness/engines.ts'
import { testVersions } from './versions-suite.ts'

testVersions(openOn('bigquery'))
