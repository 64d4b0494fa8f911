import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { ReleaseReport } from '../../src/pipeline/run.ts'
import type { Warehouse } from '../../src/warehouses/warehouse.ts'
import { currentTables } from '../harness/pipeline.ts'
import { testSettings } from '../oracle/settings.ts'
import { Bench, bad, good } from './bad-input-bench.ts'

const line = (id: string, fields: Record<string, unknown>) => JSON.stringify({ type: 'page', messageId: id, ...fields })
const url = 'https://acme.test/?utm_source=google&utm_medium=cpc'
const page = { context: { page: { url } } }
/** Occurs two days after it was received. */
const future = (id: string, more = {}) =>
  line(id, {
    anonymousId: 'ann',
    timestamp: '2025-03-03T10:00:00Z',
    receivedAt: '2025-03-01T10:00:00Z',
    ...page,
    ...more,
  })
const past = (id: string, more = {}) =>
  line(id, {
    anonymousId: 'ann',
    timestamp: '1999-12-31T10:00:00Z',
    receivedAt: '2025-03-01T10:00:00Z',
    ...page,
    ...more,
  })
const signup = (id: string) =>
  line(id, {
    type: 'track',
    event: 'Signed Up',
    userId: 'ann-1',
    anonymousId: 'ann',
    timestamp: '2025-03-03T10:05:00Z',
  })

const came = (released: number, stayed: ReleaseReport['stayed'] = {}): ReleaseReport => ({ released, stayed })

