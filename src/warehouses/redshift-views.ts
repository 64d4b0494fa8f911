import { createHash } from 'node:crypto'
import { type Sql, sql } from './sql.ts'
import type { Row } from './warehouse.ts'

/**
 * Makes views of a schema. One that says the same stays as it is: to make it anew locks out who reads it, and is a call.
 * What a view says stands as a hash in its comment.
 */
export function viewMaker(
  schema: string,
  query: (statement: Sql) => Promise<Row[]>,
  run: (statements: readonly string[]) => Promise<void>,
): (name: string, quoted: string, select: string) => Promise<void> {
  let known: Promise<Map<string, string>> | undefined

  const read = async () => {
    const rows = await query(sql`
select cast(c.relname as varchar) as name, cast(d.description as varchar) as mark
from pg_description as d
join pg_class as c on c.oid = d.objoid
join pg_namespace as n on n.oid = c.relnamespace
where n.nspname = ${schema} and c.relkind = 'v' and d.objsubid = 0`)
    return new Map(rows.map((row) => [String(row.name), String(row.mark)]))
  }

  return async (name, quoted, select) => {
    known ??= read().catch((error) => {
      known = undefined
      throw error
    })
    const marks = await known
    const mark = createHash('md5').update(select).digest('hex')
    if (marks.get(name) === mark) return
    await run([
      `drop view if exists ${quoted}`,
      // Bound to no schema, it can be replaced while others read through it.
      `create view ${quoted} as\n${select}\nwith no schema binding`,
      `comment on view ${quoted} is '${mark}'`,
    ])
    marks.set(name, mark)
  }
}
