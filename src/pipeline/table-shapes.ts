import { TributaryError } from '../errors.ts'
import type { Dialect } from '../warehouses/dialect.ts'
import type { TableDescriptions, TableSpec, Warehouse } from '../warehouses/warehouse.ts'
import { tables } from './tables/tables.ts'

/** What stands in the schema under the names of our tables. */
export const readTableShapes = (warehouse: Warehouse): Promise<TableDescriptions> =>
  warehouse.describeTables(tables.map(({ name }) => name))

/** What people can do about tables of another version. */
export const OTHER_TABLES_ADVICE =
  'Rename that schema, or choose another one with `warehouse.schema`, and run again: the first run reads all that the sources hold. What they hold no more is only in the old schema.'

/** How the tables that are there differ from those of this tributary, a line for each. */
export const differencesOf = (d: Dialect, found: TableDescriptions): readonly string[] =>
  tables.flatMap((spec) => {
    const columns = found[spec.name]
    const differences = columns ? differencesIn(d, spec, columns) : []
    return differences.length === 0 ? [] : [`Table ${spec.name}: ${differences.join('; ')}.`]
  })

/** Refuses tables that another version of tributary made: statements would fail one by one, in words that help nobody. */
export function refuseOtherTables(d: Dialect, found: TableDescriptions): void {
  const differences = differencesOf(d, found)
  if (differences.length === 0) return
  throw new TributaryError(
    'WAREHOUSE_UNUSABLE',
    `The schema has tables that another version of tributary made:\n${differences.map((line) => `  - ${line}`).join('\n')}\nNothing was written. ${OTHER_TABLES_ADVICE}`,
  )
}

function differencesIn(d: Dialect, spec: TableSpec, columns: Readonly<Record<string, string>>): readonly string[] {
  const expected = Object.entries(spec.columns)
  const missing = expected.filter(([name]) => columns[name] === undefined)
  const surplus = Object.keys(columns).filter((name) => spec.columns[name] === undefined)
  const retyped = expected.filter(
    ([name, { type }]) => columns[name] !== undefined && columns[name].toLowerCase() !== d.described[type],
  )
  return [
    ...missing.map(([name, { type }]) => `expected the column ${name} (${d.described[type]}), but there is none`),
    ...retyped.map(([name, { type }]) => `expected ${name} to be ${d.described[type]}, but it is ${columns[name]}`),
    ...surplus.map((name) => `has a column ${name} that is not expected`),
  ]
}
