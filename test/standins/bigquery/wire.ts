import type { Cell, Row } from './store.ts'

/**
 * Rows as bytes of the engine's messages. Tables go along with every statement, and encoding a row costs more than
 * anything else of a small one: a row is encoded once in its life.
 */
const encodedCells = new WeakMap<Row, Buffer>()

/** The entry `name` → rows in the map `table_content` of a request. */
export function tableContent(
  name: string,
  rows: readonly Row[],
  more: { numbered?: boolean; kept?: readonly boolean[] },
): Buffer {
  const encoded = rows.map((row, i) => {
    const cells = more.kept ? cellsOf(row.map((cell, c) => (more.kept![c] ? cell : {}))) : cellsOnce(row)
    return field(1, more.numbered ? Buffer.concat([cells, field(1, encodedValue({ int64Value: String(i) }))]) : cells)
  })
  const data = field(1, Buffer.concat(encoded)) // TableContent.table_data
  return field(7, Buffer.concat([field(1, Buffer.from(name)), field(2, data)]))
}

function cellsOnce(row: Row): Buffer {
  let bytes = encodedCells.get(row)
  if (!bytes) {
    bytes = cellsOf(row)
    encodedCells.set(row, bytes)
  }
  return bytes
}

const cellsOf = (row: Row): Buffer => Buffer.concat(row.map((cell) => field(1, encodedValue(cell))))

/** ValueProto. */
function encodedValue(cell: Cell): Buffer {
  if (cell.stringValue !== undefined) return field(8, Buffer.from(shortened(cell.stringValue)))
  if (cell.int64Value !== undefined) return Buffer.concat([tag(2, 0), varint(BigInt(cell.int64Value))])
  if (cell.boolValue !== undefined) return Buffer.concat([tag(5, 0), varint(cell.boolValue ? 1n : 0n)])
  if (cell.doubleValue !== undefined) {
    const bytes = Buffer.alloc(8)
    bytes.writeDoubleLE(cell.doubleValue)
    return Buffer.concat([tag(7, 1), bytes])
  }
  if (cell.timestampValue !== undefined) {
    const { seconds = '0', nanos = 0 } = cell.timestampValue
    const parts = [tag(1, 0), varint(BigInt(seconds)), tag(2, 0), varint(BigInt(nanos))]
    return field(16, Buffer.concat(parts))
  }
  if (cell.dateValue !== undefined) return Buffer.concat([tag(10, 0), varint(BigInt(cell.dateValue))])
  if (cell.datetimeValue !== undefined) {
    const { bitFieldDatetimeSeconds = '0', nanos = 0 } = cell.datetimeValue
    return field(
      17,
      Buffer.concat([tag(1, 0), varint(BigInt(bitFieldDatetimeSeconds)), tag(2, 0), varint(BigInt(nanos))]),
    )
  }
  if (cell.jsonValue !== undefined) return field(23, Buffer.from(cell.jsonValue))
  if (cell.numericValue !== undefined) return field(20, Buffer.from(cell.numericValue))
  if (cell.bytesValue !== undefined) return field(9, Buffer.from(cell.bytesValue))
  return Buffer.alloc(0)
}

/** A longer text, in UTF-16 units, is shortened: a request with some copies of it would be too large. */
const LONGEST_TEXT = 1 << 19
/** What is left of a run of one letter in a longer text: more than any column of ours keeps. */
const LONGEST_RUN = 100_000

/** A text that the engine can work with: of a longer one the runs of one letter are cut. */
function shortened(text: string): string {
  if (text.length <= LONGEST_TEXT) return text
  let kept = ''
  let from = 0
  for (let at = 0; at < text.length; ) {
    let end = at + 1
    while (text[end] === text[at]) end++
    if (end - at > LONGEST_RUN) {
      kept += text.slice(from, at + LONGEST_RUN)
      from = end
    }
    at = end
  }
  return kept + text.slice(from)
}

const field = (number: number, bytes: Buffer): Buffer =>
  Buffer.concat([tag(number, 2), varint(BigInt(bytes.length)), bytes])

const tag = (number: number, wireType: number): Buffer => varint(BigInt((number << 3) | wireType))

function varint(value: bigint): Buffer {
  const bytes: number[] = []
  let rest = BigInt.asUintN(64, value)
  while (rest > 0x7fn) {
    bytes.push(Number(rest & 0x7fn) | 0x80)
    rest >>= 7n
  }
  bytes.push(Number(rest))
  return Buffer.from(bytes)
}
