import { createPartition } from './postgres-ddl.ts'
import type { SqlWriter } from './sql.ts'
import type { TableSpec } from './warehouse.ts'

/**
 * Makes the partitions that rows of a staging table need. What no month has, and months of which the default partition
 * holds rows already, stay in that one: it is never in the way, only larger.
 */
export async function makePartitions(
  spec: TableSpec,
  staging: string,
  writer: SqlWriter,
  send: (text: string) => Promise<{ rows: unknown[] }>,
): Promise<void> {
  if (!spec.isHuge || !spec.partitionBy) return
  const column = writer.quote(spec.partitionBy)
  const month = `to_char(${column}, 'YYYY-MM')`
  const { rows } = await send(`select distinct ${month} as month from ${writer.staging(staging)}
except
select distinct ${month} from only ${writer.table(`${spec.name}_default`)}
except
select replace(right(p.relname, 7), '_', '-') from pg_inherits as i join pg_class as p on p.oid = i.inhrelid where i.inhparent = cast('${writer.table(spec.name).replaceAll("'", "''")}' as regclass)
order by month`)
  for (const row of rows as { month: string | null }[])
    if (row.month !== null && /^\d{4}-\d{2}$/.test(row.month)) await send(createPartition(spec.name, row.month, writer))
}
