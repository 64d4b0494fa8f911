import type { Sql } from '../../warehouses/sql.ts'
import type { Warehouse } from '../../warehouses/warehouse.ts'
import type { FilesSource, SourceOptions, TableSource } from '../options.ts'
import type { StageContext } from '../stage.ts'
import { ROWS_PER_RUN } from './batch.ts'
import type { SeenColumns } from './columns.ts'
import { readFiles } from './read-files.ts'
import { readTables } from './read-tables.ts'
import { rowsOfTables } from './table-rows.ts'
import { rowsOfTabularFiles } from './tabular.ts'

/** How sources are read. */
interface ReadOptions {
  readonly signal?: AbortSignal | undefined
  readonly acceptColumns?: boolean | undefined
  /** About how many rows a run reads at most. */
  readonly rowsPerRun?: number | undefined
  /** Files that earlier runs of this call have read; grows. */
  readonly readBefore?: Set<string> | undefined
}

/** What a run found at its sources. */
export interface SourceReading {
  /** Rows of tables and of tabular files as relations, to be checked with the lines. */
  readonly rows: readonly Sql[]
  /** What could not be read, and what to know, in words. */
  readonly problems: readonly string[]
  /** There are lines to be checked, new ones or some that are tried again. */
  readonly hasLines: boolean
  /** Something is left for another run. */
  readonly isMore: boolean
  /** Columns of tables, to be recorded once the run is published. */
  readonly seen: SeenColumns
}

/**
 * Looks at every source: what is new in files goes into staging, tables are read where they stand. Also stages what the
 * publish transaction writes about them.
 */
export async function stageSourceRows(
  warehouse: Warehouse,
  sources: readonly SourceOptions[],
  context: StageContext,
  { signal, acceptColumns = false, rowsPerRun = ROWS_PER_RUN, readBefore = new Set() }: ReadOptions,
): Promise<SourceReading> {
  const isTables = (source: SourceOptions): source is TableSource => source.kind !== 'files'
  const isFiles = (source: SourceOptions): source is FilesSource => source.kind === 'files'
  // Forgetting everything and reading half of it would be no rebuild.
  const mostRows = context.fromSources ? Number.POSITIVE_INFINITY : rowsPerRun
  const tables = await readTables(warehouse, sources.filter(isTables), context, { acceptColumns, mostRows })
  const files = await readFiles(warehouse, sources.filter(isFiles), context, tables, { mostRows, readBefore, signal })
  return {
    rows: [...rowsOfTables(context, tables.read), ...rowsOfTabularFiles(context, files.tabularColumns)],
    problems: [...tables.problems, ...files.problems],
    hasLines: files.hasLines,
    isMore: tables.isMore || files.isMore,
    seen: tables.seen,
  }
}
