import { sql } from '../warehouses/sql.ts'
import type { Row, Warehouse } from '../warehouses/warehouse.ts'
import { referenceRows, referenceTables, referenceVersion } from './channels/tables.ts'
import { insertInto } from './stage.ts'
import { readTableShapes, refuseOtherTables } from './table-shapes.ts'
import { tables } from './tables/tables.ts'
import { views } from './views.ts'

/** Warehouses whose tables this process has seen to. */
const prepared = new WeakSet<Warehouse>()

/** Creates what is missing: tables and the views on them; those of another version are refused. `opened`: the warehouse itself, where `warehouse` is a patient one. */
export async function prepareWarehouse(warehouse: Warehouse, opened = warehouse): Promise<void> {
  if (prepared.has(opened)) return
  refuseOtherTables(warehouse.dialect, await readTableShapes(warehouse))
  await warehouse.createTables(tables)
  for (const [name, select] of Object.entries(views)) await warehouse.createView(name, select)
  prepared.add(opened)
}

/** Fills the reference tables when their version is not the one that comes with this tributary. */
export async function loadReference(warehouse: Warehouse): Promise<void> {
  const fingerprints = sql.table('stage_fingerprints')
  const [stored] = await warehouse.query<Row & { fingerprint: string }>(
    sql`select fingerprint from ${fingerprints} where stage = 'reference'`,
  )
  if (stored?.fingerprint === referenceVersion) return
  for (const spec of referenceTables) {
    await warehouse.loadStaging(`${spec.name}_load`, spec.columns, referenceRows(spec))
  }
  const replace = [
    ...referenceTables.flatMap((spec) => [
      sql`delete from ${sql.table(spec.name)} where 1 = 1`,
      insertInto(spec.name, Object.keys(spec.columns), `${spec.name}_load`),
    ]),
    sql`delete from ${fingerprints} where stage = 'reference'`,
    sql`insert into ${fingerprints} (stage, fingerprint, run_id) select 'reference', ${referenceVersion}, 0`,
  ]
  await warehouse.transaction(replace, { label: 'reference', repeat: 'always' })
}
