import { setTimeout as wait } from 'node:timers/promises'
import { QueryError } from '../errors.ts'
import type { Row, RunOptions, TransactionOptions, Warehouse } from './warehouse.ts'

/** A statement that failed and is about to be sent again. */
export interface Retry {
  /** What was being done: the label of the statement, else the kind of work. Never the statement. */
  readonly what: string
  /** How often it has failed. */
  readonly attempt: number
  /** Milliseconds until it is sent again. */
  readonly delay: number
  /** Milliseconds since it was first sent. */
  readonly waited: number
  /** Why, in the words of the warehouse. */
  readonly reason: string
}

export interface RetryOptions {
  /** For how many milliseconds one statement is tried. Default two hours. */
  readonly budget?: number
  readonly onRetry?: (retry: Retry) => void
  /** Ends the waiting. */
  readonly signal?: AbortSignal
  /** Milliseconds that only grow; for tests. */
  readonly clock?: () => number
  /** For tests. */
  readonly sleep?: (milliseconds: number, signal?: AbortSignal) => Promise<unknown>
  /** From 0 to 1; for tests. */
  readonly random?: () => number
}

const TWO_HOURS = 7_200_000
const FIRST_DELAY = 500
const LONGEST_DELAY = 60_000

/**
 * The warehouse, patient: what fails for a reason that may pass (`QueryError.isTransient`) is sent again, after delays that
 * double from half a second to a minute, each cut at random to between half and all of it so that many clients do not
 * come back together. What fails for good fails at once.
 *
 * An answer that is lost leaves open whether the statement was carried out. So only what may be carried out twice is
 * sent twice: queries, everything that creates or replaces, statements of `execute` (a promise of its callers), and
 * transactions that say how (`TransactionOptions.repeat`). `load` adds rows: it is sent once.
 */
export function withRetries(warehouse: Warehouse, options: RetryOptions = {}): Warehouse {
  const again = <T>(what: string, o: RunOptions | undefined, work: () => Promise<T>): Promise<T> =>
    o?.once ? work() : persist(what, options, o?.signal, work)

  return {
    ...warehouse,
    query: <R extends Row>(...[query, o]: Parameters<Warehouse['query']>) =>
      again(o?.label ?? 'query', o, () => warehouse.query<R>(query, o)),
    execute: (statement, o) => again(o?.label ?? 'statement', o, () => warehouse.execute(statement, o)),
    transaction: (statements, o) => {
      const send = () => warehouse.transaction(statements, o)
      if (o?.repeat === undefined) return send()
      return again(o.label ?? 'transaction', o, o.repeat === 'always' ? send : unlessCommitted(send, o.repeat))
    },
    createTables: (specs) => again('create tables', undefined, () => warehouse.createTables(specs)),
    createView: (name, select) => again(`create view ${name}`, undefined, () => warehouse.createView(name, select)),
    stage: (name, select, o) => again(o?.label ?? `stage ${name}`, o, () => warehouse.stage(name, select, o)),
    dropStaging: (names, o) => again(o?.label ?? 'drop staging', o, () => warehouse.dropStaging(names, o)),
    loadLines: (name, files, o) => again(o?.label ?? `load ${name}`, o, () => warehouse.loadLines(name, files, o)),
    loadTabular: (name, files, o) => again(o?.label ?? `load ${name}`, o, () => warehouse.loadTabular(name, files, o)),
    loadStaging: (name, columns, rows, o) => {
      const send = () => warehouse.loadStaging(name, columns, rows, o)
      return isReadAgain(rows) ? again(o?.label ?? `load ${name}`, o, send) : send()
    },
    describeTable: (name, schema) => again(`describe ${name}`, undefined, () => warehouse.describeTable(name, schema)),
    describeTables: (names) => again('describe tables', undefined, () => warehouse.describeTables(names)),
    maintain: (specs) => again('maintain', undefined, () => warehouse.maintain(specs)),
    ping: () => again('ping', undefined, () => warehouse.ping()),
  }
}

/**
 * A transaction whose failed attempt may have been committed is asked for before it is sent again, and after any later
 * failure: the first attempt may come to its end while the second waits for it.
 */
function unlessCommitted(
  send: () => Promise<void>,
  isCommitted: Exclude<TransactionOptions['repeat'], 'always' | undefined>,
): () => Promise<void> {
  let isOpen = false
  return async () => {
    try {
      await send()
    } catch (error) {
      isOpen ||= isTransient(error)
      if (isOpen && (await isCommitted())) return
      throw error
    }
  }
}

/** Does something again as long as it fails for a reason that may pass. */
export async function persist<T>(
  what: string,
  options: RetryOptions,
  signal: AbortSignal | undefined,
  work: () => Promise<T>,
): Promise<T> {
  const { budget = TWO_HOURS, clock = () => performance.now(), sleep = pause, random = Math.random } = options
  const signals = [options.signal, signal].filter((s) => s !== undefined)
  const anySignal = signals.length === 0 ? undefined : AbortSignal.any(signals)
  const began = clock()
  for (let attempt = 1; ; attempt++) {
    try {
      return await work()
    } catch (error) {
      if (!isTransient(error) || anySignal?.aborted) throw error
      const waited = clock() - began
      if (waited >= budget) throw givenUp(error, what, attempt, waited)
      const longest = Math.min(FIRST_DELAY * 2 ** (attempt - 1), LONGEST_DELAY)
      const delay = Math.min(Math.round(longest * (1 + random()) * 0.5), Math.max(1, Math.ceil(budget - waited)))
      options.onRetry?.({ what, attempt, delay, waited: Math.round(waited), reason: reasonOf(error) })
      await sleep(delay, anySignal).catch(() => {
        throw cancelled(error)
      })
    }
  }
}

const pause = (milliseconds: number, signal?: AbortSignal) => wait(milliseconds, undefined, { signal })

const isTransient = (error: unknown): error is QueryError => error instanceof QueryError && error.isTransient

/** Rows that can be gone through twice: a generator is its own iterator and is empty the second time. */
function isReadAgain(rows: AsyncIterable<Row> | Iterable<Row>): boolean {
  const iterator = Symbol.iterator in rows ? rows[Symbol.iterator]() : rows[Symbol.asyncIterator]()
  return (iterator as unknown) !== rows
}

/** One line, not a page of it. */
const reasonOf = (error: Error) => (error.message.split('\n')[0] ?? '').slice(0, 300)

function givenUp(last: QueryError, what: string, attempts: number, waited: number): QueryError {
  return new QueryError(
    `Expected ${what} to succeed when tried again, but it failed ${attempts} times in ${spoken(waited)}. The last reason: ${reasonOf(last)} See that ${last.warehouse} can be reached, then run again; \`limits.retryMinutes\` says how long is tried.`,
    { warehouse: last.warehouse, text: last.text, code: last.code },
    { cause: last },
  )
}

function cancelled(last: QueryError): QueryError {
  return new QueryError(
    `Cancelled while waiting to send a statement again. It had failed: ${reasonOf(last)}`,
    { warehouse: last.warehouse, text: last.text, isCancelled: true },
    { cause: last },
  )
}

function spoken(milliseconds: number): string {
  if (milliseconds < 120_000) return `${Math.round(milliseconds / 1000)} seconds`
  return `${Math.round(milliseconds / 60_000)} minutes`
}

/** What `Retry` says in a line, for logs and terminals. */
export const describeRetry = ({ what, attempt, delay, waited, reason }: Retry): string =>
  `${what} failed (attempt ${attempt}, after ${spoken(waited)}), is tried again in ${spoken(delay)}: ${reason}`
