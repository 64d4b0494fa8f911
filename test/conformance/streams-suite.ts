import fc from 'fast-check'
import { isbot } from 'isbot'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Row, Warehouse } from '../../src/warehouses/warehouse.ts'
import { currentTables, emptyTables, optionsFor, run, temporaryFolder } from '../harness/pipeline.ts'
import { oracle } from '../oracle/oracle.ts'
import { testSettings } from '../oracle/settings.ts'
import { linesOf, STREAM_NOW, type Stream, streamArbitrary } from '../oracle/streams.ts'

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

/** Delivers a stream run by run and compares every table with the oracle's, and with those of a rebuild. */
export async function checkStream(warehouse: Warehouse, stream: Stream): Promise<void> {
  const folder = temporaryFolder()
  try {
    await emptyTables(warehouse)
    const options = optionsFor(folder.path, stream.settings)
    for (const [i, files] of stream.runs.entries()) {
      for (const [j, content] of files.entries()) folder.write(`${i}-${j}.jsonl`, content)
      await run(warehouse, options, 'increment', { now: STREAM_NOW })
    }
    const want = oracle(linesOf(stream), { ...testSettings, ...stream.settings }, STREAM_NOW, isbot)
    const got = await currentTables(warehouse)
    for (const [name, rows] of Object.entries(want)) {
      expect(likeOracle(got[name]!, rows), name).toEqual(rows)
    }
    const rebuilt = await run(warehouse, options, 'rebuild', { now: STREAM_NOW })
    expect(rebuilt.rowsWritten, 'rows that a rebuild writes').toBe(0)
  } finally {
    folder.remove()
  }
}

/** Rows with the columns the oracle knows: it leaves out hashes, evidence and which run accepted an event. */
function likeOracle(rows: readonly unknown[], wanted: readonly unknown[]): unknown[] {
  const [first] = wanted
  if (typeof first !== 'object' || first === null) return [...rows]
  const columns = Object.keys(first)
  return rows.map((row) => Object.fromEntries(columns.map((c) => [c, (row as Row)[c]])))
}
