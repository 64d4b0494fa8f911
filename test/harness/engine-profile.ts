import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Sql, sql } from '../../src/warehouses/sql.ts'

/** What the engine says about one statement: seconds of its own clock and rows read per table. */
export interface EngineProfile {
  readonly milliseconds: number
  /** By schema and table; staging tables are left out. */
  readonly scanned: Readonly<Record<string, number>>
}

/** One operator of a profile as DuckDB writes it. */
interface Operator {
  readonly latency?: number
  readonly operator_rows_scanned?: number
  readonly extra_info?: { readonly Table?: string }
  readonly children?: readonly Operator[]
}

/** DuckDB's profiles of statements, each written to a file of its own and read once. */
export interface EngineProfiles {
  /** What to run before a statement and after it, on its connection, and then how to read its profile. */
  next(): { readonly before: readonly Sql[]; readonly after: readonly Sql[]; readonly read: () => EngineProfile | null }
  /** Removes what was not read. */
  close(): void
}

/** Profiles in a folder of their own. */
export function engineProfiles(): EngineProfiles {
  const folder = mkdtempSync(join(tmpdir(), 'tributary-profile-'))
  let number = 0
  return {
    next() {
      const file = join(folder, `${++number}.json`)
      return {
        before: [
          sql.raw(`pragma enable_profiling = 'json'`),
          sql.raw(`set profiling_output = '${file.replaceAll("'", "''")}'`),
        ],
        after: [sql.raw('pragma disable_profiling')],
        read: () => readProfile(file),
      }
    },
    close: () => rmSync(folder, { recursive: true, force: true }),
  }
}

function readProfile(file: string): EngineProfile | null {
  if (!existsSync(file)) return null
  const root: Operator = JSON.parse(readFileSync(file, 'utf8'))
  rmSync(file)
  const scanned: Record<string, number> = {}
  for (const { extra_info, operator_rows_scanned = 0 } of operatorsOf(root)) {
    const [catalog, ...name] = extra_info?.Table?.split('.') ?? []
    if (catalog === undefined || catalog === 'staging' || operator_rows_scanned === 0) continue
    const table = name.join('.') || catalog
    scanned[table] = (scanned[table] ?? 0) + operator_rows_scanned
  }
  return { milliseconds: (root.latency ?? 0) * 1000, scanned }
}

const operatorsOf = (operator: Operator): readonly Operator[] => [
  operator,
  ...(operator.children ?? []).flatMap(operatorsOf),
]
