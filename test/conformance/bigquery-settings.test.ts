import { openOn } from '../harness/engines.ts'
import { testSettingsChanges } from './settings-suite.ts'

const open = openOn('bigquery')

testSettingsChanges(open)
