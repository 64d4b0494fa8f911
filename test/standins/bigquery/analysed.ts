import type { Prepared } from './references.ts'
import type { Column, Row } from './store.ts'
import type { Message } from './zetasql.ts'

/** The columns of a query that was analysed. */
export function outputOf(answer: Message): Column[] {
  const query = answer.resolvedStatement?.resolvedQueryStmtNode
  return (query?.outputColumnList ?? []).map((c: Message) => ({
    name: c.name,
    type: typeName(c.column.type.typeKind),
    isRequired: false,
  }))
}

const typeName = (kind: string): string => kind.replace('TYPE_', '').replace('DOUBLE', 'FLOAT64')

/** The bytes of the columns that a statement reads, by the service's sizes of values. */
export function bytesOf(answer: Message, { used }: Prepared): number {
  const read = new Map<string, Set<string>>()
  const walk = (node: unknown): void => {
    if (typeof node !== 'object' || node === null) return
    const scan = (node as Message).resolvedTableScanNode
    if (scan) {
      const columns = read.get(scan.table.name) ?? new Set<string>()
      for (const column of scan.parent?.columnList ?? []) columns.add(column.name)
      read.set(scan.table.name, columns)
    }
    for (const value of Object.values(node)) walk(value)
  }
  walk(answer.resolvedStatement)
  let bytes = 0
  for (const [key, names] of read) {
    const table = used.get(key)
    table?.columns.forEach((column, i) => {
      if (names.has(column.name)) for (const row of table.rows) bytes += sizeOf(row[i] ?? {})
    })
  }
  return bytes
}

function sizeOf(cell: Row[number]): number {
  if (cell.stringValue !== undefined) return 2 + Buffer.byteLength(cell.stringValue)
  if (cell.boolValue !== undefined) return 1
  return Object.keys(cell).length === 0 ? 0 : 8
}
