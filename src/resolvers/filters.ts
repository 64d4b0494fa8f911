import { InputError } from '../errors.ts'
import { type Sql, sql } from '../warehouses/sql.ts'
import { shown } from './choices.ts'

/** Where traffic came from; each a list in text. */
export interface OriginFilters {
  readonly channel?: string | null
  readonly source?: string | null
  readonly medium?: string | null
  readonly campaign?: string | null
}

const COLUMNS = ['channel', 'source', 'medium', 'campaign'] as const
const MAX_VALUES = 250
const MAX_LENGTH = 512

/** `and …` for each filter that is given; nothing without one. */
export function originFilters(args: OriginFilters): Sql {
  const given = COLUMNS.filter((c) => args[c] !== undefined && args[c] !== null && args[c] !== '')
  return sql.join(
    given.map((c) => sql`and ${isOneOf(c, listOf(c, args[c]!))}`),
    ' ',
  )
}

/** `Paid Search,Email`, or a JSON list for values with a comma. `(none)` stands for no value. */
export function listOf(name: string, text: string): string[] {
  const values = text.trimStart().startsWith('[') ? jsonList(name, text) : text.split(',').map((v) => v.trim())
  if (values.length > MAX_VALUES || values.some((v) => v.length > MAX_LENGTH)) {
    throw new InputError(
      `Expected \`${name}\` to have at most ${MAX_VALUES} values of ${MAX_LENGTH} characters each, but got more.`,
    )
  }
  return values.filter((v) => v !== '')
}

function jsonList(name: string, text: string): string[] {
  try {
    const values: unknown = JSON.parse(text)
    if (Array.isArray(values) && values.every((v) => typeof v === 'string')) return values
  } catch {}
  throw new InputError(
    `Expected \`${name}\` to be values with commas between them, or a JSON list of text, but got ${shown(text)}.`,
  )
}

function isOneOf(column: (typeof COLUMNS)[number], values: readonly string[]): Sql {
  const named = values.filter((v) => v !== '(none)')
  const tests = [
    ...(named.length > 0 ? [sql`${sql.id(column)} in (${sql.values(named)})`] : []),
    ...(named.length < values.length ? [sql`${sql.id(column)} is null`] : []),
  ]
  return tests.length === 0 ? sql`1 = 0` : sql`(${sql.join(tests, ' or ')})`
}
