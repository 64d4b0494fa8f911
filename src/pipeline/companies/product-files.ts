import { stat } from 'node:fs/promises'
import { join } from 'node:path'
import { TributaryError } from '../../errors.ts'
import { sql } from '../../warehouses/sql.ts'
import type { RunOptions, Warehouse } from '../../warehouses/warehouse.ts'
import { formatOf } from '../sources/tabular.ts'
import { textColumns } from './copied-columns.ts'
import type { CopiedTable } from './copied-tables.ts'
import type { ProductPlace } from './product-source.ts'

/** CSV and Parquet files of a folder, one for each table. No column but the listed ones comes into the warehouse, not even into staging. */
export function loadProductFiles(warehouse: Warehouse, folder: string, options: RunOptions): ProductPlace {
  const staged = ({ item }: CopiedTable) => `product_${item}_file`
  return {
    name: `Folder ${folder}`,
    isServer: false,
    columns: async (table) => {
      const path = join(folder, table.table)
      const format = formatOf(path)
      if (format === 'lines')
        throw new TributaryError('SOURCE_UNREADABLE', `Expected a CSV or Parquet file, but got ${path}.`)
      if (!(await stat(path).catch(() => null))?.isFile()) return null
      const isGzip = path.endsWith('.gz')
      // Their names are in lower case here, however the configuration and the file write them.
      const columns = table.columns.map(({ name }) => name.toLowerCase())
      const files = [{ path, name: table.item, isGzip, format }]
      const [file] = await warehouse.loadTabular(staged(table), files, { ...options, columns })
      if (file?.reason != null)
        throw new TributaryError('SOURCE_UNREADABLE', `Cannot read ${path}: ${file.reason}. Nothing was written.`)
      const present = table.columns.filter(({ name }) => file?.columns.includes(name.toLowerCase()))
      return Object.fromEntries(present.map(({ name }) => [name, 'text']))
    },
    tryOut: async () => null, // they are loaded when their columns are looked at
    copy: async (table) => {
      const listed = table.columns.map(({ name, as }) => sql`${sql.id(name.toLowerCase())} as ${sql.id(as)}`)
      const into = `product_${table.item}_read`
      await warehouse.stage(into, sql`select ${sql.join(listed)} from ${sql.staging(staged(table))}`, options)
      await warehouse.dropStaging([staged(table)])
      return textColumns(warehouse.dialect, table, sql.staging(into))
    },
    close: async () => {},
  }
}
