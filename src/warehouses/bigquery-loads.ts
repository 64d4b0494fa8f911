import { Readable, type Writable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import type { Job, Table, TableSchema } from '@google-cloud/bigquery'
import type { Answers } from './bigquery-answers.ts'
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
  answers: Answers,
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
  const all = async function* () {
    yield start
    yield* source
  }
  const make = () =>
    upload(
      table.createWriteStream({
        jobId: id,
        sourceFormat: 'NEWLINE_DELIMITED_JSON',
        schema: schemaOf(columns),
        writeDisposition: how.isReplaced ? 'WRITE_TRUNCATE' : 'WRITE_APPEND',
        createDisposition: how.isReplaced ? 'CREATE_IF_NEEDED' : 'CREATE_NEVER',
      }),
      all(),
      answers,
      how.signal,
    )
  try {
    await answers.ended(await answers.made(id, make), how.signal)
  } catch (error) {
    if (how.signal?.aborted) {
      await answers.cancel(id)
      throw cancelled(what)
    }
    throwIfOfRows()
    throw refused(what, error)
  }
  return count > 0
}

/** Sends the file of a load job. Resolves with the job when the service has made it; it may run on. */
async function upload(
  target: Writable,
  chunks: AsyncIterable<string>,
  answers: Answers,
  signal?: AbortSignal,
): Promise<Job> {
  const patience = answers.patience()
  const watched = async function* () {
    for await (const chunk of chunks) {
      patience.begin()
      yield chunk
      patience.end()
    }
    patience.begin()
  }
  const job = new Promise<Job>((resolve) => target.once('job', resolve))
  const sending = pipeline(Readable.from(watched()), target, { signal }).then(() => job)
  try {
    const made = await Promise.race([job, sending, patience.over])
    made.removeAllListeners('complete') // for which the client would ask by itself, without an end
    return made
  } finally {
    patience.end()
    target.destroy()
  }
}
