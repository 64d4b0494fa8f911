import { cpSync } from 'node:fs'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { type RunInput, runPipeline } from '../../src/pipeline/run.ts'
import type { Warehouse } from '../../src/warehouses/warehouse.ts'
import { currentTables, emptyTables, optionsFor, run, temporaryFolder } from '../harness/pipeline.ts'
import { deliver, dropSchema, type Message, segmentTables } from '../harness/source-tables.ts'
import { testSettings } from '../oracle/settings.ts'
import type { Open } from './suite.ts'

const schema = 'segment_prod'

/** A page a day of each of three people; every fifth day is loaded twice as late as the others. */
const messages: Message[] = Array.from({ length: 60 }, (_, i) => {
  const day = new Date(Date.UTC(2025, 1, 1 + Math.floor(i / 3), 10, i % 3)).toISOString()
  const loaded = new Date(Date.parse(day) + (i % 5 === 0 ? 40 : 1) * 3_600_000).toISOString()
  return {
    ...{ type: 'page', messageId: `m${i}`, anonymousId: `a${i % 3}`, userId: i > 30 ? `u${i % 3}` : null },
    ...{ timestamp: day, receivedAt: day, readableAt: loaded },
  }
})

/** A first load of more rows than one run reads: several runs, and the tables of one. */
export function testBatches(open: Open): void {
  describe('a load in several runs', () => {
    let warehouse: Warehouse
    beforeAll(async () => {
      warehouse = await open()
      const folder = temporaryFolder()
      await run(warehouse, optionsFor(folder.path))
      folder.remove()
    })
    beforeEach(async () => {
      await emptyTables(warehouse)
      await dropSchema(warehouse, schema)
    })
    afterAll(() => warehouse.close())

    /** What `events` says of the run that took a row in depends on the cut, as it should. */
    const tables = async () => {
      const { events, ...others } = await currentTables(warehouse)
      return { ...others, events: (events as { run_id: number }[]).map(({ run_id, ...event }) => event) }
    }
    const take = (options: RunInput['options'], rowsPerRun?: number) =>
      runPipeline({ warehouse, options, kind: 'increment', configVersion: 'test', rowsPerRun })

    test('of tables, cut by the hour in which rows became readable', async () => {
      const options = {
        ...testSettings,
        sources: [{ kind: 'segment' as const, name: 'web', schema, deduplicateAs: null }],
      }
      await deliver(warehouse, schema, segmentTables(messages))
      const whole = await take(options)
      const wanted = await tables()
      await emptyTables(warehouse)
      const cut = await take(options, 7)
      expect(await tables()).toEqual(wanted)
      expect(cut.run).toBeGreaterThan(whole.run + 5)
      expect(cut.sources[0]).toMatchObject({ accepted: 60, duplicates: 0, quarantined: 0 })
      expect((await take(options, 7)).sources[0]?.accepted ?? 0).toBe(0)
    })

    test('of tables without such a time, cut by days of receipt', async () => {
      const options = {
        ...testSettings,
        sources: [{ kind: 'segment' as const, name: 'web', schema, deduplicateAs: null, readableAt: null }],
      }
      await deliver(warehouse, schema, segmentTables(messages))
      await take(options)
      const wanted = await tables()
      await emptyTables(warehouse)
      const cut = await take(options, 10)
      expect(await tables()).toEqual(wanted)
      expect(cut.run).toBeGreaterThanOrEqual(6)
      expect(cut.sources[0]).toMatchObject({ read: 60, accepted: 60 })
    })

    test('of files, one or more at a time; one that cannot be read keeps no other back', async () => {
      const folder = temporaryFolder()
      try {
        cpSync('test/fixtures/hand-worked', folder.path, {
          recursive: true,
          filter: (path) => !path.includes('.') || path.endsWith('.jsonl'),
        })
        folder.write('0-torn.jsonl.gz', Uint8Array.from([0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 0]))
        await take(optionsFor(folder.path))
        const wanted = await tables()
        await emptyTables(warehouse)
        const cut = await take(optionsFor(folder.path), 0.001)
        expect(await tables()).toEqual(wanted)
        expect(cut.run).toBeGreaterThan(2)
        expect(cut.problems.filter((p) => p.includes('0-torn'))).not.toEqual([])
      } finally {
        folder.remove()
      }
    })
  })
}
