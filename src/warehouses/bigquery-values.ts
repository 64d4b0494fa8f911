import { nameOf } from './bigquery-text.ts'
import type { ColumnType } from './dialect.ts'
import { isoTime } from './iso-time.ts'
import type { SqlValue } from './sql.ts'
import type { ColumnSpec, Row, RowValue } from './warehouse.ts'

/** A column of a result, as the service describes it. */
export interface Field {
  readonly name?: string
  readonly type?: string
  readonly mode?: string
}

/** A row of a result as it comes: text by place. */
export interface WireRow {
  readonly f?: readonly { readonly v?: unknown }[]
}

/** Rows as `Warehouse.query` promises them: safe integers as numbers, times as ISO text with microseconds. */
export function toRows(fields: readonly Field[], rows: readonly WireRow[]): Row[] {
  const columns = fields.map((field) => ({ name: nameOf(field.name ?? ''), field }))
  return rows.map((row) =>
    Object.fromEntries(columns.map(({ name, field }, i) => [name, toValue(row.f?.[i]?.v, field, name)])),
  )
}

function toValue(value: unknown, { type, mode }: Field, name: string): RowValue {
  if (value === null || value === undefined) return null
  if (typeof value !== 'string' || mode === 'REPEATED') {
    throw new TypeError(
      `Expected a number, text, boolean or time in column ${name}, but got ${type}. Cast it in the query.`,
    )
  }
  switch (type) {
    case 'INTEGER':
    case 'INT64':
      return Number.isSafeInteger(Number(value)) ? Number(value) : BigInt(value)
    case 'FLOAT':
    case 'FLOAT64':
    case 'NUMERIC':
    case 'BIGNUMERIC':
      return Number(value)
    case 'BOOLEAN':
    case 'BOOL':
      return value === 'true'
    case 'TIMESTAMP':
      return isoTime(BigInt(value))
    case 'DATETIME':
      return isoDatetime(value)
    default:
      return value
  }
}

/** `2025-01-01T11:10:00.5` → `2025-01-01T11:10:00.500000Z`. */
function isoDatetime(value: string): string {
  const [whole, fraction = ''] = value.split('.')
  return `${whole}.${fraction.padEnd(6, '0')}Z`
}

/** A bound value and its type: the client would guess, and cannot at null. */
export function toParameter(value: SqlValue): { type: string; value: string | number | boolean | null } {
  if (value === null) return { type: 'STRING', value }
  if (typeof value === 'boolean') return { type: 'BOOL', value }
  if (typeof value === 'string') return { type: 'STRING', value }
  if (typeof value === 'number' && !Number.isSafeInteger(value)) return { type: 'FLOAT64', value }
  return { type: 'INT64', value: inInt64(value).toString() }
}

/** A row as a line of JSON for a load job. Numbers as text: a number of JSON is a floating-point number to many. */
export function toJsonLine(
  row: Row,
  columns: Readonly<Record<string, ColumnSpec>>,
  id: (name: string) => string,
): string {
  const out: Record<string, unknown> = {}
  for (const [name, { type }] of Object.entries(columns)) {
    const value = row[name]
    if (value !== null && value !== undefined) out[id(name)] = toJson(value, type)
  }
  return `${JSON.stringify(out)}\n`
}

function toJson(value: string | number | bigint | boolean, type: ColumnType): unknown {
  if (type === 'integer') return inInt64(value as number | bigint).toString()
  if (type === 'float') return Number.isFinite(value) ? value : String(value)
  return value
}

function inInt64(value: number | bigint): bigint {
  const whole = BigInt(value)
  if (BigInt.asIntN(64, whole) !== whole) throw new TypeError(`Expected an integer of 64 bits, but got: ${whole}`)
  return whole
}
