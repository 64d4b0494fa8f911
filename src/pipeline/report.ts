import { sql } from '../warehouses/sql.ts'
import type { Warehouse } from '../warehouses/warehouse.ts'
import { type SourceCountsRow, toSourceReport } from './source-counts.ts'
import type { StageContext } from './stage.ts'

/** What a run was. */
export type RunKind = 'increment' | 'rebuild' | 'rebuild_from_sources' | 'import'

/** What a run is asked to do. */
export interface RunRequest {
  /** `increment`: what is new. `rebuild`: everything from `events`; writes only rows that differ. */
  readonly kind: 'increment' | 'rebuild'
  /** Changed settings may be computed anew for all history although that is above `limits.bytesPerRun`. */
  readonly acceptRecompute?: boolean
  /** Columns of source tables that are missing or have another type from now on are no error. */
  readonly acceptColumns?: boolean
  /** Tables of the product database may have lost more than `maxShrink` of their rows. */
  readonly acceptShrink?: boolean
  /** The history of companies begins anew with this run's copy, as if it were the first. */
  readonly restartHistory?: boolean
  /** A rebuild that forgets the events as well and reads every source from its beginning. */
  readonly fromSources?: boolean
  /** With `fromSources`: events that cannot be read again may be lost. */
  readonly acceptLoss?: boolean
  /** Quarantined rows to take in with this run. */
  readonly release?: ReleaseFilter
}

/** Which rows of quarantine: those that match all that is given. */
export interface ReleaseFilter {
  readonly ids?: readonly string[]
  readonly source?: string
  readonly reason?: string
}

/** What became of rows that were released. */
export interface ReleaseReport {
  /** Rows whose event is known now. */
  readonly released: number
  /**
   * Rows that are still no event, by reason: a reason of quarantine; `NOT_WHOLE`, the text was not kept whole; `NO_SOURCE`,
   * the source is not configured any more; `FILE_CHANGED`, the file was changed or could not be read in this run.
   */
  readonly stayed: Readonly<Record<string, number>>
}

/** What a run says while it works. */
export interface ProgressEvent {
  readonly stage: string
  /** `note`: something to know before it happens, in `note`. */
  readonly state: 'started' | 'progress' | 'finished' | 'note'
  readonly note?: string
  readonly rows?: number
  readonly milliseconds?: number
  readonly done?: number
  readonly total?: number
}

/** A stage that is done. */
export interface StageReport {
  readonly stage: string
  readonly rows: number
  readonly milliseconds: number
}

/** read = accepted + seenBefore + duplicates + quarantined + excluded + erased. */
export interface SourceReport {
  readonly source: string
  readonly files: number
  readonly read: number
  readonly accepted: number
  readonly seenBefore: number
  readonly duplicates: number
  readonly quarantined: number
  readonly excluded: number
  readonly erased: number
}

/** A run that is published. */
export interface RunReport {
  readonly run: number
  readonly kind: RunKind
  readonly state: 'published'
  readonly stages: readonly StageReport[]
  readonly sources: readonly SourceReport[]
  /** Files that could not be read, and other things to know. */
  readonly problems: readonly string[]
  readonly milliseconds: number
  /** Versioned rows opened or closed. */
  readonly rowsWritten: number
  /** Of a run that was asked to release. */
  readonly release?: ReleaseReport
}

/** What two runs did, one after the other, as one report with the number of the second. */
export function together(first: RunReport, second: RunReport): RunReport {
  const sum = <T extends object>(a: T, b: T | undefined): T =>
    Object.fromEntries(
      Object.entries(a).map(([name, value]) => {
        const other = b?.[name as keyof T]
        return [name, typeof value === 'number' && typeof other === 'number' ? value + other : value]
      }),
    ) as T
  const merged = <T extends object>(a: readonly T[], b: readonly T[], name: (of: T) => string): readonly T[] => [
    ...a.map((of) =>
      sum(
        of,
        b.find((other) => name(other) === name(of)),
      ),
    ),
    ...b.filter((of) => !a.some((other) => name(other) === name(of))),
  ]
  return {
    ...first,
    run: second.run,
    stages: merged(first.stages, second.stages, (s) => s.stage),
    sources: merged(first.sources, second.sources, (s) => s.source),
    problems: [...new Set([...first.problems, ...second.problems])],
    milliseconds: first.milliseconds + second.milliseconds,
    rowsWritten: first.rowsWritten + second.rowsWritten,
  }
}

/** What the run took from each source. */
export async function readSourceCounts(warehouse: Warehouse, c: StageContext): Promise<readonly SourceReport[]> {
  if (!c.readsSources) return []
  const rows = await warehouse.query<SourceCountsRow>(
    sql`select * from ${sql.staging('source_counts')} order by source`,
  )
  return rows.map(toSourceReport)
}
