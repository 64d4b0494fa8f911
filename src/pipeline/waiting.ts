import { sql } from '../warehouses/sql.ts'
import { OPEN_RUN } from './tables/table.ts'

/** How much of a refused line quarantine keeps. */
export const LARGEST_TEXT = 65_536

/** Rows of quarantine whose whole line was kept: only such a line can be taken in again. */
export const isWhole = sql`text is not null and length(text) < ${LARGEST_TEXT}`

/** Quarantine rows that time may cure: events from the future whose whole line was kept. */
export const isWaiting = sql`to_run = ${OPEN_RUN} and reason = 'FUTURE' and ${isWhole}`
