import { createHash } from 'node:crypto'
import { describe, expect } from 'vitest'
import { sql } from '../../src/warehouses/sql.ts'
import type { Row, RowValue } from '../../src/warehouses/warehouse.ts'
import { testDialectJson } from './dialect-json-suite.ts'
import { testDialectTexts } from './dialect-text-suite.ts'
import { testDialectTimes } from './dialect-time-suite.ts'
import { columnsOf, evaluate, expectEach, type KnownFailures, type Open, openedFor, tester } from './suite.ts'

const md5 = (text: string) => createHash('md5').update(text).digest('hex')

/** What every method of `Dialect` means: values, not text. */
export function testDialect(open: Open, known?: KnownFailures): void {
  describe('dialect', () => {
    testDialectTimes(open, known)
    testDialectTexts(open, known)
    testDialectJson(open, known)
    testNumbers(open, known)
    testKeys(open, known)
    testAggregates(open, known)
    testAssertions(open, known)
  })
}

function testNumbers(open: Open, known?: KnownFailures): void {
  describe('numbers', () => {
    const use = openedFor(open)
    const test = tester(known)
    const pairs = async (
      cases: readonly (readonly [RowValue, RowValue, RowValue])[],
      types: { a: 'integer' | 'string'; b: 'integer' },
      expression: Parameters<typeof evaluate>[3],
    ) => {
      const rows = cases.map(([a, b]) => ({ a, b }))
      const results = await evaluate(use(), types, rows, expression)
      expect(cases.map(([a, b], i) => [a, b, results[i]])).toEqual(cases)
    }

    test('integerDivide: cut towards zero', () =>
      pairs(
        [
          [7, 2, 3],
          [-7, 2, -3],
          [7, -2, -3],
          [-7, -2, 3],
          [0, 5, 0],
          [9_007_199_254_740_993n, 1, 9_007_199_254_740_993n],
          [null, 2, null],
        ],
        { a: 'integer', b: 'integer' },
        use().dialect.integerDivide('a', 'b'),
      ))

    test('safeDivide: a fraction, null when the divisor is zero', () =>
      pairs(
        [
          [7, 2, 3.5],
          [-1, 4, -0.25],
          [1, 0, null],
          [0, 0, null],
          [null, 2, null],
          [2, null, null],
        ],
        { a: 'integer', b: 'integer' },
        use().dialect.safeDivide('a', 'b'),
      ))

    test('a helper stands in a larger expression as one value', async () => {
      const { dialect: d } = use()
      const within = sql`12 - ${d.integerDivide('v', sql`2`)} * 2`
      await expectEach(use(), 'integer', [[7, 6]], within)
      await expectEach(use(), 'integer', [[4, 0]], sql`1 - 2 * ${d.safeDivide(sql`2`, 'v')}`)
    })

    test('a helper takes an expression with operators as one value', async () => {
      const { dialect: d } = use()
      await expectEach(use(), 'integer', [[6, 3]], d.integerDivide(sql`v + 1`, sql`1 + 1`))
      await expectEach(use(), 'integer', [[6, 3.5]], d.safeDivide(sql`v + 1`, sql`1 + 1`))
    })

    test('decimalToInteger: half away from zero', () =>
      pairs(
        [
          ['1', 2, 100],
          ['1.005', 2, 101],
          ['-1.005', 2, -101],
          ['1.004999999999999999', 2, 100],
          ['0.005', 2, 1],
          ['-0.004', 2, 0],
          ['2.5', 0, 3],
          ['-2.5', 0, -3],
          ['0.49', 0, 0],
          ['1.2345', 3, 1235],
          ['.5', 0, 1],
          ['5.', 2, 500],
          ['+3.2', 2, 320],
          ['000000000000001.10', 2, 110],
          ['999999999999999', 0, 999_999_999_999_999],
          ['999999999999999.99', 2, 99_999_999_999_999_999n],
          ['-999999999999999.99', 2, -99_999_999_999_999_999n],
          ['999999999999999', 3, 999_999_999_999_999_000n],
          [null, 2, null],
        ],
        { a: 'string', b: 'integer' },
        use().dialect.decimalToInteger('a', 'b'),
      ))

    test('decimalToInteger: four digits', () =>
      pairs(
        [
          ['1.00005', 4, 10_001],
          ['99999999999999.9999', 4, 999_999_999_999_999_999n],
        ],
        { a: 'string', b: 'integer' },
        use().dialect.decimalToInteger('a', 'b'),
      ))

    test('cast', async () => {
      const { dialect: d } = use()
      await expectEach(
        use(),
        'integer',
        [
          [-12, '-12'],
          [9_007_199_254_740_993n, '9007199254740993'],
          [null, null],
        ],
        d.cast('v', 'string'),
      )
      await expectEach(
        use(),
        'string',
        [
          ['-12', -12],
          ['9007199254740993', 9_007_199_254_740_993n],
          [null, null],
        ],
        d.cast('v', 'integer'),
      )
      await expectEach(
        use(),
        'string',
        [
          ['12.5', 12.5],
          ['-1e3', -1000],
        ],
        d.cast('v', 'float'),
      )
      await expectEach(use(), 'integer', [[3, 3]], d.cast('v', 'float'))
      await expectEach(
        use(),
        'boolean',
        [
          [true, 'true'],
          [false, 'false'],
        ],
        d.cast('v', 'string'),
      )
      const time = '2025-01-01T11:10:00.000001Z'
      await expectEach(use(), 'string', [['2025-01-01 11:10:00.000001', time]], d.cast('v', 'timestamp'))
      await expect(expectEach(use(), 'string', [['x', null]], d.cast('v', 'integer'))).rejects.toThrow()
    })

    test('cast: nulls get the type of their column', async () => {
      const { dialect: d } = use()
      await use().stage(
        'typed',
        sql`select ${d.cast(sql`null`, 'timestamp')} as t, ${d.cast(sql`null`, 'boolean')} as b`,
      )
      const added = d.addMicroseconds('t', sql`1`)
      expect(await use().query(sql`select ${added} as t, not b as b from ${sql.staging('typed')}`)).toEqual([
        { t: null, b: null },
      ])
    })
  })
}

