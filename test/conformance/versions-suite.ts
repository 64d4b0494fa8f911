import { describe, expect } from 'vitest'
import { describingContext } from '../../src/pipeline/fingerprints.ts'
import type { StageContext } from '../../src/pipeline/stage.ts'
import { dataColumns, OPEN_RUN } from '../../src/pipeline/tables/table.ts'
import { versionedTables } from '../../src/pipeline/tables/tables.ts'
import { compareVersions, publishVersions, type Scope } from '../../src/pipeline/versions.ts'
import { type Sql, sql } from '../../src/warehouses/sql.ts'
import type { Row, RowValue, TableSpec, Warehouse } from '../../src/warehouses/warehouse.ts'
import { testSettings } from '../oracle/settings.ts'
import { type KnownFailures, type Open, openedFor, tester } from './suite.ts'

/** Rows by number: which rows there are after a run, and which form each has. */
type Contents = Readonly<Record<number, number>>

/** What a table holds after each run: rows appear, change, change back, vanish and return. */
const HISTORY: readonly Contents[] = [
  { 1: 0, 2: 0, 3: 0, 4: 0, 5: 0 },
  { 1: 0, 2: 1, 3: 0, 4: 1, 6: 0 }, // 2 and 4 change, 5 goes, 6 comes
  { 1: 0, 2: 1, 3: 0, 4: 1, 6: 0 }, // nothing happens
  { 1: 0, 2: 0, 3: 2, 5: 0, 6: 3 }, // 2 changes back, 3 and 6 change, 4 goes, 5 returns as it was
  {},
  { 1: 0, 2: 3 },
]

/** Versioned tables: what a run left can be read again, exactly, however much came after. */
export function testVersions(open: Open, known?: KnownFailures): void {
  describe('versions', () => {
    const use = openedFor(open)
    const test = tester(known)

    for (const spec of versionedTables) {
      test(`${spec.name}: every run is read back as it was`, async () => {
        await use().createTables([spec])
        for (const [i, contents] of HISTORY.entries()) await publish(use(), spec, i + 1, contents)

        for (const [i, contents] of HISTORY.entries()) {
          expect(await asOf(use(), spec, i + 1), `run ${i + 1}`).toEqual(sorted(spec, contents))
        }
        expect(await asOf(use(), spec, 0), 'before the first run').toEqual([])
        expect(await asOf(use(), spec, 1000), 'after the last run').toEqual(sorted(spec, HISTORY.at(-1)!))
        expect(await read(use(), spec, sql`to_run = ${OPEN_RUN}`)).toEqual(sorted(spec, HISTORY.at(-1)!))
        expect(await versionCount(use(), spec)).toBe(versionsIn(HISTORY))
      })
    }

    for (const spec of versionedTables) {
      test(`${spec.name}: a change of any one column is a new version, from and to null as well`, async () => {
        await use().transaction([sql`delete from ${sql.table(spec.name)} where to_run <> 0`])
        const { before, after, changed } = singleChanges(spec)
        await publishRows(use(), spec, 1, before)
        await publishRows(use(), spec, 2, after)
        expect(await asOf(use(), spec, 1)).toEqual(inOrder(before))
        expect(await asOf(use(), spec, 2)).toEqual(inOrder(after))
        expect(await versionCount(use(), spec)).toBe(before.length + changed)
      })
    }

    test('a run whose transaction fails changes no version', async () => {
      const spec = versionedTables[0]!
      const before = await read(use(), spec, sql`1 = 1`)
      const fence = use().dialect.assertThat(sql`1 = 2`, 'lease lost')
      await expect(publish(use(), spec, 7, { 1: 1, 9: 0 }, [fence])).rejects.toThrow('lease lost')
      expect(await read(use(), spec, sql`1 = 1`)).toEqual(before)
    })

    test('only the scope is compared: rows outside it stay', async () => {
      const spec = versionedTables.find((t) => t.key.length === 1)!
      const t = sql.table(spec.name)
      await use().transaction([sql`delete from ${t} where to_run <> 0`])
      await publish(use(), spec, 1, { 1: 0, 2: 0, 3: 0 })
      const key = spec.key[0]!
      const scope = {
        where: sql`t.${sql.id(key)} in (${sql.values([rowOf(spec, 1, 0)[key]!, rowOf(spec, 2, 0)[key]!])})`,
      }
      await publish(use(), spec, 2, { 1: 1 }, [], scope)
      expect(await asOf(use(), spec, 2)).toEqual(sorted(spec, { 1: 1, 3: 0 }))
    })
  })
}

/** What a stage of that run would be given. */
export const contextOf = (warehouse: Warehouse, run: number): StageContext => ({
  ...describingContext(warehouse.dialect, testSettings),
  run,
})

