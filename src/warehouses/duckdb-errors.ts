import { type ErrorCode, QueryError, TributaryError } from '../errors.ts'

/** What DuckDB says when the disk takes no more: of the database, of its log, or of what a large statement spills. */
const FULL =
  /No space left on device|File too large|Disk quota exceeded|failed to offload data block|max_temp_directory_size/i
const FORBIDDEN = /Permission denied|Read-only file system|Operation not permitted|read-only mode/i
const DAMAGED =
  /Corrupt database file|Could not read enough bytes|not a valid DuckDB|does not match stored checksum|Failure while replaying WAL|Could not read from file .*Is a directory/i
const NEWER = /newer version of DuckDB|storage version/i
/** Two writers met: one of them can come again. Only these; other failures of a commit (a full disk) do not pass. */
const CONFLICT =
  /Cannot CHECKPOINT: there are other|Conflict on (update|tuple)|write-write conflict|^TransactionContext Error: .*\bconflict/i

/** A message without the excerpt of the statement that follows. */
const bare = (message: string): string => message.replace(/\s*\n\s*LINE \d+:[\s\S]*$/, '')

const withoutStatement = (cause: unknown): Error =>
  new Error(bare(cause instanceof Error ? cause.message : String(cause)))

/** The engine's refusal, with the text it refused. What people can do something about says what. */
export function refused(text: string, cause: unknown): QueryError {
  const message = cause instanceof Error ? cause.message : String(cause)
  const reason = bare(message)
  const known = recognise(reason)
  return new QueryError(
    known?.message ?? `DuckDB refused a statement: ${reason}`,
    { warehouse: 'duckdb', text, isTransient: !known && CONFLICT.test(message), code: known?.code },
    { cause: withoutStatement(cause) }, // the engine's own error quotes the statement, and loggers print causes
  )
}

/** A statement that its signal stopped. */
export function cancelled(text: string, cause: unknown): QueryError {
  return new QueryError(
    'The statement was cancelled.',
    { warehouse: 'duckdb', text, isCancelled: true },
    { cause: withoutStatement(cause) },
  )
}

/** Why a database could not be opened: who has it, or what is wrong with it. */
export function notOpened(path: string, cause: unknown): TributaryError {
  const message = cause instanceof Error ? cause.message : String(cause)
  if (/could not set lock|being used by another process/i.test(message)) {
    const holder = /PID (\d+)/.exec(message)?.[1]
    return new TributaryError(
      'WAREHOUSE_BUSY',
      `${path} is open in another process${holder ? ` (process ${holder})` : ''}. A DuckDB file belongs to one process: stop that one, or ask it (a running \`tributary serve\` takes \`run\` and \`status\`).`,
      { cause },
    )
  }
  const known = recognise(message, path)
  if (known) return new TributaryError(known.code, known.message, { cause })
  return new TributaryError(
    'WAREHOUSE_UNUSABLE',
    `Expected a DuckDB database at ${path}, or a folder to create one in, but could not open it: ${message}`,
    { cause },
  )
}

/** What to do about it, where that shows in the engine's words. */
function recognise(message: string, path?: string): { code: ErrorCode; message: string } | null {
  const file = path ?? /file "([^"]+)"/.exec(message)?.[1] ?? 'the database'
  const why = message
    .replace(/^(TransactionContext |IO |FATAL )?Error: (Failed to commit: )?/, '')
    .replace(/\.?\s*$/, '')
  if (FULL.test(message)) {
    return {
      code: 'DISK_FULL',
      message: `The disk is full, or takes no more of this file. DuckDB says: ${why}. Make room for the database, its log (.wal) and its temporary folder (.tmp), then run again; what was published is unharmed.`,
    }
  }
  if (FORBIDDEN.test(message)) {
    return {
      code: 'WAREHOUSE_UNUSABLE',
      message: `Expected to be allowed to write ${file}, but: ${why}. tributary writes the database and files beside it: let the user it runs as write the file and its folder.`,
    }
  }
  if (NEWER.test(message)) {
    return {
      code: 'WAREHOUSE_UNUSABLE',
      message: `${file} was written by a newer DuckDB than the one in this tributary. Upgrade tributary, or export the database there and import it here. DuckDB says: ${why}.`,
    }
  }
  if (DAMAGED.test(message)) {
    return {
      code: 'WAREHOUSE_UNUSABLE',
      message: `${file} is not a DuckDB database, or is damaged or cut off. Is \`warehouse.path\` right? Else put a backup in its place; or move it and its .wal away: the next run makes a new one from the sources. DuckDB says: ${why}.`,
    }
  }
  return null
}
