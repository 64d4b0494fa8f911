import { describe, expect } from 'vitest'
import { sql } from '../../src/warehouses/sql.ts'
import { evaluate, expectEach, type KnownFailures, type Open, openedFor, tester } from './suite.ts'

/** An id that looks like what an adapter may take out of a statement and compute before it. */
const BOUND_LIKE = '(select min(id) from `x_staging.some_ids`)'

/** Texts, patterns and JSON: what the helpers mean, by value. */
export function testDialectTexts(open: Open, known?: KnownFailures): void {
  describe('texts', () => {
    const use = openedFor(open)
    const test = tester(known)

    test('trim: the six kinds of white space, at the ends only', () =>
      expectEach(
        use(),
        'string',
        [
          [' a ', 'a'],
          ['\t\n\v\f\r a \t b \r\f\v\n\t', 'a \t b'],
          ['\u00a0a\u3000', '\u00a0a\u3000'],
          ['  ', ''],
          ['', ''],
          [null, null],
        ],
        use().dialect.trim('v'),
      ))

    test('isOneOf: equal to one of the literals, byte by byte', () =>
      expectEach(
        use(),
        'string',
        [
          ['a', true],
          ['A', false],
          ["it's [1], \\ $1 ?", true],
          ['für', true],
          ['', false],
          [null, null],
        ],
        use().dialect.isOneOf('v', ['b', 'a', "it's [1], \\ $1 ?", 'für']),
      ))

    test('isOneOf: of a stored column, and of none', async () => {
      const { dialect: d } = use()
      await use().loadStaging(
        'some_ids',
        { id: { type: 'string', description: 'Some.' } },
        ['a', 'b', 'c', 'b', BOUND_LIKE].map((id) => ({ id })),
      )
      const count = async (ids: readonly string[]) => {
        await use().stage(
          'found_ids',
          sql`select s.id from ${sql.staging('some_ids')} as s where ${d.isOneOf('s.id', ids)}`,
        )
        const [row] = await use().query<{ n: number }>(sql`select count(*) as n from ${sql.staging('found_ids')} as s`)
        return row?.n
      }
      expect([await count(['b', 'c', 'x']), await count(['x']), await count([])]).toEqual([3, 0, 0])
      expect(await count(['b', BOUND_LIKE])).toBe(3)
    })

    test('regexpMatches: anywhere in the text unless anchored, with case', async () => {
      const { dialect: d } = use()
      const found = (pattern: string) => sql`case when ${d.regexpMatches('v', pattern)} then 'yes' else 'no' end`
      const texts = [['ab=12'], ['xab=12y'], ['AB=12'], ['']] as const
      const expected = {
        'ab=[0-9]+': ['yes', 'yes', 'no', 'no'],
        '^ab=[0-9]+$': ['yes', 'no', 'no', 'no'],
        '^$': ['no', 'no', 'no', 'yes'],
        '(^|x)ab': ['yes', 'yes', 'no', 'no'],
        '[A-Z]{2}': ['no', 'no', 'yes', 'no'],
      }
      for (const [pattern, answers] of Object.entries(expected)) {
        const rows = texts.map(([v]) => ({ v }))
        expect(await evaluate(use(), { v: 'string' }, rows, found(pattern)), pattern).toEqual(answers)
      }
    })

    test('regexpMatches: quotes, dollars and other letters in a pattern', () =>
      expectEach(
        use(),
        'string',
        [
          ["it's $5 für ?", true],
          ["it''s $5 für ?", false],
          [null, null],
        ],
        use().dialect.regexpMatches('v', "t's [$]5 für [?]$"),
      ))

    test('regexpExtract: the first group of the first match, null when empty', () =>
      expectEach(
        use(),
        'string',
        [
          ['a=1&b=2', '1'],
          ['x&a=&a=3', null],
          ['b=2', null],
          ['a=ü&', 'ü'],
          ['', null],
          [null, null],
        ],
        use().dialect.regexpExtract('v', 'a=([^&]*)'),
      ))

    test('regexpReplace: every match', () =>
      expectEach(
        use(),
        'string',
        [
          ['aXbXX', 'a_b_'],
          ['X', '_'],
          ['', ''],
          [null, null],
        ],
        use().dialect.regexpReplace('v', 'X+', '_'),
      ))

    test('regexpReplace: by text with quotes and brackets, and by nothing', async () => {
      const { dialect: d } = use()
      await expectEach(use(), 'string', [['a@b, c@d', "[it's], [it's]"]], d.regexpReplace('v', '[a-z]@[a-z]', "[it's]"))
      await expectEach(use(), 'string', [['a b\tc\n', 'abc']], d.regexpReplace('v', '[ \t\n]', ''))
    })

    test('percentDecode', () =>
      expectEach(
        use(),
        'string',
        [
          ['plain', 'plain'],
          ['a+b%20c', 'a b c'],
          ['%C3%BC%c3%bc ü', 'üü ü'],
          ['%F0%9F%98%80%21', '😀!'],
          ['100%25', '100%'],
          ['%25zz%2B', '%zz+'],
          ['%0A%09', '\n\t'],
          ['', ''],
          [null, null],
        ],
        use().dialect.percentDecode('v'),
      ))

    test('percentDecode: what is no valid text stays as it is', () =>
      expectEach(
        use(),
        'string',
        [
          ...['%FF', '%C3', 'a+%E2%82', '%ED%A0%80', '%C0%80', '%F4%90%80%80', '%80abc'], // no UTF-8
          ...['100%', '50%+off', 'a%2', '%zz', '%+41', 'a%%20', '%25%', '%2\n0', '%u00fc'], // no escape
        ].map((text) => [text, text] as const),
        use().dialect.percentDecode('v'),
      ))

    test('isJson', () =>
      expectEach(
        use(),
        'string',
        [
          ...['{}', '[]', '1', '-0.5e+3', '"a"', '"\\u00fc\\n"', 'null', 'true', ' {"a": [1, {"b": null}]} \n'].map(
            (text) => [text, true] as const,
          ),
          ...['', ' ', 'nul', '{a:1}', "{'a':1}", '{"a":1} x', '{"a":1}{"b":2}', '{"a"}', '[1', '01', '1.', '.5'].map(
            (text) => [text, false] as const,
          ),
          ...['+1', '-', '0x1', '"a\nb"', '"\\x"', '"', '// c\n1', '\ufeff{}', '[1 2]', 'undefined'].map(
            (text) => [text, false] as const,
          ),
          [null, false],
        ],
        use().dialect.isJson('v'),
      ))

    test('isJson: commas at the end and words for numbers are not JSON', () =>
      expectEach(
        use(),
        'string',
        [
          ...['{"a":1,}', '[1, ]', '[NaN]', '{"a":-Infinity}', 'nan'].map((text) => [text, false] as const),
          ['{"a":"NaN,]","info":" Infinity"}', true],
        ],
        use().dialect.isJson('v'),
      ))
  })
}
