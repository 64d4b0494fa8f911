import { type Sql, sql } from '../../warehouses/sql.ts'
import type { LoadedFile } from '../../warehouses/warehouse.ts'
import { asciiLower, type StageContext } from '../stage.ts'
import { rowsOf } from './row-sql.ts'
import { rudderstack } from './rudderstack.ts'
import type { MessageType } from './table-kind.ts'

/** The columns of either kind: RudderStack's are Segment's and a few more. */
const kind = rudderstack

/** Files of rows, by the ending of their names. */
export const formatOf = (path: string): 'lines' | 'csv' | 'parquet' =>
  /\.parquet$/i.test(path) ? 'parquet' : /\.csv(\.gz)?$/i.test(path) ? 'csv' : 'lines'

/** What the rows of a file are. */
interface FileType {
  /** Their type; null when a column says it. */
  readonly type: MessageType | null
  /** Why nobody can tell. */
  readonly problem: string | null
}

/**
 * What the rows of a file are: by its name or that of a folder it lies in (`pages.csv`, `tracks/2025-01.parquet`), else
 * by its column `type`, else tracks when it has a column `event`. Names come first: `type` may be a trait.
 */
export function typeOfFile(path: string, { columns }: LoadedFile): FileType {
  if (columns.length === 0) return { type: null, problem: null }
  const names = path.split(/[\\/]/).reverse()
  for (const [i, name] of names.entries()) {
    const stem = i === 0 ? name.replace(/\.(csv|parquet)(\.gz)?$/i, '') : name
    const type = tableNamed(stem)
    if (type !== null) return { type, problem: null }
  }
  if (columns.includes('type')) return { type: null, problem: null }
  if (columns.includes('event')) return { type: 'track', problem: null }
  return {
    type: null,
    problem: `expected rows of one table, called like it or in a folder called like it (${Object.keys(kind.tables).join(', ')}), or a column type or event`,
  }
}

/** `tracks`, and parts of it as warehouses unload them: `tracks_2025-01`, `tracks0000_part_00`. */
function tableNamed(stem: string): MessageType | null {
  for (const [table, type] of Object.entries(kind.tables)) {
    if (new RegExp(`^${table}([^a-z]|part)*$`, 'i').test(stem)) return type
  }
  return null
}

/** The rows of CSV and Parquet files: staging table `tabular`, and `source_files` for what the files are. */
export function rowsOfTabularFiles(c: StageContext, columns: readonly string[]): readonly Sql[] {
  if (columns.length === 0) return []
  const { d } = c
  const own = columns.filter((name) => name !== 'type')
  const type = columns.includes('type') ? sql`coalesce(f.table_type, t.${sql.id('type')})` : sql`f.table_type`
  const isPage = sql`coalesce(${asciiLower(type)}, '') in ('page', 'screen')`
  return [
    rowsOf(c, {
      kind,
      columns: Object.fromEntries(own.map((name) => [name, d.types.string])),
      origin: sql`f.file_number, f.source, f.key_source, f.file, t.row_in_file as line`,
      type,
      event: null,
      propertiesWhen: sql`not ${isPage}`,
      isPage,
      from: sql`${sql.staging('tabular')} as t
join ${sql.staging('source_files')} as f on ${d.cast('f.file_number', 'string')} = t.row_file
where f.is_retry = 0 and f.problem is null`,
    }),
  ]
}
