import { basename } from 'node:path'
import { isoTime } from '../../warehouses/iso-time.ts'
import { type Sql, sql } from '../../warehouses/sql.ts'
import type { Row, Warehouse } from '../../warehouses/warehouse.ts'
import type { FilesSource, SourceOptions } from '../options.ts'
import { isRetried } from '../quarantine/release.ts'
import type { StageContext } from '../stage.ts'
import { watermarks } from '../tables/records.ts'
import { integer, nullable, OPEN_RUN, text } from '../tables/table.ts'
import { rowsOfFile } from './batch.ts'
import { doublyRead, skippedNote } from './file-notes.ts'
import { type FoundFile, findFiles, hashFile, isAsFound, problemOf } from './files.ts'
import type { TablesReading } from './read-tables.ts'
import { formatOf, typeOfFile } from './tabular.ts'
import { latestMarks } from './watermarks.ts'

/** One file that a run reads, and its number in it. */
interface FileToRead extends FoundFile {
  readonly number: number
  readonly source: FilesSource
  readonly hash: string
}

/** What a run found at its sources of files. */
export interface FilesReading {
  /** Columns of the CSV and Parquet files that were loaded. */
  readonly tabularColumns: readonly string[]
  /** What could not be read, and what to know, in words. */
  readonly problems: readonly string[]
  /** Lines were loaded. */
  readonly hasLines: boolean
  /** Files are left for another run. */
  readonly isMore: boolean
}

/** What `source_files` holds: the files behind `lines`. */
export const SOURCE_FILES = {
  file_number: integer('Number of the file in this run; below zero where nothing is read.'),
  source: text('Name of the source.'),
  key_source: text('What event keys are made with.'),
  file: text('The file or table.'),
  problem: text('Why it could not be read to the end.', nullable),
  is_retry: integer('1: not read; only lines of it that are in quarantine are tried again.'),
  is_table: integer('1: a table, of which some rows are read.'),
  is_row: integer('1: its messages are made of rows with columns, not of lines.'),
  table_type: text('Type of all messages of a CSV or Parquet file, when it is one.', nullable),
}

/**
 * Loads new and changed files into staging: `lines`, `tabular`, `source_files` (with the tables that are read), and
 * `watermarks_new` for the publish transaction. Each content is taken in once: a file that was moved or copied is known by its hash.
 */
export async function readFiles(
  warehouse: Warehouse,
  sources: readonly FilesSource[],
  c: Pick<StageContext, 'run' | 'release' | 'fromSources' | 'recompute'>,
  tables: TablesReading,
  { mostRows, readBefore, signal }: { mostRows: number; readBefore: Set<string>; signal?: AbortSignal | undefined },
): Promise<FilesReading> {
  const known = await warehouse.query<
    Row & { source: string; item: string; position: string; bytes: number; modified_at: string }
  >(
    sql`select source, item, position, bytes, modified_at from ${latestMarks()} as k where ${c.fromSources ? sql`1 = 0` : sql`1 = 1`}`,
  )
  const torn = c.fromSources ? new Set<string>() : await tornFiles(warehouse)
  const toRead: FileToRead[] = []
  const marks: Row[] = []
  const problems: string[] = []
  const readBy = new Map<string, FilesSource[]>()
  let rows = 0
  let isMore = false
  for (const source of sources) {
    const marksOfSource = known.filter((k) => k.source === source.name)
    const byItem = new Map(marksOfSource.map((k) => [k.item, k]))
    const hashes = new Set(marksOfSource.map((k) => k.position))
    const { files: present, skipped } = await findFiles(source)
    if (present.length === 0) problems.push(nothingFound(source))
    if (skipped.length > 0) problems.push(skippedNote(source, skipped))
    for (const found of present) {
      signal?.throwIfAborted()
      readBy.set(found.path, [...(readBy.get(found.path) ?? []), source])
      const before = byItem.get(found.item)
      const modified_at = isoTime(found.modifiedMicros)
      const isTorn = torn.has(`${source.name}\u001f${found.item}`)
      if (before && before.bytes === found.bytes && before.modified_at === modified_at && !isTorn) continue
      // The next run finds it; at least one file is read, however large.
      if (rows >= mostRows) {
        isMore = true
        continue
      }
      const { hash, ...file } = await hashed(found)
      const mark = {
        source: source.name,
        item: file.item,
        position: hash,
        bytes: file.bytes,
        modified_at,
        rows_read: 0,
        run_id: c.run,
      }
      // A file that cannot be read keeps no mark: the next run tries again.
      if (file.problem === null) marks.push(mark)
      // A known content that replaces another one is read all the same: what was wrong with the other is settled.
      const isReplacing = isTorn || (before !== undefined && before.position !== hash)
      if (file.problem === null && hashes.has(hash) && !isReplacing) continue
      hashes.add(hash)
      // What could not be read before, or changes all the time, is read by every run, and must not keep it from the others.
      const name = `${source.name}\u001f${file.item}`
      if (file.problem === null && !isTorn && !readBefore.has(name)) rows += rowsOfFile(found)
      readBefore.add(name)
      toRead.push({ ...file, number: tables.read.length + toRead.length + 1, source, hash })
    }
  }

  problems.push(...doublyRead(readBy))

  const { described, tabularColumns } = await loadFiles(warehouse, toRead, signal)
  const retried = await filesToRetry(warehouse, [...sources, ...tables.sources], described, isRetried(c))
  await warehouse.loadStaging(
    'source_files',
    SOURCE_FILES,
    [
      ...tables.read.map((t) => ({ ...t, source: t.options, item: t.table, problem: null, is_retry: 0 })),
      ...described.map((f) => ({ ...f, is_retry: 0 })),
      ...retried,
    ].map((f) => ({
      file_number: f.number,
      source: f.source.name,
      key_source: f.source.deduplicateAs ?? f.source.name,
      file: f.item,
      problem: f.problem,
      is_retry: f.is_retry,
      is_table: f.source.kind === 'files' ? 0 : 1,
      is_row: f.source.kind !== 'files' || formatOf(f.item) !== 'lines' ? 1 : 0,
      table_type: 'tableType' in f ? f.tableType : null,
    })),
  )
  await warehouse.stage('retried_lines', retriedLines(warehouse, isRetried(c)))
  // Nor does one whose content was not read in full, or changed while it was read; nor its copies.
  const unread = new Set<string>()
  for (const f of described) {
    if (f.problem !== null || !(await isAsFound(f))) unread.add(`${f.source.name}\u001f${f.hash}`)
  }
  await warehouse.loadStaging('watermarks_new', watermarks.columns, [
    ...tables.marks,
    ...marks.filter((m) => !unread.has(`${m.source}\u001f${m.position}`)),
  ])
  return {
    tabularColumns,
    hasLines: retried.length > 0 || described.some((f) => formatOf(f.item) === 'lines'),
    isMore,
    problems: [
      ...problems,
      ...described.flatMap((f) => (f.problem === null ? [] : [`${f.source.name}: ${f.item}: ${f.problem}`])),
    ],
  }
}

