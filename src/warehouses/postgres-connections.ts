import { setTimeout as wait } from 'node:timers/promises'
import pg from 'pg'
import { cancelled, notOpened, refused } from './postgres-errors.ts'
import { clientTypes } from './postgres-values.ts'

export type PostgresClient = pg.PoolClient

/** How to connect. */
export interface ConnectionOptions {
  readonly url: string
  /** Statements at a time. */
  readonly maxConnections: number
  readonly statementMinutes: number
}

/**
 * What every session of ours holds, whatever server and user are set to: times are UTC and texts literal, statements end.
 * Machine code is not worth making for statements of milliseconds; sorts of a run should not go to disk at once.
 */
const session = (statementMinutes: number): string =>
  [
    "timezone = 'UTC'",
    "datestyle = 'ISO'",
    'standard_conforming_strings = on',
    'extra_float_digits = 1',
    'client_min_messages = warning',
    'jit = off',
    "work_mem = '64MB'",
    'hash_mem_multiplier = 8', // a `not in` whose list does not fit is compared row by row
    'random_page_cost = 1.1', // no disk turns any more: an index pays off sooner
    `statement_timeout = ${statementMinutes * 60_000}`,
  ]
    .map((setting) => `set ${setting}`)
    .join('; ')

/** How long a server may take to answer when it is connected to, in milliseconds. */
const PATIENCE = 30_000

/** One connection per running statement, kept for the next one. */
export class PostgresConnections {
  readonly place: string
  private readonly pool: pg.Pool
  private readonly config: pg.ClientConfig
  private closing: Promise<void> | undefined

  constructor({ url, maxConnections, statementMinutes }: ConnectionOptions) {
    const { host, pathname } = new URL(url)
    this.place = `${host}${pathname}`
    this.config = {
      connectionString: url,
      application_name: 'tributary',
      types: clientTypes,
      keepAlive: true,
      keepAliveInitialDelayMillis: 30_000, // a balancer in between forgets silent connections, and tells nobody
      connectionTimeoutMillis: PATIENCE,
    }
    this.pool = new pg.Pool({ ...this.config, max: maxConnections })
    this.pool.on('connect', (client) => {
      client.on('error', () => undefined) // whoever uses it is told; a broken idle one is thrown away
      client.query(session(statementMinutes)).catch(() => undefined) // as the next statement is then
    })
    this.pool.on('error', () => undefined)
  }

  /**
   * Runs `work` on a connection of its own. An abort cancels what the server does for it, and the work fails as
   * cancelled; its connection is not used again, for the cancellation may come late. `text`: for the error.
   */
  async use<T>(
    text: string,
    signal: AbortSignal | undefined,
    work: (client: PostgresClient) => Promise<T>,
  ): Promise<T> {
    if (signal?.aborted) throw cancelled(text, signal.reason)
    const client = await this.pool.connect().catch((cause) => {
      throw notOpened(this.place, cause)
    })
    let isSpoilt = false
    const cancel = () => {
      isSpoilt = true
      void this.cancel(client, () => isOver)
    }
    let isOver = false
    const ended = endOf(client)
    signal?.addEventListener('abort', cancel, { once: true })
    try {
      if (signal?.aborted) throw signal.reason
      return await Promise.race([work(client), ended.promise])
    } catch (cause) {
      isSpoilt ||= isBroken(cause)
      const { statement = text } = cause as { statement?: string } // of several, the one at work
      if (signal?.aborted) throw cancelled(statement, cause)
      throw refused(statement, cause)
    } finally {
      isOver = true
      signal?.removeEventListener('abort', cancel)
      ended.forget()
      client.release(isSpoilt)
    }
  }

  /** Asks the server until the work is over: a request that comes between two statements is lost. */
  private async cancel(client: PostgresClient, isOver: () => boolean): Promise<void> {
    const other = new pg.Client(this.config)
    other.on('error', () => undefined)
    try {
      await other.connect()
      const { processID } = client as unknown as { processID: number }
      while (!isOver()) {
        await other.query('select pg_cancel_backend($1)', [processID])
        await wait(50)
      }
    } catch {
      if (!isOver()) (client as unknown as { connection: { stream: { destroy(): void } } }).connection.stream.destroy()
    } finally {
      await other.end().catch(() => undefined)
    }
  }

  close(): Promise<void> {
    this.closing ??= this.pool.end()
    return this.closing
  }
}

/** How long the work on a connection that ended has to say so itself, in milliseconds: it knows more about it. */
const LAST_WORDS = 200

/**
 * Rejects when the connection ends. The work on it does not always hear of that: a cursor that has all rows, and waits for
 * the server to be ready, would wait for ever.
 */
function endOf(client: PostgresClient): { promise: Promise<never>; forget: () => void } {
  const { promise, reject } = Promise.withResolvers<never>()
  let timer: NodeJS.Timeout | undefined
  const onEnd = () => {
    timer = setTimeout(() => reject(new Error('Connection terminated unexpectedly')), LAST_WORDS)
  }
  client.once('end', onEnd)
  const forget = () => {
    client.removeListener('end', onEnd)
    clearTimeout(timer)
  }
  return { promise, forget }
}

/** Nothing more can be sent on a connection that broke; one whose statement was refused is as good as new. */
const isBroken = (cause: unknown): boolean => !(cause instanceof pg.DatabaseError) || /^(08|57P)/.test(cause.code ?? '')
