import { TributaryError } from '../errors.ts'
import { tablesOf } from '../pipeline/companies/copied-tables.ts'
import { whatIsAbsent } from '../pipeline/companies/product-columns.ts'
import { type OpenProduct, openProductSource, type ProductPlace } from '../pipeline/companies/product-source.ts'
import type { CompanyOptions } from '../pipeline/options.ts'
import type { Warehouse } from '../warehouses/warehouse.ts'
import { type Finding, type ProductCheck, plural } from './report.ts'

/** What looking at the product database needs. */
export interface ProductProbe {
  /** Null when there is none yet, or it could not be opened. */
  readonly warehouse: Warehouse | null
  /** Where files are loaded to be looked at. */
  readonly scratch: Warehouse
  readonly openProduct: OpenProduct | undefined
}

/** Looks whether a run could copy the product database: that it answers, and gives every listed column to be read. What goes wrong is a finding. */
export async function probeProduct(
  options: CompanyOptions,
  { warehouse, scratch, openProduct }: ProductProbe,
): Promise<{ check: ProductCheck; findings: readonly Finding[] }> {
  const { kind } = options.from
  if (kind === 'tables' && warehouse === null) {
    const message = `Its tables stand in the warehouse, which could not be looked at.`
    const fix = 'Mend the warehouse, then check again.'
    return { check: { kind, facts: 'not looked at' }, findings: [{ severity: 'warning', ...SUBJECT, message, fix }] }
  }
  const within = kind === 'files' ? scratch : (warehouse ?? scratch)
  const findings: Finding[] = []
  const facts: string[] = []
  for (const table of tablesOf(options)) {
    // Each anew: a statement that was refused ends the transaction, and all that follows is refused with it.
    const opened = await openProductSource(within, options, { openProduct }).catch(asFinding)
    if (!isPlace(opened)) return { check: { kind, facts: 'cannot be opened' }, findings: [{ ...opened, ...SUBJECT }] }
    const finding = await whyNotCopied(opened, table).catch(asFinding)
    await opened.close()
    if (finding) findings.push({ ...finding, subject: `productDatabase.${table.item}` })
    if (finding?.severity !== 'error') facts.push(`${table.table} with ${plural(table.columns.length, 'column')}`)
  }
  return { check: { kind, facts: facts.length === 0 ? 'cannot be read' : facts.join(', ') }, findings }
}

const SUBJECT = { subject: 'productDatabase' }

type Problem = Omit<Finding, 'subject'>

async function whyNotCopied(
  place: ProductPlace,
  table: Parameters<ProductPlace['columns']>[0],
): Promise<Problem | null> {
  const columns = await place.columns(table)
  const absence = whatIsAbsent(place, table, columns)
  if (absence) return { severity: 'error', message: absence.message, fix: absence.fix }
  if ((await place.tryOut(table, columns ?? {})) !== false) return null
  const message = `${place.name}: the table ${table.table} has no rows that can be read.`
  const fix = 'If it has rows, they are hidden from the role that reads, as by row-level security. Let it see them.'
  return { severity: 'warning', message, fix }
}

/** What tributary says of it says what to do as well. */
function asFinding(error: unknown): Problem {
  if (error instanceof TributaryError) return { severity: 'error', message: error.message, fix: '' }
  throw error
}

const isPlace = (opened: ProductPlace | Problem): opened is ProductPlace => 'columns' in opened
