import { createHash } from 'node:crypto'
import { describe, expect } from 'vitest'
import { sql } from '../../src/warehouses/sql.ts'
import type { Row } from '../../src/warehouses/warehouse.ts'
import { testDialectJson } from './dialect-json-suite.ts'
import { testDialectNumbers } from './dialect-number-suite.ts'
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
    testDialectNumbers(open, known)
    testKeys(open, known)
    testAggregates(open, known)
    testAssertions(open, known)
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
      const pairs: readonly (readonly [string | null, string | null])[] = [
        ['a', 'bc'],
        ['ab', 'c'],
        ['abc', ''],
        ['', 'abc'],
        ['abc', null],
        [null, 'abc'],
        [null, null],
        ['', ''],
        ['null', ''],
        ['', 'null'],
        ['null', 'null'],
        ['a,1:b', 'c'],
        ['a', '1:b,c'],
        ['3:abc', 'x'],
        [',', ':'],
      ]
      const rows = pairs.map(([a, b]) => ({ a, b }))
      const keys = await evaluate(use(), { a: 'string', b: 'string' }, rows, d.surrogateKey(['a', 'b']))
      expect(new Set(keys).size).toBe(pairs.length)
    })

    // Ids are compared between engines, and between runs: the text that is hashed is part of the meaning.
    test('surrogateKey: the same on every engine', async () => {
      const { dialect: d } = use()
      const rows = [
        { t: 'aü😀', n: -12, b: 'true' },
        { t: '', n: null, b: 'false' },
        { t: null, n: 0, b: null },
      ]
      const types = { t: 'string', n: 'integer', b: 'string' } as const
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
    ${d.firstBy('n', 'order_key', 'integer')} as first_n, ${d.lastBy('n', 'order_key', 'integer')} as last_n,
    ${d.firstBy('s', 'order_key')} as first_s, ${d.lastBy('s', 'order_key')} as last_s,
    ${d.firstBy('t', 'order_key', 'timestamp')} as first_t, ${d.lastBy('t', 'order_key', 'timestamp')} as last_t,
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
