import { describe, expect } from 'vitest'
import { QueryError } from '../../src/errors.ts'
import { sql } from '../../src/warehouses/sql.ts'
import type { Row } from '../../src/warehouses/warehouse.ts'
import { MAX, NOTHING, tableSpec, versionedSpec } from './specs.ts'
import { columnsOf, type KnownFailures, type Open, openedFor, tester } from './suite.ts'

/** Tables, staging tables and views of a warehouse. */
export function testTables(open: Open, known?: KnownFailures): void {
  describe('tables', () => {
    const use = openedFor(open)
    const test = tester(known)
    const ids = async (name: string) =>
      (await use().query<{ id: number }>(sql`select id from ${sql.table(name)} order by id`)).map((row) => row.id)

    test('createTables makes what is missing, and keeps what is there', async () => {
      await use().createTables([tableSpec('kept')])
      await use().load(tableSpec('kept'), [{ id: 1, ...NOTHING }])
      await use().createTables([tableSpec('kept'), tableSpec('added')])
      expect([await ids('kept'), await ids('added')]).toEqual([[1], []])
    })

    test('describeTable: the columns in order, null when there is no table', async () => {
      await use().createTables([versionedSpec('described')])
      await use().stage('described', sql`select 1 as another`)
      const described = await use().describeTable('described')
      expect(Object.keys(described!)).toEqual(Object.keys(versionedSpec('described').columns))
      expect(Object.values(described!).every((type) => type.length > 0)).toBe(true)
      expect(await use().describeTable('nowhere')).toBeNull()
      await use().execute(sql`create schema if not exists ${sql.id('other_schema')}`)
      await use().execute(sql`create view ${sql.id('other_schema')}.${sql.id('seen')} as select 1 as one`)
      expect(Object.keys((await use().describeTable('seen', 'other_schema'))!)).toEqual(['one'])
      expect(await use().describeTable('described', 'other_schema')).toBeNull()
      expect(await use().describeTable('seen', 'no_schema')).toBeNull()
    })

    test('describeTables: several at once, those that there are, their types in known words', async () => {
      await use().createTables([tableSpec('one_of_two'), tableSpec('two_of_two')])
      const described = await use().describeTables(['two_of_two', 'nowhere', 'one_of_two'])
      expect(Object.keys(described).sort()).toEqual(['one_of_two', 'two_of_two'])
      const lower = Object.entries(described.one_of_two!).map(([name, type]) => [name, type.toLowerCase()])
      const types = use().dialect.described
      const expected = Object.entries(tableSpec('one_of_two').columns).map(([name, { type }]) => [name, types[type]])
      expect(lower).toEqual(expected)
      expect(await use().describeTables([])).toEqual({})
    })

    test('a versioned table has one sentinel row, visible in no run', async () => {
      const t = sql.table('with_sentinel')
      for (let i = 0; i < 3; i++) await use().createTables([versionedSpec('with_sentinel')])
      expect(await use().query(sql`select from_run, to_run from ${t}`)).toEqual([{ from_run: MAX, to_run: 0 }])
      for (const run of [0n, 1n, 1_000_000n, MAX - 1n, MAX]) {
        expect(await use().query(sql`select id from ${t} where from_run <= ${run} and to_run > ${run}`)).toEqual([])
      }
      expect(await use().query(sql`select id from ${t} where to_run = ${MAX}`)).toEqual([])
    })

    test('load appends rows of arrays, generators and async generators', async () => {
      const spec = tableSpec('loaded')
      await use().createTables([spec])
      await use().load(spec, [])
      await use().load(spec, [{ id: 1, ...NOTHING, s: "it's" }, { id: 2 }])
      await use().load(spec, generated(3, 5))
      await use().load(spec, generatedLater(6, 2000))
      expect(await ids('loaded')).toEqual(Array.from({ length: 2000 }, (_, i) => i + 1))
      expect(await use().query(sql`select * from ${sql.table('loaded')} where id <= 2 order by id`)).toEqual([
        { id: 1, ...NOTHING, s: "it's" },
        { id: 2, ...NOTHING },
      ])
    })

    test('load refuses null where the table does', async () => {
      const spec = tableSpec('required')
      await use().createTables([spec])
      await expect(use().load(spec, [{ id: null }])).rejects.toThrow()
      await use().load(spec, [{ id: 1 }])
      expect(await ids('required')).toEqual([1])
    })

    test('loadStaging makes a new table each time', async () => {
      await use().loadStaging('loaded', columnsOf({ a: 'string' }), generatedLater(1, 3, 'a'))
      await use().loadStaging('loaded', columnsOf({ b: 'integer' }), generated(1, 2, 'b'))
      expect(await use().query(sql`select * from ${sql.staging('loaded')} order by b`)).toEqual([{ b: 1 }, { b: 2 }])
      await use().loadStaging('loaded', columnsOf({ b: 'integer' }), [])
      expect(await use().query(sql`select * from ${sql.staging('loaded')}`)).toEqual([])
    })

    test('stage replaces; a query that fails leaves the others alone', async () => {
      await use().stage('other', sql`select 7 as x`)
      await use().stage('staged', sql`select 1 as a`)
      await use().stage('staged', sql`select 2 as b, ${'x'} as c`)
      await expect(use().stage('broken', sql`select nothing from ${sql.staging('nowhere')}`)).rejects.toThrow(
        QueryError,
      )
      expect(await use().query(sql`select * from ${sql.staging('staged')}`)).toEqual([{ b: 2, c: 'x' }])
      expect(await use().query(sql`select * from ${sql.staging('other')}`)).toEqual([{ x: 7 }])
    })

    test('dropStaging drops every staging table and no other', async () => {
      await use().createTables([tableSpec('stays')])
      await use().load(tableSpec('stays'), [{ id: 1 }])
      for (const name of ['one', 'two', 'stays']) await use().stage(name, sql`select 1 as id`)
      await use().dropStaging()
      for (const name of ['one', 'two', 'stays']) {
        await expect(use().query(sql`select * from ${sql.staging(name)}`)).rejects.toThrow(QueryError)
      }
      expect(await ids('stays')).toEqual([1])
      await use().dropStaging()
      await use().stage('one', sql`select 2 as id`)
      expect(await use().query(sql`select * from ${sql.staging('one')}`)).toEqual([{ id: 2 }])
    })

    test('createView replaces, reads tables and views, and shows what is in them now', async () => {
      const spec = tableSpec('viewed')
      await use().createTables([spec])
      await use().createView('seen', sql`select id, s from ${sql.table('viewed')}`)
      await use().createView(
        'seen',
        sql`select id, s as ${sql.id('name')}, n from ${sql.table('viewed')} where id > ${1}`,
      )
      await use().createView('seen_twice', sql`select ${sql.id('name')} from ${sql.table('seen')}`)
      await use().load(spec, [{ id: 1 }, { id: 2, s: "it's" }])
      expect(await use().query(sql`select * from ${sql.table('seen')}`)).toEqual([{ id: 2, name: "it's", n: null }])
      expect(await use().query(sql`select * from ${sql.table('seen_twice')}`)).toEqual([{ name: "it's" }])
    })

    test('maintain keeps every row', async () => {
      await use().createTables([versionedSpec('maintained')])
      await use().maintain([versionedSpec('maintained')])
      expect(await use().query(sql`select to_run from ${sql.table('maintained')}`)).toEqual([{ to_run: 0 }])
    })
  })
}

function* generated(from: number, to: number, column = 'id'): Generator<Row> {
  for (let i = from; i <= to; i++) yield { [column]: i }
}

async function* generatedLater(from: number, to: number, column = 'id'): AsyncGenerator<Row> {
  for (let i = from; i <= to; i++) yield await Promise.resolve({ [column]: column === 'a' ? String(i) : i })
}
