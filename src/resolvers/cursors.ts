import { InputError } from '../errors.ts'
import { type Sql, sql } from '../warehouses/sql.ts'
import type { Row } from '../warehouses/warehouse.ts'
import { shown } from './choices.ts'
import type { Context, PublishedRun } from './context.ts'
import { runAsOf } from './runs.ts'

/** A total order of a list: the columns, the last ones making it unique. */
export interface Order {
  /** Goes into cursors, so that one list does not take those of another. */
  readonly name: string
  readonly columns: readonly { readonly name: string; readonly isTime: boolean }[]
}

/** A place in a list: the run it was read in and the sort values of the row there. */
export interface Cursor {
  readonly run: number
  readonly values: readonly string[]
}

/** The run of a cursor is no longer kept. */
export class CursorExpiredError extends InputError {}

export function encodeCursor(order: Order, run: PublishedRun, row: Row): string {
  const parts = [order.name, run.run_id, ...order.columns.map((c) => row[c.name])]
  return Buffer.from(JSON.stringify(parts)).toString('base64url')
}

export function decodeCursor(order: Order, name: string, text: string): Cursor {
  const parts = partsOf(text)
  if (parts) {
    const [list, run, ...values] = parts
    const isValid =
      list === order.name &&
      Number.isSafeInteger(run) &&
      Number(run) > 0 &&
      values.length === order.columns.length &&
      order.columns.every((c, i) => isValue(values[i], c.isTime))
    if (isValid) return { run: Number(run), values: values as string[] }
  }
  throw new InputError(
    `Expected \`${name}\` to be a cursor of this list (\`pageInfo { endCursor }\` or \`edges { cursor }\` of an earlier page), but got ${shown(text)}.`,
  )
}

function partsOf(text: string): unknown[] | null {
  try {
    const parts: unknown = JSON.parse(Buffer.from(text, 'base64url').toString())
    return Array.isArray(parts) ? parts : null
  } catch {
    return null
  }
}

function isValue(value: unknown, isTime: boolean): boolean {
  if (typeof value !== 'string' || value.length > 1000 || value.includes('\0')) return false
  return (
    !isTime ||
    (/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/.test(value) && !Number.isNaN(Date.parse(value.replace(/\.\d+Z/, 'Z'))))
  )
}

/** The run that a page is read in: that of its cursors, so that pages fit together while new runs are published. */
export async function runOfCursors(
  context: Context,
  cursors: readonly (Cursor | null)[],
  fallback: PublishedRun,
): Promise<PublishedRun> {
  const runs = [...new Set(cursors.flatMap((c) => (c ? [c.run] : [])))]
  if (runs.length > 1)
    throw new InputError(`Expected \`after\` and \`before\` of one run, but got cursors of runs ${runs.join(' and ')}.`)
  const [run] = runs
  if (run === undefined || run === fallback.run_id) return fallback
  try {
    return await runAsOf(context, { run })
  } catch (error) {
    if (!(error instanceof InputError)) throw error
    throw new CursorExpiredError(
      `Expected a cursor of a run that is kept, but run ${run} is not. Begin again with the first page.`,
    )
  }
}

/** True for rows that come strictly after (`>`) or before (`<`) a cursor. */
export function beyond(order: Order, cursor: Cursor, comparison: '>' | '<'): Sql {
  const from = (i: number): Sql => {
    const { name, isTime } = order.columns[i]!
    const text = cursor.values[i]!
    const value = isTime ? sql.timestamp(text) : sql`${text}`
    const column = sql.id(name)
    const past = comparison === '>' ? sql`${column} > ${value}` : sql`${column} < ${value}`
    return i === order.columns.length - 1 ? past : sql`(${past} or (${column} = ${value} and ${from(i + 1)}))`
  }
  return from(0)
}
