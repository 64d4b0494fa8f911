import pg from 'pg'
import Cursor from 'pg-cursor'
import { QueryError } from '../errors.ts'
import { isTransient } from './postgres-errors.ts'
import type { ProductColumn, ProductDatabase } from './product-database.ts'

/** For how long a table that somebody else has locked is waited for. */
const LOCK_SECONDS = 60

/** Rows fetched at a time: what is held in memory of a table, however long it is. */
const BATCH = 5000

/**
 * Opens a Postgres to read from: one read-only transaction in which every statement sees the same moment. Whatever goes
 * wrong is told without the address, which holds a password.
 */
export async function openProductPostgres(url: string, signal?: AbortSignal): Promise<ProductDatabase> {
  const place = placeOf(url)
  const client = new pg.Client({
    connectionString: url,
    application_name: 'tributary',
    connectionTimeoutMillis: 30_000,
    keepAlive: true,
    keepAliveInitialDelayMillis: 30_000, // a balancer in between forgets silent connections, and tells nobody
  })
  const unlessLost = watchConnection(client)
  const stop = () => void client.end().catch(() => undefined)
  signal?.addEventListener('abort', stop, { once: true })
  const failed = (what: string, cause: unknown, taken = { isTaken: false }) =>
    signal?.aborted ? cause : unreadable(`The product database at ${place}: expected to ${what}`, cause, taken)
  const close = async () => {
    signal?.removeEventListener('abort', stop)
    await client.end().catch(() => undefined) // nothing was written that could be lost
  }
  try {
    await client.connect()
    await client.query('begin transaction isolation level repeatable read, read only')
    // Text of a time in another zone or style would be another text.
    await client.query("set local timezone = 'UTC'")
    await client.query("set local datestyle = 'ISO'")
    // A migration that holds a table would otherwise be waited for without a word.
    await client.query(`set local lock_timeout = '${LOCK_SECONDS}s'`)
  } catch (cause) {
    await close()
    throw failed('connect to it', cause)
  }

  return {
    async columns(table) {
      const { schema, name } = nameOf(table)
      try {
        const { rows } = await client.query<{ column: string; type: string }>(COLUMNS, [schema, name])
        return rows.length === 0 ? null : Object.fromEntries(rows.map(({ column, type }) => [column, type]))
      } catch (cause) {
        throw failed(`look at the table ${table}`, cause)
      }
    },

    async *rows(table, columns) {
      const { schema, name } = nameOf(table)
      const list = columns.map((column) => `${textOf(column)} as ${pg.escapeIdentifier(column.as)}`)
      const from = `${schema === null ? '' : `${pg.escapeIdentifier(schema)}.`}${pg.escapeIdentifier(name)}`
      const cursor = client.query(new Cursor<Record<string, string | null>>(`select ${list.join(', ')} from ${from}`))
      try {
        for (;;) {
          signal?.throwIfAborted()
          const rows = await unlessLost(cursor.read(BATCH))
          if (rows.length === 0) return
          for (const row of rows) yield row
        }
      } catch (cause) {
        const times = columns.filter(({ isTime }) => isTime).map(({ name: column }) => column)
        const asTimes = NO_TIME.test((cause as { code?: string }).code ?? '') ? `, ${times.join(' and ')} as times` : ''
        throw failed(`read the table ${table}${asTimes}`, cause, { isTaken: true })
      } finally {
        await unlessLost(cursor.close()).catch(() => undefined) // it is gone with the connection
      }
    },

    close,
  }
}

/**
 * Waits for something of a connection unless that is lost: a cursor would wait for ever. Not by `Promise.race` with one promise
 * for the loss: that would keep what every wait gave until the connection ends, which is the whole table.
 */
function watchConnection(client: pg.Client): <T>(work: Promise<T>) => Promise<T> {
  let gone: Error | null = null
  let refuse: ((error: Error) => void) | null = null
  const lose = (error: Error) => {
    gone ??= error
    refuse?.(gone)
  }
  // Without a listener a connection that is lost between two statements would end the process.
  client.on('error', lose)
  client.once('end', () => lose(new Error('Connection terminated')))
  return (work) =>
    new Promise((resolve, reject) => {
      refuse = reject
      if (gone) reject(gone)
      work.then(resolve, reject)
    })
}