const publish = (
  warehouse: Warehouse,
  spec: TableSpec,
  run: number,
  contents: Contents,
  more?: readonly Sql[],
  scope?: Scope,
): Promise<void> => publishRows(warehouse, spec, run, rowsOf(spec, contents), more, scope)

/** One run of one table: compares rows with what is current, then publishes in one transaction. */
async function publishRows(
  warehouse: Warehouse,
  spec: TableSpec,
  run: number,
  rows: readonly Row[],
  more: readonly Sql[] = [],
  scope: Scope = { where: sql`1 = 1` },
): Promise<void> {
  const context = contextOf(warehouse, run)
  const columns = Object.fromEntries(dataColumns(spec).map((name) => [name, spec.columns[name]!]))
  await warehouse.loadStaging('recomputed', columns, rows)
  for (const step of compareVersions(context, { spec, rows: 'recomputed', scope })) {
    await warehouse.stage(step.into, step.select)
  }
  await warehouse.transaction([...publishVersions(context, spec), ...more])
}

/** Row `number` of a table in one of its forms: the key says which row, every other column differs by form. */
function rowOf(spec: TableSpec, number: number, form: number): Row {
  const row: Record<string, RowValue> = {}
  for (const [i, name] of dataColumns(spec).entries()) {
    const { type, nullable } = spec.columns[name]!
    const isKey = spec.key.includes(name)
    const n = isKey ? number : number * 100 + form * 10 + i
    // Forms 1 and 3 change null to a value and back in every second nullable column.
    if (nullable && (i + form) % 2 === 0) row[name] = null
    else if (type === 'string') row[name] = `${name} ${n}`
    else if (type === 'boolean') row[name] = (isKey ? number : form) % 2 === 0
    else if (type === 'timestamp') row[name] = `2025-01-01T00:00:00.${String(n).padStart(6, '0')}Z`
    else row[name] = n
  }
  return row
}

const rowsOf = (spec: TableSpec, contents: Contents): Row[] =>
  Object.entries(contents).map(([number, form]) => rowOf(spec, Number(number), form))

/** Rows of which each changes in one column or stays: to another value, to null, from null, null both times. */
function singleChanges(spec: TableSpec): { before: Row[]; after: Row[]; changed: number } {
  const [before, after]: [Row[], Row[]] = [[], []]
  let changed = 0
  const add = (column: string, from: Row, to: Row) => {
    const number = before.length + 1
    const key = Object.fromEntries(spec.key.map((name) => [name, rowOf(spec, number, 0)[name]!]))
    before.push({ ...rowOf(spec, 1, 0), ...key, [column]: from[column]! })
    after.push({ ...rowOf(spec, 1, 0), ...key, [column]: to[column]! })
    if (from[column] !== to[column]) changed++
  }
  for (const column of dataColumns(spec).filter((name) => !spec.key.includes(name))) {
    const forms = [0, 1, 2, 3].map((form) => rowOf(spec, 1, form))
    const [one, other] = forms.filter((row) => row[column] !== null)
    add(column, one!, one!)
    add(column, one!, spec.columns[column]!.type === 'boolean' ? rowOf(spec, 1, 1) : other!)
    if (!spec.columns[column]!.nullable) continue
    const nothing = { [column]: null }
    add(column, one!, nothing)
    add(column, nothing, one!)
    add(column, nothing, nothing)
  }
  return { before, after, changed }
}

/** The same in the order of `read`. */
const sorted = (spec: TableSpec, contents: Contents): Row[] => inOrder(rowsOf(spec, contents))

const inOrder = (rows: Row[]): Row[] =>
  rows
    .map((row) => ({ row, text: JSON.stringify(row) }))
    .sort((a, b) => (a.text < b.text ? -1 : 1))
    .map(({ row }) => row)

async function read(warehouse: Warehouse, spec: TableSpec, where: Sql): Promise<Row[]> {
  const columns = sql.join(dataColumns(spec))
  return inOrder(await warehouse.query(sql`select ${columns} from ${sql.table(spec.name)} where ${where}`))
}

const asOf = (warehouse: Warehouse, spec: TableSpec, run: number): Promise<Row[]> =>
  read(warehouse, spec, sql`from_run <= ${run} and to_run > ${run}`)

async function versionCount(warehouse: Warehouse, spec: TableSpec): Promise<number> {
  const count = sql`select count(*) as n from ${sql.table(spec.name)} where to_run <> 0`
  const [row] = await warehouse.query<{ n: number }>(count)
  return row!.n
}

/** Rows that must have been written: one for each appearance or change. */
function versionsIn(history: readonly Contents[]): number {
  return history.reduce((sum, contents, i) => {
    const before = history[i - 1] ?? {}
    return sum + Object.entries(contents).filter(([number, form]) => before[Number(number)] !== form).length
  }, 0)
}
