import DataLoader from 'dataloader'
import type { Sql } from '../warehouses/sql.ts'
import type { Row } from '../warehouses/warehouse.ts'
import { type Context, type PublishedRun, read } from './context.ts'

/** What one statement can load for many parents. Two fields that agree in all of it share a loader. */
export interface Batch {
  /** The field, e.g. `User.sessions`. */
  readonly field: string
  readonly args?: Readonly<Record<string, unknown>>
  /** The columns it reads, in any order. */
  readonly columns: readonly string[]
  readonly run: PublishedRun
  /** The columns that tell whose a row is; keys have them too. */
  readonly by: readonly string[]
  /** One statement for these keys; its rows come in order within a key. */
  query(keys: readonly Row[]): Sql
}

/** Keys in one statement. */
const MAX_KEYS = 500

/**
 * A loader of this request for a field with its arguments, columns and run. The same field under an alias or at another
 * path shares it; other arguments never do.
 */
export function batchLoader(context: Context, batch: Batch): DataLoader<Row, readonly Row[], string> {
  const { field, args = {}, run, by } = batch
  const id = JSON.stringify([field, sorted(args), [...new Set(batch.columns)].sort(), run.run_id, by])
  const known = context.loaders.get(id)
  if (known) return known
  const keyOf = (row: Row) => JSON.stringify(by.map((column) => String(row[column])))
  const loader = new DataLoader<Row, readonly Row[], string>(
    async (keys) => {
      const rows = await read(context, field, batch.query(keys))
      const groups = Map.groupBy(rows, keyOf)
      return keys.map((key) => groups.get(keyOf(key)) ?? [])
    },
    { cacheKeyFn: keyOf, maxBatchSize: MAX_KEYS },
  )
  context.loaders.set(id, loader)
  return loader
}

/** Distinct values of a column among keys, to be bound. */
export function valuesOf(keys: readonly Row[], column: string): string[] {
  return [...new Set(keys.map((key) => String(key[column])))]
}

function sorted(args: Readonly<Record<string, unknown>>): unknown {
  return Object.entries(args).sort(([a], [b]) => (a < b ? -1 : 1))
}
