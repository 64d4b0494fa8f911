import { TributaryError } from '../../errors.ts'
import { persist, type RetryOptions } from '../../warehouses/retry.ts'
import { type Sql, sql } from '../../warehouses/sql.ts'
import type { Row, Warehouse } from '../../warehouses/warehouse.ts'
import type { CompanyOptions } from '../options.ts'
import type { SourceReport } from '../report.ts'
import { type Columns, driftOf, readKnownColumns, type SeenColumns } from '../sources/columns.ts'
import { latestMarks } from '../sources/watermarks.ts'
import type { ProductCopy, StageContext } from '../stage.ts'
import { watermarks } from '../tables/records.ts'
import { OPEN_RUN } from '../tables/table.ts'
import { type CopiedTable, PRODUCT } from './copied-tables.ts'
import { openAndLook } from './product-columns.ts'
import type { ProductAccess } from './product-source.ts'

/** How a run copies. */
export interface CopyInput extends ProductAccess {
  readonly acceptColumns?: boolean | undefined
  /** For how long opening is tried again. */
  readonly retry?: Omit<RetryOptions, 'signal'> | undefined
}

/** Reads the product database into staging: all of it in one snapshot, and only the columns that are listed. */
export async function copyProduct(
  warehouse: Warehouse,
  c: StageContext,
  options: CompanyOptions,
  input: CopyInput,
): Promise<{ copy: ProductCopy; seen: SeenColumns }> {
  const previousAt = await lastCopy(warehouse)
  const { source, found } = await persist('opening the product database', input.retry ?? {}, input.signal, () =>
    openAndLook(warehouse, options, input),
  )
  try {
    const seen = await checkDrift(warehouse, found, input.acceptColumns ?? false)
    const relations = new Map<string, Sql>()
    for (const [table, columns] of found) relations.set(table.item, await source.copy(table, columns))
    const at = laterThan(previousAt, c.startedAt)
    await stageMark(warehouse, c, at)
    const members = relations.get('members')!
    return { copy: { companies: relations.get('companies') ?? null, members, at, previousAt }, seen }
  } finally {
    await source.close()
  }
}

/** When the last copy that was published was taken. */
async function lastCopy(warehouse: Warehouse): Promise<string | null> {
  const [row] = await warehouse.query<Row & { position: string | null }>(
    sql`select max(position) as position from ${latestMarks()} as k where source = ${PRODUCT} and item = 'copy'`,
  )
  return row?.position ?? null
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
    throw new TributaryError(
      'SOURCE_CHANGED',
      `The product database is not as the last run saw it:\n${drift.map((d) => `  - ${d}.`).join('\n')}\nNothing was written. Put it back, or take it as it is from now on: tributary run --accept-columns.`,
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
async function stageMark(warehouse: Warehouse, c: StageContext, at: string): Promise<void> {
  const mark = {
    source: PRODUCT,
    item: 'copy',
    position: at,
    bytes: null,
    modified_at: null,
    rows_read: 0,
    run_id: c.run,
  }
  await warehouse.loadStaging('product_marks', watermarks.columns, [mark])
}

/** What became of the rows of each table of the copy. */
export async function readProductCounts(warehouse: Warehouse, c: StageContext): Promise<readonly SourceReport[]> {
  if (!c.copy) return []
  type Counts = Row & { item: string; rows_read: number; seen_before: number; duplicates: number; quarantined: number }
  const rows = await warehouse.query<Counts>(sql`select * from ${sql.staging('product_counts')} order by item`)
  return rows.map(({ item, rows_read: read, seen_before: seenBefore, duplicates, quarantined }) => ({
    source: `product/${item}`,
    files: 1,
    read,
    accepted: read - seenBefore - duplicates - quarantined,
    seenBefore,
    duplicates,
    quarantined,
    excluded: 0,
    erased: 0,
  }))
}

/** What to know about a copy, in words: rows that could not be used. Of a table whose latest rows count others are to be expected. */
export const notesOfCopy = (counts: readonly SourceReport[], options?: CompanyOptions): readonly string[] =>
  counts.flatMap(({ source, duplicates, quarantined }) => [
    ...(quarantined > 0
      ? [
          `${source}: ${quarantined.toLocaleString('en')} rows without an id, or of a company that is not in the table of companies, were left out.`,
        ]
      : []),
    ...(duplicates > 0 && !options?.[source === 'product/members' ? 'members' : 'companies']?.latestBy
      ? [`${source}: ${duplicates.toLocaleString('en')} rows repeat others; each counts once.`]
      : []),
  ])

/** Somebody who truncated a table did not mean that all customers left. */
export async function refuseShrink(
  warehouse: Warehouse,
  c: StageContext,
  counts: readonly SourceReport[],
  accepts: boolean,
): Promise<void> {
  const { companies: options } = c.options
  if (!c.copy || !options || accepts) return
  for (const { source, read, duplicates, quarantined } of counts) {
    const item = source.replace('product/', '')
    const [row] = await warehouse.query<Row & { n: number }>(sql`
select count(*) as n
from ${sql.table(item === 'members' ? 'company_members' : 'companies')}
where to_run = ${OPEN_RUN} and until_at is null`)
    const [before, now] = [row?.n ?? 0, read - duplicates - quarantined]
    if (now >= before * (1 - options.maxShrink)) continue
    throw new TributaryError(
      'SOURCE_SHRANK',
      `The product database has ${now.toLocaleString('en')} usable rows of ${item}, but the last copy had ${before.toLocaleString('en')}: more than ${Math.round(options.maxShrink * 100)} % are gone (\`productDatabase.maxShrink\`). Nothing was written. If a table was truncated or a filter broke, mend it; if they are really gone, accept it once: tributary run --accept-shrink.`,
    )
  }
}
