import { type ErrorCode, QueryError, TributaryError } from '../errors.ts'
import { ASSERTION } from './postgres-dialect.ts'

/** What the driver tells of a refusal. `code`: the SQLSTATE, or Node's code of a lost connection. */
interface Refusal {
  readonly message: string
  readonly code?: string
}

/**
 * May the same statement succeed if it is sent again? Lost connections (08), too many of them and other resources that
 * come back (53, but not a full disk), conflicts and deadlocks (40), locks (55P03), a server that stops or starts or
 * whose administrator ends the session (57P01 to 57P05); and a table that another attempt of the same statement was
 * making at that moment.
 */
const TRANSIENT = /^(08|40|53[0234]|55P03|57P0[1-5])/
const FULL = '53100'
const LOST = /^(ECONNRESET|ECONNREFUSED|EPIPE|ETIMEDOUT|EHOSTUNREACH|ENETUNREACH|ENETDOWN|EAI_AGAIN)$/
/** The driver's own words for a connection that broke. */
const BROKEN =
  /Connection terminated|Client has encountered a connection error|timeout exceeded when trying to connect|timeout expired|connection timeout|not queryable/i
/** Two sessions create the same table: the catalog's own unique index, or the table itself. */
const SAME_TABLE = /^duplicate key value violates unique constraint "pg_|^(relation|type) ".*" already exists/

export function isTransient({ code = '', message }: Refusal): boolean {
  if (code === FULL) return false
  return TRANSIENT.test(code) || LOST.test(code) || BROKEN.test(message) || SAME_TABLE.test(message)
}

/** The engine's own error keeps the statement, and values in `detail`: loggers print causes. */
const bare = ({ message, code }: Refusal): Error => Object.assign(new Error(message), code ? { code } : {})

const refusalOf = (cause: unknown): Refusal =>
  cause instanceof Error ? (cause as Error & Refusal) : { message: String(cause) }

/** The engine's refusal, with the text it refused. What people can do something about says what. */
export function refused(text: string, cause: unknown): QueryError {
  const refusal = refusalOf(cause)
  const known = recognise(refusal)
  return new QueryError(
    known?.message ?? `Postgres refused a statement: ${refusal.message}${refusal.code ? ` (${refusal.code})` : ''}`,
    { warehouse: 'postgres', text, isTransient: isTransient(refusal), code: known?.code },
    { cause: bare(refusal) },
  )
}

/** A statement that its signal stopped. */
export const cancelled = (text: string, cause: unknown): QueryError =>
  new QueryError(
    'The statement was cancelled.',
    { warehouse: 'postgres', text, isCancelled: true },
    { cause: bare(refusalOf(cause)) },
  )

/** What to do about it, where the code tells. */
function recognise({ code, message }: Refusal): { code: ErrorCode; message: string } | null {
  const asserted = /^invalid input syntax for type integer: "([\s\S]*)"$/.exec(message)?.[1]
  if (asserted?.startsWith(ASSERTION)) return { code: 'QUERY_FAILED', message: asserted.slice(ASSERTION.length) }
  if (code === '42501') {
    return {
      code: 'WAREHOUSE_UNUSABLE',
      message: `Postgres says: ${message}. Give tributary’s user the right: \`grant usage, create on schema … to …\` for its own schema, \`grant usage on schema …\` and \`grant select on all tables in schema …\` for one that it reads, and let it own the tables it made (docs/warehouses/postgres.md has every grant).`,
    }
  }
  if (code === '3F000') {
    return {
      code: 'WAREHOUSE_UNUSABLE',
      message: `Postgres says: ${message}. Make the schema, or give tributary’s user the right to: \`grant create on database … to …\`.`,
    }
  }
  if (code === FULL) {
    return {
      code: 'DISK_FULL',
      message: `The disk of the Postgres server is full. Postgres says: ${message}. Make room, then run again; what was published is unharmed.`,
    }
  }
  if (code === '57014') {
    return {
      code: 'QUERY_FAILED',
      message: `Postgres ended a statement: ${message}. When it took longer than \`warehouse.statementMinutes\` or a limit of the server allows, raise that; nothing was published.`,
    }
  }
  if (code === '25006') {
    return {
      code: 'WAREHOUSE_UNUSABLE',
      message: `Postgres says: ${message}. Is \`warehouse.url\` that of a read-only replica? Tables are kept on the primary server.`,
    }
  }
  return null
}

/** Why the schema could not be made: the right to is more than tributary needs when somebody makes it beforehand. */
export const notMade = (schema: string, user: string, cause: unknown): TributaryError =>
  new TributaryError(
    'WAREHOUSE_UNUSABLE',
    `Expected a schema ${schema}, or the right to make one, but there is neither: ${refusalOf(cause).message} As an administrator: \`create schema ${schema} authorization ${user}\`.`,
    { cause: bare(refusalOf(cause)) },
  )

/** Why a server could not be used from the start, without its password. */
export function notOpened(place: string, cause: unknown): Error {
  const refusal = refusalOf(cause)
  if (cause instanceof TributaryError) return cause
  const { code = '', message } = refusal
  const unusable = (text: string) => new TributaryError('WAREHOUSE_UNUSABLE', text, { cause: bare(refusal) })
  if (code === '28P01' || code === '28000')
    return unusable(
      `Postgres at ${place} refused the log-in: ${message}. Is user and password in \`warehouse.url\` right, and is the user let in from this address (pg_hba.conf)?`,
    )
  if (code === '3D000')
    return unusable(`Postgres at ${place} has no such database: ${message}. Make it, or correct \`warehouse.url\`.`)
  if (code === 'ENOTFOUND') return unusable(`There is no host of that name: ${message}. Is \`warehouse.url\` right?`)
  return refused(
    `connect to ${place}`,
    Object.assign(new Error(message === '' ? code : `could not connect to ${place}: ${message}`), { code }),
  )
}
