import { randomBytes } from 'node:crypto'
import { gzipSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect } from 'vitest'
import { sql } from '../../src/warehouses/sql.ts'
import type { TextFile } from '../../src/warehouses/warehouse.ts'
import { temporaryFolder } from '../harness/pipeline.ts'
import { type KnownFailures, type Open, openedFor, tester } from './suite.ts'

type Content = string | Uint8Array
type LineRow = { file: string; line: number; text: string | null }

const bytes = (...parts: (string | readonly number[])[]) =>
  Buffer.concat(parts.map((part) => (typeof part === 'string' ? Buffer.from(part) : Buffer.from(part))))

/** `loadLines`: lines of files as they are, whatever the file went through. */
export function testLines(open: Open, known?: KnownFailures, { manyLines = 60_000 } = {}): void {
  describe('lines of files', () => {
    const use = openedFor(open)
    const test = tester(known)
    let folder: ReturnType<typeof temporaryFolder>
    beforeAll(() => {
      folder = temporaryFolder()
    })
    afterAll(() => folder.remove())

    const file = (name: string, content: Content): TextFile => ({
      path: folder.write(name, content),
      name,
      isGzip: name.endsWith('.gz'),
    })
    const load = async (files: readonly TextFile[]) => {
      const unreadable = await use().loadLines('lines', files)
      const rows = await use().query<LineRow>(
        sql`select ${sql.id('file')}, line, ${sql.id('text')} from ${sql.staging('lines')}`,
      )
      rows.sort((a, b) => (a.file < b.file ? -1 : a.file > b.file ? 1 : a.line - b.line))
      return { unreadable, lines: rows.map((row) => [row.file, row.line, row.text] as const) }
    }
    const linesOf = async (content: Content, name = 'a.jsonl') => {
      const { unreadable, lines } = await load([file(name, content)])
      expect(unreadable).toEqual([])
      return lines.map(([, line, text]) => [line, text])
    }

    const cases: Record<string, [content: Content, lines: [number, string | null][]]> = {
      plain: [
        '{"a":1}\n{"b":2}\n',
        [
          [1, '{"a":1}'],
          [2, '{"b":2}'],
        ],
      ],
      'no line feed at the end': [
        'a\nb',
        [
          [1, 'a'],
          [2, 'b'],
        ],
      ],
      'an empty file': ['', []],
      'a file of one line feed': ['\n', []],
      'empty lines count and are left out': [
        '\na\n\n\nb\n\n',
        [
          [2, 'a'],
          [5, 'b'],
        ],
      ],
      'a byte order mark': [
        '\ufeffa\nb\n',
        [
          [1, 'a'],
          [2, 'b'],
        ],
      ],
      'a byte order mark alone': ['\ufeff', []],
      'bytes that are not UTF-8': [
        bytes('a\n{"x":"', [0xff], '"}\nb', [0xc3], '\nd'),
        [
          [1, 'a'],
          [2, null],
          [3, null],
          [4, 'd'],
        ],
      ],
      'UTF-8 of every length': [
        'ü\n漢\n😀\n',
        [
          [1, 'ü'],
          [2, '漢'],
          [3, '😀'],
        ],
      ],
      'NUL becomes a control character, which no JSON holds': [
        'a\u0000b\nc\n',
        [
          [1, 'a\u0001b'],
          [2, 'c'],
        ],
      ],
      'control characters 1 and 2': [
        'a\u0001b\n\u0002\n\u0001\n',
        [
          [1, 'a\u0001b'],
          [2, '\u0002'],
          [3, '\u0001'],
        ],
      ],
      'escapes of engines are text': [
        '\\x01\n\\N\n\\.\n\\\\\nnull\n',
        ['\\x01', '\\N', '\\.', '\\\\', 'null'].map((t, i) => [i + 1, t]),
      ],
      'quotes, delimiters, comments': [
        '"a\nb"\n""\n\'\na,b;c|d\te\n#f\n',
        ['"a', 'b"', '""', "'", 'a,b;c|d\te', '#f'].map((t, i) => [i + 1, t]),
      ],
      'separators of other worlds end no line': [
        'a\u2028b\u0085c\u000bd\u000ce\n',
        [[1, 'a\u2028b\u0085c\u000bd\u000ce']],
      ],
      'a carriage return inside a line': [
        'a\rb\nc\n',
        [
          [1, 'a\rb'],
          [2, 'c'],
        ],
      ],
      'spaces at both ends stay': ['  a  \n', [[1, '  a  ']]],
    }
    for (const [name, [content, expected]] of Object.entries(cases)) {
      test(name, async () => {
        expect(await linesOf(content)).toEqual(expected)
        expect(await linesOf(gzipSync(content), 'a.jsonl.gz'), 'gzip').toEqual(expected)
      })
    }

    test('lines that end in CR LF', async () => {
      expect(await linesOf('a\r\nb\r\n\r\nc')).toEqual([
        [1, 'a'],
        [2, 'b'],
        [4, 'c'],
      ])
    })

    test('lines of white space fare alike in every file', async () => {
      const texts = async (content: Content) => (await linesOf(content)).map(([, text]) => text)
      expect(await texts('a\n   \nb\n')).toEqual(await texts('a\n   \n\nb\n'))
    })

    test('a line of three million characters', async () => {
      const line = `{"a":"${'x'.repeat(3_000_000)}"}`
      const [[, first], ...rest] = (await linesOf(`${line}\nb\n`)) as [[number, string], ...unknown[]]
      expect(first === line).toBe(true)
      expect(rest).toEqual([[2, 'b']])
    })

    test('the lines of a large file are numbered in order', async () => {
      const content = Array.from({ length: manyLines }, (_, i) => `line ${i + 1} ${'.'.repeat(i % 90)}`).join('\n')
      expect(await load([file('large.jsonl', content)]).then((r) => r.lines.length)).toBe(manyLines)
      const line = use().dialect.cast('line', 'string')
      const [row] = await use().query(
        sql`select count(*) as n from ${sql.staging('lines')} where substr(${sql.id('text')}, 1, 6 + length(${line})) <> 'line ' || ${line} || ' '`,
      )
      expect(row).toEqual({ n: 0 })
    })

    test('several gzip members in one file', async () => {
      const members = Buffer.concat([gzipSync('a\nb'), gzipSync('c\nd\n')])
      expect(await linesOf(members, 'a.gz')).toEqual([
        [1, 'a'],
        [2, 'bc'],
        [3, 'd'],
      ])
    })

    test('a torn gzip is reported and none of its lines stay', async () => {
      const lines = Array.from({ length: 20_000 }, () => randomBytes(20).toString('hex')).join('\n')
      const packed = gzipSync(lines)
      const { unreadable, lines: loaded } = await load([
        file('torn.gz', packed.subarray(0, packed.length - 1000)),
        file('whole', 'x\n'),
        file('checksum.gz', packed.subarray(0, packed.length - 5)),
      ])
      expect(unreadable.map((u) => u.file)).toEqual(['torn.gz', 'checksum.gz'])
      expect(unreadable.every((u) => u.reason.includes('gzip'))).toBe(true)
      expect(loaded).toEqual([['whole', 1, 'x']])
    })

    test('what is no gzip, no file or not there is reported, and the rest loaded', async () => {
      const { unreadable, lines } = await load([
        file('no.gz', 'plain text'),
        file('whole', 'x\n'),
        { path: `${folder.path}/gone`, name: 'gone', isGzip: false },
        { path: `${folder.path}/gone.gz`, name: 'gone.gz', isGzip: true },
        { path: folder.path, name: 'folder', isGzip: false },
      ])
      expect(unreadable.map((u) => u.file).sort()).toEqual(['folder', 'gone', 'gone.gz', 'no.gz'])
      expect(unreadable.every((u) => u.reason.length > 0)).toBe(true)
      expect(lines).toEqual([['whole', 1, 'x']])
    })

    test('many files, plain and not, keep their names and numbers', async () => {
      const files = Array.from({ length: 60 }, (_, i) => {
        const content = i % 3 === 0 ? `${i}\n\n${i}b` : `${i}\n${i}b\n`
        return i % 2 === 0 ? file(`${i}.jsonl`, content) : file(`${i}.jsonl.gz`, gzipSync(content))
      })
      const { unreadable, lines } = await load(files)
      expect(unreadable).toEqual([])
      const expected = files.flatMap((f, i) => [
        [f.name, 1, `${i}`] as const,
        [f.name, i % 3 === 0 ? 3 : 2, `${i}b`] as const,
      ])
      expect(lines).toEqual(expected.sort((a, b) => (a[0] < b[0] ? -1 : a[0] > b[0] ? 1 : a[1] - b[1])))
    })

    test('no files make an empty table', async () => {
      expect(await load([])).toEqual({ unreadable: [], lines: [] })
    })

    test('names of files with quotes, spaces and percent signs', async () => {
      for (const name of [
        "it's.jsonl",
        'two words.jsonl',
        '100%.jsonl',
        'ü😀.jsonl',
        'a{b,c}.jsonl',
        'a\\b.jsonl',
        '-a',
      ]) {
        expect((await load([file(name, 'x\n')])).lines).toEqual([[name, 1, 'x']])
      }
    })

    test('names of files that would be patterns', async () => {
      file('p1.jsonl', 'another file\n')
      for (const name of ['p[1].jsonl', 'p*.jsonl', 'p?.jsonl']) {
        expect((await load([file(name, 'x\n')])).lines).toEqual([[name, 1, 'x']])
      }
    })
  })
}
