import { InputError } from '../errors.ts'
import { type Sql, sql } from '../warehouses/sql.ts'
import { oneOf, shown } from './choices.ts'
import type { CompanyGroups } from './company-metrics-sql.ts'
import type { Context } from './context.ts'
import { listOf } from './filters.ts'

const GROUPS = ['channel', 'source', 'campaign', 'plan'] as const

const COLUMN_NAME = /^[A-Za-z_][A-Za-z0-9_]{0,62}$/

/**
 * `channel,plan,industry`: what is not built in is a copied column, at most one; one that is called like what is built in
 * is reached by `column`.
 */
export function groupsOf(context: Context, by: string, column = ''): CompanyGroups {
  const names = by
    .split(',')
    .map((name) => name.trim())
    .filter((name) => name !== '')
  const known = GROUPS.filter((g) => names.some((name) => name.toLowerCase() === g))
  const others = names.filter((name) => !known.some((g) => g === name.toLowerCase()))
  const given = dimensionOf(context, column)
  const inBy = others.map((name) => copiedColumn(context, 'by', name, GROUPS))
  const named = [...new Set([...inBy, ...(given === null ? [] : [given])])]
  if (named.length > 1)
    throw new InputError(
      `Expected \`by\` and \`dimension\` to name at most one copied column, but got ${shown(named.join(','))}.`,
    )
  const dimension = named[0] ?? null
  return { columns: [...known, ...(dimension === null ? [] : (['dimension'] as const))], dimension }
}

/** The column of that name among those that are copied; none for an empty text. */
export function dimensionOf(context: Context, name: string): string | null {
  if (name.trim() === '') return null
  if (context.dimensions?.length !== 0) return copiedColumn(context, 'dimension', name)
  throw new InputError(
    `Expected no \`dimension\`, as \`productDatabase.companies.dimensions\` names none, but got ${shown(name)}.`,
  )
}

function copiedColumn({ dimensions }: Context, argument: string, name: string, others: readonly string[] = []): string {
  if (dimensions !== null) return oneOf(argument, name, [...new Set([...others, ...dimensions])])
  if (COLUMN_NAME.test(name)) return name
  throw new InputError(`Expected \`${argument}\` to name a copied column, but got ${shown(name)}.`)
}

/** `and …` for the filters given, over states called `s` and the company's first touch `l`. */
export function companyFilters(args: { readonly plan?: string | null; readonly channel?: string | null }): Sql {
  const test = (name: string, column: Sql, text?: string | null) => {
    if (!text) return sql.empty
    const values = listOf(name, text)
    return values.length === 0 ? sql`and 1 = 0` : sql`and coalesce(${column}, '(none)') in (${sql.values(values)})`
  }
  return sql`${test('plan', sql`s.plan`, args.plan)} ${test('channel', sql`l.first_touch_channel`, args.channel)}`
}
