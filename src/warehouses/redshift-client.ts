import { type ColumnMetadata, type Field, RedshiftDataClient } from '@aws-sdk/client-redshift-data'
import { isoTime } from './iso-time.ts'
import type { Row, RowValue } from './warehouse.ts'

/** Which cluster or workgroup, and who asks. Without a secret and a user it is the IAM identity itself. */
export interface RedshiftTarget {
  readonly region?: string
  readonly database: string
  /** A provisioned cluster … */
  readonly clusterIdentifier?: string
  /** … or a serverless workgroup. */
  readonly workgroupName?: string
  /** A secret of AWS Secrets Manager with the user's name and password. */
  readonly secretArn?: string
  /** A database user for whom IAM gives temporary credentials; of a cluster only. */
  readonly dbUser?: string
  /** Another address of the Data API: a VPC endpoint, or a stand-in. */
  readonly endpoint?: string
}

/** A whole number in a result. Text that holds such words has its quotes escaped. */
const LONG = /"longValue"\s*:\s*(-?\d+)/g

/**
 * A client whose whole numbers come as text: it reads them as floats otherwise, and integers beyond 2^53 lose digits.
 * Credentials are found by AWS's own chain: environment, profile, role of the machine.
 */
export function connect({ region, endpoint }: RedshiftTarget): RedshiftDataClient {
  const client = new RedshiftDataClient({
    region,
    endpoint,
    // A request waits 30 s at most for a statement: what takes longer will not be answered.
    requestHandler: { connectionTimeout: 10_000, requestTimeout: 90_000, throwOnRequestTimeout: true },
  })
  client.middlewareStack.add(
    (next, context) => async (args) => {
      const result = await next(args)
      const response = result.response as { body: AsyncIterable<Uint8Array> | Uint8Array; statusCode: number }
      if (context.commandName !== 'GetStatementResultCommand' || response.statusCode !== 200) return result
      const text = (await collected(response.body)).toString('utf8')
      response.body = Buffer.from(text.replace(LONG, '"stringValue":"$1"'))
      return result
    },
    { step: 'deserialize', priority: 'low', name: 'exactIntegers' },
  )
  return client
}

async function collected(body: AsyncIterable<Uint8Array> | Uint8Array): Promise<Buffer> {
  if (body instanceof Uint8Array) return Buffer.from(body)
  const chunks: Uint8Array[] = []
  for await (const chunk of body) chunks.push(chunk)
  return Buffer.concat(chunks)
}

/** A row as `Warehouse.query` promises it. */
export function toRow(record: readonly Field[], columns: readonly ColumnMetadata[]): Row {
  const row: Record<string, RowValue> = {}
  columns.forEach((column, i) => {
    row[column.label ?? column.name ?? `column${i + 1}`] = toValue(record[i]!, column)
  })
  return row
}

function toValue(field: Field, column: ColumnMetadata): RowValue {
  if (field.isNull) return null
  if (field.booleanValue !== undefined) return field.booleanValue
  if (field.doubleValue !== undefined) return field.doubleValue
  const text = field.stringValue
  if (text === undefined) {
    throw new TypeError(
      `Expected a number, text, boolean or time in column ${column.label}, but got ${column.typeName}. Cast it in the query.`,
    )
  }
  switch (column.typeName) {
    case 'int8':
    case 'int4':
    case 'int2':
      return integer(text)
    case 'numeric':
      return text.includes('.') ? Number(text) : integer(text)
    case 'timestamp':
      return isoTime(microsOfText(text))
    default:
      return text
  }
}

function integer(text: string): number | bigint {
  const number = Number(text)
  return Number.isSafeInteger(number) ? number : BigInt(text)
}

/** `2025-01-01 11:10:00.000001` → microseconds since 1970; the engine leaves out zeros at the end. */
function microsOfText(text: string): bigint {
  const match = /^(\d{4}-\d\d-\d\d) (\d\d:\d\d:\d\d)(?:\.(\d{1,6}))?$/.exec(text)
  if (!match) throw new TypeError(`Expected a time such as 2025-01-01 00:00:00, but got: ${text}`)
  return BigInt(Date.parse(`${match[1]}T${match[2]}Z`)) * 1000n + BigInt((match[3] ?? '').padEnd(6, '0'))
}
