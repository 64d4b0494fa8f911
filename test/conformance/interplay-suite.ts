import { appendFileSync } from 'node:fs'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { holdRuns } from '../../src/pipeline/pins.ts'
import { sql } from '../../src/warehouses/sql.ts'
import type { Row, Warehouse } from '../../src/warehouses/warehouse.ts'
import { emptyTables, optionsFor, run, temporaryFolder } from '../harness/pipeline.ts'
import { deliver, dropSchema, type Message, segmentTables } from '../harness/source-tables.ts'
import { testSettings } from '../oracle/settings.ts'
import type { Open } from './suite.ts'

const schema = 'segment_prod'

const event = (messageId: string, timestamp: string, more: Record<string, unknown> = {}) =>
  `${JSON.stringify({ type: 'page', messageId, anonymousId: `d-${messageId}`, timestamp, ...more })}\n`

const row = (messageId: string, readableAt: string, more: Message = {}): Message => ({
  ...{ type: 'page', messageId, anonymousId: `d-${messageId}`, readableAt },
  ...{ timestamp: '2025-03-01T10:00:00.000000Z', receivedAt: '2025-03-01T10:00:01.000000Z', ...more },
})

/** What one part of a run leaves for another: releases, settings, sources of every kind, pins, loads in several runs. */
export function testInterplay(open: Open): void {
  describe('interplay', () => {
    let warehouse: Warehouse
    let folder: ReturnType<typeof temporaryFolder>
    beforeAll(async () => {
      warehouse = await open()
      folder = temporaryFolder()
      await run(warehouse, optionsFor(folder.path))
      folder.remove()
    })
    beforeEach(async () => {
      folder = temporaryFolder()
      await emptyTables(warehouse)
      await warehouse.execute(sql`delete from ${sql.table('releases')} where 1 = 1`)
      await dropSchema(warehouse, schema)
      return () => folder.remove()
    })
    afterAll(() => warehouse.close())

    const events = () =>
      warehouse.query<Row>(sql`select event_id, excluded_reason from ${sql.table('events')} order by event_id`)
    const tables = {
      ...testSettings,
      sources: [{ kind: 'segment' as const, name: 'web', schema, deduplicateAs: null }],
    }

    test('a released event stays when settings change that events depend on', async () => {
      const options = optionsFor(folder.path)
      folder.write('1.jsonl', event('new', '2025-03-01T10:00:00Z') + event('old', '2001-03-01T10:00:00Z'))
      await run(warehouse, options)
      expect((await run(warehouse, options, 'increment', { release: { reason: 'PAST' } })).release?.released).toBe(1)
      const released = await events()
      expect(released).toHaveLength(2)
      const changed = { ...options, sites: [...options.sites, 'other.test'] }
      await run(warehouse, changed)
      expect(await events()).toEqual(released)
      expect((await run(warehouse, changed, 'rebuild', { fromSources: true })).rowsWritten).toBe(0)
      expect(await events()).toEqual(released)
    })

    test('what happened before order keys begin stays in quarantine, also when it is released', async () => {
      const options = optionsFor(folder.path)
      folder.write('1.jsonl', event('old', '1969-12-31T16:00:00Z'))
      await run(warehouse, options)
      const { release } = await run(warehouse, options, 'increment', { release: { reason: 'PAST' } })
      expect(release).toEqual({ released: 0, stayed: { PAST: 1 } })
      expect(await events()).toEqual([])
    })

    test('rows of tables are released, and read from the beginning again, as lines are', async () => {
      await deliver(
        warehouse,
        schema,
        segmentTables([
          row('p1', '2025-03-02T00:00:00Z'),
          row('old', '2025-03-02T00:00:00Z', { timestamp: '1999-01-01T00:00:00.000000Z' }),
          row('bad', '2025-03-02T06:00:00Z', { anonymousId: 'null' }),
          row('p9', '2025-03-05T00:00:00Z'),
        ]),
      )
      await run(warehouse, tables)
      const { release } = await run(warehouse, tables, 'increment', { release: { source: 'web' } })
      expect(release).toEqual({ released: 1, stayed: { NO_ID: 1 } })
      const known = await events()
      expect(known.map((e) => e.event_id)).toEqual(['old', 'p1', 'p9'])
      const again = await run(warehouse, tables, 'rebuild', { fromSources: true })
      expect(again.sources[0]).toMatchObject({ read: 4, accepted: 3, quarantined: 1 })
      expect(await events()).toEqual(known)
    })

    test('rows of a run that a request has pinned outlast it', async () => {
      const options = optionsFor(folder.path)
      for (const [i, minute] of ['50', '40', '30'].entries()) {
        const at = `2025-03-01T09:${minute}:00Z`
        folder.write(`${i}.jsonl`, event(`m${i}`, at, { anonymousId: 'one' }))
        await run(warehouse, options)
      }
      await warehouse.execute(
        sql`update ${sql.table('runs')} set published_at = ${sql.timestamp('2020-01-01T00:00:00Z')} where 1 = 1`,
      )
      const pins = holdRuns(warehouse)
      const [first] = await warehouse.query<Row & { run: number }>(
        sql`select min(from_run) as run from ${sql.table('sessions')} where to_run > 0`,
      )
      pins.pin(first!.run)
      const pinned = () =>
        warehouse.query<Row>(
          sql`select session_id from ${sql.table('sessions')} where from_run <= ${first!.run} and to_run > ${first!.run}`,
        )
      const before = await pinned()
      await run(warehouse, options, 'increment', { keepDays: 1 })
      expect(await pinned()).toEqual(before)
      pins.release()
      await run(warehouse, options, 'increment', { keepDays: 1 })
      expect(await pinned()).toEqual([])
    })

    test('a file that grows whenever it is read keeps no other waiting, and no run going', async () => {
      const options = optionsFor(folder.path)
      let n = 0
      const more = () => event(`live${++n}`, '2025-03-01T10:00:00Z', { padding: 'x'.repeat(400) })
      const live = folder.write('a-live.jsonl', more() + more() + more())
      folder.write('b.jsonl', event('b', '2025-03-01T10:00:00Z'))
      const growing: Warehouse = {
        ...warehouse,
        loadLines: async (...args) => {
          const loaded = await warehouse.loadLines(...args)
          appendFileSync(live, more())
          return loaded
        },
      }
      await run(growing, options, 'increment', { rowsPerRun: 1 })
      expect((await events()).map((e) => e.event_id)).toContain('b')
    })

    test('of two new visits that begin at one instant the page was first', async () => {
      const options = optionsFor(folder.path)
      const both = { anonymousId: 'd', userId: 'u' }
      folder.write('1.jsonl', event('late', '2025-03-05T10:00:00Z', both))
      await run(warehouse, options)
      const at = '2025-03-01T10:00:00Z'
      const server = { ...both, type: 'track', event: 'x', context: { library: { name: 'analytics-node' } } }
      const ids = Array.from({ length: 6 }, (_, i) => `server${i}`)
      folder.write('2.jsonl', event('page', at, both) + ids.map((id) => event(id, at, server)).join(''))
      await run(warehouse, options)
      expect((await run(warehouse, options, 'rebuild')).rowsWritten).toBe(0)
    })
  })
}
