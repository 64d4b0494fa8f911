import { gzipSync } from 'node:zlib'
import { afterAll, describe, expect, test } from 'vitest'
import { inspectTextFile, readLines } from '../../src/warehouses/text-files.ts'
import type { TextFile } from '../../src/warehouses/warehouse.ts'
import { temporaryFolder } from '../harness/pipeline.ts'

const folder = temporaryFolder()
afterAll(() => folder.remove())

/** Files are read in pieces of this size: what lies across the border of two must not be mistaken. */
const PIECE = 1 << 20

const file = (content: string | Uint8Array, name = 'a.jsonl'): TextFile => ({
  path: folder.write(name, content),
  name,
  isGzip: name.endsWith('.gz'),
})

async function linesOf(content: string | Uint8Array): Promise<[number, string | null][]> {
  const lines: [number, string | null][] = []
  for await (const { line, text } of readLines(file(content))) lines.push([line, text])
  return lines
}

describe('inspectTextFile', () => {
  const isPlain = async (content: string | Uint8Array, longestLine = 100) => {
    const facts = await inspectTextFile(file(content), longestLine)
    expect(facts.reason).toBeNull()
    return facts.isPlain
  }

  test('plain: UTF-8, line feeds, no empty line', async () => {
    for (const content of ['a', 'a\n', 'a\nb', 'ü\n漢字\n😀\n', '"\\x01"\n\t,;\'\n', 'x'.repeat(100)]) {
      expect(await isPlain(content), content).toBe(true)
    }
  })

  test('not plain: whatever one reader or another takes differently', async () => {
    const contents = {
      'empty line': 'a\n\nb\n',
      'empty first line': '\na\n',
      'empty last line': 'a\n\n',
      'carriage return': 'a\r\nb\r\n',
      'byte order mark': '\ufeffa\n',
      NUL: 'a\u0000\n',
      'control 1': 'a\u0001\n',
      'control 2': '\u0002\n',
      'long line': `${'x'.repeat(101)}\n`,
      'long last line': `a\n${'x'.repeat(101)}`,
      'no UTF-8': Buffer.from([0x61, 0xff, 0x0a]),
      'no UTF-8 in the last line': Buffer.from([0x61, 0x0a, 0xc3]),
      'a surrogate': Buffer.from([0xed, 0xa0, 0x80, 0x0a]),
    }
    for (const [name, content] of Object.entries(contents)) expect(await isPlain(content), name).toBe(false)
  })

  test('characters and lines that lie across two pieces', async () => {
    const short = `${'x'.repeat(63)}\n`.repeat(PIECE / 64)
    const head = short.slice(0, PIECE - 1)
    const [first, second] = [Buffer.from('ü').subarray(0, 1), Buffer.from('ü').subarray(1)]
    const before = head.slice(0, head.lastIndexOf('\n') + 1) + 'x'.repeat(PIECE - 2 - head.lastIndexOf('\n'))
    expect(Buffer.byteLength(before)).toBe(PIECE - 1)
    expect(await isPlain(Buffer.concat([Buffer.from(before), first, second, Buffer.from('\na\n')]))).toBe(true)
    expect(await isPlain(Buffer.concat([Buffer.from(before), first, Buffer.from('\na\n')]))).toBe(false)
    expect(await isPlain(`${short}\na\n`), 'an empty line at the border').toBe(false)
    expect(await isPlain(`${short}${'x'.repeat(100)}\na\n`)).toBe(true)
    expect(await isPlain(`${before}${'x'.repeat(100)}\na\n`), 'a long line across the border').toBe(false)
  })

  test('empty files, also packed', async () => {
    expect(await inspectTextFile(file(''), 100)).toMatchObject({ reason: null, isEmpty: true })
    expect(await inspectTextFile(file(gzipSync(''), 'a.gz'), 100)).toMatchObject({ reason: null, isEmpty: true })
    expect(await inspectTextFile(file('\n'), 100)).toMatchObject({ reason: null, isEmpty: false })
  })

  test('says in words why a file cannot be read to its end', async () => {
    const packed = gzipSync('a line of text\n'.repeat(5000))
    const reasonOf = async (f: TextFile) => (await inspectTextFile(f, 100)).reason
    expect(await reasonOf(file(packed, 'a.gz'))).toBeNull()
    expect(await reasonOf(file(packed.subarray(0, -4), 'a.gz'))).toBe('the gzip ends in the middle; deliver it again')
    expect(await reasonOf(file('a line', 'a.gz'))).toContain('it is no valid gzip')
    const damaged = Buffer.from(packed)
    damaged[packed.length - 6]! ^= 0xff // in the checksum
    expect(await reasonOf(file(damaged, 'a.gz'))).toContain('it is no valid gzip')
    expect(await reasonOf({ path: `${folder.path}/gone`, name: 'gone', isGzip: false })).toBe('it is gone')
    expect(await reasonOf({ path: `${folder.path}/gone.gz`, name: 'gone', isGzip: true })).toBe('it is gone')
    expect(await reasonOf({ path: folder.path, name: 'folder', isGzip: false })).toBe('it is a folder')
  })
})

describe('readLines', () => {
  test('numbers count every line, empty ones are left out', async () => {
    expect(await linesOf('\na\n\n\nb')).toEqual([
      [2, 'a'],
      [5, 'b'],
    ])
    expect(await linesOf('')).toEqual([])
  })

  test('a byte order mark is no text, except in later lines', async () => {
    expect(await linesOf('\ufeffa\n\ufeffb\n')).toEqual([
      [1, 'a'],
      [2, '\ufeffb'],
    ])
  })

  test('a line that is not UTF-8 has no text, and its neighbours have', async () => {
    expect(await linesOf(Buffer.concat([Buffer.from('ü\n'), Buffer.from([0xc3, 0x28]), Buffer.from('\nä')]))).toEqual([
      [1, 'ü'],
      [2, null],
      [3, 'ä'],
    ])
  })

  test('NUL is no text: the control character 1 stands for it', async () => {
    expect(await linesOf('a\u0000\u0000b')).toEqual([[1, 'a\u0001\u0001b']])
  })

  test('lines and characters across several pieces', async () => {
    const long = 'ü😀x'.repeat(PIECE / 2)
    const lines = await linesOf(`a\n${long}\n\nb`)
    expect(lines.map(([line]) => line)).toEqual([1, 2, 4])
    expect(lines[1]![1] === long).toBe(true)
  })

  test('a line that is too long has no text, and its neighbours have, in one piece or several', async () => {
    for (const size of [11, 3 * PIECE]) {
      const lines: unknown[] = []
      const content = `a\n${'x'.repeat(size)}\nb\n${'y'.repeat(10)}\n${'z'.repeat(size)}`
      for await (const { line, text } of readLines(file(content), { longest: 10 })) lines.push([line, text])
      expect(lines).toEqual([
        [1, 'a'],
        [2, null],
        [3, 'b'],
        [4, 'y'.repeat(10)],
        [5, null],
      ])
    }
  })

  test('a torn gzip throws', async () => {
    const torn = file(gzipSync('a\n'.repeat(5000)).subarray(0, -10), 'torn.gz')
    const read = async () => {
      for await (const _ of readLines(torn));
    }
    await expect(read()).rejects.toThrow()
  })
})
