import {
  DOUBLE,
  DuckDBDateValue,
  DuckDBDecimalValue,
  DuckDBTimestampValue,
  type DuckDBType,
  type DuckDBValue,
} from '@duckdb/node-api'
import type { ColumnType } from './dialect.ts'
import { isoTime, microsOf } from './iso-time.ts'
import type { SqlValue } from './sql.ts'
import type { Row, RowValue } from './warehouse.ts'

/** Rows as `Warehouse.query` promises them: safe integers as numbers, times as ISO text with microseconds. */
export function toRow(row: Record<string, DuckDBValue>): Row {
  const out: Record<string, RowValue> = {}
  for (const [name, value] of Object.entries(row)) out[name] = toValue(value, name)
  return out
}

function toValue(value: DuckDBValue, name: string): RowValue {
  if (value === null || typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean')
    return value
  if (typeof value === 'bigint') return Number.isSafeInteger(Number(value)) ? Number(value) : value
  if (value instanceof DuckDBTimestampValue) return isoTime(value.micros)
  if (value instanceof DuckDBDateValue) return new Date(value.days * 86_400_000).toISOString().slice(0, 10)
  if (value instanceof DuckDBDecimalValue) return value.toDouble()
  throw new TypeError(
    `Expected a number, text, boolean or time in column ${name}, but got ${String(value)}. Cast it in the query.`,
  )
}

/** A value as the appender of that column wants it. */
export function toAppend(value: RowValue | undefined, type: ColumnType): DuckDBValue {
  if (value === null || value === undefined) return null
  if (type === 'timestamp') return new DuckDBTimestampValue(microsOf(String(value)))
  if (type === 'integer') return BigInt(value as number | bigint)
  return value
}

/** Types of bound values where the client would guess wrong: it takes every whole number for an integer. */
export function bindTypes(values: readonly SqlValue[]): DuckDBType[] {
  const types = values.map((v) =>
    typeof v === 'number' && Number.isInteger(v) && !Number.isSafeInteger(v) ? DOUBLE : undefined,
  )
  return types as DuckDBType[] // a type that is not given is guessed, which the client's declaration leaves out for lists
}
