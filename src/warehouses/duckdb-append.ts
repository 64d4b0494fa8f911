import { DOUBLE, type DuckDBConnection } from '@duckdb/node-api'
import { run } from './duckdb-connections.ts'
import { refused } from './duckdb-errors.ts'
import { toAppend } from './duckdb-values.ts'
import type { ColumnSpec, Row } from './warehouse.ts'

/** Where rows go. */
export interface AppendTarget {
  readonly table: string
  readonly schema: string
  /** Null for the database itself. */
  readonly catalog: string | null
}

/** Appends rows to a table, all or none. What goes wrong where the rows come from is thrown as it is. */
export async function append(
  connection: DuckDBConnection,
  target: AppendTarget,
  columns: Readonly<Record<string, ColumnSpec>>,
  rows: AsyncIterable<Row> | Iterable<Row>,
  signal?: AbortSignal,
): Promise<void> {
  let ofRows: { error: unknown } | undefined
  const guarded = async function* () {
    try {
      yield* rows
    } catch (error) {
      ofRows = { error }
      throw error
    }
  }
  const work = async () => {
    const appender = await connection.createAppender(target.table, target.schema, target.catalog)
    try {
      for await (const row of guarded()) {
        signal?.throwIfAborted()
        for (const [name, column] of Object.entries(columns)) {
          appender.appendValue(toAppend(row[name], column.type), column.type === 'float' ? DOUBLE : undefined)
        }
        appender.endRow()
      }
    } finally {
      appender.closeSync()
    }
  }
  // What begins and ends the transaction stands outside `run`: its interrupts must not hit the rollback.
  await connection.run('begin')
  try {
    await run(connection, `append to ${target.table}`, signal, work)
    await connection.run('commit').catch((cause) => {
      throw refused(`append to ${target.table}`, cause)
    })
  } catch (error) {
    await connection.run('rollback').catch(() => undefined) // the first error is the one to tell
    throw ofRows ? ofRows.error : error
  }
}
