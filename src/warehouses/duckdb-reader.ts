import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DuckDBInstance } from '@duckdb/node-api'
import { loadTabular, OWN_COLUMNS } from './duckdb-tabular.ts'
import type { ColumnSpec, LoadedFile, Row, TabularFile, TabularOptions } from './warehouse.ts'

/** Rows of CSV and Parquet files for an engine that has no reader of its own. */
export interface TabularRows {
  /** `row_file`, `row_in_file`, and the columns that are loaded of any of the files. */
  readonly columns: Readonly<Record<string, ColumnSpec>>
  /** Gone through once, before `close`. */
  readonly rows: AsyncIterable<Row>
  readonly loaded: readonly LoadedFile[]
  close(): Promise<void>
}

/**
 * Reads CSV and Parquet files with DuckDB, in memory and, beyond that, in a temporary folder: rows mean the same on every
 * engine because one reads them.
 */
export async function tabularRows(files: readonly TabularFile[], options?: TabularOptions): Promise<TabularRows> {
  const folder = await mkdtemp(join(tmpdir(), 'tributary-files-'))
  const instance = await DuckDBInstance.create(':memory:', {
    memory_limit: '1GB',
    threads: '2',
    temp_directory: folder,
  })
  const connection = await instance.connect()
  const close = async () => {
    connection.closeSync()
    instance.closeSync()
    await rm(folder, { recursive: true, force: true })
  }
  try {
    await connection.run("set TimeZone = 'UTC'")
    const loaded = await loadTabular(connection, 'loaded', files, options)
    const described = await connection.runAndReadAll('describe loaded')
    const names = described.getRows().map(([name]) => String(name))
    const rows = async function* (): AsyncGenerator<Row> {
      const result = await connection.stream('from loaded')
      for await (const batch of result.yieldRowObjects()) {
        options?.signal?.throwIfAborted()
        yield* batch as Row[] // texts and one integer: what rows hold
      }
    }
    return { columns: Object.fromEntries(names.map((name) => [name, columnOf(name)])), rows: rows(), loaded, close }
  } catch (error) {
    await close()
    throw error
  }
}

const columnOf = (name: string): ColumnSpec => ({
  type: name === OWN_COLUMNS[1] ? 'integer' : 'string',
  nullable: !OWN_COLUMNS.includes(name),
  description: name,
})
