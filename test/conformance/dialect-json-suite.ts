import { describe, expect } from 'vitest'
import type { JsonPath } from '../../src/warehouses/dialect.ts'
import { sql } from '../../src/warehouses/sql.ts'
import type { Row, RowValue, Warehouse } from '../../src/warehouses/warehouse.ts'
import { columnsOf, type KnownFailures, type Open, openedFor, tester } from './suite.ts'

/** `jsonColumns`, by value. */
export function testDialectJson(open: Open, known?: KnownFailures): void {
  describe('JSON columns', () => {
    const use = openedFor(open)
    const test = tester(known)

    test('text and type of a field', () =>
      expectFields(use(), [
        ['{"a":"x"}', 'x', 'string'],
        ['{"a":""}', '', 'string'],
        ['{"a":"null"}', 'null', 'string'],
        ['{"a":"\\"q\\"\\n\\u00fc\\ud83d\\ude00\\\\"}', '"q"\nü😀\\', 'string'],
        ['{"a":1}', '1', 'number'],
        ['{"a":-1}', '-1', 'number'],
        ['{"a":12.5}', '12.5', 'number'],
        ['{"a":0.1}', '0.1', 'number'],
        ['{"a":9007199254740993}', '9007199254740993', 'number'],
        ['{"a":123456789012345678}', '123456789012345678', 'number'],
        ['{"a":true}', 'true', 'boolean'],
        ['{"a":false}', 'false', 'boolean'],
        ['{"a":null}', null, null],
        ['{}', null, null],
        ['{"A":1}', null, null],
        [null, null, null],
      ]))

    test('numbers too large for 64 bits', () =>
      expectFields(use(), [
        ['{"a":18446744073709551616}', '18446744073709551616', 'number'],
        ['{"a":123456789012345678901234567890}', '123456789012345678901234567890', 'number'],
      ]))

    test('amounts: numbers with an exponent are written out, texts are not', async () => {
      const written = ['1e3', '-1.5E+1', '25e-1', '1e-3', '0e0', '12.5', '7', '123456789012345678']
      const others = ['"1e3"', '"7.0"', 'true', 'null', '[1]', '1e300', '-1E-300', '5e-7', '1e21']
      const rows = await fields(
        use(),
        [...written, ...others].map((value) => `{"a":${value}}`),
      )
      const amounts = rows.map((row) => row.as_amount)
      expect(amounts.slice(0, 8).map(Number)).toEqual(written.map(Number))
      for (const amount of amounts.slice(0, 8)) expect(amount).toMatch(/^-?[0-9]+([.][0-9]+)?$/)
      expect(amounts.slice(8, 13)).toEqual(['1e3', '7.0', 'true', null, '[1]'])
      for (const amount of amounts.slice(13)) expect(amount).toMatch(/e/i)
    })

    test('objects and arrays are JSON, whatever their spacing', async () => {
      const rows = await fields(use(), ['{"a":{"b": 1, "c": [1, 2]}}', '{"a":[ 1, "x" ]}', '{"a":{}}'])
      const documents = rows.map((row) => [JSON.parse(String(row.as_text)), row.as_type])
      expect(documents).toEqual([
        [{ b: 1, c: [1, 2] }, 'object'],
        [[1, 'x'], 'array'],
        [{}, 'object'],
      ])
    })

    test('documents that are no object have no fields', () =>
      expectFields(use(), [
        ['[]', null, null],
        ['"a"', null, null],
        ['1', null, null],
        ['null', null, null],
      ]))

    test('an empty path is the document itself', async () => {
      const rows = await fields(use(), ['{"a":1}', '[1]', '"a"', '1', 'true', 'null', null], [])
      expect(rows.map((row) => row.as_type)).toEqual(['object', 'array', 'string', 'number', 'boolean', null, null])
      expect(rows.map((row) => row.as_text).slice(2)).toEqual(['a', '1', 'true', null, null])
    })

    const keys = ['a.b', 'a b', "it's", 'say "x"', '$', '$.a', 'a[0]', 'a/b', 'ü😀', '@', '#', '?', '%', ':x', '-', 'A']
    test('keys with dots, quotes and other letters', () => expectKeys(use(), keys))

    test('keys with a backslash', () => expectKeys(use(), ['a\\b', '\\', 'a\\"b']))

    test('keys that mean something to paths: *, digits', () => expectKeys(use(), ['*', '0', '**']))

    test('a key without a letter', () => expectKeys(use(), ['']))

    test('nested fields, of one document in many columns, beside the columns of the relation', async () => {
      const { dialect: d } = use()
      const document = '{"context":{"page":{"url":"https://x.test/","q.r":{"s":"deep"}},"list":[{"x":1}]},"n":{"a":1}}'
      const rows = [
        { id: 1, document },
        { id: 2, document: '{"context":{"page":"no object"}}' },
        { id: 3, document: null },
      ]
      await use().loadStaging('inputs', columnsOf({ id: 'integer', document: 'string' }), rows)
      const relation = sql`(select id, document from ${sql.staging('inputs')} where id <> 4)`
      const read = d.jsonColumns(relation, 'document', {
        url: { path: ['context', 'page', 'url'], as: 'text' },
        page_type: { path: ['context', 'page'], as: 'type' },
        deep: { path: ['context', 'page', 'q.r', 's'], as: 'text' },
        list_type: { path: ['context', 'list'], as: 'type' },
        below_text: { path: ['context', 'page', 'url', 'x'], as: 'text' },
        absent: { path: ['nowhere', 'at', 'all'], as: 'text' },
        absent_type: { path: ['nowhere'], as: 'type' },
      })
      await use().stage('results', sql`select * from ${read} as j`)
      const nothing = { url: null, deep: null, list_type: null, below_text: null, absent: null, absent_type: null }
      expect(await use().query(sql`select * from ${sql.staging('results')} order by id`)).toEqual([
        { ...nothing, ...rows[0], url: 'https://x.test/', page_type: 'object', deep: 'deep', list_type: 'array' },
        { ...nothing, ...rows[1], page_type: 'string' },
        { ...nothing, ...rows[2], page_type: null },
      ])
    })

    test('only texts, only types, no columns at all', async () => {
      const { dialect: d } = use()
      const relation = sql`(select ${'{"a":1}'} as document)`
      const read = async (columns: Parameters<typeof d.jsonColumns>[2]) => {
        await use().stage('results', sql`select * from ${d.jsonColumns(relation, 'document', columns)} as j`)
        return use().query(sql`select * from ${sql.staging('results')}`)
      }
      const document = '{"a":1}'
      expect(await read({ x: { path: ['a'], as: 'text' } })).toEqual([{ document, x: '1' }])
      expect(await read({ x: { path: ['a'], as: 'type' } })).toEqual([{ document, x: 'number' }])
      expect(await read({})).toEqual([{ document }])
    })
  })
}

