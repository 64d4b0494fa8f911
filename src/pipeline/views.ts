import { type Sql, sql } from '../warehouses/sql.ts'
import type { TableSpec } from '../warehouses/warehouse.ts'
import { sessions } from './tables/people.ts'
import { dataColumns } from './tables/table.ts'
import { versionedTables } from './tables/tables.ts'

const published = sql`(select coalesce(max(run_id), 0) from ${sql.table('runs')} where state = 'published')`

/** A versioned table as the last published run left it. */
const currentView = (spec: TableSpec): Sql => sql`select ${sql.join(dataColumns(spec))}
from ${sql.table(spec.name)}
where from_run <= ${published} and to_run > ${published}`

/** The article's `useful_sessions`: the first and the signup session of each person who signed up. */
const usefulSessions: Sql = sql`select ${sql.join(dataColumns(sessions).map((name) => sql`s.${sql.id(name)}`))}, s.session_place = 1 as is_first_session
from (
    select c.*, row_number() over (partition by c.person_id order by c.started_at, c.session_id) as session_place
    from ${sql.table('current_sessions')} as c
    where c.person_id in (select person_id from ${sql.table('current_attribution')})
) as s
where s.session_place = 1 or s.is_signup_session`

/** The views people query who work in the warehouse itself: the stable contract. */
export const views: Readonly<Record<string, Sql>> = {
  ...Object.fromEntries(versionedTables.map((spec) => [`current_${spec.name}`, currentView(spec)])),
  useful_sessions: usefulSessions,
}
