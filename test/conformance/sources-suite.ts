import { readFileSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { PipelineOptions, SourceOptions } from '../../src/pipeline/options.ts'
import type { Row, Warehouse } from '../../src/warehouses/warehouse.ts'
import { currentTables, emptyTables, optionsFor, run, temporaryFolder } from '../harness/pipeline.ts'
import {
  csvOf,
  deliver,
  dropSchema,
  type Message,
  rudderstackTables,
  segmentTables,
  type Tables,
  writeParquet,
} from '../harness/source-tables.ts'
import { testSettings } from '../oracle/settings.ts'
import type { Open } from './suite.ts'

const files = ['1.jsonl', '2.jsonl', '3.jsonl']

/** The hand-worked messages of each file that are JSON. */
const deliveries: readonly (readonly Message[])[] = files.map((name) =>
  readFileSync(new URL(`../fixtures/hand-worked/${name}`, import.meta.url), 'utf8')
    .split('\n')
    .flatMap((line) => {
      try {
        return [JSON.parse(line) as Message]
      } catch {
        return []
      }
    }),
)

/** More than the hand-worked journey has: groups, screens, traits, numbers, nested properties, a click id, no message id. */
const more: readonly Message[] = [
  {
    ...{ type: 'group', messageId: 'x1', anonymousId: 'f1', userId: 'u-fay', groupId: 'g-1' },
    ...{
      timestamp: '2025-01-25T09:02:00Z',
      receivedAt: '2025-01-25T09:02:01.000000Z',
      traits: { plan: 'pro', seats: 5 },
    },
  },
  {
    ...{ type: 'screen', messageId: 'x2', anonymousId: 'f1', name: 'Home', timestamp: '2025-01-25T09:03:00Z' },
    ...{ receivedAt: '2025-01-25T09:03:01.000000Z', context: { userAgent: 'Mozilla/5.0 (compatible; Googlebot/2.1)' } },
  },
  {
    ...{
      type: 'identify',
      messageId: 'x3',
      anonymousId: 'f1',
      userId: 'u-fay',
      traits: { name: 'Fay "F" \\ 1', isOwner: true },
    },
    ...{
      originalTimestamp: '2025-01-25T09:04:00Z',
      sentAt: '2025-01-25T09:04:05Z',
      receivedAt: '2025-01-25T09:04:06Z',
    },
  },
  {
    ...{ type: 'track', messageId: 'x4', anonymousId: 'f1', userId: 'u-fay', event: 'Order Completed' },
    ...{ timestamp: '2025-01-25T09:05:00Z', receivedAt: '2025-01-25T09:05:01.000000Z' },
    ...{ properties: { revenue: 12.5, currency: 'EUR', shipping: { carrier: 'bike' } } },
  },
  {
    ...{ type: 'track', messageId: 'x5', anonymousId: 'f1', event: 'Button Clicked' },
    ...{ timestamp: '2025-01-25T09:06:00Z', receivedAt: '2025-01-25T09:06:01.000000Z', properties: { label: 'a' } },
    context: {
      campaign: { source: 'news', name: 'Spring' },
      page: { url: 'https://acme.test/?gclid=1&email=a@b.de', referrer: 'https://www.google.com/' },
    },
  },
]
const parts = [...deliveries, more]

/** What all deliveries of one behaviour must have in common: the copy of a message says how it was delivered, the rest does not. */
async function outputs(warehouse: Warehouse): Promise<Record<string, unknown[]>> {
  const tables = await currentTables(warehouse)
  const {
    properties: _,
    run_id: __,
    ...kept
  } = Object.fromEntries(Object.keys((tables.events?.[0] as Row) ?? {}).map((name) => [name, true]))
  const pick = (row: unknown) => Object.fromEntries(Object.keys(kept).map((name) => [name, (row as Row)[name]]))
  return { ...tables, events: (tables.events ?? []).map(pick) }
}

/** Ways to deliver the same messages. Each takes one part and gives the sources to read. */
const ways: Readonly<Record<string, (at: { warehouse: Warehouse; folder: string; write: Write }) => Way>> = {
  'JSON lines': ({ folder, write }) => ({
    source: { kind: 'files', name: 'web', path: folder, deduplicateAs: null },
    take: async (messages, i) => {
      write(`${i}.jsonl`, messages.map((m) => `${JSON.stringify({ ...m, readableAt: undefined })}\n`).join(''))
    },
  }),
  "Segment's tables": ({ warehouse }) => ({
    source: { kind: 'segment', name: 'web', schema: 'segment_prod', deduplicateAs: null },
    take: (messages) => deliver(warehouse, 'segment_prod', segmentTables(messages)),
  }),
  "Segment's tables without a readable time": ({ warehouse }) => ({
    source: { kind: 'segment', name: 'web', schema: 'segment_prod', deduplicateAs: null, readableAt: null },
    take: (messages) => deliver(warehouse, 'segment_prod', segmentTables(messages)),
  }),
  "RudderStack's tables": ({ warehouse }) => ({
    source: { kind: 'rudderstack', name: 'web', schema: 'segment_prod', deduplicateAs: null },
    take: (messages) => deliver(warehouse, 'segment_prod', rudderstackTables(messages)),
  }),
  CSV: ({ folder, write }) => ({
    source: { kind: 'files', name: 'web', path: folder, deduplicateAs: null },
    take: async (messages, i) => {
      for (const [name, rows] of Object.entries(onlyNeeded(segmentTables(messages))))
        write(`${name}/${i}.csv`, csvOf(rows))
    },
  }),
  Parquet: ({ folder, write }) => ({
    source: { kind: 'files', name: 'web', path: folder, deduplicateAs: null },
    take: async (messages, i) => {
      for (const [name, rows] of Object.entries(onlyNeeded(segmentTables(messages))))
        await writeParquet(write(`${name}/${i}.parquet`, ''), rows)
    },
  }),
}

type Write = (name: string, content: string) => string
interface Way {
  readonly source: SourceOptions
  readonly take: (messages: readonly Message[], part: number) => Promise<void>
}

/** Files are read all; of the tables of single events those count that say more than `tracks`. */
const onlyNeeded = (tables: Tables): Tables =>
  Object.fromEntries(Object.entries(tables).filter(([name]) => !['signed_up', 'button_clicked'].includes(name)))

const reading = (...sources: SourceOptions[]): PipelineOptions => ({ ...testSettings, sources })

/** One behaviour, delivered in every way that tributary reads: the same rows come out. */
export function testSources(open: Open): void {
  describe('sources', () => {
    let warehouse: Warehouse
    let expected: Record<string, unknown[]>
    beforeAll(async () => {
      warehouse = await open()
      const folder = temporaryFolder()
      await run(warehouse, optionsFor(folder.path))
      folder.remove()
      expected = await deliveredBy('JSON lines', [[0, 1, 2, 3]])
      expect(expected.events).toHaveLength(31)
    })
    afterAll(() => warehouse.close())

    /** Delivers the parts, some in each run, and gives what came out. */
    async function deliveredBy(way: string, runs: readonly (readonly number[])[]): Promise<Record<string, unknown[]>> {
      await emptyTables(warehouse)
      await dropSchema(warehouse, 'segment_prod')
      const folder = temporaryFolder()
      try {
        const { source, take } = ways[way]!({ warehouse, folder: folder.path, write: folder.write })
        for (const [day, numbers] of runs.entries()) {
          // Loaded later than received, and in another order.
          const readableAt = `2026-01-0${day + 1}T00:00:00.000000Z`
          for (const i of numbers)
            await take(
              parts[i]!.map((m) => ({ ...m, readableAt })),
              i,
            )
          const report = await run(warehouse, reading(source))
          for (const s of report.sources) {
            expect(s.accepted + s.seenBefore + s.duplicates + s.quarantined + s.excluded + s.erased).toBe(s.read)
          }
        }
        const result = await outputs(warehouse)
        expect((await run(warehouse, reading(source), 'rebuild')).rowsWritten).toBe(0)
        return result
      } finally {
        folder.remove()
      }
    }

    describe.each(Object.keys(ways))('%s', (way) => {
      test.each([
        { name: 'in one run', runs: [[0, 1, 2, 3]] },
        { name: 'in four runs', runs: [[0], [1], [2], [3]] },
        { name: 'the last first', runs: [[3], [2, 1], [0]] },
      ])('$name', async ({ runs }) => {
        expect(await deliveredBy(way, runs)).toEqual(expected)
      })
    })
  })
}
