/** One statement and what it cost. */
export interface ProfiledStatement {
  /** Run and stage, or what kind of call it was. */
  readonly label: string
  readonly text: string
  readonly milliseconds: number
  readonly scanned: Readonly<Record<string, number>>
}

/** Rows read per table by all statements, largest first. */
export function scannedRows(statements: readonly ProfiledStatement[]): Readonly<Record<string, number>> {
  const sums: Record<string, number> = {}
  for (const { scanned } of statements)
    for (const [table, rows] of Object.entries(scanned)) sums[table] = (sums[table] ?? 0) + rows
  return Object.fromEntries(Object.entries(sums).sort(([, a], [, b]) => b - a))
}

/** The slowest statements and the rows read per table, as text for a terminal. */
export function profileReport(statements: readonly ProfiledStatement[], limit = 15): string {
  const total = statements.reduce((sum, s) => sum + s.milliseconds, 0)
  const slowest = [...statements].sort((a, b) => b.milliseconds - a.milliseconds).slice(0, limit)
  const lines = slowest.map(
    (s) => `${seconds(s.milliseconds)}  ${s.label}  ${beginning(s.text)}${scannedBy(s.scanned)}`,
  )
  const tables = Object.entries(scannedRows(statements)).map(([table, rows]) => `${count(rows)}  ${table}`)
  return [
    `${statements.length} statements, ${seconds(total).trim()} s; the slowest:`,
    ...lines,
    '',
    'Rows read per table:',
    ...tables,
  ].join('\n')
}

/** The first 80 characters on one line. */
const beginning = (text: string) => text.replace(/\s+/g, ' ').trim().slice(0, 80)

const scannedBy = (scanned: ProfiledStatement['scanned']) => {
  const parts = Object.entries(scanned).map(([table, rows]) => `${table} ${rows.toLocaleString('en')}`)
  return parts.length === 0 ? '' : `  [${parts.join(', ')}]`
}

const seconds = (milliseconds: number) => (milliseconds / 1000).toFixed(3).padStart(8)
const count = (rows: number) => rows.toLocaleString('en').padStart(14)
