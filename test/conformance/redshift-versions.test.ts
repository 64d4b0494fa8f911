import { redshiftForTests } from '../harness/redshift.ts'
import { testFromSources } from './from-sources-suite.ts'
import { testPruning } from './prune-suite.ts'
import { testSpend } from './spend-suite.ts'
import { testVersions } from './versions-suite.ts'

const { open } = redshiftForTests()

testFromSources(open)
testPruning(open)
testSpend(open)
testVersions(open)
