import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { from as copyFrom } from 'pg-copy-streams'
import type { PostgresClient } from './postgres-connections.ts'
import { toCopy } from './postgres-values.ts'
import type { ColumnSpec, Row } from './warehouse.ts'

/** Characters that are sent at a time. */
const PIECE = 1 << 18

/** What went wrong where the rows come from: not the engine's refusal. */
export class SourceOfRowsError extends Error {}

/** Copies rows into a table, all or none. `table`: quoted. */
export async function copyRows(
  client: PostgresClient,
  table: string,
  columns: Readonly<Record<string, ColumnSpec>>,
  rows: AsyncIterable<Row> | Iterable<Row>,
  quote: (name: string) => string,
): Promise<void> {
  const names = Object.keys(columns).map(quote).join(', ')
  const target = client.query(copyFrom(`copy ${table} (${names}) from stdin`))
  await pipeline(Readable.from(pieces(columns, rows), { objectMode: false }), target)
}

async function* pieces(
  columns: Readonly<Record<string, ColumnSpec>>,
  rows: AsyncIterable<Row> | Iterable<Row>,
): AsyncGenerator<Buffer> {
  const list = Object.entries(columns)
  let text = ''
  try {
    for await (const row of rows) {
      text += `${list.map(([name, { type }]) => toCopy(row[name], type)).join('\t')}\n`
      if (text.length < PIECE) continue
      yield Buffer.from(text)
      text = ''
    }
  } catch (cause) {
    throw new SourceOfRowsError('The rows ended with an error.', { cause })
  }
  if (text !== '') yield Buffer.from(text)
}
