import type { Row } from '../warehouses/warehouse.ts'
import type { SourceReport } from './report.ts'

/** The counts of a source as columns, but `rows_read`. */
export const sourceMeasures = [
  'files',
  'accepted',
  'seen_before',
  'duplicates',
  'quarantined',
  'excluded',
  'erased',
] as const

/** A row with the counts of one source. */
export type SourceCountsRow = Row &
  Record<(typeof sourceMeasures)[number] | 'rows_read', number> & { readonly source: string }

/** The counts of a source as reports name them. */
export const toSourceReport = (r: SourceCountsRow): SourceReport => ({
  source: r.source,
  files: r.files,
  read: r.rows_read,
  accepted: r.accepted,
  seenBefore: r.seen_before,
  duplicates: r.duplicates,
  quarantined: r.quarantined,
  excluded: r.excluded,
  erased: r.erased,
})