/** Columns the role may read; of the first table of that name on the search path when no schema is named. */
const COLUMNS = `
select a.attname as column, format_type(a.atttypid, a.atttypmod) as type
from pg_attribute as a
where a.attrelid = to_regclass(case when $1::text is null then quote_ident($2) else quote_ident($1) || '.' || quote_ident($2) end)
    and a.attnum > 0 and not a.attisdropped and has_column_privilege(a.attrelid, a.attnum, 'select')
order by a.attnum`

/** `public.companies`, or a name alone. */
function nameOf(table: string): { schema: string | null; name: string } {
  const dot = table.indexOf('.')
  return dot < 0 ? { schema: null, name: table } : { schema: table.slice(0, dot), name: table.slice(dot + 1) }
}

/** Times that other engines do not have come as the text they are, which is then found to be none. */
function textOf({ name, isTime }: ProductColumn): string {
  const column = pg.escapeIdentifier(name)
  return isTime
    ? `case when ${column}::timestamptz between '0001-01-01' and '9999-12-31'
        then to_char(${column}::timestamptz at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')
        else ${column}::text end`
    : `${column}::text`
}

/** Host, port and database; never who, and never with what password. */
function placeOf(url: string): string {
  try {
    const { hostname, port, pathname } = new URL(url)
    return `${hostname}:${port || 5432}${pathname}`
  } catch {
    return 'the address given'
  }
}

/** Text or numbers where times are expected. */
const NO_TIME = /^(42846|22007|22008|22P02)/

/** What people can do about the usual reasons: by SQLSTATE, or the words of the driver. */
const ADVICE: readonly (readonly [reason: RegExp, advice: string])[] = [
  [/^(28P01|28000)/, 'the user or the password is wrong. Check `productDatabase.url`'],
  [/^42501.*schema/, 'the role may not look into the schema. Grant it: grant usage on schema <schema> to <role>'],
  [/^42501/, 'the role may not. Grant it select on the columns that are copied'],
  [/^57014.*statement timeout/, 'it took longer than the role may: raise its statement_timeout'],
  [/^55P03/, `somebody else holds a lock on it for more than ${LOCK_SECONDS} seconds. Run again when that is over`],
  [NO_TIME, 'they hold something else. Name columns with times or dates'],
  [
    /does not support SSL/,
    'it does not speak TLS. Take `sslmode` out of the address if the way there is safe without it',
  ],
  [
    /CERT|certificate|SELF_SIGNED|UNABLE_TO_VERIFY|ALTNAME/,
    'its certificate is not one that this machine trusts. Add `sslrootcert=/path/to/ca.pem` to the address, or `sslmode=no-verify` to encrypt without knowing whom one speaks to',
  ],
  [/^3D000/, 'there is no such database. Check `productDatabase.url`'],
  [/^53/, 'it has too many connections, or too little of something else'],
  [
    /ECONNREFUSED|ENOTFOUND|EAI_AGAIN|ETIMEDOUT|timeout/,
    'nothing answers there. Check `productDatabase.url`, and that this machine may connect',
  ],
  [/terminat|connection error|not queryable|ECONNRESET|EPIPE|57P0[1-5]|08\w{3}/, 'the connection was lost'],
]

/**
 * Postgres quotes values in details and contexts, so only its message and code are looked at. Once rows are taken nothing
 * is tried again: what was lost in the middle of a large table is lost again as easily.
 */
function unreadable(expected: string, cause: unknown, { isTaken }: { isTaken: boolean }): QueryError {
  const refusal = cause as { readonly code?: string; readonly message: string }
  const { code = '', message } = refusal
  const known = ADVICE.find(([reason]) => reason.test(`${code} ${message}`))
  const advice = known?.[1] ?? `it said ${/^[0-9A-Z]{5}$/.test(code) ? `SQLSTATE ${code}` : code || 'no more'}`
  const mayPass = isTransient(refusal)
  return new QueryError(`${expected}, but ${advice}. Nothing was written${isTaken && mayPass ? '; run again' : ''}.`, {
    warehouse: 'the product database',
    text: '',
    code: 'SOURCE_UNREADABLE',
    isTransient: mayPass && !isTaken,
  })
}