function testKeys(open: Open, known?: KnownFailures): void {
  describe('hashes', () => {
    const use = openedFor(open)
    const test = tester(known)

    test('md5: lower-case hex of the UTF-8', () =>
      expectEach(
        use(),
        'string',
        [...['', 'a', 'ü😀', "it's\n\\"].map((text) => [text, md5(text)] as const), [null, null]],
        use().dialect.md5('v'),
      ))

    test('surrogateKey: nulls count, values cannot shift into each other', async () => {
      const { dialect: d } = use()
      const pairs = [
        ...[
          ['a', 'bc'],
          ['ab', 'c'],
          ['abc', ''],
          ['', 'abc'],
          ['abc', null],
          [null, 'abc'],
          [null, null],
          ['', ''],
        ],
        ...[
          ['null', ''],
          ['', 'null'],
          ['null', 'null'],
          ['a,1:b', 'c'],
          ['a', '1:b,c'],
          ['3:abc', 'x'],
          [',', ':'],
        ],
      ] as (readonly [string | null, string | null])[]
      const rows = pairs.map(([a, b]) => ({ a, b }))
      const keys = await evaluate(use(), { a: 'string', b: 'string' }, rows, d.surrogateKey(['a', 'b']))
      expect(new Set(keys).size).toBe(pairs.length)
    })

    // Ids are compared between engines, and between runs: the text that is hashed is part of the meaning.
    test('surrogateKey: the same on every engine', async () => {
      const { dialect: d } = use()
      const rows = [
        { t: 'aü😀', n: -12, b: true },
        { t: '', n: null, b: false },
        { t: null, n: 0, b: null },
      ]
      const types = { t: 'string', n: 'integer', b: 'boolean' } as const
      const keys = await evaluate(use(), types, rows, d.surrogateKey(['t', 'n', 'b']))
      expect(keys).toEqual(['3:aü😀,3:-12,4:true', '0:,null,5:false', 'null,1:0,null'].map(md5))
      expect(await evaluate(use(), types, rows.slice(0, 1), d.surrogateKey(['t']))).toEqual([md5('3:aü😀')])
    })
  })
}