/** Rows of quarantine let in by hand: as if they had arrived cleanly, now and whenever their file is read again. */
export function testReleases(open: () => Promise<Warehouse>): void {
  let warehouse: Warehouse
  beforeAll(async () => {
    warehouse = await open()
  })
  afterAll(() => warehouse.close())
  const bench = (work: (b: Bench) => Promise<void>) => () => Bench.use(warehouse, work)

  describe('released rows', () => {
    test('equal clean arrival in every table', async () => {
      const withoutRun = async () => {
        const tables = await currentTables(warehouse)
        return { ...tables, events: tables.events!.map((e) => ({ ...(e as object), run_id: null, is_released: null })) }
      }
      let clean: unknown
      await Bench.use(
        warehouse,
        async (b) => {
          b.write('a.jsonl', past('p'), good('g'), signup('s'))
          await b.run()
          expect(await b.refusedAt()).toEqual([])
          clean = await withoutRun()
        },
        { events: { ...testSettings.events, notBefore: '1990-01-01' } },
      )
      await Bench.use(warehouse, async (b) => {
        b.write('a.jsonl', past('p'), good('g'), signup('s'))
        await b.run()
        expect(await b.refusedAt()).toEqual(['a.jsonl:1 PAST'])
        expect(await withoutRun()).not.toEqual(clean)
        const { release, sources } = await b.run({ release: {} })
        expect(release).toEqual(came(1))
        expect(sources).toMatchObject([{ files: 0, read: 1, accepted: 1, quarantined: 0 }])
        expect(await withoutRun()).toEqual(clean)
      })
    })

    test(
      'stay when their file is read whole again, or a copy of it arrives; only what is new is judged',
      bench(async (b) => {
        b.write('a.jsonl', past('p'), future('f'))
        await b.run()
        expect((await b.run({ release: {} })).release).toEqual(came(2))
        b.write('a.jsonl', past('p'), future('f'), past('q'))
        b.write('b.jsonl', future('f'), future('g'))
        const { sources } = await b.run()
        expect(sources[0]).toMatchObject({ read: 5, accepted: 0, seenBefore: 3, quarantined: 2 })
        expect(await b.refusedAt()).toEqual(['a.jsonl:3 PAST', 'b.jsonl:2 FUTURE'])
        expect(await b.eventIds()).toEqual(['f', 'p'])
      }),
    )

    test(
      'stay when a better copy took their place meanwhile',
      bench(async (b) => {
        b.write('a.jsonl', future('f'))
        await b.run()
        await b.run({ release: {} })
        const better = line('f', {
          anonymousId: 'ann',
          timestamp: '2025-02-01T10:00:00Z',
          receivedAt: '2025-02-01T10:00:00Z',
        })
        b.write('b.jsonl', better)
        await b.run()
        b.write('a.jsonl', future('f'), good('g'))
        await b.run()
        expect(await b.refusedAt()).toEqual([])
        expect((await b.events()).map((e) => [e.event_id, e.received_at])).toEqual([
          ['f', '2025-02-01T10:00:00.000000Z'],
          ['g', '2025-03-01T10:00:00.000000Z'],
        ])
      }),
    )

    test(
      'come in by id, source and reason; all that is given must hold',
      bench(async (b) => {
        b.read({ one: 'one', two: 'two' })
        b.write('one/a.jsonl', past('p'), future('f'))
        b.write('two/a.jsonl', past('q'), future('g'))
        await b.run()
        const [first] = await b.refused()
        const open = async () => (await b.refused()).map((q) => `${q.source} ${q.reason}`)
        expect((await b.run({ release: { source: 'one', reason: 'NO_ID' } })).release).toEqual(came(0))
        expect((await b.run({ release: { source: 'one', reason: 'FUTURE' } })).release).toEqual(came(1))
        expect(await open()).toEqual(['one PAST', 'two PAST', 'two FUTURE'])
        expect((await b.run({ release: { ids: [String(first!.quarantine_id), 'none'] } })).release).toEqual(came(1))
        expect((await b.run({ release: { reason: 'PAST' } })).release).toEqual(came(1))
        expect(await open()).toEqual(['two FUTURE'])
        expect(await b.eventIds()).toEqual(['f', 'p', 'q'])
      }),
    )

    test(
      'one copy brings all rows of the same content',
      bench(async (b) => {
        b.write('a.jsonl', past('p'), past('p'))
        b.write('b.jsonl', past('p'), good('g'))
        await b.run()
        const [, second] = await b.refused()
        const { release, sources } = await b.run({ release: { ids: [String(second!.quarantine_id)] } })
        expect(release).toEqual(came(3))
        expect(sources[0]).toMatchObject({ read: 3, accepted: 1, duplicates: 2 })
        expect(await b.refusedAt()).toEqual([])
      }),
    )

    test(
      'are judged by the rules of today in all but their times',
      bench(async (b) => {
        b.change({ identity: { ...testSettings.identity, ignoreIds: ['kiosk'] } })
        b.write('a.jsonl', past('p', { anonymousId: 'kiosk' }), past('q', { anonymousId: 'none' }), '{"type":"page"')
        b.write('b.jsonl', line('r', { anonymousId: 'ann' }), line('s', { anonymousId: 'ann', type: 'click' }))
        await b.run()
        b.change({ identity: testSettings.identity })
        expect((await b.run({ release: {} })).release).toEqual(
          came(1, { NO_ID: 1, NO_TIME: 1, UNKNOWN_TYPE: 1, UNREADABLE: 1 }),
        )
        expect(await b.eventIds()).toEqual(['p'])
        expect(await b.refusedAt()).toHaveLength(4)
        expect((await b.run({ release: {} })).rowsWritten).toBe(0)
      }),
    )

    test(
      'that were cut, are not UTF-8 or stand in a torn file stay, and are told apart',
      bench(async (b) => {
        b.folder.write('a.jsonl', Buffer.concat([Buffer.from([0xff, 0x0a]), Buffer.from(`${past('p')}\n`)]))
        b.write('b.jsonl', past('long', { properties: { x: 'x'.repeat(70_000) } }))
        b.folder.write('c.jsonl.gz', Buffer.from([0x1f, 0x8b, 8, 0]))
        await b.run()
        expect((await b.run({ release: {} })).release).toEqual(came(1, { NOT_WHOLE: 3 }))
        expect(await b.eventIds()).toEqual(['p'])
      }),
    )

    test(
      'of files that are gone come in all the same',
      bench(async (b) => {
        b.write('a.jsonl', past('p'), bad('x'))
        await b.run()
        rmSync(join(b.folder.path, 'a.jsonl'))
        await b.run()
        expect(await b.refusedAt()).toEqual(['a.jsonl:1 PAST', 'a.jsonl:2 UNREADABLE'])
        expect((await b.run({ release: { reason: 'PAST' } })).release).toEqual(came(1))
        expect(await b.eventIds()).toEqual(['p'])
        expect(await b.refusedAt()).toEqual(['a.jsonl:2 UNREADABLE'])
      }),
    )

    test(
      'of a file that this very run reads are judged with it',
      bench(async (b) => {
        b.write('a.jsonl', past('p'), past('q'))
        await b.run()
        b.write('a.jsonl', past('p'), past('new'))
        expect((await b.run({ release: {} })).release).toEqual(came(1, { FILE_CHANGED: 1 }))
        expect(await b.refusedAt()).toEqual(['a.jsonl:2 PAST'])
        expect(await b.eventIds()).toEqual(['p'])
      }),
    )

    test(
      'of a source that is not configured any more are told',
      bench(async (b) => {
        b.read({ one: 'one', two: 'two' })
        b.write('one/a.jsonl', past('p'))
        b.write('two/a.jsonl', good('g'))
        await b.run()
        b.read({ two: 'two' })
        expect((await b.run({ release: {} })).release).toEqual(came(0, { NO_SOURCE: 1 }))
        b.read({ one: 'one', two: 'two' })
      }),
    )

    test(
      'received in the future move no mark, and are no news to later runs',
      bench(async (b) => {
        const now = new Date('2025-06-01T00:00:00Z')
        b.write('a.jsonl', good('g'), line('f', { anonymousId: 'a', receivedAt: '2025-07-01T00:00:00Z' }))
        await b.run({ now })
        expect((await b.run({ now, release: {} })).release).toEqual(came(1))
        const runs = await warehouse.query<{ data_through: string }>(b.runs())
        expect(runs.at(-1)!.data_through).toBe('2025-03-01T10:00:00.000000Z')
        expect((await b.run({ now })).sources).toEqual([])
      }),
    )

    test('are no part of a rebuild', async () => {
      await Bench.use(warehouse, async (b) => {
        await expect(b.run({ kind: 'rebuild', release: {} })).rejects.toThrow('Expected a release with an increment')
      })
    })
  })
}
