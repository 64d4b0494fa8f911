import { ServiceError } from './errors.ts'
import type { Cell, Column } from './store.ts'
import type { Message } from './zetasql.ts'

/** A type in SQL, in the REST interface, and in the engine. */
const TYPES: readonly (readonly [sql: string, rest: string, engine: string])[] = [
  ['STRING', 'STRING', 'TYPE_STRING'],
  ['INT64', 'INTEGER', 'TYPE_INT64'],
  ['FLOAT64', 'FLOAT', 'TYPE_DOUBLE'],
  ['BOOL', 'BOOLEAN', 'TYPE_BOOL'],
  ['TIMESTAMP', 'TIMESTAMP', 'TYPE_TIMESTAMP'],
  ['DATE', 'DATE', 'TYPE_DATE'],
  ['DATETIME', 'DATETIME', 'TYPE_DATETIME'],
  ['NUMERIC', 'NUMERIC', 'TYPE_NUMERIC'],
  ['BYTES', 'BYTES', 'TYPE_BYTES'],
  ['JSON', 'JSON', 'TYPE_JSON'],
]

/** A type of ours from any of its names; the stand-in keeps no arrays and no structs. */
export function typeOf(name: string): string {
  const found = TYPES.find((names) => names.includes(name.toUpperCase()))
  if (!found) throw new ServiceError(400, 'invalid', `Invalid value for type: ${name} is not a valid value`)
  return found[0]
}

/** The type in the engine's words. */
export const engineType = (type: string): Message => ({ typeKind: TYPES.find(([sql]) => sql === type)![2] })

/** A column as the REST interface describes it. */
export const fieldOf = ({ name, type, isRequired }: Column) => ({
  name,
  type: TYPES.find(([sql]) => sql === type)![1],
  mode: isRequired ? 'REQUIRED' : 'NULLABLE',
})

/** A column from its description. */
export const columnOf = (field: Message): Column => ({
  name: field.name,
  type: typeOf(field.type),
  isRequired: field.mode === 'REQUIRED',
})

/** A value as the REST interface writes it: always text. */
export function toWire(cell: Cell): string | null {
  if (cell.stringValue !== undefined) return cell.stringValue
  if (cell.int64Value !== undefined) return cell.int64Value
  if (cell.boolValue !== undefined) return String(cell.boolValue)
  if (cell.doubleValue !== undefined) return String(cell.doubleValue)
  if (cell.timestampValue !== undefined) {
    const { seconds = '0', nanos = 0 } = cell.timestampValue
    return String(BigInt(seconds) * 1_000_000n + BigInt(Math.floor(nanos / 1000)))
  }
  if (cell.dateValue !== undefined) return new Date(cell.dateValue * 86_400_000).toISOString().slice(0, 10)
  if (cell.datetimeValue !== undefined) return datetimeText(cell.datetimeValue)
  if (cell.jsonValue !== undefined) return cell.jsonValue
  if (cell.numericValue !== undefined) return numericText(cell.numericValue)
  if (cell.bytesValue !== undefined) return Buffer.from(cell.bytesValue).toString('base64')
  return null
}

/** The engine packs a DATETIME into bits. */
function datetimeText({ bitFieldDatetimeSeconds = '0', nanos = 0 }: NonNullable<Cell['datetimeValue']>): string {
  const bits = BigInt(bitFieldDatetimeSeconds)
  const part = (shift: bigint, width: bigint, digits = 2) =>
    String((bits >> shift) & ((1n << width) - 1n)).padStart(digits, '0')
  const day = `${part(26n, 14n, 4)}-${part(22n, 4n)}-${part(17n, 5n)}`
  const fraction = nanos === 0 ? '' : `.${String(Math.floor(nanos / 1000)).padStart(6, '0')}`
  return `${day}T${part(12n, 5n)}:${part(6n, 6n)}:${part(0n, 6n)}${fraction}`
}

/** The engine keeps a NUMERIC as 10^9 times the number, in bytes of two's complement, the lowest first. */
function numericText(bytes: Uint8Array): string {
  let scaled = 0n
  for (const byte of [...bytes].reverse()) scaled = (scaled << 8n) | BigInt(byte)
  scaled = BigInt.asIntN(8 * bytes.length, scaled)
  const digits = String(scaled < 0n ? -scaled : scaled).padStart(10, '0')
  const fraction = digits.slice(-9).replace(/0+$/, '')
  return `${scaled < 0n ? '-' : ''}${digits.slice(0, -9)}${fraction === '' ? '' : `.${fraction}`}`
}

/** A value from text or from JSON, as parameters and load jobs bring it. */
export function fromWire(value: unknown, type: string): Cell {
  if (value === null || value === undefined) return {}
  const text = String(value)
  const refuse = () =>
    new ServiceError(400, 'invalid', `Could not convert value to ${type}. Value: '${text.slice(0, 100)}'`)
  switch (type) {
    case 'STRING':
      return { stringValue: text }
    case 'INT64':
      if (!/^[+-]?\d+$/.test(text) || BigInt.asIntN(64, BigInt(text)) !== BigInt(text)) throw refuse()
      return { int64Value: String(BigInt(text)) }
    case 'FLOAT64':
      if (/^[+-]?inf(inity)?$/i.test(text)) return { doubleValue: text.startsWith('-') ? -Infinity : Infinity }
      if (/^nan$/i.test(text)) return { doubleValue: Number.NaN }
      if (text.trim() === '' || Number.isNaN(Number(text))) throw refuse()
      return { doubleValue: Number(text) }
    case 'BOOL':
      if (!/^(true|false)$/i.test(text)) throw refuse()
      return { boolValue: text.toLowerCase() === 'true' }
    case 'TIMESTAMP':
      return { timestampValue: timestampOf(text) ?? fail(refuse()) }
    case 'DATE': {
      const millis = /^\d{4}-\d{2}-\d{2}$/.test(text) ? Date.parse(`${text}T00:00:00Z`) : Number.NaN
      if (Number.isNaN(millis)) throw refuse()
      return { dateValue: millis / 86_400_000 }
    }
    case 'JSON':
      return { jsonValue: typeof value === 'string' ? value : JSON.stringify(value) }
    default:
      throw new ServiceError(501, 'notImplemented', `The stand-in of BigQuery takes no values of type ${type}.`)
  }
}

function fail(error: Error): never {
  throw error
}

function timestampOf(text: string): { seconds: string; nanos: number } | null {
  const match = /^(\d{4}-\d{2}-\d{2})[T ](\d{2}:\d{2}:\d{2})(?:\.(\d{1,6}))?(?:Z| ?UTC|([+-]\d{2}:\d{2}))?$/.exec(text)
  if (!match) return null
  const millis = Date.parse(`${match[1]}T${match[2]}${match[4] ?? 'Z'}`)
  if (Number.isNaN(millis)) return null
  return { seconds: String(millis / 1000), nanos: Number((match[3] ?? '').padEnd(9, '0')) }
}
