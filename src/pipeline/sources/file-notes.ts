import { extname } from 'node:path'
import type { FilesSource } from '../options.ts'

/** Says which files of a folder were left alone: nobody should have to guess why rows are missing. */
export function skippedNote({ name, path }: FilesSource, skipped: readonly string[]): string {
  const counts = new Map<string, number>()
  for (const file of skipped) {
    const ending = extname(file.replace(/\.gz$/i, '')) + (/\.gz$/i.exec(file)?.[0] ?? '')
    counts.set(ending, (counts.get(ending) ?? 0) + 1)
  }
  const list = [...counts].map(([ending, count]) => `${count} ${ending === '' ? 'without an ending' : ending}`)
  const what = skipped.length === 1 ? '1 file is' : `${skipped.length} files are`
  return `Source ${name}: ${what} left out because of the ending (${list.join(', ')}) in ${path}. Read are .jsonl, .ndjson, .json and .csv, or these with .gz, and .parquet.`
}

/** Says which sources read one file: its messages count once for each of them, unless they share `deduplicateAs`. */
export function doublyRead(readBy: ReadonlyMap<string, readonly FilesSource[]>): readonly string[] {
  const files = new Map<string, number>()
  for (const sources of readBy.values()) {
    const keys = new Set(sources.map((s) => s.deduplicateAs ?? s.name))
    if (keys.size < 2) continue
    const names = sources.map((s) => s.name).join(' and ')
    files.set(names, (files.get(names) ?? 0) + 1)
  }
  return [...files].map(
    ([names, count]) =>
      `Sources ${names} read the same ${count === 1 ? 'file' : `${count} files`}: every message in it counts once for each. Narrow the paths, or give the sources one deduplicateAs.`,
  )
}
