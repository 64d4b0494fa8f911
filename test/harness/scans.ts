import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Sql, sql } from '../../src/warehouses/sql.ts'
import type { Warehouse } from '../../src/warehouses/warehouse.ts'

/** A DuckDB whose statements are profiled: which rows a run reads, by the engine's own count. */
export interface Scans {
  /** Works like the one it was made from. */
  readonly warehouse: Warehouse
  /** Rows read of each table of the schema since the last call, by the table's name. Tables not read are left out. */
  take(): Record<string, number>
  /** Forgets the profiles; the warehouse stays open. */
  close(): void
}

/** One operator of a profile. */
interface Operator {
  readonly operator_rows_scanned?: number
  readonly extra_info?: { readonly Table?: string }
  readonly children?: readonly Operator[]
}

/**
 * Counts the rows that statements scan. DuckDB reads whole row groups (122,880 rows) unless a filter on ordered values lets
 * it leave some out, and an empty side of a join still costs one vector of the other (2,048 rows).
 */
export function countScans(inner: Warehouse): Scans {
  const folder = mkdtempSync(join(tmpdir(), 'tributary-profile-'))
  let taken = new Map<string, number>()
  let number = 0

  const profiled = (statement: Sql) => {
    const file = join(folder, `${++number}.json`)
    const around = [
      sql.raw(`pragma enable_profiling = 'json'`),
      sql.raw(`set profiling_output = '${file}'`),
      statement,
      sql.raw('pragma disable_profiling'),
    ]
    return { around, read: () => add(file) }
  }
  const add = (file: string) => {
    if (!existsSync(file)) return
    for (const { extra_info, operator_rows_scanned = 0 } of operatorsOf(JSON.parse(readFileSync(file, 'utf8')))) {
      const name = extra_info?.Table?.split('.') ?? []
      if (name.length === 0 || name[0] === 'staging') continue
      const table = name.at(-1) ?? ''
      taken.set(table, (taken.get(table) ?? 0) + operator_rows_scanned)
    }
    rmSync(file)
  }
  const transaction: Warehouse['transaction'] = async (statements, options) => {
    const each = statements.map(profiled)
    await inner.transaction(
      each.flatMap((s) => s.around),
      options,
    )
    for (const { read } of each) read()
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
      const rows = Object.fromEntries([...taken].filter(([, n]) => n > 0).sort())
      taken = new Map()
      return rows
    },
    close: () => rmSync(folder, { recursive: true, force: true }),
  }
}

const operatorsOf = (operator: Operator): readonly Operator[] => [
  operator,
  ...(operator.children ?? []).flatMap(operatorsOf),
]
