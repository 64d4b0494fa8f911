import { TributaryError } from '../../errors.ts'
import type { Warehouse } from '../../warehouses/warehouse.ts'
import type { CompanyOptions } from '../options.ts'
import type { Columns } from '../sources/columns.ts'
import { type CopiedTable, tablesOf } from './copied-tables.ts'
import { openProductSource, type ProductAccess, type ProductPlace } from './product-source.ts'

/** A place with the columns of its tables that are copied. */
export interface OpenedProduct {
  readonly source: ProductPlace
  readonly found: readonly (readonly [CopiedTable, Columns])[]
}

/** Opens the place, and sees that everything is there that the configuration names. */
export async function openAndLook(
  warehouse: Warehouse,
  options: CompanyOptions,
  access: ProductAccess,
): Promise<OpenedProduct> {
  const source = await openProductSource(warehouse, options, access)
  try {
    const found: [CopiedTable, Columns][] = []
    for (const table of tablesOf(options)) {
      const columns = await source.columns(table)
      const absence = whatIsAbsent(source, table, columns)
      if (absence) throw new TributaryError(absence.code, `${absence.message} ${absence.fix} Nothing was written.`)
      found.push([table, columns ?? {}])
    }
    return { source, found }
  } catch (error) {
    await source.close()
    throw error
  }
}

/** What a table of the product database does not have, and what to do about it; null when all is there. */
export function whatIsAbsent(
  { name, isServer }: ProductPlace,
  { table, item, columns }: CopiedTable,
  present: Columns | null,
) {
  const option = `which \`productDatabase.${item}\` names`
  if (present === null) {
    return {
      code: 'SOURCE_UNREADABLE' as const,
      message: `${name}: expected the table ${table}, ${option}, but there is none${isServer ? ' that the role may read' : ''}.`,
      fix: isServer
        ? `Check its name, whose case counts, and grant its columns: grant select (${quotedList(columns.map(({ name: column }) => column))}) on ${table} to <role>, and usage on its schema.`
        : 'Check its name, or put the file there.',
    }
  }
  const missing = columns.map((column) => column.name).filter((column) => present[column] === undefined)
  if (missing.length === 0) return null
  const list = missing.join(', ')
  return {
    code: 'SOURCE_CHANGED' as const,
    message: `${name}, table ${table}: expected ${missing.length === 1 ? 'the column' : 'the columns'} ${list}, ${option}, but ${isServer ? 'the role can see' : 'it has'} none of that name.`,
    fix: isServer
      ? `Put back what is missing, grant it (grant select (${quotedList(missing)}) on ${table} to <role>), or change the configuration, where case counts.`
      : 'Put back what is missing, or change the configuration.',
  }
}

/** Names as SQL takes them: quoted where they would be folded. */
const quotedList = (names: readonly string[]): string =>
  names.map((name) => (/^[a-z_][a-z0-9_]*$/.test(name) ? name : `"${name.replaceAll('"', '""')}"`)).join(', ')
