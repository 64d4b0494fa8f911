import { type Sql, sql } from '../warehouses/sql.ts'
import type { Recompute } from './recompute.ts'
import { OPEN_RUN } from './tables/table.ts'

/** How much of a refused line quarantine keeps. */
export const LARGEST_TEXT = 65_536

/** Rows of quarantine whose whole line was kept: only such a line can be taken in again. */
export const isWhole = sql`text is not null and length(text) < ${LARGEST_TEXT}`

/**
 * Quarantine rows that may be cured, with their whole line kept: by time, events from the future; when settings changed,
 * also those that were refused for their ids or times.
 */
export const isWaiting = ({ refused }: Pick<Recompute, 'refused'>): Sql =>
  sql`to_run = ${OPEN_RUN} and reason in (${sql.values(refused ? ['FUTURE', 'NO_ID', 'NO_TIME', 'PAST'] : ['FUTURE'])}) and ${isWhole}`
