import { openOn } from '../harness/engines.ts'
import { testSettingsChanges } from './settings-suite.ts'

testSettingsChanges(openOn('redshift'), {
  'a conversion added later says when the properties of its events were not kept':
    'a line that is longer than the largest text of Redshift is refused',
})
