import { type Sql, sql } from '../../warehouses/sql.ts'
import type { TableSpec } from '../../warehouses/warehouse.ts'
import type { StageContext } from '../stage.ts'
import { OPEN_RUN } from '../tables/table.ts'
import { closed, opened } from '../versions.ts'

/** The current rows of a versioned table as they will be after the run, as far as its earlier stages know. */
export function after(c: StageContext, spec: TableSpec, columns: readonly string[], isChanged = !c.isQuiet): Sql {
  const list = sql.join(columns.map((name) => sql`t.${sql.id(name)}`))
  const current = sql`select ${list} from ${sql.table(spec.name)} as t`
  if (!isChanged) return sql`(${current} where t.to_run = ${OPEN_RUN})`
  const on = spec.key.map((k) => sql`s.${sql.id(k)} = t.${sql.id(k)}`)
  return sql`(
    ${current}
    left join ${sql.staging(closed(spec))} as s on ${sql.join(on, ' and ')}
    where t.to_run = ${OPEN_RUN} and s.${sql.id(spec.key[0] ?? '')} is null
    union all
    select ${list} from ${sql.staging(opened(spec))} as t
)`
}
