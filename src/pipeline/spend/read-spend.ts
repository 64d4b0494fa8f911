import { InputError } from '../../errors.ts'
import { currencyDigits } from '../currencies.ts'
import { parseCsv } from './csv.ts'

/** One line of ad spend, checked. */
export interface SpendLine {
  readonly day: string
  readonly source: string
  readonly medium: string | null
  readonly campaign: string | null
  /** Decimal text. */
  readonly cost: string
  readonly currency: string
  readonly clicks: number | null
  readonly impressions: number | null
}

/** What a file of ad spend holds. */
export interface SpendFile {
  readonly lines: readonly SpendLine[]
  /** Columns that mean nothing to us. */
  readonly ignored: readonly string[]
}

/** The columns, by the names a file may give them; compared without case, other characters than letters and digits as `_`. */
const COLUMNS = {
  day: ['day', 'date'],
  source: ['source', 'utm_source'],
  medium: ['medium', 'utm_medium'],
  campaign: ['campaign', 'utm_campaign', 'campaign_name'],
  cost: ['cost', 'spend', 'amount_spent'],
  currency: ['currency', 'currency_code'],
  clicks: ['clicks'],
  impressions: ['impressions'],
} as const satisfies Readonly<Record<keyof SpendLine, readonly string[]>>

type Column = keyof typeof COLUMNS
const NEEDED: readonly Column[] = ['day', 'source', 'cost', 'currency']
/** Words that touches take for no source. */
const NO_SOURCE = ['(direct)', '(none)', '(not set)']
const MOST_PROBLEMS = 20

/** Reads a CSV of ad spend. All of it is refused when a line is wrong, with every problem by line. */
export function readSpend(text: string, source: string | null): SpendFile {
  const [head, ...records] = parseCsv(text)
  const { at, ignored } = columnsOf(head?.cells ?? [], source)
  const problems: string[] = []
  const lines = records.map(({ line, cells }): SpendLine => {
    const wrong = (column: Column, expected: string) =>
      void problems.push(
        `line ${line}: ${column}: expected ${expected}, but got ${JSON.stringify(cell(column) ?? '')}.`,
      )
    const cell = (column: Column) => (at[column] === undefined ? undefined : cells[at[column]]?.trim())
    if (cells.length !== head!.cells.length)
      problems.push(`line ${line}: expected ${head!.cells.length} cells like the first line, but got ${cells.length}.`)
    const found = {
      day: cell('day') ?? '',
      source: cell('source') ?? source ?? '',
      medium: cell('medium') || null,
      campaign: cell('campaign') || null,
      cost: cell('cost') ?? '',
      currency: (cell('currency') ?? '').toUpperCase(),
    }
    if (!isDay(found.day)) wrong('day', 'a date like 2025-01-31')
    if (found.source === '' || NO_SOURCE.includes(found.source.toLowerCase()))
      wrong('source', 'the `utm_source` of its links')
    const digits = currencyDigits[found.currency]
    if (digits === undefined) wrong('currency', 'a code of ISO 4217 like EUR')
    const whole = digits === 4 ? 14 : 15
    if (!new RegExp(`^[+-]?(?=[.]?[0-9])[0-9]{0,${whole}}([.][0-9]{0,18})?$`).test(found.cost))
      wrong('cost', 'a decimal number like 1234.50, without currency sign or separators between thousands')
    return { ...found, clicks: wholeNumber('clicks'), impressions: wholeNumber('impressions') }

    function wholeNumber(column: 'clicks' | 'impressions'): number | null {
      const value = cell(column) || null
      if (value !== null && !/^[0-9]{1,15}$/.test(value)) wrong(column, 'a whole number or nothing')
      return value === null ? null : Number(value)
    }
  })
  if (records.length === 0 && head) problems.push('expected lines below the names of the columns, but there are none.')
  if (problems.length > 0) throw refused(problems)
  return { lines, ignored }
}

/** Where each column stands. */
function columnsOf(head: readonly string[], source: string | null) {
  const names = head.map((name) =>
    name
      .toLowerCase()
      .replace(/[^a-z0-9]+/g, '_')
      .replace(/^_+|_+$/g, ''),
  )
  const at: Partial<Record<Column, number>> = {}
  const problems: string[] = []
  for (const [column, known] of Object.entries(COLUMNS) as [Column, readonly string[]][]) {
    const places = names.flatMap((name, i) => (known.includes(name) ? [i] : []))
    if (places.length > 1)
      problems.push(
        `line 1: expected one column for ${column}, but got ${places.map((i) => `\`${head[i]}\``).join(' and ')}.`,
      )
    const isGiven = column === 'source' && source !== null
    if (places.length === 0 && NEEDED.includes(column) && !isGiven)
      problems.push(
        `line 1: expected a column \`${known.join('` or `')}\`${column === 'source' ? ', or `--source`' : ''}.`,
      )
    if (places[0] !== undefined) at[column] = places[0]
  }
  if (problems.length > 0) throw refused(problems)
  const used = new Set(Object.values(at))
  return { at, ignored: head.filter((_, i) => !used.has(i)) }
}

function isDay(text: string): boolean {
  const time = /^[0-9]{4}-[0-9]{2}-[0-9]{2}$/.test(text) ? new Date(`${text}T00:00:00Z`) : new Date(Number.NaN)
  return !Number.isNaN(time.getTime()) && time.toISOString().startsWith(text)
}

function refused(problems: readonly string[]): InputError {
  const more = problems.length - MOST_PROBLEMS
  const shown = problems.slice(0, MOST_PROBLEMS).map((problem) => `  - ${problem}`)
  return new InputError(
    `Expected a CSV of ad spend, but it cannot be used; nothing was written:\n${shown.join('\n')}${more > 0 ? `\n  - and ${more} more.` : ''}`,
  )
}
