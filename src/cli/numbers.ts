const grouped = new Intl.NumberFormat('en')

/** `1,234,567` */
export const count = (value: number | bigint): string => grouped.format(value)

/** `0.42 s`, `12.3 s`, `3 min 20 s` */
export function seconds(milliseconds: number): string {
  const value = milliseconds / 1000
  if (value < 10) return `${value.toFixed(2)} s`
  if (value < 60) return `${value.toFixed(1)} s`
  return `${Math.floor(value / 60)} min ${Math.floor(value % 60)} s`
}

/** `1 row`, `2 rows` */
export const plural = (value: number | bigint, noun: string): string =>
  `${count(value)} ${noun}${Number(value) === 1 ? '' : 's'}`

/** Lines of columns; those whose cells are all numbers stand to the right. */
export function textTable(head: readonly string[], rows: readonly (readonly string[])[]): string[] {
  const isNumber = head.map((_, i) => rows.length > 0 && rows.every((row) => /^[\d,]*$/.test(row[i] ?? '')))
  const widths = head.map((title, i) => Math.max(title.length, ...rows.map((row) => (row[i] ?? '').length)))
  const line = (cells: readonly string[]) =>
    cells
      .map((cell, i) => (isNumber[i] ? cell.padStart(widths[i]!) : cell.padEnd(widths[i]!)))
      .join('  ')
      .trimEnd()
  return [line(head), ...rows.map(line)]
}
