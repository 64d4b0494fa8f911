import { describe, expect } from 'vitest'
import { QueryError } from '../../src/errors.ts'
import { sql } from '../../src/warehouses/sql.ts'
import type { Row } from '../../src/warehouses/warehouse.ts'
import { testCancellation } from './cancellation-suite.ts'
import { testLines } from './lines-suite.ts'
import { MAX, NOTHING, TYPES, tableSpec } from './specs.ts'
import { columnsOf, type KnownFailures, type Open, openedFor, tester } from './suite.ts'
import { testTables } from './tables-suite.ts'

/** What every `Warehouse` does. `sizes`: how large a file of lines is. */
export function testWarehouse(open: Open, known?: KnownFailures, sizes?: { manyLines?: number }): void {
  describe('warehouse', () => {
    testValues(open, known)
    testTables(open, known)
    testTransactions(open, known)
    testErrors(open, known)
    testCancellation(open, known)
    testLines(open, known, sizes)
  })
}

function testValues(open: Open, known?: KnownFailures): void {
  describe('values', () => {
    const use = openedFor(open)
    const test = tester(known)

    test('come back as they were loaded', async () => {
      const rows = [
        { id: 1, s: 'text', n: 1, f: 1.5, b: true, t: '2025-01-01T11:10:00.000001Z' },
        { id: 2, s: '', n: -1, f: 3, b: false, t: '1969-12-31T23:59:59.999999Z' },
        { id: 3, s: 'ü', n: 9_007_199_254_740_991, f: 0.1, b: null, t: '2025-12-31T23:59:59.000000Z' },
        { id: 4, s: null, n: 9_007_199_254_740_992n, f: -1.25e-7, b: null, t: null },
        { id: 5, s: null, n: MAX, f: 5e-324, b: null, t: '2005-01-01T00:00:00.100000Z' },
        { id: 6, s: null, n: -MAX, f: 0, b: null, t: '2024-02-29T00:00:00.000000Z' },
        { id: 7, ...NOTHING },
      ]
      await use().loadStaging('typed', columnsOf({ id: 'integer', ...TYPES }), rows)
      expect(await use().query(sql`select * from ${sql.staging('typed')} order by id`)).toEqual(rows)
    })

    test('as literals: numbers, large integers, booleans, times, null', async () => {
      const { dialect: d } = use()
      const t = sql.timestamp('2025-01-01T11:10:00.000001Z')
      await use().stage(
        'typed',
        sql`select ${1} as n, ${-1} as m, ${2 ** 40} as l, ${MAX} as x, ${1.5} as f, ${true} as b, ${t} as t, ${d.cast(sql`${null}`, 'string')} as s`,
      )
      const [row] = await use().query<Row & { f: number }>(
        sql`select n, m, l, x, ${d.cast('f', 'float')} as f, b, t, s from ${sql.staging('typed')}`,
      )
      expect(row).toEqual({
        n: 1,
        m: -1,
        l: 2 ** 40,
        x: MAX,
        f: 1.5,
        b: true,
        t: '2025-01-01T11:10:00.000001Z',
        s: null,
      })
    })

    test('as bound values', async () => {
      const { dialect: d } = use()
      const [row] = await use().query(sql`select
        ${d.cast(sql`${12}`, 'integer')} as n, ${d.cast(sql`${MAX}`, 'integer')} as x, ${d.cast(sql`${0.5}`, 'float')} as f,
        ${d.cast(sql`${true}`, 'boolean')} as b, ${d.cast(sql`${null}`, 'string')} as s, ${sql.timestamp('2025-01-01T00:00:00.5Z')} as t,
        ${d.cast(sql`${12}`, 'string')} as n_text`)
      expect(row).toEqual({ n: 12, x: MAX, f: 0.5, b: true, s: null, t: '2025-01-01T00:00:00.500000Z', n_text: '12' })
    })

    test('counts and sums are numbers', async () => {
      const rows = [1, 2, 9_007_199_254_740_000].map((n, id) => ({ id, n }))
      await use().loadStaging('typed', columnsOf({ id: 'integer', n: 'integer' }), rows)
      expect(
        await use().query(
          sql`select count(*) as c, sum(n) as s, max(n) as m, sum(case when n < 0 then n end) as nothing from ${sql.staging('typed')}`,
        ),
      ).toEqual([{ c: 3, s: 9_007_199_254_740_003n, m: 9_007_199_254_740_000, nothing: null }].map(safe))
    })

    test('floats beyond the range of integers', async () => {
      await use().loadStaging('typed', columnsOf({ f: 'float' }), [{ f: -1e300 }])
      const bound = use().dialect.cast(sql`${1e300}`, 'float')
      expect(await use().query(sql`select f, ${bound} as g from ${sql.staging('typed')}`)).toEqual([
        { f: -1e300, g: 1e300 },
      ])
    })

    test('no rows', async () => {
      expect(await use().query(sql`select n from (select ${1} as n) as t where n = ${-1}`)).toEqual([])
    })

    test('many queries at a time', async () => {
      const queries = Array.from({ length: 40 }, (_, i) =>
        use().query<{ n: number }>(sql`select ${use().dialect.cast(sql`${i}`, 'integer')} as n`),
      )
      expect((await Promise.all(queries)).map(([row]) => row!.n)).toEqual(queries.map((_, i) => i))
    })
  })
}

