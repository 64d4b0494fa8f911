import type { DuckDBConnection } from '@duckdb/node-api'
import { inspectTextFile } from './text-files.ts'
import type { LoadedFile, TabularFile, TabularOptions } from './warehouse.ts'

const quote = (text: string) => `'${text.replaceAll("'", "''")}'`
const quoteName = (name: string) => `"${name.replaceAll('"', '""')}"`

/** A path in which no character is a wildcard. */
const literalPath = (path: string) => path.replace(/[*?[]/g, '[$&]')

/** The columns of our own in front of those of the files. */
export const OWN_COLUMNS = ['row_file', 'row_in_file']

/**
 * Loads CSV and Parquet files into `table(row_file, row_in_file, …)`, every column as text: one table takes files whose
 * columns differ, and a time reads the same from both formats.
 */
export async function loadTabular(
  connection: DuckDBConnection,
  table: string,
  files: readonly TabularFile[],
  { signal, columns: listed }: TabularOptions = {},
): Promise<readonly LoadedFile[]> {
  await connection.run(`create or replace table ${table} (row_file varchar, row_in_file bigint)`)
  const known = new Set(OWN_COLUMNS)
  const loaded: LoadedFile[] = []
  for (const file of files) {
    signal?.throwIfAborted()
    try {
      const columns = await loadOne(connection, table, file, { known, listed })
      loaded.push({ file: file.name, columns, reason: null })
    } catch (error) {
      signal?.throwIfAborted()
      loaded.push({ file: file.name, columns: [], reason: reasonOf(error) })
    }
  }
  return loaded
}

async function loadOne(
  connection: DuckDBConnection,
  table: string,
  file: TabularFile,
  { known, listed }: { known: Set<string>; listed: readonly string[] | undefined },
): Promise<readonly string[]> {
  // The engine takes a gzip that ends in the middle for a whole one.
  const seen = file.format === 'csv' && file.isGzip ? await inspectTextFile(file, Number.MAX_SAFE_INTEGER) : null
  if (seen?.reason) throw new Error(seen.reason)
  if (file.format === 'csv' && seen?.isEmpty) return []
  const rows = relation(file)
  const described = await connection.runAndReadAll(`describe select * from ${rows}`)
  const present = described.getRows().map(([name]) => String(name))
  // What the engine makes of lines it cannot take apart.
  if (file.format === 'csv' && present.length === 1 && /[,;\t|]/.test(present[0] ?? ''))
    throw new Error('its lines have not all as many fields as the first one, which names them')
  const names = listed ? present.filter((name) => listed.includes(name.toLowerCase())) : present
  const columns = names.map((name) => name.toLowerCase())
  const clash = columns.find((name, i) => OWN_COLUMNS.includes(name) || columns.indexOf(name) < i)
  if (clash !== undefined) throw new Error(`it has two columns that could be called ${clash}`)
  for (const column of columns.filter((name) => !known.has(name))) {
    await connection.run(`alter table ${table} add column ${quoteName(column)} varchar`)
    known.add(column)
  }
  await connection.run(`insert into ${table} (row_file, row_in_file${columns.map((name) => `, ${quoteName(name)}`).join('')})
select ${quote(file.name)}, row_number() over ()${names.map((name) => `, cast(${quoteName(name)} as varchar)`).join('')}
from ${rows}`)
  return columns
}

function relation({ path, format, isGzip }: TabularFile): string {
  const place = quote(literalPath(path))
  if (format === 'parquet') return `read_parquet(${place}, hive_partitioning = false)`
  return `read_csv(${place}, all_varchar = true, header = true, nullstr = '', hive_partitioning = false, compression = '${isGzip ? 'gzip' : 'none'}')`
}

/** The first line: what follows quotes the file, and a file may hold personal data. */
function reasonOf(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error)
  return message.split('\n')[0]!.replace(/ "[^"]*"/g, '')
}
