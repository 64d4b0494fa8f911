import { describe, expect } from 'vitest'
import { type Sql, sql } from '../../src/warehouses/sql.ts'
import type { RowValue } from '../../src/warehouses/warehouse.ts'
import { evaluate, expectEach, type KnownFailures, type Open, openedFor, tester } from './suite.ts'

/** Numbers and casts: what the helpers mean, by value. */
export function testDialectNumbers(open: Open, known?: KnownFailures): void {
  describe('numbers', () => {
    const use = openedFor(open)
    const test = tester(known)
    const pairs = async (
      cases: readonly (readonly [RowValue, RowValue, RowValue])[],
      types: { a: 'integer' | 'string'; b: 'integer' },
      expression: Sql,
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
