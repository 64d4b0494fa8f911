import { describe, expect } from 'vitest'
import { sql } from '../../src/warehouses/sql.ts'
import type { Row } from '../../src/warehouses/warehouse.ts'
import { columnsOf, expectEach, type KnownFailures, type Open, openedFor, tester } from './suite.ts'

/** Columns of tables that others made: what the helpers mean, by value. */
export function testDialectColumns(open: Open, known?: KnownFailures): void {
  describe('columns of other tables', () => {
    const use = openedFor(open)
    const test = tester(known)

    test('concat: the texts one after the other', () =>
      expectEach(
        use(),
        'string',
        [
          ['a', '<a>'],
          ['', '<>'],
        ],
        use().dialect.concat([sql`'<'`, 'v', sql`'>'`]),
      ))

    test('jsonValue of texts: in quotes, with escapes', async () => {
      const texts = ['', 'a "b" \\ c', 'line\nfeed\ttab', 'ü😀', '\u0001', "it's"]
      const { dialect } = use()
      await use().loadStaging('texts', columnsOf({ n: 'integer', v: 'string' }), [
        ...texts.map((v, n) => ({ n, v })),
        { n: texts.length, v: null },
      ])
      const rows = await use().query<Row & { json: string | null }>(
        sql`select ${dialect.jsonValue('v')} as json from ${sql.staging('texts')} order by n`,
      )
      expect(rows.slice(0, -1).map((r) => JSON.parse(r.json!))).toEqual(texts)
      expect(rows.at(-1)!.json).toBeNull()
    })

    test('jsonValue of numbers and booleans: bare; null for what JSON does not have', async () => {
      const { dialect } = use()
      await expectEach(
        use(),
        'integer',
        [
          [9_007_199_254_740_991, '9007199254740991'],
          [-1, '-1'],
          [null, null],
        ],
        dialect.jsonValue('v'),
      )
      await expectEach(
        use(),
        'boolean',
        [
          [true, 'true'],
          [false, 'false'],
        ],
        dialect.jsonValue('v'),
      )
      await expectEach(
        use(),
        'float',
        [
          [49.9, '49.9'],
          [Number.NaN, null],
          [Number.POSITIVE_INFINITY, null],
        ],
        dialect.jsonValue('v'),
      )
    })

    test('asTime: times as they are, text parsed; null where a type holds none', async () => {
      const { dialect } = use()
      const { timestamp, string, integer, boolean } = dialect.types
      const at = '2025-01-01T11:10:00.000001Z'
      await expectEach(
        use(),
        'timestamp',
        [
          [at, at],
          [null, null],
        ],
        dialect.asTime('v', timestamp)!,
      )
      await expectEach(
        use(),
        'string',
        [
          ['2025-01-01 12:10:00.0000019+01', at],
          ['soon', null],
        ],
        dialect.asTime('v', string)!,
      )
      expect([dialect.asTime('v', integer), dialect.asTime('v', boolean)]).toEqual([null, null])
    })

    test('storedBy: rows are stored whatever their order', async () => {
      const { dialect } = use()
      const rows = [3, 1, 2].map((v) => ({ v }))
      await use().loadStaging('unordered', columnsOf({ v: 'integer' }), rows)
      for (const [i, keys] of [['v'], []].entries()) {
        await use().stage(`ordered_${i}`, sql`select v from ${sql.staging('unordered')}${dialect.storedBy(keys)}`)
        const stored = await use().query(sql`select v from ${sql.staging(`ordered_${i}`)} order by v`)
        expect(stored).toEqual([{ v: 1 }, { v: 2 }, { v: 3 }])
      }
    })

    test('rowNumber: another one for each row of a staging table', async () => {
      await use().loadStaging(
        'numbered',
        columnsOf({ v: 'integer' }),
        Array.from({ length: 5000 }, () => ({ v: 1 })),
      )
      const [row] = await use().query(
        sql`select count(distinct n) as numbers, min(n) as least from (select ${use().dialect.rowNumber('t')} as n from ${sql.staging('numbered')} as t) as m`,
      )
      expect(row!.numbers).toBe(5000)
      expect(Number(row!.least)).toBeGreaterThanOrEqual(0)
    })
  })
}
