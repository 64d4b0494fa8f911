import { InputError } from '../../errors.ts'

/** A record of a CSV file and the line it begins on. */
export interface CsvRecord {
  readonly line: number
  readonly cells: readonly string[]
}

/** The records of a CSV text (RFC 4180) with comma, semicolon or tab between cells, whichever the first line has most of. */
export function parseCsv(text: string): readonly CsvRecord[] {
  const body = text.startsWith('\ufeff') ? text.slice(1) : text
  const separator = separatorOf(body)
  const records: CsvRecord[] = []
  let [cells, line, begins, at]: [string[], number, number, number] = [[], 1, 1, 0]
  while (at < body.length) {
    const cell = body[at] === '"' ? quotedCell(body, at, line) : plainCell(body, at, separator)
    cells.push(cell.value)
    line += cell.newlines
    at = cell.end
    if (body[at] === separator) {
      at++
      if (at < body.length) continue
      cells.push('')
    } else if (at < body.length && body[at] !== '\n' && body[at] !== '\r') {
      throw new InputError(`Line ${line}: expected the end of the cell after a closing quote, but got \`${body[at]}\`.`)
    }
    if (cells.some((value) => value.trim() !== '')) records.push({ line: begins, cells })
    if (body[at] === '\r') at++
    if (body[at] === '\n') at++
    line++
    begins = line
    cells = []
  }
  return records
}

function separatorOf(text: string): string {
  const head = text.slice(0, text.search(/[\r\n]|$/))
  const counted = [',', ';', '\t'].map((separator) => ({ separator, count: head.split(separator).length }))
  return counted.reduce((most, next) => (next.count > most.count ? next : most)).separator
}

interface Cell {
  readonly value: string
  readonly end: number
  readonly newlines: number
}

function plainCell(text: string, from: number, separator: string): Cell {
  let end = from
  while (end < text.length && text[end] !== separator && text[end] !== '\n' && text[end] !== '\r') end++
  return { value: text.slice(from, end), end, newlines: 0 }
}

/** Two quotes inside stand for one. */
function quotedCell(text: string, from: number, line: number): Cell {
  let end = from + 1
  for (;;) {
    end = text.indexOf('"', end)
    if (end < 0) throw new InputError(`Line ${line}: a quote is opened and never closed.`)
    if (text[end + 1] !== '"') break
    end += 2
  }
  const value = text.slice(from + 1, end)
  return { value: value.replaceAll('""', '"'), end: end + 1, newlines: value.split('\n').length - 1 }
}
