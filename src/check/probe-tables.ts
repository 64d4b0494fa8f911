import type { PipelineOptions, TableSource } from '../pipeline/options.ts'
import { type FoundTable, findTables, whyUnusable } from '../pipeline/sources/find-tables.ts'
import type { Warehouse } from '../warehouses/warehouse.ts'
import type { Probe } from './probes.ts'
import type { Finding } from './report.ts'

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
  const findings = found.flatMap((table): Finding[] => {
    const why = whyUnusable(warehouse, table)
    return why === null
      ? []
      : [{ severity: 'error', subject, message: `Cannot read ${why}.`, fix: 'Is it a schema that this kind writes?' }]
  })
  return { facts: `tables ${found.map(({ table }) => table).join(', ')}`, findings, lines: [], isWhole: false }
}
