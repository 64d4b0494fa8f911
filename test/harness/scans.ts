import { sql } from '../../src/warehouses/sql.ts'
import type { Warehouse } from '../../src/warehouses/warehouse.ts'
import { engineProfiles } from './engine-profile.ts'

/** A DuckDB whose statements are profiled: which rows a run reads, by the engine's own count. */
export interface Scans {
  /** Works like the one it was made from. */
  readonly warehouse: Warehouse
  /** Rows read of each table of the schema since the last call, by the table's name. Tables not read are left out. */
  take(): Record<string, number>
  /** Forgets the profiles; the warehouse stays open. */
  close(): void
}

/**
 * Counts the rows that statements scan. DuckDB reads whole row groups (122,880 rows) unless a filter on ordered values lets
 * it leave some out, and an empty side of a join still costs one vector of the other (2,048 rows).
 */
export function countScans(inner: Warehouse): Scans {
  const profiles = engineProfiles()
  let taken = new Map<string, number>()

  const transaction: Warehouse['transaction'] = async (statements, options) => {
    const each = statements.map((statement) => ({ statement, ...profiles.next() }))
    await inner.transaction(
      each.flatMap(({ before, statement, after }) => [...before, statement, ...after]),
      options,
    )
    for (const { read } of each) {
      for (const [table, rows] of Object.entries(read()?.scanned ?? {})) {
        const name = table.split('.').at(-1)!
        taken.set(name, (taken.get(name) ?? 0) + rows)
      }
    }
  }
  const stage: Warehouse['stage'] = (name, select, options) =>
    transaction([sql`create or replace table ${sql.staging(name)} as ${select}`], options)

  return {
    warehouse: {
      ...inner,
      transaction,
      stage,
      execute: (statement, options) => transaction([statement], options),
      // Its rows are wanted: it runs a second time for the profile, with literals.
      query: async (query, options) => {
        await stage('profiled', query, options)
        return inner.query(query, options)
      },
    },
    take() {
      const rows = Object.fromEntries([...taken].sort())
      taken = new Map()
      return rows
    },
    close: () => profiles.close(),
  }
}
