import { describe } from 'vitest'
import type { Warehouse } from '../../src/warehouses/warehouse.ts'
import { testChangingFiles } from './bad-input-changes-suite.ts'
import { testFileContents } from './bad-input-contents-suite.ts'
import { testBadFiles } from './bad-input-files-suite.ts'
import { testBadLines } from './bad-input-lines-suite.ts'
import { testReleases } from './bad-input-release-suite.ts'
import type { KnownFailures } from './suite.ts'

/**
 * Whatever is delivered, a run ends well or says clearly why not: nothing is lost, all is counted, and the same file
 * fixed and delivered again is accepted.
 */
export function testBadInput(open: () => Promise<Warehouse>, known?: KnownFailures): void {
  describe('bad input', () => {
    testBadLines(open, known)
    testFileContents(open)
    testBadFiles(open)
    testChangingFiles(open)
    testReleases(open)
  })
}
