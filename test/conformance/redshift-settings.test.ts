import { redshiftForTests } from '../harness/redshift.ts'
import { testSettingsChanges } from './settings-suite.ts'

const { open } = redshiftForTests()

testSettingsChanges(open)
