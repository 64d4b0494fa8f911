import { sql } from '../warehouses/sql.ts'
import type { Row, Warehouse } from '../warehouses/warehouse.ts'
import { referenceRows, referenceTables, referenceVersion } from './channels/tables.ts'
import { insertInto } from './stage.ts'

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
  await warehouse.transaction([
    ...referenceTables.flatMap((spec) => [
      sql`delete from ${sql.table(spec.name)} where 1 = 1`,
      insertInto(spec.name, Object.keys(spec.columns), `${spec.name}_load`),
    ]),
    sql`delete from ${fingerprints} where stage = 'reference'`,
    sql`insert into ${fingerprints} (stage, fingerprint, run_id) select 'reference', ${referenceVersion}, 0`,
  ])
}
