import pg from 'pg'
import { copyFiles, copyOf, type Objects } from './copy.ts'
import { refusalsOf } from './guard.ts'
import { type SessionSettings, toPostgres, withFences, withPositions } from './rewrite.ts'
import { closing, nextOf, textOf, tokensOf } from './tokens.ts'

/** What a statement gave: rows as texts, and what their columns are. */
export interface Result {
  readonly columns: readonly { readonly name: string; readonly oid: number }[]
  readonly rows: readonly (readonly (string | null)[])[]
}

/** A statement and its parameters. */
export interface Given {
  readonly sql: string
  readonly parameters: readonly { readonly name: string; readonly value: string }[]
}

/** What the engine says when it refuses. */
export class EngineError extends Error {}

const AS_TEXT = { getTypeParser: () => (value: string) => value }
const SESSION = `set search_path = rs_shim, pg_catalog; set timezone = 'UTC'; set standard_conforming_strings = off;
set escape_string_warning = off; set backslash_quote = on; set jit = off; set extra_float_digits = 1`

/** Connections to the Postgres beneath; each statement or transaction has one to itself. */
export class Engine {
  /** What COPY can read. */
  objects: Objects = new Map()
  private readonly pool: pg.Pool

  constructor(url: string) {
    this.pool = new pg.Pool({ connectionString: url, max: 60, types: AS_TEXT as never })
    this.pool.on('error', () => undefined) // a connection that a test ended
  }

  async use<T>(work: (session: Session) => Promise<T>): Promise<T> {
    const client = await this.pool.connect()
    let isBroken = true
    try {
      const prepared = client as pg.PoolClient & { isPrepared?: boolean }
      if (!prepared.isPrepared) await client.query(SESSION)
      prepared.isPrepared = true
      const result = await work(new Session(client, this.objects))
      isBroken = false
      return result
    } catch (error) {
      isBroken = !(error instanceof EngineError)
      throw error
    } finally {
      client.release(isBroken)
    }
  }

  /** Stops what runs on a connection. */
  async cancel(pid: number): Promise<void> {
    await this.pool.query('select pg_cancel_backend($1)', [pid])
  }

  close(): Promise<void> {
    return this.pool.end()
  }
}

/** One session of Redshift: what it has been told lasts as long as it does. */
export class Session {
  private readonly client: pg.PoolClient
  private readonly objects: Objects
  private readonly settings: SessionSettings = { isCaseSensitive: false }

  constructor(client: pg.PoolClient, objects: Objects) {
    this.client = client
    this.objects = objects
  }

  get pid(): number {
    return (this.client as unknown as { processID: number }).processID
  }

  /** As a database user, for whom grants count. */
  async begin(user?: string): Promise<void> {
    await this.plain('begin isolation level repeatable read')
    if (user !== undefined) await this.plain(`set local role "${user}"`)
  }
  commit = () => this.plain('commit')
  rollback = () => this.plain('rollback')

  /** Runs one statement; its result when it has one. */
  async run({ sql, parameters }: Given): Promise<Result | null> {
    const set = /^\s*set\s+enable_case_sensitive_identifier\s+to\s+(true|false)\s*$/i.exec(sql)
    if (set) {
      this.settings.isCaseSensitive = set[1]!.toLowerCase() === 'true'
      return null
    }
    if (/^\s*copy\s/i.test(sql)) return this.copy(sql)
    const view = viewStatement(sql)
    const refusals = refusalsOf(view?.select ?? sql)
    if (refusals.length > 0 && !(view && !view.select))
      throw new EngineError(`ERROR: Redshift refuses ${refusals.join('; ')}`)
    const { text, values } = withPositions(sql, parameters)
    if (view) return this.send(view.shim(this.settings), [])
    return this.send(withFences(toPostgres(await this.withoutExcluded(text), this.settings)), values)
  }

  private async copy(sql: string): Promise<null> {
    try {
      const copy = copyOf(sql)!
      await copyFiles(this.client, this.objects, { ...copy, target: toPostgres(copy.target, this.settings) })
      return null
    } catch (error) {
      throw inWordsOfRedshift(Object.assign(error as Error, { code: (error as { code?: string }).code ?? 'XX000' }))
    }
  }

