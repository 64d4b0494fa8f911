import fc from 'fast-check'
import { afterAll, beforeAll, describe, test } from 'vitest'
import type { Warehouse } from '../../src/warehouses/warehouse.ts'
import { run } from '../harness/pipeline.ts'
import { testSettings } from '../oracle/settings.ts'
import { streamArbitrary } from '../oracle/streams.ts'
import { checkCohort } from './check-cohort.ts'
import { checkStream } from './check-stream.ts'

/** How many streams are delivered alone, and the sizes of the cohorts that are delivered together. */
interface Tried {
  alone: number
  together: readonly number[]
  seed: number
}

/**
 * Random streams, late, doubled, out of order and misidentified, cut into random runs: the tables are those of the
 * oracle, and a rebuild afterwards writes no row. A stream that fails is shrunk and printed.
 */
export function testStreams(open: () => Promise<Warehouse>, { alone, together, seed }: Tried): void {
  describe('random streams', () => {
    let warehouse: Warehouse
    beforeAll(async () => {
      warehouse = await open()
      await run(warehouse, testSettings, 'rebuild') // makes the tables
    })
    afterAll(() => warehouse.close())

    test(`${alone} streams from seed ${seed}`, { timeout: 900_000 }, async () => {
      await fc.assert(
        fc.asyncProperty(streamArbitrary, (stream) => checkStream(warehouse, stream)),
        { numRuns: alone, seed, verbose: 1 },
      )
    })

    test.each(together.map((size, i) => [size, seed + i]))(
      '%i streams together from seed %i',
      { timeout: 900_000 },
      (size, seed) => checkCohort(warehouse, seed, size),
    )
  })
}
