import { InputError } from '../errors.ts'
import { type Sql, sql } from '../warehouses/sql.ts'
import { oneOf, shown } from './choices.ts'
import { COMPANY_GROUPS, type CompanyGroups } from './company-metrics-sql.ts'
import type { Context } from './context.ts'
import { listOf } from './filters.ts'

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
  const known = COMPANY_GROUPS.filter((g) => names.some((name) => name.toLowerCase() === g))
  const others = names.filter((name) => !known.some((g) => g === name.toLowerCase()))
  const given = dimensionOf(context, column)
  const inBy = others.map((name) => copiedColumn(context, 'by', name, COMPANY_GROUPS))
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

export interface CompanyFilters {
  readonly company?: string | null
  readonly plan?: string | null
  readonly channel?: string | null
}

/** `and …` for the filters given, over states called `s` and the company's first touch `l`. */
export function companyFilters({ company, plan, channel }: CompanyFilters): Sql {
  return sql`${isListed('company', sql`s.company_id`, company)} ${isListed('plan', sql`s.plan`, plan)} ${isListed('channel', sql`l.first_touch_channel`, channel)}`
}

/** The same of the companies alone, over `company_id`: what nobody asks for need not be added up. */
export const onlyCompanies = (company?: string | null): Sql => isListed('company', sql`company_id`, company)

function isListed(name: string, column: Sql, text?: string | null): Sql {
  if (!text) return sql.empty
  const values = listOf(name, text)
  return values.length === 0 ? sql`and 1 = 0` : sql`and coalesce(${column}, '(none)') in (${sql.values(values)})`
}
