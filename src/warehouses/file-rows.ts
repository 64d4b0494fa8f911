import { inspectTextFile, readLines } from './text-files.ts'
import type { ColumnSpec, Row, TextFile, UnreadableFile } from './warehouse.ts'

/** Columns of a staging table of lines. */
export const lineColumns: Readonly<Record<string, ColumnSpec>> = {
  file: { type: 'string', description: 'Name of the file.' },
  line: { type: 'integer', description: 'Counted from 1.' },
  text: { type: 'string', nullable: true, description: 'The line; null when it is not UTF-8.' },
}

/** Rows of files for an engine that has no reader of its own. */
export interface LineRows {
  /** Gone through once. A file that cannot be read to its end gives none. */
  readonly rows: AsyncIterable<Row>
  /** What could not be read; complete when the rows are. */
  readonly unreadable: readonly UnreadableFile[]
}

/** The lines of text files, as `Warehouse.loadLines` promises them. Each file is looked through before its first line is given. */
export function lineRows(files: readonly TextFile[], signal?: AbortSignal): LineRows {
  const unreadable: UnreadableFile[] = []
  const rows = async function* (): AsyncGenerator<Row> {
    for (const file of files) {
      signal?.throwIfAborted()
      const { reason } = await inspectTextFile(file, Number.MAX_SAFE_INTEGER)
      if (reason !== null) unreadable.push({ file: file.name, reason })
      else for await (const { line, text } of readLines(file)) yield { file: file.name, line, text }
    }
  }
  return { rows: rows(), unreadable }
}
