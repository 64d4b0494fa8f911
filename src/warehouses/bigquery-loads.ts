import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import type { BigQuery, Table, TableSchema } from '@google-cloud/bigquery'
import { cancelled, refused } from './bigquery-errors.ts'
import { jobId } from './bigquery-jobs.ts'
import { toJsonLine } from './bigquery-values.ts'
import { tableId } from './bigquery-writer.ts'
import type { ColumnType } from './dialect.ts'
import type { ColumnSpec, Row, RunOptions } from './warehouse.ts'

type Columns = Readonly<Record<string, ColumnSpec>>

const TYPES: Readonly<Record<ColumnType, string>> = {
  string: 'STRING',
  integer: 'INTEGER',
  float: 'FLOAT',
  boolean: 'BOOLEAN',
  timestamp: 'TIMESTAMP',
}

/** Columns as the service wants them described. */
export const schemaOf = (columns: Columns): TableSchema => ({
  fields: Object.entries(columns).map(([name, { type, nullable, description }]) => ({
    name: tableId(name),
    type: TYPES[type],
    mode: nullable ? 'NULLABLE' : 'REQUIRED',
    description: description.slice(0, 1024),
  })),
})

/** Bytes that are sent at a time. */
const CHUNK = 1 << 16

/**
 * Loads rows into a table by one load job, all or none; the table is replaced, or added to. Returns false when there are
 * no rows: a job without any is refused. What goes wrong where the rows come from is thrown as it is.
 */
export async function loadRows(
  client: BigQuery,
  table: Table,
  columns: Columns,
  rows: AsyncIterable<Row> | Iterable<Row>,
  how: { isReplaced: boolean } & RunOptions,
): Promise<boolean> {
  const what = `load ${table.id}`
  if (how.signal?.aborted) throw cancelled(what)
  const ofRows: unknown[] = []
  const throwIfOfRows = () => {
    if (ofRows.length > 0) throw ofRows[0]
  }
  let count = 0
  const chunks = async function* () {
    let chunk = ''
    try {
      for await (const row of rows) {
        count++
        chunk += toJsonLine(row, columns, tableId)
        if (chunk.length < CHUNK) continue
        yield chunk
        chunk = ''
      }
    } catch (error) {
      ofRows.push(error)
      throw error
    }
    if (chunk !== '') yield chunk
  }
  const source = chunks()
  const first = await source.next().catch(() => null) // `ofRows` knows why
  if (how.signal?.aborted) throw cancelled(what)
  throwIfOfRows()
  if (first === null || first.done) return false
  const start = first.value
  const id = jobId(how.label ?? what)
  const target = table.createWriteStream({
    jobId: id,
    sourceFormat: 'NEWLINE_DELIMITED_JSON',
    schema: schemaOf(columns),
    writeDisposition: how.isReplaced ? 'WRITE_TRUNCATE' : 'WRITE_APPEND',
    createDisposition: how.isReplaced ? 'CREATE_IF_NEEDED' : 'CREATE_NEVER',
  })
  const all = async function* () {
    yield start
    yield* source
  }
  try {
    await pipeline(Readable.from(all()), target, { signal: how.signal })
  } catch (error) {
    if (!how.signal?.aborted) {
      throwIfOfRows()
      throw refused(what, error)
    }
    await client
      .job(id, { location: client.location })
      .cancel()
      .catch(() => undefined) // its file never arrived whole, or it has ended
    throw cancelled(what)
  }
  return count > 0
}
