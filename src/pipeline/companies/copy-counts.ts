import { TributaryError } from '../../errors.ts'
import { sql } from '../../warehouses/sql.ts'
import type { Row, Warehouse } from '../../warehouses/warehouse.ts'
import type { CompanyOptions } from '../options.ts'
import type { SourceReport } from '../report.ts'
import type { StageContext } from '../stage.ts'
import { isNew, seenItem } from './copied-tables.ts'

/** What became of the rows of a table of the copy. */
export interface CopyCounts {
  readonly item: 'companies' | 'members'
  readonly read: number
  readonly seenBefore: number
  readonly duplicates: number
  /** Without an id, or of a company that is not there. */
  readonly quarantined: number
  readonly unreadTimes: number
  /** Keys that the last copy had, and how many of them this one has as well. */
  readonly before: number
  readonly kept: number
  /** Of a first copy: its members of whom there are events, by account and company. */
  readonly matched: number | null
}

/** Counts the rows of the copy that the stage has taken in. */
export async function countCopy(warehouse: Warehouse, c: StageContext): Promise<readonly CopyCounts[]> {
  const { copy } = c
  if (!copy) return []
  type Counted = Row &
    Record<'rows_read' | 'seen_before' | 'duplicates' | 'quarantined', number> &
    Record<'unread_times' | 'known_before' | 'kept', number> & { item: CopyCounts['item'] }
  const rows = await warehouse.query<Counted>(sql`select * from ${sql.staging('product_counts')} order by item`)
  const isFirst = isNew(copy, seenItem('members'))
  const [people] = isFirst
    ? await warehouse.query<Row & { n: number }>(sql`select count(*) as n from ${sql.staging('company_people')}`)
    : []
  return rows.map((row) => ({
    item: row.item,
    read: row.rows_read,
    seenBefore: row.seen_before,
    duplicates: row.duplicates,
    quarantined: row.quarantined,
    unreadTimes: row.unread_times,
    before: row.known_before,
    kept: row.kept,
    matched: row.item === 'members' ? (people?.n ?? null) : null,
  }))
}

/** The same as the sources of a run are told. */
export const reportsOf = (counts: readonly CopyCounts[]): readonly SourceReport[] =>
  counts.map(({ item, read, seenBefore, duplicates, quarantined }) => ({
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

const shown = (n: number): string => n.toLocaleString('en')

/** What to know about a copy, in words. */
export function notesOfCopy(counts: readonly CopyCounts[], options: CompanyOptions): readonly string[] {
  return counts.flatMap((counted) => notesOf(counted, options).map((note) => `product/${counted.item}: ${note}`))
}

/** Of a table whose latest rows count, others are to be expected, and rows of nobody. */
function notesOf({ item, read, ...counted }: CopyCounts, options: CompanyOptions): readonly string[] {
  const { duplicates, quarantined, unreadTimes, matched } = counted
  const areLatest = options[item]?.latestBy != null
  const usable = read - duplicates - quarantined
  const notes: [boolean, string][] = [
    [
      read === 0,
      'it has no rows. If that is not so, they are hidden from the role that reads, as by row-level security.',
    ],
    [
      quarantined > 0 && !areLatest,
      `${shown(quarantined)} rows without an id, or of a company that is not in the table of companies, were left out.`,
    ],
    [duplicates > 0 && !areLatest, `${shown(duplicates)} rows repeat others; each counts once.`],
    [
      unreadTimes > 0,
      `${shown(unreadTimes)} times are none that can be read (expected 2025-01-31T10:00:00Z or 2025-01-31) and count as absent.`,
    ],
    [
      matched === 0 && usable > 0,
      `none of its ${shown(usable)} accounts is the user id of an event. Does \`members.userId\` name the column with the ids that events carry?`,
    ],
  ]
  return notes.filter(([isSo]) => isSo).map(([, note]) => note)
}

/** Somebody who truncated a table, or named another column, did not mean that all customers left. */
export function refuseShrink(counts: readonly CopyCounts[], { maxShrink }: CompanyOptions): void {
  for (const { item, read, duplicates, quarantined, before, kept } of counts) {
    if (kept >= before * (1 - maxShrink)) continue
    const now = read - duplicates - quarantined
    const share = `more than ${Math.round(maxShrink * 100)} % are gone (\`productDatabase.maxShrink\`)`
    throw new TributaryError(
      'SOURCE_SHRANK',
      now < before * (1 - maxShrink)
        ? `The product database has ${shown(now)} usable rows of ${item}, but the last copy had ${shown(before)}: ${share}. Nothing was written. If a table was truncated or a filter broke, mend it; if they are really gone, accept it once: tributary run --accept-shrink.`
        : `The product database has ${shown(now)} usable rows of ${item}, but of the ${shown(before)} that the last copy had only ${shown(kept)} are among them: ${share}. Nothing was written. If the configuration named a wrong table or column until now, forget what was copied: tributary run --restart-history. If they are really gone, accept it once: tributary run --accept-shrink.`,
    )
  }
}
