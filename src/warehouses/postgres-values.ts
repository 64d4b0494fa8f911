import type { ColumnType } from './dialect.ts'
import type { RowValue } from './warehouse.ts'

/** Types of the engine by their number, as text from the server → as `Warehouse.query` promises them. */
const parsers: ReadonlyMap<number, (text: string) => RowValue> = new Map<number, (text: string) => RowValue>([
  [16, (text) => text === 't'], // boolean
  [20, integer], // bigint
  [21, Number], // smallint
  [23, Number], // integer
  [26, Number], // oid
  [700, Number], // real
  [701, Number], // double precision
  [1700, numeric], // numeric: sums of integers too
  [1114, time], // timestamp
  [1184, (text) => time(text.replace(/\+00$/, ''))], // with time zone: the session's is UTC
])

/** For one client: the driver's own would be everybody's. Whatever else there is comes as text. */
export const clientTypes = {
  getTypeParser: (type: number) => parsers.get(type) ?? ((text: string) => text),
}

function integer(text: string): number | bigint {
  const number = Number(text)
  return Number.isSafeInteger(number) ? number : BigInt(text)
}

function numeric(text: string): number | bigint {
  return /^-?\d+$/.test(text) ? integer(text) : Number(text)
}

/** `2025-01-01 11:10:00.5` → `2025-01-01T11:10:00.500000Z`; what has no such form, as `infinity`, as it is. */
function time(text: string): string {
  const match = /^(\d{4,6}-\d\d-\d\d) (\d\d:\d\d:\d\d)(?:\.(\d{1,6}))?$/.exec(text)
  return match ? `${match[1]}T${match[2]}.${(match[3] ?? '').padEnd(6, '0')}Z` : text
}

const ESCAPES: Readonly<Record<string, string>> = { '\\': '\\\\', '\n': '\\n', '\r': '\\r', '\t': '\\t' }

/** A value as a field of COPY in its text format. */
export function toCopy(value: RowValue | undefined, type: ColumnType): string {
  if (value === null || value === undefined) return '\\N'
  if (type === 'timestamp') return String(value).replace('T', ' ').replace('Z', '')
  return typeof value === 'string' ? value.replace(/[\\\n\r\t]/g, (c) => ESCAPES[c]!) : String(value)
}
