import { randomBytes } from 'node:crypto'
import { textThatFits } from './redshift-load.ts'
import type { ColumnSpec, Row, RowValue } from './warehouse.ts'

/** What stands for null in the files of a load: no text is that by chance, so it does not matter whether quotes tell the two apart. */
export const nullMarker = (): string => `null-${randomBytes(16).toString('hex')}`

/** A row as a line of CSV. All text is in quotes: an empty one is not null, and no line is blank. */
export function csvLine(row: Row, columns: readonly (readonly [string, ColumnSpec])[], marker: string): string {
  return `${columns.map(([name, spec]) => field(row[name], spec, marker)).join(',')}\n`
}

function field(value: RowValue | undefined, { type }: ColumnSpec, marker: string): string {
  if (value === null || value === undefined) return marker
  if (type === 'timestamp') return String(value).replace('T', ' ').replace('Z', '')
  if (type !== 'string') return String(value)
  return `"${textThatFits(String(value)).replaceAll('"', '""')}"`
}
