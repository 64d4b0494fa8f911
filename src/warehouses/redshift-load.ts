import { redshiftDialect } from './redshift-dialect.ts'
import { BATCH, MOST_BYTES } from './redshift-statements.ts'
import { shortLiteral } from './redshift-text.ts'
import type { ColumnSpec, Row, RowValue } from './warehouse.ts'

/** The longest text of a column, in bytes. */
const LONGEST_TEXT = 65_535
/** The longest line: what is put before it, to be hashed, has to fit into a text with it. */
const LONGEST_LINE = 64_000

/** A value as an insert takes it. */
function literal(value: RowValue | undefined, { type }: ColumnSpec): string {
  if (value === null || value === undefined) return 'null'
  if (type === 'timestamp') return `'${String(value).replace('T', ' ').replace('Z', '')}'::timestamp`
  if (type === 'float') return `${Number.isFinite(value) ? value : `'${value}'`}::float8`
  if (type === 'string' && Buffer.byteLength(String(value)) > LONGEST_TEXT) {
    throw new TypeError(
      `Expected text of at most ${LONGEST_TEXT} bytes, which is what a column of Redshift holds, but got more.`,
    )
  }
  return type === 'string' ? shortLiteral(String(value)) : redshiftDialect.literal(value)
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
    if (bytes + size > MOST_BYTES - head.length - 2 && values.length > 0) {
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

/** A line that no column of text can hold comes without its text, as one does that is no text. */
export async function* linesThatFit(rows: AsyncIterable<Row>): AsyncGenerator<Row> {
  for await (const row of rows) {
    const { text } = row
    const fits = typeof text !== 'string' || Buffer.byteLength(text) <= LONGEST_LINE
    const isSent = fits && (typeof text !== 'string' || Buffer.byteLength(shortLiteral(text)) < MOST_BYTES - 10_000)
    yield isSent ? row : { ...row, text: null }
  }
}
