import { randomBytes } from 'node:crypto'
import { TributaryError } from '../errors.ts'
import { integer, table } from '../pipeline/tables/table.ts'
import { sql } from '../warehouses/sql.ts'
import type { Row, Warehouse } from '../warehouses/warehouse.ts'

/** Makes a table, writes to it, reads it, and drops it: why that did not work, or null. */
export async function whyNotWritable(warehouse: Warehouse): Promise<string | null> {
  const name = `check_${randomBytes(6).toString('hex')}`
  const probe = table({
    name,
    row: 'attempt',
    description: 'Made and dropped by `tributary check`.',
    kind: 'record',
    key: ['attempt'],
    columns: { attempt: integer('1.') },
  })
  try {
    await warehouse.createTables([probe])
    try {
      await warehouse.load(probe, [{ attempt: 1 }])
      await warehouse.stage(name, sql`select attempt from ${sql.table(name)}`)
      await warehouse.dropStaging([name])
      await warehouse.tryBulkLoad?.(name)
      // Of the table: a run that begins at this moment drops all staging tables.
      const [row] = await warehouse.query<Row & { attempts: number }>(
        sql`select count(*) as attempts from ${sql.table(name)}`,
      )
      return row?.attempts === 1 ? null : `a row that was written did not come back`
    } finally {
      await warehouse.execute(sql`drop table ${sql.table(name)}`)
    }
  } catch (error) {
    if (error instanceof TributaryError) return error.message
    throw error
  }
}
