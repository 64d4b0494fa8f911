import { redshiftDialect } from './redshift-dialect.ts'
import { BATCH, MOST_BYTES } from './redshift-statements.ts'
import { shortLiteral } from './redshift-text.ts'
import type { ColumnSpec, Row, RowValue } from './warehouse.ts'

/** The longest text of a column, in bytes. */
const LONGEST_TEXT = 65_535
/** For a longer name in place of the table's: rows may go through a staging table. */
const ROOM = 200
/** The longest line: what is put before it, to be hashed, has to fit into a text with it. */
const LONGEST_LINE = 64_000

/** A value as an insert takes it. */
function literal(value: RowValue | undefined, { type }: ColumnSpec): string {
  if (value === null || value === undefined) return 'null'
  if (type === 'timestamp') return `'${String(value).replace('T', ' ').replace('Z', '')}'::timestamp`
  if (type === 'float') return `${Number.isFinite(value) ? value : `'${value}'`}::float8`
  return type === 'string' ? shortLiteral(textThatFits(String(value))) : redshiftDialect.literal(value)
}

/** The text, which a column has to hold. */
export function textThatFits(value: string): string {
  if (Buffer.byteLength(value) <= LONGEST_TEXT) return value
  throw new TypeError(
    `Expected text of at most ${LONGEST_TEXT} bytes, which is what a column of Redshift holds, but got more.`,
  )
}

/**
 * Inserts of many rows each, in batches that the Data API takes as one transaction; `table` is quoted. Rows of which one
 * alone is too long for a statement are refused.
 */
export async function* inserts(
  table: string,
  columns: Readonly<Record<string, ColumnSpec>>,
  rows: AsyncIterable<Row> | Iterable<Row>,
): AsyncGenerator<string[]> {
  const head = `insert into ${table} (${Object.keys(columns).map(redshiftDialect.quote).join(', ')}) values`
  const specs = Object.entries(columns)
  let batch: string[] = []
  let values: string[] = []
  let bytes = 0
  for await (const row of rows) {
    const text = `(${specs.map(([name, spec]) => literal(row[name], spec)).join(', ')})`
    const size = Buffer.byteLength(text) + 2
    if (bytes + size > MOST_BYTES - ROOM - Buffer.byteLength(head) && values.length > 0) {
      batch.push(`${head}\n${values.join(',\n')}`)
      values = []
      bytes = 0
      if (batch.length === BATCH) {
        yield batch
        batch = []
      }
    }
    values.push(text)
    bytes += size
  }
  if (values.length > 0) batch.push(`${head}\n${values.join(',\n')}`)
  if (batch.length > 0) yield batch
}

/** Rows of fewer characters are sent faster than a file is stored and copied. */
const FEW_CHARACTERS = 1_000_000

/** The same rows, and whether they are many: looked at until that is known, and not at all when nobody asks. */
export async function manyOf(
  rows: AsyncIterable<Row> | Iterable<Row>,
): Promise<{ rows: AsyncIterable<Row>; areMany: boolean }> {
  const all = Symbol.asyncIterator in rows ? rows[Symbol.asyncIterator]() : rows[Symbol.iterator]()
  const seen: Row[] = []
  let characters = 0
  let next = await all.next()
  for (; !next.done && characters < FEW_CHARACTERS; next = await all.next()) {
    seen.push(next.value)
    for (const value of Object.values(next.value)) characters += value === null ? 1 : String(value).length
  }
  const last = next
  return { areMany: !last.done, rows: again(seen, last, all) }
}

/** What was looked at, and the rest. Who stops in the middle stops the source. */
async function* again(
  seen: readonly Row[],
  next: IteratorResult<Row>,
  rest: AsyncIterator<Row> | Iterator<Row>,
): AsyncGenerator<Row> {
  try {
    yield* seen
    for (; !next.done; next = await rest.next()) yield next.value
  } finally {
    if (!next.done) await rest.return?.()
  }
}

/** A line that no column of text can hold comes without its text, as one does that is no text. */
export async function* linesThatFit(rows: AsyncIterable<Row>): AsyncGenerator<Row> {
  for await (const row of rows) {
    const { text } = row
    const fits = typeof text !== 'string' || Buffer.byteLength(text) <= LONGEST_LINE
    const isSent = fits && (typeof text !== 'string' || Buffer.byteLength(shortLiteral(text)) < MOST_BYTES - 10_000)
    yield isSent ? row : { ...row, text: null }
  }
}