/** Text and type of the field `a` (or another path) of each document. */
async function fields(
  warehouse: Warehouse,
  documents: readonly (string | null)[],
  path: JsonPath = ['a'],
): Promise<Row[]> {
  const rows = documents.map((document, i) => ({ row_number_read: i, document }))
  await warehouse.loadStaging('inputs', columnsOf({ row_number_read: 'integer', document: 'string' }), rows)
  const read = warehouse.dialect.jsonColumns(sql.staging('inputs'), 'document', {
    as_text: { path, as: 'text' },
    as_type: { path, as: 'type' },
    as_amount: { path, as: 'amount' },
  })
  await warehouse.stage('results', sql`select j.row_number_read, j.as_text, j.as_type, j.as_amount from ${read} as j`)
  return warehouse.query(
    sql`select as_text, as_type, as_amount from ${sql.staging('results')} order by row_number_read`,
  )
}

async function expectFields(
  warehouse: Warehouse,
  cases: readonly (readonly [string | null, RowValue, RowValue])[],
): Promise<void> {
  const rows = await fields(
    warehouse,
    cases.map(([document]) => document),
  )
  expect(rows.map((row, i) => [cases[i]![0], row.as_text, row.as_type])).toEqual(cases)
}

/** One document that has all the keys, and one column for each of them. */
async function expectKeys(warehouse: Warehouse, keys: readonly string[]): Promise<void> {
  const document = JSON.stringify(Object.fromEntries(keys.map((key) => [key, `value of ${key}`])))
  const columns = Object.fromEntries(keys.map((key, i) => [`column_${i}`, { path: [key], as: 'text' as const }]))
  const read = warehouse.dialect.jsonColumns(sql`(select ${document} as document)`, 'document', columns)
  await warehouse.stage('results', sql`select * from ${read} as j`)
  const [row] = await warehouse.query(sql`select * from ${sql.staging('results')}`)
  expect(keys.map((_, i) => row![`column_${i}`])).toEqual(keys.map((key) => `value of ${key}`))
}
