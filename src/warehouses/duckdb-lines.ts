import type { DuckDBConnection } from '@duckdb/node-api'
import { inspectTextFile, readLines } from './text-files.ts'
import type { TextFile, UnreadableFile } from './warehouse.ts'

/** The longest line the engine's own reader takes here; longer ones are read line by line. */
const LONGEST_LINE = 16_000_000

/** Control characters that plain files do not hold (`inspectTextFile`). */
const DELIMITER = '\u0001'
const NULL_TEXT = '\u0002'

const quote = (text: string) => `'${text.replaceAll("'", "''")}'`

/** A line of these is empty. */
const WHITE_SPACE = quote(' \t\v\f\r')

/**
 * Loads the lines of text files into `table(file, line, text)`.
 *
 * The engine reads a file as a CSV of one column, which is an order of magnitude faster than splitting it here. Its
 * reader skips empty lines (and so loses count), stops at bytes that are not UTF-8 and takes a torn gzip for a whole
 * one. So each file is looked through first, and one with such surprises is read line by line.
 */
export async function loadLines(
  connection: DuckDBConnection,
  table: string,
  target: { name: string; catalog: string },
  files: readonly TextFile[],
  signal?: AbortSignal,
): Promise<readonly UnreadableFile[]> {
  await connection.run(`create or replace table ${table} (file varchar, line bigint, text varchar)`)
  const unreadable: UnreadableFile[] = []
  for (const file of files) {
    signal?.throwIfAborted()
    const seen = await inspectTextFile(file, LONGEST_LINE)
    if (seen.reason !== null) unreadable.push({ file: file.name, reason: seen.reason })
    else if (seen.isEmpty) continue
    else if (!seen.isPlain || !(await isTaken(connection, insertPlain(table, file), signal)))
      await insertLineByLine(connection, target, file, signal)
  }
  return unreadable
}

/** The engine's reader knows fewer forms of gzip than we do; a statement that it refuses leaves no row. */
async function isTaken(connection: DuckDBConnection, statement: string, signal?: AbortSignal): Promise<boolean> {
  return connection.run(statement).then(
    () => true,
    () => {
      signal?.throwIfAborted()
      return false
    },
  )
}

function insertPlain(table: string, file: TextFile): string {
  return `insert into ${table}
select ${quote(file.name)}, line, text
from (
    select row_number() over () as line, text
    from read_csv(${quote(literalPath(file.path))}, columns = {'text': 'VARCHAR'}, auto_detect = false, header = false,
        delim = '${DELIMITER}', quote = '', escape = '', nullstr = '${NULL_TEXT}', compression = '${file.isGzip ? 'gzip' : 'none'}',
        max_line_size = ${LONGEST_LINE}, buffer_size = ${2 * LONGEST_LINE}, strict_mode = false, hive_partitioning = false)
)
where not (trim(substr(text, 1, 100), ${WHITE_SPACE}) = '' and trim(text, ${WHITE_SPACE}) = '')`
}

/** A path in which no character is a wildcard. */
const literalPath = (path: string) => path.replace(/[*?[]/g, '[$&]')

async function insertLineByLine(
  connection: DuckDBConnection,
  target: { name: string; catalog: string },
  file: TextFile,
  signal?: AbortSignal,
): Promise<void> {
  const appender = await connection.createAppender(target.name, 'main', target.catalog)
  try {
    for await (const { line, text } of readLines(file)) {
      signal?.throwIfAborted()
      appender.appendVarchar(file.name)
      appender.appendBigInt(BigInt(line))
      if (text === null) appender.appendNull()
      else appender.appendVarchar(text)
      appender.endRow()
    }
  } finally {
    appender.closeSync()
  }
}
