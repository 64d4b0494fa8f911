import { afterAll, beforeAll, expect, test } from 'vitest'
import type { ColumnType } from '../../src/warehouses/dialect.ts'
import { type Sql, sql } from '../../src/warehouses/sql.ts'
import type { ColumnSpec, Row, RowValue, Warehouse } from '../../src/warehouses/warehouse.ts'

/** Opens an engine with nothing in it. */
export type Open = () => Promise<Warehouse>

/**
 * Tests that an engine does not pass yet: name → reason. They are run and must fail, so that a line here cannot outlive
 * its reason.
 */
export type KnownFailures = Readonly<Record<string, string>>

/** `test` for a suite: what is known to fail is expected to. */
export function tester(known: KnownFailures = {}): (name: string, body: () => Promise<void>) => void {
  return (name, body) => {
    const reason = known[name]
    if (reason === undefined) test(name, body)
    else test.fails(`${name} (known: ${reason})`, body)
  }
}

/** One warehouse for all tests of a `describe`. */
export function openedFor(open: Open): () => Warehouse {
  let warehouse: Warehouse
  beforeAll(async () => {
    warehouse = await open()
  })
  afterAll(() => warehouse.close())
  return () => warehouse
}

/** Columns of these types, all nullable. */
export function columnsOf(types: Readonly<Record<string, ColumnType>>): Record<string, ColumnSpec> {
  return Object.fromEntries(
    Object.entries(types).map(([name, type]) => [name, { type, nullable: true, description: name }]),
  )
}

/** What an expression over some columns gives for each row, computed as a stage is: literals, into a staging table. */
export async function evaluate(
  warehouse: Warehouse,
  types: Readonly<Record<string, ColumnType>>,
  rows: readonly Row[],
  expression: Sql,
): Promise<RowValue[]> {
  const inputs = rows.map((row, i) => ({ row_number_read: i, ...row }))
  await warehouse.loadStaging('inputs', columnsOf({ row_number_read: 'integer', ...types }), inputs)
  await warehouse.stage('results', sql`select row_number_read, ${expression} as result from ${sql.staging('inputs')}`)
  const results = await warehouse.query<Row & { result: RowValue }>(
    sql`select result from ${sql.staging('results')} order by row_number_read`,
  )
  return results.map((row) => row.result)
}

/** Checks an expression over the column `v`: pairs of input and result. */
export async function expectEach(
  warehouse: Warehouse,
  type: ColumnType,
  cases: readonly (readonly [RowValue, RowValue])[],
  expression: Sql,
): Promise<void> {
  const rows = cases.map(([v]) => ({ v }))
  const results = await evaluate(warehouse, { v: type }, rows, expression)
  expect(cases.map(([v], i) => [v, results[i]])).toEqual(cases)
}