  /** `select * exclude (a) from (…) as t`: Postgres has to be told the other columns by name. */
  private async withoutExcluded(statement: string): Promise<string> {
    const tokens = tokensOf(statement)
    const at = tokens.findIndex((t) => t.kind === 'word' && t.text === 'exclude')
    if (at < 0) return statement
    const open = nextOf(tokens, at)
    const close = closing(tokens, open)
    const excluded = tokens[nextOf(tokens, open)]!.text.slice(1, -1)
    const from = nextOf(tokens, close)
    const begin = nextOf(tokens, from)
    const relation = textOf(tokens.slice(begin, closing(tokens, begin) + 1))
    // Only its columns are asked for, and it may use fewer values than the statement: none are sent.
    const asked = relation.replace(/\$\d+/g, 'null')
    const found = await this.send(toPostgres(`select * from ${asked} as t limit 0`, this.settings), [])
    const names = found!.columns.map((c) => c.name).filter((name) => name !== excluded)
    const star = tokens.findLastIndex((t, i) => i < at && t.text === '*')
    const list = names.map((name) => `"${name.replaceAll('"', '""')}"`).join(', ')
    const rest = textOf(tokens.slice(closing(tokens, begin)))
    // The offset keeps Postgres from putting the fields in each place that reads them.
    const plain = `${textOf(tokens.slice(0, star))}${list} from ${relation.slice(0, -1)} offset 0${rest}`
    return this.withoutExcluded(plain)
  }

  private async plain(text: string): Promise<void> {
    await this.send(text, [])
  }

  private async send(text: string, values: readonly string[]): Promise<Result | null> {
    try {
      const result = await this.client.query({ text, values: [...values], rowMode: 'array' } as pg.QueryArrayConfig)
      const columns = result.fields.map((f) => ({ name: f.name, oid: f.dataTypeID }))
      return columns.length === 0 ? null : { columns, rows: result.rows as (string | null)[][] }
    } catch (error) {
      throw inWordsOfRedshift(error as Error & { code?: string })
    }
  }
}

/** Views of Redshift that are bound to no schema are kept by functions of the shim. */
function viewStatement(sql: string): { select?: string; shim: (s: SessionSettings) => string } | null {
  const name = (quoted: string) => `'${quoted.replaceAll("'", "''")}'`
  const drop = /^\s*drop view if exists "([^"]+)"\."([^"]+)"\s*$/i.exec(sql)
  if (drop) return { shim: () => `select from rs_shim.drop_view(${name(drop[1]!)}, ${name(drop[2]!)})` }
  const create = /^\s*create view "([^"]+)"\."([^"]+)" as\s([\s\S]*)\bwith no schema binding\s*$/i.exec(sql)
  if (!create) return null
  const [, place, view, select] = create
  return {
    select: select!,
    shim: (s) =>
      `select from rs_shim.create_view(${name(place!)}, ${name(view!)}, $view$${toPostgres(select!, s)}$view$)`,
  }
}

function inWordsOfRedshift(error: Error & { code?: string }): Error {
  if (error.code === undefined || !/^[0-9A-Z]{5}$/.test(error.code)) return error // the connection, not the engine
  if (error.code.startsWith('57P')) return error
  if (error.code === '40001') {
    return new EngineError(
      'ERROR: 1023\nDETAIL: Serializable isolation violation on table, transactions forming the cycle are unknown',
    )
  }
  // What Postgres says when two change the catalog at once.
  if (error.code === 'XX000' && /concurrently|cache lookup failed/.test(error.message)) {
    return new EngineError(`ERROR: 1023\nDETAIL: Serializable isolation violation on a catalog table: ${error.message}`)
  }
  // Two that make the same table at once.
  if (error.code === '23505' && /pg_(type|class)_/.test(error.message)) {
    return new EngineError('ERROR: Relation with the same name already exists')
  }
  if (error.code === '57014') return new EngineError("ERROR: Query cancelled on user's request")
  return new EngineError(`ERROR: ${error.message}`)
}
