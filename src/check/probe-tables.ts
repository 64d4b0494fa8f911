import { TributaryError } from '../errors.ts'
import type { PipelineOptions, TableSource } from '../pipeline/options.ts'
import { type FoundTable, findTables, whyUnusable } from '../pipeline/sources/find-tables.ts'
import { tableOf } from '../pipeline/sources/watermarks.ts'
import { sql } from '../warehouses/sql.ts'
import type { Warehouse } from '../warehouses/warehouse.ts'
import type { Probe } from './probes.ts'
import type { Finding } from './report.ts'

/** Why no row of a table may be read, or null: some engines tell the columns of tables to those who may not. */
async function whyClosed(warehouse: Warehouse, table: FoundTable): Promise<string | null> {
  try {
    await warehouse.query(sql`select 1 as one from ${tableOf(table)} where 1 = 0`)
    return null
  } catch (error) {
    if (error instanceof TributaryError) return error.message
    throw error
  }
}

/** The tables of a source: which there are, and whether their columns are those its kind writes. No row is read. */
export async function probeTables(
  source: TableSource,
  subject: string,
  warehouse: Warehouse | null,
  options: PipelineOptions,
): Promise<Probe> {
  if (warehouse === null) {
    const message = `The tables of schema ${source.schema} stand in the warehouse, which could not be looked at.`
    const finding: Finding = { severity: 'warning', subject, message, fix: 'Mend the warehouse, then check again.' }
    return { facts: 'not looked at', findings: [finding], lines: [], isWhole: false }
  }
  const wanted = await findTables(warehouse, source, options.conversions)
  const found = wanted.filter((table): table is FoundTable => table.columns !== null)
  const findings: Finding[] = []
  for (const table of found) {
    const error = (message: string, fix: string) => findings.push({ severity: 'error', subject, message, fix })
    const unusable = whyUnusable(warehouse, table)
    if (unusable) error(`Cannot read ${unusable}.`, 'Is it a schema that this kind writes?')
    const closed = await whyClosed(warehouse, table)
    if (closed) error(`Cannot read table ${table.table}: ${closed}`, 'Give tributary’s user the right to read it.')
  }
  return { facts: `tables ${found.map(({ table }) => table).join(', ')}`, findings, lines: [], isWhole: false }
}
