import { type Sql, sql } from '../warehouses/sql.ts'
import type { StageContext } from './stage.ts'

/** Rows read in this run that `events` takes in: all but copies. They stay where they were shaped, they are wide. */
export const taken = (c: StageContext): Sql => sql`(
    select i.*, ${c.run} as run_id
    from ${sql.staging('incoming')} as i
    where i.row_number_read not in (
        select row_number_read from ${sql.staging('contested_rows')} where status in ('seen', 'duplicate')
    )
)`

/** The rows this run adds to `events`, each with its order key: those taken in, and what stored ones become where settings revise them. */
export const newEvents = (c: StageContext): Sql => (c.recompute.events ? sql.staging('new_events') : taken(c))
