import { InputError } from '../errors.ts'
import { type Sql, sql } from '../warehouses/sql.ts'
import type { Row } from '../warehouses/warehouse.ts'
import { type Context, read } from './context.ts'

/** How much of a flat list. */
export interface ListArgs {
  readonly limit?: number | null
  readonly offset?: number | null
  /** Rather an error than a list that was cut. */
  readonly strict?: boolean | null
}

export const DEFAULT_LIMIT = 10_000
export const MAX_LIMIT = 50_000
export const MAX_OFFSET = 1_000_000

/** The rows of an ordered query within the limit. That there were more is noted for the answer. */
export async function listed<R extends Row = Row>(
  context: Context,
  label: string,
  args: ListArgs,
  query: Sql,
): Promise<R[]> {
  const limit = within('limit', args.limit ?? DEFAULT_LIMIT, 1, MAX_LIMIT)
  const offset = within('offset', args.offset ?? 0, 0, MAX_OFFSET)
  const rows = await read<R>(
    context,
    label,
    sql`${query}
limit ${limit + 1} offset ${offset}`,
  )
  if (rows.length <= limit) return rows
  if (args.strict) throw tooMany(limit)
  context.notes.isTruncated = true
  return rows.slice(0, limit)
}

/** The number, when it lies in its range. */
export function within(name: string, value: number, from: number, to: number): number {
  if (Number.isInteger(value) && value >= from && value <= to) return value
  throw new InputError(`Expected \`${name}\` from ${from} to ${to}, but got ${value}.`)
}

/** Of a list that must not be cut. */
export const tooMany = (limit: number): InputError =>
  new InputError(
    `Expected at most ${limit} rows (\`limit\`), but there are more. Ask for a shorter range, a larger \`limit\` (up to ${MAX_LIMIT}) or pages (\`offset\`), or leave out \`strict\`.`,
  )