/** Integers as a result gives them: numbers while they are safe. */
function safe(row: Row): Row {
  return Object.fromEntries(
    Object.entries(row).map(([k, v]) => [k, typeof v === 'bigint' && Number.isSafeInteger(Number(v)) ? Number(v) : v]),
  )
}

function testTransactions(open: Open, known?: KnownFailures): void {
  describe('transactions', () => {
    const use = openedFor(open)
    const test = tester(known)
    const spec = tableSpec('changed')
    const t = sql.table('changed')
    const insert = (id: number) => sql`insert into ${t} (id, n) select ${id}, 1`
    const rows = () => use().query(sql`select id, n from ${t} order by id`)
    const begin = async () => {
      await use().createTables([spec])
      await use().transaction([sql`delete from ${t} where 1 = 1`, insert(1)])
    }

    test('all statements, each seeing those before it', async () => {
      await begin()
      await use().transaction([
        insert(2),
        sql`update ${t} set n = n + 1 where id = 2`,
        sql`delete from ${t} where id = 1`,
      ])
      expect(await rows()).toEqual([{ id: 2, n: 2 }])
      await use().transaction([])
    })

    test('none, when the last one fails', async () => {
      const failing = [
        use().dialect.assertThat(sql`1 = 2`, 'no'),
        sql`insert into ${sql.table('nowhere')} (id) select 1`,
        sql`insert into ${t} (id) select ${use().dialect.cast(sql`n`, 'integer')} from ${sql.staging('no_number')}`,
        sql`insert into ${t} (id, n) select ${null}, 1`,
      ]
      await use().stage('no_number', sql`select ${'x'} as n`)
      for (const statement of failing) {
        await begin()
        await expect(
          use().transaction([insert(2), sql`update ${t} set n = 5 where id = 1`, statement]),
        ).rejects.toThrow(QueryError)
        expect(await rows()).toEqual([{ id: 1, n: 1 }])
      }
    })

    test('readers see the rows before or after, not between', async () => {
      await begin()
      const publish = use().transaction([sql`delete from ${t} where id = 1`, insert(2), insert(3)])
      const reads = await Promise.all(
        Array.from({ length: 20 }, () => use().query<{ n: number }>(sql`select count(*) as n from ${t}`)),
      )
      await publish
      expect(reads.filter(([row]) => row!.n !== 1 && row!.n !== 2)).toEqual([])
      expect(await rows()).toEqual([2, 3].map((id) => ({ id, n: 1 })))
    })
  })
}

function testErrors(open: Open, known?: KnownFailures): void {
  describe('errors', () => {
    const use = openedFor(open)
    const test = tester(known)
    const refusal = async (work: Promise<unknown>): Promise<QueryError> => {
      const error = await work.then(
        () => undefined,
        (e: unknown) => e,
      )
      expect(error).toBeInstanceOf(QueryError)
      return error as QueryError
    }

    test('keep the statement and the cause, and not the bound values', async () => {
      const query = sql`select x from ${sql.staging('nowhere')} where x = ${'secret of a person'}`
      const error = await refusal(use().query(query))
      expect(error).toMatchObject({ code: 'QUERY_FAILED', warehouse: use().dialect.name, isTransient: false })
      expect(error.text).toContain('nowhere')
      expect(error.text + error.message).not.toContain('secret of a person')
      expect(error.cause).toBeInstanceOf(Error)
      expect(error.message).toContain('nowhere')
    })

    test('are the same for every way to send a statement', async () => {
      const bad = sql`select x from ${sql.staging('nowhere')}`
      const ways = [
        () => use().execute(bad),
        () => use().transaction([bad]),
        () => use().stage('x', bad),
        () => use().createView('x', bad),
      ]
      for (const send of ways) expect((await refusal(send())).text).toContain('nowhere')
    })

    test('a refused load is one too', async () => {
      const spec = tableSpec('refusing')
      await use().createTables([spec])
      await refusal(use().load(spec, [{ id: null }]))
      await refusal(use().load(tableSpec('no_such_table'), [{ id: 1 }]))
    })

    test('of the rows that are loaded stay what they are', async () => {
      const spec = tableSpec('loading')
      await use().createTables([spec])
      const mine = new Error('mine')
      const rows = (async function* () {
        yield { id: 1 }
        throw mine
      })()
      await expect(use().load(spec, rows)).rejects.toBe(mine)
      await use().ping()
    })

    test('ping answers; after close nothing does, and closing again harms nothing', async () => {
      const warehouse = await open()
      await warehouse.ping()
      await warehouse.close()
      await expect(warehouse.ping()).rejects.toThrow()
      await expect(warehouse.query(sql`select 1 as x`)).rejects.toThrow()
      await warehouse.close()
    })
  })
}
