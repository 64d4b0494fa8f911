import { TributaryError } from '../../errors.ts'
import type { Dialect } from '../../warehouses/dialect.ts'
import type { ProductDatabase } from '../../warehouses/product-database.ts'
import { type Sql, sql } from '../../warehouses/sql.ts'
import type { RunOptions, Warehouse } from '../../warehouses/warehouse.ts'
import type { CompanyOptions } from '../options.ts'
import type { Columns } from '../sources/columns.ts'
import type { ProductCopy } from '../stage.ts'
import { nullable, text } from '../tables/table.ts'
import { copiedColumns, textColumns } from './copied-columns.ts'
import { type CopiedTable, tablesOf } from './copied-tables.ts'
import { loadProductFiles } from './product-files.ts'

/** Opens the product database for one copy. Who calls it has the address, which no option holds. */
export type OpenProduct = (signal?: AbortSignal) => Promise<ProductDatabase>

/** A place that companies are copied from. */
export interface ProductPlace {
  /** For messages; no secret. */
  readonly name: string
  /** Rights to read it are granted. */
  readonly isServer: boolean
  columns(table: CopiedTable): Promise<Columns | null>
  /** Fails when a copy could not read the columns; reads hardly anything. Whether there is a row; null when that is not looked at. */
  tryOut(table: CopiedTable, columns: Columns): Promise<boolean | null>
  /** The rows as a relation with the columns of a copy; what is not in the warehouse yet goes into staging. */
  copy(table: CopiedTable, columns: Columns): Promise<Sql>
  close(): Promise<void>
}

/** How a place is reached. */
export interface ProductAccess extends RunOptions {
  readonly openProduct?: OpenProduct | undefined
}

/** The place that the options name. */
export async function openProductSource(
  warehouse: Warehouse,
  { from }: CompanyOptions,
  { openProduct, ...options }: ProductAccess,
): Promise<ProductPlace> {
  if (from.kind === 'tables') return tablesOfWarehouse(warehouse, from.schema, options)
  if (from.kind === 'files') return loadProductFiles(warehouse, from.path, options)
  if (!openProduct) throw new TypeError('Expected a way to open the product database, but got none.')
  return postgresPlace(warehouse, await openProduct(options.signal), options)
}

/** Tables that something else keeps in the warehouse. */
function tablesOfWarehouse(warehouse: Warehouse, schema: string, options: RunOptions): ProductPlace {
  const { dialect: d } = warehouse
  const copy = async (table: CopiedTable, columns: Columns) => {
    const value = ({ name, isTime }: CopiedTable['columns'][number]): Sql => {
      const column = sql.id(name)
      if (!isTime) return d.cast(column, 'string')
      const time = d.asTime(column, columns[name] ?? '')
      if (time !== null) return time
      throw new TributaryError(
        'SOURCE_UNREADABLE',
        `Schema ${schema}, table ${table.table}, column ${name}: expected times, but it is ${columns[name]}.`,
      )
    }
    return copiedColumns(d, table, sql`${sql.id(schema)}.${sql.id(table.table)}`, value)
  }
  /** Read once: somebody may be loading them. */
  const staged = async (table: CopiedTable, columns: Columns) => {
    const into = `product_${table.item}_read`
    await warehouse.stage(into, await copy(table, columns), options)
    return sql`select * from ${sql.staging(into)}`
  }
  return {
    name: `Schema ${schema}`,
    isServer: true,
    columns: ({ table }) => warehouse.describeTable(table, schema),
    tryOut: async (table, columns) =>
      (await warehouse.query(sql`select * from (${await copy(table, columns)}) as k limit 1`)).length > 0,
    copy: staged,
    close: async () => {},
  }
}

/** Rows go through this process one by one, from a cursor into the warehouse's bulk load: memory does not grow with them. */
function postgresPlace(warehouse: Warehouse, product: ProductDatabase, options: RunOptions): ProductPlace {
  return {
    name: 'The product database',
    isServer: true,
    columns: ({ table }) => product.columns(table),
    tryOut: async ({ table, columns }) => {
      for await (const _ of product.rows(table, columns)) return true
      return false
    },
    copy: async (table) => {
      const into = `product_${table.item}_read`
      const spec = Object.fromEntries(table.columns.map(({ name, as }) => [as, text(`Column ${name}.`, nullable)]))
      await warehouse.loadStaging(into, spec, product.rows(table.table, table.columns), options)
      return textColumns(warehouse.dialect, table, sql.staging(into))
    },
    close: () => product.close(),
  }
}

/** The copy of a run that is only described: its rows lie where those of a Postgres or of files would. */
export function describedCopy(d: Dialect, options: CompanyOptions, at: string): ProductCopy {
  const [companies, members] = (['companies', 'members'] as const).map((item) => {
    const table = tablesOf(options).find((t) => t.item === item)
    return table ? textColumns(d, table, sql.staging(`product_${item}_read`)) : null
  })
  return { companies: companies ?? null, members: members!, at, previousAt: at, isAnew: false, since: new Map() }
}
