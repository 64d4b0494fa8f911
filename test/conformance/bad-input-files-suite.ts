import { chmodSync, mkdirSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Warehouse } from '../../src/warehouses/warehouse.ts'
import { asOrdinaryUser, Bench, bad, type CaseOutcome, good } from './bad-input-bench.ts'

/** What files and folders may be called, and where sources may point to. */
export function testBadFiles(open: () => Promise<Warehouse>): void {
  let warehouse: Warehouse
  beforeAll(async () => {
    warehouse = await open()
  })
  afterAll(() => warehouse.close())
  const bench = (work: (b: Bench) => Promise<void>) => () => Bench.use(warehouse, work)

  describe('names', () => {
    const names = [
      ...["it's.jsonl", 'a "b".jsonl', 'sp ace ü 🎉.jsonl', 'new\nline.jsonl', 'tab\t.ndjson', 'UPPER.JSONL', '~.json'],
      ...['events[1].jsonl', 'star*.jsonl', 'what?.jsonl', 'one{a,b}.jsonl', '$(x);.jsonl', '%41.jsonl', '#1.jsonl'],
      ...[
        '-f.jsonl',
        'day=2025-03-01/part-0.jsonl',
        'a/b/c/d.jsonl',
        'file=1/x.jsonl',
        'text=2/x.jsonl',
        'line=3/x.jsonl',
      ],
    ]
    let refused: readonly unknown[]
    let accepted: readonly string[]
    beforeAll(
      bench(async (b) => {
        for (const [i, name] of names.entries()) b.write(name, good(`first ${i}`), bad(name), good(`last ${i}`))
        await b.run()
        refused = (await b.refused()).map(({ file, line, reason }) => ({ file, line, reason }))
        accepted = await b.eventIds()
      }),
    )
    test.each(names.map((name, i) => ({ name, i })))('$name', ({ name, i }) => {
      expect(refused).toContainEqual({ file: name, line: 2, reason: 'UNREADABLE' })
      expect(accepted).toEqual(expect.arrayContaining([`first ${i}`, `last ${i}`]))
    })

    test(
      'a backslash in a name is no folder (POSIX)',
      bench(async (b) => {
        b.write('a\\b.jsonl', good('f1'), bad('x'))
        b.write('a/b.jsonl', good('f2'), bad('x'))
        await b.run()
        expect((await b.refusedAt()).toSorted()).toEqual(['a/b.jsonl:2 UNREADABLE', 'a\\b.jsonl:2 UNREADABLE'])
        expect(await b.eventIds()).toEqual(['f1', 'f2'])
      }),
    )

    test(
      'files of other endings are left out and told, hidden ones are none of our business',
      bench(async (b) => {
        for (const name of ['a.txt', 'a.jsonl.tmp', '.a.jsonl', 'README']) b.write(name, bad('x'))
        b.write('a.jsonl', good('a'))
        const { sources, problems } = await b.run()
        expect(sources[0]).toMatchObject({ files: 1, read: 1, accepted: 1 })
        expect(problems).toHaveLength(1)
        expect(problems[0]).toMatch(/3 files are left out because of the ending \(.*1 without an ending/)
      }),
    )
  })

  describe('paths of sources', () => {
    test(
      'an empty folder',
      bench(async (b) => {
        mkdirSync(join(b.folder.path, 'empty'))
        b.read({ events: 'empty' })
        expect(await b.run()).toMatchObject({
          sources: [],
          problems: [expect.stringContaining('no event files')],
          rowsWritten: 0,
        })
      }),
    )

    describe('that are not there', () => {
      const paths = ['nothing', 'nothing/*.jsonl', 'dangling.jsonl', 'loop']
      const errors = new Map<string, { error: Error; path: string }>()
      beforeAll(
        bench(async (b) => {
          b.write('good/a.jsonl', good('a'))
          symlinkSync(join(b.folder.path, 'gone'), join(b.folder.path, 'dangling.jsonl'))
          symlinkSync(join(b.folder.path, 'loop'), join(b.folder.path, 'loop'))
          for (const path of paths) {
            b.read({ first: 'good', second: path })
            errors.set(path, { error: await b.fail(), path: join(b.folder.path, path) })
          }
          b.read({ first: 'good' })
          await b.run()
          expect(await b.eventIds()).toEqual(['a'])
        }),
      )
      test.each(paths)('%s, which is not there, is a clear error', (name) => {
        const { error, path } = errors.get(name)!
        expect(error).toMatchObject({ code: 'SOURCE_UNREADABLE' })
        expect(error.message).toContain('second')
        expect(error.message).toContain(path)
      })
    })

    describe('without permission', () => {
      const paths = ['locked', 'locked/*.jsonl', '']
      const errors = new Map<string, Error>()
      beforeAll(
        bench(async (b) => {
          b.write('locked/a.jsonl', good('a'))
          chmodSync(b.folder.path, 0o755)
          chmodSync(join(b.folder.path, 'locked'), 0)
          try {
            for (const path of paths) {
              b.read({ events: path })
              errors.set(path, await asOrdinaryUser(() => b.fail()))
            }
          } finally {
            chmodSync(join(b.folder.path, 'locked'), 0o755)
          }
          await b.run()
          expect(await b.eventIds()).toEqual(['a'])
        }),
      )
      test.each(paths)('an ordinary user without permission to read locked, source "%s": a clear error', (path) => {
        expect(errors.get(path)).toMatchObject({
          code: 'SOURCE_UNREADABLE',
          message: expect.stringContaining('permission'),
        })
      })
    })

    test(
      'an ordinary user without permission to read a file: it is in quarantine until there is one',
      bench(async (b) => {
        chmodSync(b.folder.path, 0o755)
        chmodSync(b.write('a.jsonl', good('a')), 0)
        b.write('b.jsonl', good('b'))
        const { problems } = await asOrdinaryUser(() => b.run())
        expect(problems).toEqual(['events: a.jsonl: no permission to read it'])
        expect(await b.refusedAt()).toEqual(['a.jsonl:0 UNREADABLE'])
        expect(await b.eventIds()).toEqual(['b'])
        chmodSync(join(b.folder.path, 'a.jsonl'), 0o644)
        await b.run()
        expect(await b.refusedAt()).toEqual([])
        expect(await b.eventIds()).toEqual(['a', 'b'])
      }),
    )

    describe('of files, globs and folders', () => {
      const paths = [
        ...['a.jsonl', '*.jsonl', '**/*', '[ab].jsonl', '{a,c}.jsonl'].map((path) => ({ path, file: 'a.jsonl' })),
        ...['in [brackets]', 'in {braces}', 'what?'].map((path) => ({ path, file: `${path}/a.jsonl` })),
      ]
      let outcomes: readonly CaseOutcome[]
      beforeAll(
        bench(async (b) => {
          const content = `${good('a')}\n${bad('x')}\n`
          b.deliver(
            paths.map(({ file }) => ({ [file]: content })),
            (i) => paths[i]!.path,
          )
          outcomes = await b.runCases()
        }),
      )
      test.each(paths.map(({ path }, i) => ({ path, i })))('$path', ({ i }) => {
        expect(outcomes[i]).toMatchObject({ ids: ['a'], refusedAt: ['a.jsonl:2 UNREADABLE'] })
      })
    })

    test(
      'links to files in a folder are read; one that leads nowhere is in quarantine',
      bench(async (b) => {
        b.write('elsewhere/a.jsonl', good('a'))
        mkdirSync(join(b.folder.path, 'events'))
        for (const name of ['a.jsonl', 'gone.jsonl'])
          symlinkSync(join(b.folder.path, 'elsewhere', name), join(b.folder.path, 'events', name))
        b.read({ events: 'events' })
        await b.run()
        expect(await b.eventIds()).toEqual(['a'])
        expect(await b.refusedAt()).toEqual(['gone.jsonl:0 UNREADABLE'])
      }),
    )

    test('two sources of the same files have an event each, unless they deduplicate as one', async () => {
      for (const shared of [null, 'shared']) {
        await Bench.use(warehouse, async (b) => {
          b.write('a.jsonl', good('a'), bad('x'))
          b.read({ one: '', two: 'a.jsonl' }, shared)
          const { sources } = await b.run()
          expect(sources.map((s) => [s.source, s.accepted, s.duplicates, s.quarantined])).toEqual([
            ['one', 1, 0, 1],
            ['two', shared ? 0 : 1, shared ? 1 : 0, 1],
          ])
          expect((await b.refused()).map((q) => q.source)).toEqual(['one', 'two'])
        })
      }
    })
  })
}
