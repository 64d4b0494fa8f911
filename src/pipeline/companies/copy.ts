import { TributaryError } from '../../errors.ts'
import { persist, type RetryOptions } from '../../warehouses/retry.ts'
import { type Sql, sql } from '../../warehouses/sql.ts'
import type { Warehouse } from '../../warehouses/warehouse.ts'
import type { CompanyOptions } from '../options.ts'
import { type Columns, driftOf, readKnownColumns, type SeenColumns } from '../sources/columns.ts'
import { type Marks, readMarks } from '../sources/watermarks.ts'
import type { ProductCopy, StageContext } from '../stage.ts'
import { watermarks } from '../tables/records.ts'
import { COPY, type CopiedTable, dimensionItem, PRODUCT, seenItem } from './copied-tables.ts'
import { type OpenedProduct, openAndLook } from './product-columns.ts'
import type { ProductAccess } from './product-source.ts'

/** How a run copies. */
export interface CopyInput extends ProductAccess {
  readonly acceptColumns?: boolean | undefined
  /** History begins anew with this copy, as if it were the first. */
  readonly restartHistory?: boolean | undefined
  /** For how long opening is tried again. */
  readonly retry?: Omit<RetryOptions, 'signal'> | undefined
}

/**
 * Opens the product database and looks at its tables before anything else is done: what is wrong there would otherwise show
 * when all else has been computed, for nothing. Files are looked at when they are loaded.
 */
export async function lookAtProduct(warehouse: Warehouse, options: CompanyOptions, input: CopyInput): Promise<void> {
  if (options.from.kind === 'files') return
  const { source, found } = await opened(warehouse, options, input)
  try {
    await checkDrift(warehouse, found, input.acceptColumns ?? false)
  } finally {
    await source.close()
  }
}

const opened = (warehouse: Warehouse, options: CompanyOptions, input: CopyInput): Promise<OpenedProduct> =>
  persist('opening the product database', input.retry ?? {}, input.signal, () => openAndLook(warehouse, options, input))

/** Reads the product database into staging: all of it in one snapshot, and only the columns that are listed. */
export async function copyProduct(
  warehouse: Warehouse,
  c: StageContext,
  options: CompanyOptions,
  input: CopyInput,
): Promise<{ copy: ProductCopy; seen: SeenColumns }> {
  const marks = await readMarks(warehouse, PRODUCT)
  const previousAt = marks.get(COPY)?.position ?? null
  const isAnew = input.restartHistory === true
  const { source, found } = await opened(warehouse, options, input)
  try {
    const seen = await checkDrift(warehouse, found, input.acceptColumns ?? false)
    const relations = new Map<string, Sql>()
    for (const [table, columns] of found) {
      const former = table.dimensions.filter(([name]) => marks.has(dimensionItem(name)))
      const isWider = !isAnew && former.length < table.dimensions.length
      relations.set(table.item, await source.copy(isWider ? { ...table, formerDimensions: former } : table, columns))
    }
    const at = laterThan(previousAt, c.startedAt)
    const [companies, members] = [relations.get('companies') ?? null, relations.get('members')!]
    const since = await sinceWhen(
      warehouse,
      found,
      { companies: companies ?? members, members },
      isAnew ? null : marks,
      at,
    )
    await stageMarks(warehouse, c, [[COPY, at], ...[...since].filter(([, position]) => position === at)])
    return { copy: { companies, members, at, previousAt, isAnew, since }, seen }
  } finally {
    await source.close()
  }
}

/**
 * Since which copy each table has had rows and each of its columns has been copied. What they say first is taken to have always
 * been so, so an empty table is not the first of its kind: who may not see its rows mends that, and loses no history.
 */
async function sinceWhen(
  warehouse: Warehouse,
  found: OpenedProduct['found'],
  relations: Readonly<Record<'companies' | 'members', Sql>>,
  marks: Marks | null,
  at: string,
): Promise<ReadonlyMap<string, string>> {
  const since = new Map<string, string>()
  const mark = (item: string) => since.set(item, marks?.get(item)?.position ?? at)
  for (const item of ['companies', 'members'] as const) {
    const rows = await warehouse.query(sql`select 1 as one from (${relations[item]}) as k limit 1`)
    if (rows.length === 0) continue
    mark(seenItem(item))
    for (const [table] of found.filter(([t]) => t.item === item)) {
      for (const { as } of table.columns.filter(({ as }) => !as.startsWith('dimension_'))) mark(seenItem(item, as))
      for (const [name] of table.dimensions) mark(dimensionItem(name))
    }
  }
  return since
}

/** Two copies are never of one moment: a state would end when it began. */
function laterThan(previous: string | null, now: string): string {
  const micros = (iso: string) =>
    iso.replace(/(?:\.(\d*))?Z$/, (_, fraction = '') => `.${fraction.padEnd(6, '0').slice(0, 6)}Z`)
  const at = micros(now)
  if (previous === null || at > previous) return at
  const next = (
    BigInt(Date.parse(`${previous.slice(0, 19)}Z`)) * 1000n +
    BigInt(previous.slice(20, 26)) +
    1n
  ).toString()
  return `${new Date(Number(BigInt(next) / 1_000_000n) * 1000).toISOString().slice(0, 19)}.${(BigInt(next) % 1_000_000n).toString().padStart(6, '0')}Z`
}

/** Only the columns that are copied are recorded: the names of others are nobody's business. */
async function checkDrift(
  warehouse: Warehouse,
  found: readonly (readonly [CopiedTable, Columns])[],
  acceptColumns: boolean,
): Promise<SeenColumns> {
  const known = await readKnownColumns(warehouse)
  const present = found.map(([table, columns]) => ({
    source: PRODUCT,
    table: table.item,
    columns: Object.fromEntries(table.columns.map(({ name }) => [name, columns[name] ?? ''])),
    wanted: table.columns.map(({ name }) => name.toLowerCase()),
  }))
  const drift = acceptColumns
    ? []
    : driftOf(
        known.filter((k) => isCopied(k, present)),
        present,
      )
  if (drift.length > 0) {
    const named = (text: string) =>
      found.reduce((t, [{ item, table }]) => t.replace(`source ${PRODUCT}, table ${item},`, `table ${table},`), text)
    throw new TributaryError(
      'SOURCE_CHANGED',
      `The product database is not as the last run saw it:\n${drift.map((d) => `  - ${named(d)}.`).join('\n')}\nNothing was written. Put it back, or take it as it is from now on: tributary run --accept-columns.`,
    )
  }
  return { known, tables: present }
}

/** A column that the configuration does not name any more is not missed. */
const isCopied = (
  k: { source: string; item: string; column_name: string },
  present: readonly { table: string; wanted: readonly string[] }[],
) => k.source !== PRODUCT || present.some((p) => p.table === k.item && p.wanted.includes(k.column_name.toLowerCase()))

/** Staging table `product_marks`: what the publish transaction writes into `watermarks`. */
async function stageMarks(
  warehouse: Warehouse,
  c: StageContext,
  marks: readonly (readonly [item: string, position: string])[],
): Promise<void> {
  const rest = { bytes: null, modified_at: null, rows_read: 0, run_id: c.run }
  const rows = marks.map(([item, position]) => ({ source: PRODUCT, item, position, ...rest }))
  await warehouse.loadStaging('product_marks', watermarks.columns, rows)
}
