import fc from 'fast-check'
import { afterAll, beforeAll, describe, test } from 'vitest'
import type { Warehouse } from '../../src/warehouses/warehouse.ts'
import { run } from '../harness/pipeline.ts'
import { testSettings } from '../oracle/settings.ts'
import { streamArbitrary } from '../oracle/streams.ts'
import { checkStream } from './check-stream.ts'

/**
 * Random streams, late, doubled, out of order and misidentified, cut into random runs: the tables are those of the
 * oracle, and a rebuild afterwards writes no row. A stream that fails is shrunk and printed.
 */
export function testStreams(
  open: () => Promise<Warehouse>,
  { numRuns, seed }: { numRuns: number; seed: number },
): void {
  describe('random streams', () => {
    let warehouse: Warehouse
    beforeAll(async () => {
      warehouse = await open()
      await run(warehouse, testSettings, 'rebuild') // makes the tables
    })
    afterAll(() => warehouse.close())

    test(`${numRuns} streams from seed ${seed}`, { timeout: 900_000 }, async () => {
      await fc.assert(
        fc.asyncProperty(streamArbitrary, (stream) => checkStream(warehouse, stream)),
        { numRuns, seed, verbose: 1 },
      )
    })
  })
}
