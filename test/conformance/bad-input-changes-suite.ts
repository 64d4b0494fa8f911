import { renameSync, rmSync, utimesSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import type { Warehouse } from '../../src/warehouses/warehouse.ts'
import { Bench, bad, good } from './bad-input-bench.ts'

/** Files that grow, shrink, move, go and come back, between runs and during one. */
export function testChangingFiles(open: () => Promise<Warehouse>): void {
  let warehouse: Warehouse
  beforeAll(async () => {
    warehouse = await open()
  })
  afterAll(() => warehouse.close())
  const bench = (work: (b: Bench) => Promise<void>) => () => Bench.use(warehouse, work)
  const counts = async (b: Bench) => {
    const { sources } = await b.run()
    const { read = 0, accepted = 0, seenBefore = 0, quarantined = 0 } = sources[0] ?? {}
    return { read, accepted, seenBefore, quarantined }
  }

  describe('files that change between runs', () => {
    test(
      'one that grows, its last line torn meanwhile',
      bench(async (b) => {
        b.folder.write('a.jsonl', `${good('a')}\n${good('b').slice(0, 30)}`)
        expect(await counts(b)).toEqual({ read: 2, accepted: 1, seenBefore: 0, quarantined: 1 })
        expect(await b.refusedAt()).toEqual(['a.jsonl:2 UNREADABLE'])
        b.write('a.jsonl', good('a'), good('b'), good('c'))
        expect(await counts(b)).toEqual({ read: 3, accepted: 2, seenBefore: 1, quarantined: 0 })
        expect(await b.refusedAt()).toEqual([])
        expect(await b.eventIds()).toEqual(['a', 'b', 'c'])
      }),
    )

    test(
      'one that is fixed: what was wrong with its older version is settled',
      bench(async (b) => {
        b.write('a.jsonl', good('a'), bad('b'), '{"type":"page"}', good('c'))
        b.write('other.jsonl', bad('x'))
        expect(await counts(b)).toEqual({ read: 5, accepted: 2, seenBefore: 0, quarantined: 3 })
        b.write('a.jsonl', good('a'), good('b'), good('c'))
        expect(await counts(b)).toEqual({ read: 3, accepted: 1, seenBefore: 2, quarantined: 0 })
        expect(await b.refusedAt()).toEqual(['other.jsonl:1 UNREADABLE'])
        expect(await b.eventIds()).toEqual(['a', 'b', 'c'])
      }),
    )

    test(
      'one that is fixed in part, its bad line on another line now',
      bench(async (b) => {
        b.write('a.jsonl', bad('a'), bad('b'))
        await b.run()
        b.write('a.jsonl', good('a'), good('n'), bad('b'))
        expect(await counts(b)).toEqual({ read: 3, accepted: 2, seenBefore: 0, quarantined: 1 })
        expect(await b.refusedAt()).toEqual(['a.jsonl:3 UNREADABLE'])
      }),
    )

    test(
      'one that is fixed, and then as broken as before',
      bench(async (b) => {
        for (const expected of [['a.jsonl:1 UNREADABLE'], [], ['a.jsonl:1 UNREADABLE'], []]) {
          b.write('a.jsonl', expected.length > 0 ? bad('a') : good('a'))
          await b.run()
          expect(await b.refusedAt()).toEqual(expected)
        }
        expect(await b.eventIds()).toEqual(['a'])
      }),
    )

    test(
      'one that is fixed by a file that was delivered under another name before',
      bench(async (b) => {
        b.write('a.jsonl', good('a'), bad('b'))
        await b.run()
        const fixed = b.write('fixed.jsonl', good('a'), good('b'))
        await b.run()
        renameSync(fixed, join(b.folder.path, 'a.jsonl'))
        await b.run()
        expect(await b.refusedAt()).toEqual([])
        expect(await b.eventIds()).toEqual(['a', 'b'])
      }),
    )

    test(
      'one that is fixed with as many bytes and the same time of change',
      bench(async (b) => {
        const time = new Date('2025-03-02T00:00:00Z')
        const deliver = (line: string) => utimesSync(b.write('a.jsonl', line), time, time)
        deliver(good('a').replace('}', ' '))
        await b.run()
        expect(await b.refusedAt()).toEqual(['a.jsonl:1 UNREADABLE'])
        deliver(good('a'))
        await b.run()
        expect(await b.eventIds()).toEqual(['a'])
        expect(await b.refusedAt()).toEqual([])
      }),
    )

    test(
      'one that shrinks: the rows missing from it stay',
      bench(async (b) => {
        b.write('a.jsonl', good('a'), good('b'), bad('c'))
        await b.run()
        b.write('a.jsonl', good('b'))
        expect(await counts(b)).toEqual({ read: 1, accepted: 0, seenBefore: 1, quarantined: 0 })
        b.write('a.jsonl')
        expect(await counts(b)).toEqual({ read: 0, accepted: 0, seenBefore: 0, quarantined: 0 })
        expect(await b.eventIds()).toEqual(['a', 'b'])
        expect(await b.refusedAt()).toEqual([])
      }),
    )

    test(
      'one that is deleted: its rows stay; and one that comes back',
      bench(async (b) => {
        b.write('a.jsonl', good('a'))
        b.write('b.jsonl', good('b'), bad('x'))
        await b.run()
        rmSync(join(b.folder.path, 'b.jsonl'))
        expect((await b.run()).rowsWritten).toBe(0)
        expect(await b.eventIds()).toEqual(['a', 'b'])
        b.write('b.jsonl', good('b'), good('x'))
        expect(await counts(b)).toEqual({ read: 2, accepted: 1, seenBefore: 1, quarantined: 0 })
        expect(await b.refusedAt()).toEqual([])
      }),
    )

    test(
      'each content is taken in once: copies, moved and touched files are not read',
      bench(async (b) => {
        for (const name of ['a.jsonl', 'copy.jsonl', 'deep/copy.jsonl']) b.write(name, good('a'), bad('x'))
        expect(await counts(b)).toEqual({ read: 2, accepted: 1, seenBefore: 0, quarantined: 1 })
        expect(await b.refusedAt()).toEqual(['a.jsonl:2 UNREADABLE'])
        renameSync(join(b.folder.path, 'copy.jsonl'), join(b.folder.path, 'moved.jsonl'))
        utimesSync(join(b.folder.path, 'a.jsonl'), new Date(), new Date('2025-03-02T00:00:00Z'))
        expect((await b.run()).sources).toEqual([])
        expect((await b.run()).sources).toEqual([])
      }),
    )

    test(
      'events of the future are tried again by every run',
      bench(async (b) => {
        b.write('a.jsonl', '{"type":"page","messageId":"a","anonymousId":"a","receivedAt":"2025-06-05T00:00:00Z"}')
        await b.run({ now: new Date('2025-06-01T00:00:00Z') })
        expect(await b.refusedAt()).toEqual(['a.jsonl:1 FUTURE'])
        await b.run({ now: new Date('2025-06-07T00:00:00Z') })
        expect(await b.refusedAt()).toEqual([])
        expect(await b.eventIds()).toEqual(['a'])
      }),
    )
  })

  describe('files that change during a run', () => {
    /** The warehouse, with something that happens after the files are listed and before they are loaded. */
    const whileLoading = (happens: () => void): Warehouse => ({
      ...warehouse,
      loadLines: (...args) => {
        happens()
        return warehouse.loadLines(...args)
      },
    })

    test(
      'one that grows',
      bench(async (b) => {
        b.write('a.jsonl', good('a'))
        await b.run({ warehouse: whileLoading(() => b.write('a.jsonl', good('a'), good('b'), bad('c'))) })
        await b.run()
        expect(await b.eventIds()).toEqual(['a', 'b'])
        expect(await b.refusedAt()).toEqual(['a.jsonl:3 UNREADABLE'])
        expect((await b.run()).sources).toEqual([])
      }),
    )

    test(
      'one that is replaced, and replaced back',
      bench(async (b) => {
        b.write('a.jsonl', good('a'))
        await b.run({ warehouse: whileLoading(() => b.write('a.jsonl', good('b'))) })
        b.write('a.jsonl', good('a'))
        await b.run()
        expect(await b.eventIds()).toContain('a')
      }),
    )

    test(
      'one that goes while it is loaded',
      bench(async (b) => {
        b.write('a.jsonl', good('a'))
        b.write('b.jsonl', good('b'))
        const { problems } = await b.run({ warehouse: whileLoading(() => rmSync(join(b.folder.path, 'a.jsonl'))) })
        expect(problems).toEqual([expect.stringContaining('a.jsonl')])
        expect(await b.eventIds()).toEqual(['b'])
        b.write('a.jsonl', good('a'))
        await b.run()
        expect(await b.eventIds()).toEqual(['a', 'b'])
        expect(await b.refusedAt()).toEqual([])
      }),
    )

    test(
      'one that goes while it is loaded, of which there is a copy',
      bench(async (b) => {
        b.write('a.jsonl', good('a'))
        b.write('copy.jsonl', good('a'))
        await b.run({ warehouse: whileLoading(() => rmSync(join(b.folder.path, 'a.jsonl'))) })
        await b.run()
        expect(await b.eventIds()).toEqual(['a'])
      }),
    )

    test(
      'one that goes right after it was listed',
      bench(async (b) => {
        b.write('a.jsonl', good('a'))
        b.write('b.jsonl', good('b'))
        // The signal is asked between listing the files and reading the first; a run joins it with the lease's.
        const { signal } = new AbortController()
        signal.throwIfAborted = () => rmSync(join(b.folder.path, 'a.jsonl'), { force: true })
        const joined = vi.spyOn(AbortSignal, 'any').mockReturnValue(signal)
        const { problems } = await b.run({ signal }).finally(() => joined.mockRestore())
        expect(problems).toEqual([expect.stringContaining('a.jsonl: there is no such file')])
        expect(await b.eventIds()).toEqual(['b'])
      }),
    )
  })
}
