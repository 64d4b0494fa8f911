import { openOn } from '../harness/engines.ts'
import { testSettingsChanges } from './settings-suite.ts'

testSettingsChanges(openOn('postgres'))