/** No error: a folder may be waiting for its first delivery. But nobody should have to guess. */
const nothingFound = ({ name, path }: FilesSource) =>
  `Source ${name}: no event files at ${path}. Of a folder and its subfolders files ending in .jsonl, .ndjson, .json or .csv are read, or these with .gz, and .parquet; a glob reads what it matches.`

/** Loads the content of files; each comes back with what is wrong with it. */
async function loadFiles(warehouse: Warehouse, files: readonly FileToRead[], signal: AbortSignal | undefined) {
  const good = files.filter((f) => f.problem === null)
  const asText = (f: FileToRead) => ({ path: f.path, name: String(f.number), isGzip: f.isGzip })
  const damaged = await warehouse.loadLines('lines', good.filter((f) => formatOf(f.path) === 'lines').map(asText), {
    signal,
  })
  const loaded = await warehouse.loadTabular(
    'tabular',
    good.flatMap((f) => {
      const format = formatOf(f.path)
      return format === 'lines' ? [] : [{ ...asText(f), format }]
    }),
    { signal },
  )
  const damageOf = new Map([...damaged, ...loaded].map((d) => [d.file, d.reason]))
  const tabular = new Map(loaded.filter((l) => l.reason === null).map((l) => [l.file, l]))
  const described = files.map((f) => {
    const rows = tabular.get(String(f.number))
    const { type, problem } = rows ? typeOfFile(`${basename(f.source.path)}/${f.item}`, rows) : NO_TABLE
    return { ...f, problem: f.problem ?? damageOf.get(String(f.number)) ?? problem, tableType: type }
  })
  return { described, tabularColumns: [...new Set(loaded.flatMap((l) => l.columns))] }
}

const NO_TABLE = { type: null, problem: null }

/** The file with the hash of its content; one that is gone or fails meanwhile has a problem and no hash. */
async function hashed(file: FoundFile): Promise<FoundFile & { readonly hash: string }> {
  if (file.problem !== null) return { ...file, hash: '' }
  try {
    return { ...file, hash: await hashFile(file.path) }
  } catch (error) {
    return { ...file, hash: '', problem: problemOf(error) }
  }
}

/** Files that an earlier run could not read: whole again, they are read whatever is known of their content. */
async function tornFiles(warehouse: Warehouse): Promise<ReadonlySet<string>> {
  const rows = await warehouse.query<Row & { source: string; file: string }>(
    sql`select source, file from ${sql.table('quarantine')} where to_run = ${OPEN_RUN} and line = 0`,
  )
  return new Set(rows.map((r) => `${r.source}\u001f${r.file}`))
}

/** Files and tables with lines to try again that this run does not read whole: of every run those that wait, and what was released. */
async function filesToRetry(
  warehouse: Warehouse,
  sources: readonly SourceOptions[],
  read: readonly FileToRead[],
  isRetriedRow: Sql,
) {
  const files = await warehouse.query<Row & { source: string; file: string }>(
    sql`select distinct source, file from ${sql.table('quarantine')} where ${isRetriedRow} order by source, file`,
  )
  const isRead = new Set(read.map((f) => `${f.source.name}\u001f${f.item}`))
  return files
    .filter((w) => !isRead.has(`${w.source}\u001f${w.file}`))
    .flatMap((w) => sources.filter((s) => s.name === w.source).map((source) => ({ source, item: w.file })))
    .map((f, i) => ({ ...f, number: -1 - i, problem: null, is_retry: 1 }))
}

const retriedLines = ({ dialect: d }: Warehouse, isRetriedRow: Sql) => sql`
select ${d.cast('f.file_number', 'string')} as file, q.line, q.text
from ${sql.table('quarantine')} as q
join ${sql.staging('source_files')} as f on f.source = q.source and f.file = q.file and f.is_retry = 1
where ${isRetriedRow}
`
