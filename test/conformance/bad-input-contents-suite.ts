import { crc32, gzipSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Warehouse } from '../../src/warehouses/warehouse.ts'
import { Bench, type CaseOutcome, good } from './bad-input-bench.ts'

const bytes = (...parts: (string | Buffer | number[])[]) =>
  Buffer.concat(parts.map((p) => (typeof p === 'string' ? Buffer.from(p) : Buffer.from(p))))

const packed = gzipSync(`${good('g1')}\n${good('g2')}\n`)
const deflated = packed.subarray(10)
const header = (flags: number) => [0x1f, 0x8b, 8, flags, 0, 0, 0, 0, 0, 255]
const headerSum = crc32(Buffer.from(header(2))) & 0xffff
const damaged = Buffer.from(packed)
damaged[damaged.length - 6]! ^= 1

/** Files as loaders and people make them, and those that were torn on the way. */
export function testFileContents(open: () => Promise<Warehouse>): void {
  let warehouse: Warehouse
  beforeAll(async () => {
    warehouse = await open()
  })
  afterAll(() => warehouse.close())
  const bench = (work: (b: Bench) => Promise<void>) => () => Bench.use(warehouse, work)

  describe('gzip', () => {
    const readable = [
      { name: 'as it should be', content: packed },
      { name: 'of two members', content: bytes(gzipSync(`${good('g1')}\n`), gzipSync(`${good('g2')}\n`)) },
      { name: 'with zeros behind it', content: bytes(packed, Buffer.alloc(512)) },
      { name: 'with a file name in its header', content: bytes(header(8), 'events\0', deflated) },
      { name: 'with a comment in its header', content: bytes(header(16), 'export\0', deflated) },
      { name: 'with an extra field in its header', content: bytes(header(4), [4, 0, 65, 66, 0, 0], deflated) },
      { name: 'with a checksum of its header', content: bytes(header(2), [headerSum & 255, headerSum >> 8], deflated) },
      { name: 'named as if it were none', content: packed, file: 'a.jsonl' },
      { name: 'in name only', content: `${good('g1')}\n${good('g2')}\n` },
    ]
    let outcomes: readonly CaseOutcome[]
    beforeAll(
      bench(async (b) => {
        b.deliver(readable.map(({ content, file = 'a.jsonl.gz' }) => ({ [file]: content })))
        outcomes = await b.runCases()
      }),
    )
    test.each(readable.map(({ name }, i) => ({ name, i })))('$name is read', ({ i }) => {
      expect(outcomes[i]).toMatchObject({ ids: ['g1', 'g2'], refusedAt: [] })
    })
  })

  describe('gzip that is damaged', () => {
    const damagedOnes = [
      { name: 'torn', content: packed.subarray(0, -12) },
      { name: 'torn in its header', content: packed.subarray(0, 5) },
      { name: 'of two bytes', content: packed.subarray(0, 2) },
      { name: 'with a wrong checksum', content: damaged },
      { name: 'with garbage behind it', content: bytes(packed, 'hello') },
      { name: 'torn in its second member', content: bytes(packed, packed.subarray(0, 30)) },
    ]
    let atFirst: readonly CaseOutcome[]
    let again: readonly CaseOutcome[]
    let delivered: readonly CaseOutcome[]
    beforeAll(
      bench(async (b) => {
        b.deliver(damagedOnes.map(({ content }) => ({ 'a.jsonl.gz': content, 'b.jsonl': good('n') })))
        atFirst = await b.runCases()
        again = await b.runCases()
        b.deliver(damagedOnes.map(() => ({ 'a.jsonl.gz': packed })))
        delivered = await b.runCases()
      }),
    )
    test.each(damagedOnes.map(({ name }, i) => ({ name, i })))(
      '$name is refused as a whole, its neighbour read, and accepted once it is delivered whole',
      ({ i }) => {
        // Tried again by every run, and counted each time.
        for (const [{ [i]: outcome }, neighbour] of [
          [atFirst, 1],
          [again, 0],
        ] as const) {
          expect(outcome).toMatchObject({
            report: { read: 1 + neighbour, accepted: neighbour, quarantined: 1 },
            problems: [expect.stringContaining(': a.jsonl.gz: ')],
            refusedAt: ['a.jsonl.gz:0 UNREADABLE'],
            ids: ['n'],
          })
        }
        expect(delivered[i]).toMatchObject({ problems: [], refusedAt: [], ids: ['g1', 'g2', 'n'] })
      },
    )
  })

  describe('contents', () => {
    const contents = [
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
    ]
    let outcomes: readonly CaseOutcome[]
    beforeAll(
      bench(async (b) => {
        b.deliver(contents.map(({ content }) => ({ 'a.json': content })))
        outcomes = await b.runCases()
      }),
    )
    test.each(contents.map((c, i) => ({ ...c, i })))('$name', ({ ids, lines, also = [], i }) => {
      expect(outcomes[i]).toMatchObject({
        ids: [...ids, ...also],
        refusedAt: lines.map((line) => `a.json:${line} UNREADABLE`),
      })
    })
  })
}
