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
  more: { numbered?: boolean; kept?: readonly boolean[]; areTextsCut?: boolean },
): Buffer {
  const encoded = rows.map((whole, i) => {
    const row = more.areTextsCut ? cut(whole) : whole
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
  if (cell.stringValue !== undefined) return field(8, Buffer.from(cell.stringValue))
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

/** What is left of a run of one letter in a text that is cut: more than any column of ours keeps. */
const LONGEST_RUN = 100_000

/** The row with the runs of one letter in its long texts cut; the row itself when it has none. */
function cut(row: Row): Row {
  const isLong = (cell: Cell) => (cell.stringValue?.length ?? 0) > 2 * LONGEST_RUN
  return row.some(isLong)
    ? row.map((cell) => (isLong(cell) ? { stringValue: withoutRuns(cell.stringValue!) } : cell))
    : row
}

function withoutRuns(text: string): string {
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
