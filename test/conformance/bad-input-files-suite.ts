import { chmodSync, mkdirSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { crc32, gzipSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Warehouse } from '../../src/warehouses/warehouse.ts'
import { asOrdinaryUser, Bench, bad, good } from './bad-input-bench.ts'

const bytes = (...parts: (string | Buffer | number[])[]) =>
  Buffer.concat(parts.map((p) => (typeof p === 'string' ? Buffer.from(p) : Buffer.from(p))))

const packed = gzipSync(`${good('g1')}\n${good('g2')}\n`)
const deflated = packed.subarray(10)
const header = (flags: number) => [0x1f, 0x8b, 8, flags, 0, 0, 0, 0, 0, 255]
const headerSum = crc32(Buffer.from(header(2))) & 0xffff
const damaged = Buffer.from(packed)
damaged[damaged.length - 6]! ^= 1

/** Files as loaders and people make them, and those that were torn on the way. */
export function testBadFiles(open: () => Promise<Warehouse>): void {
  let warehouse: Warehouse
  beforeAll(async () => {
    warehouse = await open()
  })
  afterAll(() => warehouse.close())
  const bench = (work: (b: Bench) => Promise<void>) => () => Bench.use(warehouse, work)

  describe('gzip', () => {
    test.each([
      { name: 'as it should be', content: packed },
      { name: 'of two members', content: bytes(gzipSync(`${good('g1')}\n`), gzipSync(`${good('g2')}\n`)) },
      { name: 'with zeros behind it', content: bytes(packed, Buffer.alloc(512)) },
      { name: 'with a file name in its header', content: bytes(header(8), 'events\0', deflated) },
      { name: 'with a comment in its header', content: bytes(header(16), 'export\0', deflated) },
      { name: 'with an extra field in its header', content: bytes(header(4), [4, 0, 65, 66, 0, 0], deflated) },
      { name: 'with a checksum of its header', content: bytes(header(2), [headerSum & 255, headerSum >> 8], deflated) },
      { name: 'named as if it were none', content: packed, file: 'a.jsonl' },
      { name: 'in name only', content: `${good('g1')}\n${good('g2')}\n` },
    ])('$name is read', ({ content, file = 'a.jsonl.gz' }) =>
      Bench.use(warehouse, async (b) => {
        b.folder.write(file, content)
        await b.run()
        expect(await b.eventIds()).toEqual(['g1', 'g2'])
        expect(await b.refusedAt()).toEqual([])
      }),
    )

    test.each([
      { name: 'torn', content: packed.subarray(0, -12) },
      { name: 'torn in its header', content: packed.subarray(0, 5) },
      { name: 'of two bytes', content: packed.subarray(0, 2) },
      { name: 'with a wrong checksum', content: damaged },
      { name: 'with garbage behind it', content: bytes(packed, 'hello') },
      { name: 'torn in its second member', content: bytes(packed, packed.subarray(0, 30)) },
    ])('$name is refused as a whole, its neighbour read, and accepted once it is delivered whole', ({ content }) =>
      Bench.use(warehouse, async (b) => {
        b.folder.write('a.jsonl.gz', content)
        b.write('b.jsonl', good('n'))
        for (const neighbour of [1, 0]) {
          const { sources, problems } = await b.run() // tried again by every run, and counted each time
          expect(sources[0]).toMatchObject({ read: 1 + neighbour, accepted: neighbour, quarantined: 1 })
          expect(problems).toEqual([expect.stringContaining('events: a.jsonl.gz: ')])
          expect(await b.refusedAt()).toEqual(['a.jsonl.gz:0 UNREADABLE'])
          expect(await b.eventIds()).toEqual(['n'])
        }
        b.folder.write('a.jsonl.gz', packed)
        expect((await b.run()).problems).toEqual([])
        expect(await b.refusedAt()).toEqual([])
        expect(await b.eventIds()).toEqual(['g1', 'g2', 'n'])
      }),
    )
  })

  describe('contents', () => {
    test.each([
      { name: 'nothing', content: '', ids: [], lines: [] },
      { name: 'a byte order mark alone', content: '\uFEFF', ids: [], lines: [] },
      { name: 'empty lines', content: '\n\r\n\n', ids: [], lines: [] },
      { name: 'no newline at the end', content: good('a'), ids: ['a'], lines: [] },
      {
        name: 'CRLF and a byte order mark',
        content: `\uFEFF${good('a')}\r\n\r\n${good('b')}\r\n`,
        ids: ['a', 'b'],
        lines: [],
      },
      { name: 'CR alone', content: `${good('a')}\r${good('b')}`, ids: [], lines: [1] },
      { name: 'UTF-16', content: Buffer.from(`\uFEFF${good('a')}`, 'utf16le'), ids: [], lines: [1] },
      {
        name: 'one object over several lines',
        content: JSON.stringify(JSON.parse(good('a')), null, 1),
        ids: [],
        lines: [1, 2, 3, 4, 5, 6],
      },
      {
        name: 'a list over several lines',
        content: `[\n${good('a')},\n${good('b')}\n]`,
        ids: [],
        lines: [1, 2, 4],
        also: ['b'],
      },
    ])('$name', ({ content, ids, lines, also = [] }) =>
      Bench.use(warehouse, async (b) => {
        b.folder.write('a.json', content)
        await b.run()
        expect(await b.eventIds()).toEqual([...ids, ...also])
        expect(await b.refusedAt()).toEqual(lines.map((line) => `a.json:${line} UNREADABLE`))
      }),
    )
  })

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

    test.each(['nothing', 'nothing/*.jsonl', 'dangling.jsonl', 'loop'])(
      '%s, which is not there, is a clear error',
      (path) =>
        Bench.use(warehouse, async (b) => {
          b.write('good/a.jsonl', good('a'))
          symlinkSync(join(b.folder.path, 'gone'), join(b.folder.path, 'dangling.jsonl'))
          symlinkSync(join(b.folder.path, 'loop'), join(b.folder.path, 'loop'))
          b.read({ first: 'good', second: path })
          const error = await b.fail()
          expect(error).toMatchObject({ code: 'SOURCE_UNREADABLE' })
          expect(error.message).toContain('second')
          expect(error.message).toContain(join(b.folder.path, path))
          b.read({ first: 'good' })
          await b.run()
          expect(await b.eventIds()).toEqual(['a'])
        }),
    )

    test.each([
      { path: 'locked', locked: 'locked' },
      { path: 'locked/*.jsonl', locked: 'locked' },
      { path: '', locked: 'locked' },
    ])('an ordinary user without permission to read $locked, source "$path": a clear error', ({ path, locked }) =>
      Bench.use(warehouse, async (b) => {
        b.write('locked/a.jsonl', good('a'))
        b.read({ events: path })
        chmodSync(b.folder.path, 0o755)
        chmodSync(join(b.folder.path, locked), 0)
        try {
          const error = await asOrdinaryUser(() => b.fail())
          expect(error).toMatchObject({ code: 'SOURCE_UNREADABLE', message: expect.stringContaining('permission') })
        } finally {
          chmodSync(join(b.folder.path, locked), 0o755)
        }
        await b.run()
        expect(await b.eventIds()).toEqual(['a'])
      }),
    )

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

    test.each(['a.jsonl', '*.jsonl', '**/*', '[ab].jsonl', '{a,c}.jsonl'])('the file or glob %s', (path) =>
      Bench.use(warehouse, async (b) => {
        b.write('a.jsonl', good('a'), bad('x'))
        b.read({ events: path })
        await b.run()
        expect(await b.refusedAt()).toEqual(['a.jsonl:2 UNREADABLE'])
        expect(await b.eventIds()).toEqual(['a'])
      }),
    )

    test.each(['in [brackets]', 'in {braces}', 'what?'])('a folder that looks like a glob: %s', (folder) =>
      Bench.use(warehouse, async (b) => {
        b.write(`${folder}/a.jsonl`, good('a'))
        b.read({ events: folder })
        await b.run()
        expect(await b.eventIds()).toEqual(['a'])
      }),
    )

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