function testAggregates(open: Open, known?: KnownFailures): void {
  describe('aggregates', () => {
    const use = openedFor(open)
    const test = tester(known)

    test('firstBy and lastBy: by the bytes of the key, whatever the value', async () => {
      const { dialect: d } = use()
      const time = (n: number) => `2025-01-01T00:00:00.00000${n}Z`
      const row = (grp: string, order_key: string | null, n: number | null) => ({
        grp,
        order_key,
        n,
        t: n === null ? null : time(n),
        s: n === null ? null : `value ${n}`,
      })
      const rows = [
        ...[row('plain', 'b', 2), row('plain', 'a', 1), row('plain', 'c', 3)],
        ...[row('null value', 'a', null), row('null value', 'b', 5), row('null value', 'c', null)],
        ...[row('null key', null, 1), row('null key', 'b', 2), row('null key', 'c', 3), row('null key', null, 4)],
        ...[row('no key', null, 1), row('no key', null, 2)],
        ...[
          row('bytes', 'a', 1),
          row('bytes', 'B', 2),
          row('bytes', 'é', 3),
          row('bytes', '10', 4),
          row('bytes', '9', 5),
        ],
        ...[row('prefix', 'ab', 1), row('prefix', 'a', 2), row('prefix', 'a b', 3)],
      ]
      const types = { grp: 'string', order_key: 'string', n: 'integer', t: 'timestamp', s: 'string' } as const
      await use().loadStaging('inputs', columnsOf(types), rows)
      await use().stage(
        'results',
        sql`
select
    grp,
    ${d.firstBy('n', 'order_key')} as first_n, ${d.lastBy('n', 'order_key')} as last_n,
    ${d.firstBy('s', 'order_key')} as first_s, ${d.lastBy('s', 'order_key')} as last_s,
    ${d.firstBy('t', 'order_key')} as first_t, ${d.lastBy('t', 'order_key')} as last_t,
    count(*) as n
from ${sql.staging('inputs')}
group by grp`,
      )
      const results = await use().query<Row & { grp: string }>(sql`select * from ${sql.staging('results')}`)
      const expected = (grp: string, first: number | null, last: number | null, n: number) => ({
        grp,
        first_n: first,
        last_n: last,
        first_s: first === null ? null : `value ${first}`,
        last_s: last === null ? null : `value ${last}`,
        first_t: first === null ? null : time(first),
        last_t: last === null ? null : time(last),
        n,
      })
      expect(results.sort((a, b) => (a.grp < b.grp ? -1 : 1))).toEqual([
        expected('bytes', 4, 3, 5),
        expected('no key', null, null, 2),
        expected('null key', 2, 3, 4),
        expected('null value', null, null, 3),
        expected('plain', 1, 3, 3),
        expected('prefix', 2, 1, 3),
      ])
    })
  })
}

function testAssertions(open: Open, known?: KnownFailures): void {
  describe('assertions', () => {
    const use = openedFor(open)
    const test = tester(known)

    test('assertThat: passes when the condition holds', async () => {
      const { dialect: d } = use()
      await use().stage('facts', sql`select 1 as n`)
      const one = sql`(select count(*) from ${sql.staging('facts')}) = 1`
      await use().transaction([d.assertThat(sql`1 = 1`, 'not shown'), d.assertThat(one, 'not shown')])
    })

    test('assertThat: fails with its message when the condition does not hold or is null', async () => {
      const { dialect: d } = use()
      await use().stage('facts', sql`select 1 as n`)
      const message = "it's 100 % wrong: lease lost"
      const none = sql`(select count(*) from ${sql.staging('facts')} where n = 2) = 1`
      const unknown = sql`(select max(n) from ${sql.staging('facts')} where n = 2) = 1`
      for (const condition of [sql`1 = 2`, none, unknown]) {
        await expect(use().transaction([d.assertThat(condition, message)])).rejects.toThrow(message)
      }
    })
  })
}
