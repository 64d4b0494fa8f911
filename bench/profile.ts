import { compileInline, type Sql } from '../src/warehouses/sql.ts'
import type { RunOptions, Warehouse } from '../src/warehouses/warehouse.ts'
import { engineProfiles } from '../test/harness/engine-profile.ts'
import { type ProfiledStatement, profileReport, scannedRows } from './profile-report.ts'

/** A warehouse that remembers what each statement cost. */
export interface ProfiledWarehouse extends Warehouse {
  /** Every statement since the beginning or the last `reset`, in their order. */
  readonly statements: readonly ProfiledStatement[]
  /** Rows read per table since then, by the engine's own count; `schema.table` → rows. */
  scanned(): Readonly<Record<string, number>>
  /** The slowest statements and the rows read per table, as text. */
  report(limit?: number): string
  /** Forgets what was recorded. */
  reset(): void
}

/**
 * Wraps a DuckDB warehouse so that every statement is timed and profiled by the engine.
 *
 * The pragmas of a query are sent before it and after it: they reach its connection because the pool hands out the one that was
 * returned last. That holds while one statement runs at a time, as in a run of the pipeline.
 */
export function profiled(inner: Warehouse): ProfiledWarehouse {
  const profiles = engineProfiles()
  let statements: ProfiledStatement[] = []

  const textOf = (statement: Sql) => compileInline(statement, inner.writer)
  const record = (statement: ProfiledStatement) => void statements.push(statement)

  const timed = async <T>(label: string, text: string, work: () => Promise<T>): Promise<T> => {
    const began = performance.now()
    const result = await work()
    record({ label, text, milliseconds: performance.now() - began, scanned: {} })
    return result
  }

  const profiledOne = async <T>(label: string, text: string, work: () => Promise<T>): Promise<T> => {
    const { before, after, read } = profiles.next()
    for (const pragma of before) await inner.execute(pragma)
    const began = performance.now()
    try {
      const result = await work()
      const milliseconds = performance.now() - began
      record({ label, text, milliseconds, scanned: read()?.scanned ?? {} })
      return result
    } finally {
      for (const pragma of after) await inner.execute(pragma)
    }
  }

  const overridden: Pick<Warehouse, 'query' | 'execute' | 'stage' | 'transaction'> = {
    query: (query, options) =>
      profiledOne(labelOf('query', options), textOf(query), () => inner.query(query, options)) as never,
    execute: (statement, options) =>
      profiledOne(labelOf('execute', options), textOf(statement), () => inner.execute(statement, options)),
    stage: (name, select, options) =>
      profiledOne(`${labelOf('stage', options)} → ${name}`, textOf(select), () => inner.stage(name, select, options)),
    // Statements of a transaction cannot be timed from outside one by one: the engine's own clock tells.
    transaction: async (list, options) => {
      const each = list.map((statement) => ({ statement, ...profiles.next() }))
      const began = performance.now()
      await inner.transaction(
        each.flatMap(({ before, statement, after }) => [...before, statement, ...after]),
        options,
      )
      const total = performance.now() - began
      const label = labelOf('transaction', options)
      let inside = 0
      for (const { statement, read } of each) {
        const { milliseconds, scanned } = read() ?? { milliseconds: 0, scanned: {} }
        inside += milliseconds
        record({ label, text: textOf(statement), milliseconds, scanned })
      }
      record({ label, text: 'commit, and all between the statements', milliseconds: total - inside, scanned: {} })
    },
  }

  return {
    ...inner,
    ...timedMethods(inner, timed),
    ...overridden,
    get statements() {
      return statements
    },
    scanned: () => scannedRows(statements),
    report: (limit) => profileReport(statements, limit),
    reset: () => {
      statements = []
    },
    close: async () => {
      profiles.close()
      await inner.close()
    },
  }
}

/** What runs no statement of its own choosing: loads, drops, maintenance. */
function timedMethods(
  inner: Warehouse,
  timed: <T>(label: string, text: string, work: () => Promise<T>) => Promise<T>,
): Partial<Warehouse> {
  const methods = Object.entries(inner).filter(([, value]) => typeof value === 'function')
  return Object.fromEntries(
    methods.map(([name, method]) => [
      name,
      (...args: unknown[]) => timed(name, typeof args[0] === 'string' ? args[0] : '', () => method(...args)),
    ]),
  )
}

const labelOf = (kind: string, options?: RunOptions) => options?.label ?? kind
