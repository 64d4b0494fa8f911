import { isoTime } from '../../warehouses/iso-time.ts'
import { sql } from '../../warehouses/sql.ts'
import type { Row, Warehouse } from '../../warehouses/warehouse.ts'
import type { FilesSource } from '../options.ts'
import { watermarks } from '../tables/records.ts'
import { integer, nullable, text } from '../tables/table.ts'
import { type FoundFile, findFiles, hashFile } from './files.ts'

/** One file that a run reads, and its number in it. */
interface FileToRead extends FoundFile {
  readonly number: number
  readonly source: FilesSource
  readonly hash: string
}

/** What a run found at its sources. */
export interface SourceReading {
  /** Files whose lines were loaded. */
  readonly files: number
  /** What could not be read, in words. */
  readonly problems: readonly string[]
}

const SOURCE_FILES = {
  file_number: integer('Number of the file in this run.'),
  source: text('Name of the source.'),
  key_source: text('What event keys are made with.'),
  file: text('The file.'),
  problem: text('Why it could not be read to the end.', nullable),
}

/**
 * Loads the lines of new and changed files into staging: `lines`, `source_files`, and `watermarks_new` for the publish
 * transaction. Each content is taken in once: a file that was moved or copied is known by its hash.
 */
export async function readFiles(
  warehouse: Warehouse,
  sources: readonly FilesSource[],
  run: number,
  signal?: AbortSignal,
): Promise<SourceReading> {
  const known = await warehouse.query<
    Row & { source: string; item: string; position: string; bytes: number; modified_at: string }
  >(sql`select source, item, position, bytes, modified_at from ${sql.table('watermarks')}`)
  const toRead: FileToRead[] = []
  const marks: Row[] = []
  for (const source of sources) {
    const marksOfSource = known.filter((k) => k.source === source.name)
    const byItem = new Map(marksOfSource.map((k) => [k.item, k]))
    const hashes = new Set(marksOfSource.map((k) => k.position))
    for (const file of await findFiles(source)) {
      signal?.throwIfAborted()
      const before = byItem.get(file.item)
      const modified_at = isoTime(file.modifiedMicros)
      if (before && before.bytes === file.bytes && before.modified_at === modified_at) continue
      const hash = file.problem === null ? await hashFile(file.path) : ''
      const mark = {
        source: source.name,
        item: file.item,
        position: hash,
        bytes: file.bytes,
        modified_at,
        rows_read: 0,
        run_id: run,
      }
      // A file that cannot be read keeps no mark: the next run tries again.
      if (file.problem === null) marks.push(mark)
      if (file.problem === null && hashes.has(hash)) continue
      hashes.add(hash)
      toRead.push({ ...file, number: toRead.length + 1, source, hash })
    }
  }

  const damaged = await warehouse.loadLines(
    'lines',
    toRead.filter((f) => f.problem === null).map((f) => ({ path: f.path, name: String(f.number), isGzip: f.isGzip })),
    { signal },
  )
  const problemOf = new Map(damaged.map((d) => [d.file, d.reason]))
  const described = toRead.map((f) => ({ ...f, problem: f.problem ?? problemOf.get(String(f.number)) ?? null }))
  await warehouse.loadStaging(
    'source_files',
    SOURCE_FILES,
    described.map((f) => ({
      file_number: f.number,
      source: f.source.name,
      key_source: f.source.deduplicateAs ?? f.source.name,
      file: f.item,
      problem: f.problem,
    })),
  )
  const unread = new Set(described.filter((f) => f.problem !== null).map((f) => `${f.source.name}\u001f${f.item}`))
  await warehouse.loadStaging(
    'watermarks_new',
    watermarks.columns,
    marks.filter((m) => !unread.has(`${m.source}\u001f${m.item}`)),
  )
  return {
    files: described.length,
    problems: described.flatMap((f) => (f.problem === null ? [] : [`${f.source.name}: ${f.item}: ${f.problem}`])),
  }
}
