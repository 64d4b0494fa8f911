import { setTimeout as wait } from 'node:timers/promises'
import { type DuckDBConnection, DuckDBInstance } from '@duckdb/node-api'
import { cancelled, notOpened, refused } from './duckdb-errors.ts'

/** One connection per running statement, kept for the next one. */
export class Connections {
  private readonly idle: DuckDBConnection[] = []
  private readonly waiting: (() => void)[] = []
  private running = 0
  private readonly instance: DuckDBInstance
  private readonly limit: number

  constructor(instance: DuckDBInstance, limit: number) {
    this.instance = instance
    this.limit = limit
  }

  /** Runs `work` on a connection of its own; waits for one when `limit` statements are running. */
  async use<T>(work: (connection: DuckDBConnection) => Promise<T>): Promise<T> {
    if (this.running >= this.limit) await new Promise<void>((resolve) => this.waiting.push(resolve))
    else this.running++
    let connection: DuckDBConnection | undefined
    try {
      connection = this.idle.pop() ?? (await open(this.instance))
      return await work(connection)
    } finally {
      if (connection) this.idle.push(connection)
      const next = this.waiting.shift()
      if (next) next()
      else this.running--
    }
  }

  close(): void {
    for (const connection of this.idle.splice(0)) connection.closeSync()
  }
}

/** A connection on the database on which a time without an offset is UTC. */
async function open(instance: DuckDBInstance): Promise<DuckDBConnection> {
  const connection = await instance.connect()
  await connection.run(`set TimeZone = 'UTC'; use ${CATALOG}`)
  return connection
}

/** Runs one statement; an abort interrupts it in the engine. */
export async function run<T>(
  connection: DuckDBConnection,
  text: string,
  signal: AbortSignal | undefined,
  work: () => Promise<T>,
): Promise<T> {
  if (signal?.aborted) throw cancelled(text, signal.reason)
  // An interrupt that comes before the engine has begun is lost: it is repeated until the statement has ended.
  let again: NodeJS.Timeout | undefined
  const interrupt = () => {
    connection.interrupt()
    again ??= setInterval(() => connection.interrupt(), 20)
  }
  signal?.addEventListener('abort', interrupt, { once: true })
  try {
    return await work()
  } catch (cause) {
    if (signal?.aborted) throw cancelled(text, cause)
    throw refused(text, cause)
  } finally {
    signal?.removeEventListener('abort', interrupt)
    clearInterval(again)
  }
}

/**
 * What the database is called inside. DuckDB names a database after its file, and `tributary.duckdb` with a schema
 * `tributary` would make every name ambiguous; attached under a name of our own, the file may be called anything.
 */
const CATALOG = 'tributary_catalog'

/** Opens the file, or says who has it. */
export async function openInstance(path: string, settings: Record<string, string>): Promise<DuckDBInstance> {
  const instance = await DuckDBInstance.create(':memory:', {
    ...settings,
    checkpoint_threshold: '1GB', // never within a COMMIT, for which readers wait: `maintain` sees to it
    ...(path === ':memory:' ? {} : { temp_directory: `${path}.tmp` }),
  })
  const connection = await instance.connect()
  try {
    await connection.run(attaching(path))
    return instance
  } catch (cause) {
    instance.closeSync()
    throw notOpened(path, cause)
  } finally {
    connection.closeSync()
  }
}

// Without the type DuckDB takes a file of JSON lines for a database in memory, and everything written would be gone.
const attaching = (path: string) => `attach '${path.replaceAll("'", "''")}' as ${CATALOG} (type duckdb)`

/**
 * Opens the file again after a checkpoint that failed: until then DuckDB answers nothing of it, not even what is committed
 * and safe. Reads that are under way keep the file for a moment longer. On a connection of its own: those that use the
 * database can do nothing before.
 */
export async function reopen(instance: DuckDBInstance, path: string): Promise<void> {
  const connection = await instance.connect()
  try {
    await connection.run(`detach database if exists ${CATALOG}`)
    for (let attempt = 1; ; attempt++) {
      try {
        await connection.run(attaching(path))
        return
      } catch (cause) {
        if (attempt === 50) throw notOpened(path, cause)
        await wait(100)
      }
    }
  } finally {
    connection.closeSync()
  }
}
