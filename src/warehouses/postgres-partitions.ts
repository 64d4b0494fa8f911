import { createPartition, monthRange } from './postgres-ddl.ts'
import { quoted } from './postgres-text.ts'
import { compileInline, type Sql, type SqlWriter } from './sql.ts'
import type { TableSpec } from './warehouse.ts'

/**
 * Makes the partitions that rows to come need. A month of which the default partition holds rows already stays in that
 * one: it is never in the way, only larger.
 */
export async function makePartitions(
  spec: TableSpec,
  filling: Sql,
  writer: SqlWriter,
  send: (text: string) => Promise<{ rows: unknown[] }>,
): Promise<void> {
  if (!spec.isHuge || !spec.partitionBy) return
  const column = writer.quote(spec.partitionBy)
  const { rows } = await send(`select distinct to_char(${column}, 'YYYY-MM') as month
from ${compileInline(filling, writer)} as filling
except
select replace(right(p.relname, 7), '_', '-')
from pg_inherits as i
join pg_class as p on p.oid = i.inhrelid
where i.inhparent = cast(${quoted(writer.table(spec.name))} as regclass)
order by month`)
  for (const { month } of rows as { month: string | null }[]) {
    if (month === null || !/^\d{4}-\d{2}$/.test(month)) continue
    const [from, to] = monthRange(month)
    const held = await send(
      `select 1 from ${writer.table(`${spec.name}_default`)} where ${column} >= ${from} and ${column} < ${to} limit 1`,
    )
    if (held.rows.length === 0) await send(createPartition(spec.name, month, writer))
  }
}
