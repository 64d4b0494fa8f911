import { TributaryError } from '../../errors.ts'
import type { Row, Warehouse } from '../../warehouses/warehouse.ts'
import type { TableSource } from '../options.ts'
import type { StageContext } from '../stage.ts'
import { readUntil } from './batch.ts'
import { driftOf, readKnownColumns, type SeenColumns } from './columns.ts'
import { type FoundTable, findTables, type WantedTable, whyUnusable } from './find-tables.ts'
import { type Marks, newPart, type Part, readableColumn, readMarks } from './watermarks.ts'

/** A table of which a run reads some rows. */
export interface TableToRead extends FoundTable {
  /** Its number among the files and tables of the run. */
  readonly number: number
  readonly where: NonNullable<Part['where']>
}

/** What a run found in the schemas of its sources. */
export interface TablesReading {
  readonly read: readonly TableToRead[]
  /** Rows of `watermarks` to write. */
  readonly marks: readonly Row[]
  readonly problems: readonly string[]
  /** Every source of tables: quarantined rows of theirs may wait to be tried again. */
  readonly sources: readonly TableSource[]
  /** Rows are left for another run. */
  readonly isMore: boolean
  /** Columns, to be recorded once the run is published. */
  readonly seen: SeenColumns
}

/** Looks at the tables of the sources: are they as they were, and what became readable since. Reads no row yet. */
export async function readTables(
  warehouse: Warehouse,
  sources: readonly TableSource[],
  context: StageContext,
  { acceptColumns, mostRows }: { acceptColumns: boolean; mostRows: number },
): Promise<TablesReading> {
  const known = await readKnownColumns(warehouse)
  const wanted: WantedTable[] = []
  for (const source of sources) wanted.push(...(await findTables(warehouse, source, context.options.conversions)))
  const drift = acceptColumns ? [] : driftOf(known, wanted)
  if (drift.length > 0) throw changed(drift)

  const problems: string[] = []
  const usable: [FoundTable, Marks][] = []
  for (const source of sources) {
    const before = context.fromSources ? new Map() : await readMarks(warehouse, source.name)
    for (const table of wanted.filter((t): t is FoundTable => t.options === source && t.columns !== null)) {
      const why = whyUnusable(warehouse, table) ?? withoutReadable(table)
      if (why !== null && !table.isEvent && !acceptColumns) throw unusable(why)
      // Of an event whose table cannot be read the row in `tracks` still counts, without a value.
      if (why !== null) problems.push(`${why}: the table was not read.`)
      else usable.push([table, before])
    }
  }

  const until = await readUntil(warehouse, context, usable, mostRows)
  const read: TableToRead[] = []
  const marks: Row[] = []
  let isMore = until !== null
  for (const [table, before] of usable) {
    const part = await newPart(warehouse, context, table, before, { until, mostRows })
    marks.push(...part.marks)
    isMore ||= part.isMore
    if (part.where !== null) read.push({ ...table, number: read.length + 1, where: part.where })
  }
  return { read, marks, problems, sources, isMore, seen: { known, tables: wanted } }
}

/** A configured column is expected to be there. */
function withoutReadable(table: FoundTable): string | null {
  const { source, options } = table
  if (typeof options.readableAt !== 'string' || readableColumn(table) !== null) return null
  return `source ${source}, table ${table.table}: expected the column ${options.readableAt}, which readableAt names, but there is none`
}

const changed = (drift: readonly string[]) =>
  new TributaryError(
    'SOURCE_CHANGED',
    `Source tables are not as the last run saw them:\n${drift.map((d) => `  - ${d}.`).join('\n')}\nNothing was written. Put back what is missing, or take the columns as they are from now on: tributary run --accept-columns.`,
  )

const unusable = (why: string) =>
  new TributaryError(
    'SOURCE_UNREADABLE',
    `Cannot read ${why}. Nothing was written. Check that the schema is one that the source's kind writes.`,
  )
