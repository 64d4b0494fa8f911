import { isbot } from 'isbot'
import { expect } from 'vitest'
import type { RunRequest } from '../../src/pipeline/report.ts'
import type { Row, Warehouse } from '../../src/warehouses/warehouse.ts'
import { currentTables, emptyTables, optionsFor, run, temporaryFolder } from '../harness/pipeline.ts'
import { oracle } from '../oracle/oracle.ts'
import { testSettings } from '../oracle/settings.ts'
import { finalSettings, linesOf, STREAM_NOW, type Stream, settingsOf } from '../oracle/streams.ts'
import { expectSound, memoryOf, shownAsOf, shownNow } from './sound-tables.ts'

/** Delivers a stream run by run and compares every table with the oracle's, and with those of a rebuild. */
export async function checkStream(warehouse: Warehouse, stream: Stream): Promise<void> {
  const folder = temporaryFolder()
  try {
    await emptyTables(warehouse)
    const settings = settingsOf(stream)
    const shown = new Map<number, unknown>()
    // What only some streams do, by their size: recompute everything when any event is revised; be rebuilt in between.
    const size = stream.runs.flat().join('').length
    const publish = async (i: number, kind: RunRequest['kind']) => {
      const mostRevised = size % 3 === 0 ? 0 : undefined
      const report = await run(warehouse, optionsFor(folder.path, settings[i]), kind, { now: STREAM_NOW, mostRevised })
      shown.set(report.run, await shownNow(warehouse))
    }
    for (const [i, files] of stream.runs.entries()) {
      for (const [j, content] of files.entries()) {
        // Content that is known under another name is not taken in again; a blank line of its own keeps each file apart.
        folder.write(`${i}-${j}.jsonl`, `${' '.repeat(10 * i + j)}\n${content}`)
      }
      if (i > 0 && size % 4 === 0) await publish(i, 'rebuild')
      await publish(i, 'increment')
    }
    const options = optionsFor(folder.path, finalSettings(stream))
    const want = oracle(linesOf(stream), { ...testSettings, ...finalSettings(stream) }, STREAM_NOW, isbot)
    const got = await currentTables(warehouse)
    for (const [name, rows] of Object.entries(want)) {
      if (name !== 'quarantine') expect(likeOracle(got[name]!, rows), name).toEqual(rows)
      // How many lines settings refused depends on when: `refused_messages` says which messages they do.
      else expect(notBySettings(got[name]!), name).toEqual(notBySettings(rows))
    }
    await expectSound(warehouse)
    expect(await shownAsOf(warehouse, [...shown.keys()]), 'answers as of earlier runs').toEqual(shown)
    const memory = await memoryOf(warehouse)
    const rebuilt = await run(warehouse, options, 'rebuild', { now: STREAM_NOW })
    expect(rebuilt.rowsWritten, 'rows that a rebuild writes').toBe(0)
    expect(await currentTables(warehouse), 'tables after a rebuild').toEqual(got)
    expect(await memoryOf(warehouse), 'visits and candidates after a rebuild').toEqual(memory)
    await expectSound(warehouse)
  } finally {
    folder.remove()
  }
}

const notBySettings = (rows: readonly unknown[]) =>
  rows.filter((row) => !['NO_ID', 'PAST'].includes(String((row as Row).reason)))

/** Rows with the columns the oracle knows: it leaves out hashes, evidence and which run accepted an event. */
function likeOracle(rows: readonly unknown[], wanted: readonly unknown[]): unknown[] {
  const [first] = wanted
  if (typeof first !== 'object' || first === null) return [...rows]
  const columns = Object.keys(first)
  return rows.map((row) => Object.fromEntries(columns.map((c) => [c, (row as Row)[c]])))
}
