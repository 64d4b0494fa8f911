import type { Engine } from './engine.ts'
import { withPositions } from './rewrite.ts'
import { type Part, type Request, Work } from './work.ts'

/** A request that the Data API refuses before anything runs. */
export class Refusal extends Error {
  readonly type: string
  constructor(type: string, message: string) {
    super(message)
    this.type = type
  }
}

/** What tests change. */
export interface Limits {
  /** Rows of a page of results. */
  pageRows: number
  /** Statements that may be under way. */
  activeStatements: number
}

const MOST_BYTES = 100 * 1024
const DAY = 86_400_000

/** How the Data API names Postgres' types, and which member of the union a value comes in. */
const TYPES: Readonly<Record<number, readonly [string, 'text' | 'long' | 'double' | 'boolean']>> = {
  16: ['bool', 'boolean'],
  20: ['int8', 'long'],
  21: ['int2', 'long'],
  23: ['int4', 'long'],
  700: ['float4', 'double'],
  701: ['float8', 'double'],
  1700: ['numeric', 'text'],
  1082: ['date', 'text'],
  1114: ['timestamp', 'text'],
  1184: ['timestamptz', 'text'],
}

/** The operations of the Redshift Data API, over an engine. */
export class Operations {
  readonly works = new Map<string, Work>()
  readonly limits: Limits = { pageRows: 500, activeStatements: 500 }
  private readonly tokens = new Map<string, Work>()
  private readonly engine: Engine

  constructor(engine: Engine) {
    this.engine = engine
  }

  async ExecuteStatement(request: Request) {
    checkParameters([request.Sql!], request)
    return this.submit(request)
  }

  async BatchExecuteStatement(request: Request) {
    const sqls = request.Sqls!
    if (sqls.length > 40) {
      throw new Refusal(
        'ValidationException',
        "Value at 'sqls' failed to satisfy constraint: Member must have length less than or equal to 40",
      )
    }
    checkParameters(sqls, request)
    return this.submit(request)
  }

  async DescribeStatement({ Id, WaitTimeSeconds }: { Id: string; WaitTimeSeconds?: number }) {
    const work = this.workOf(Id)
    await work.waited(WaitTimeSeconds)
    return describe(work)
  }

  async GetStatementResult({ Id, NextToken }: { Id: string; NextToken?: string }) {
    const work = this.workOf(Id)
    const part = work.parts[Number(Id.split(':')[1] ?? 1) - 1]
    if (work.isBatch && !Id.includes(':'))
      throw new Refusal('ValidationException', 'A batch has results of its statements only.')
    if (!part || work.status !== 'FINISHED')
      throw new Refusal('ResourceNotFoundException', `Query is not finished: ${work.status}`)
    if (!part.result) throw new Refusal('ResourceNotFoundException', 'Query does not have result.')
    return page(part, Number(NextToken ?? 0), this.limits.pageRows)
  }

  async CancelStatement({ Id }: { Id: string }) {
    const work = this.workOf(Id)
    if (work.isOver)
      throw new Refusal('ValidationException', `Could not cancel a query that is already in ${work.status} state`)
    await work.cancel()
    return { Status: true }
  }

  private async submit(request: Request) {
    let work = request.ClientToken === undefined ? undefined : this.tokens.get(request.ClientToken)
    if (!work) {
      checkTarget(request)
      const active = [...this.works.values()].filter((w) => !w.isOver).length
      if (active >= this.limits.activeStatements) {
        throw new Refusal('ActiveStatementsExceededException', 'Active statements exceeded the allowed quota.')
      }
      work = new Work(this.engine, request)
      this.works.set(work.id, work)
      if (request.ClientToken !== undefined) this.tokens.set(request.ClientToken, work)
    }
    await work.waited(request.WaitTimeSeconds)
    return { ...head(work), HasResultSet: work.parts.some((p) => p.result) }
  }

  private workOf(id: string): Work {
    const work = this.works.get(id.split(':')[0]!)
    if (!work || Date.now() - work.createdAt > DAY)
      throw new Refusal('ResourceNotFoundException', 'Query does not exist.')
    return work
  }
}

function checkTarget({ ClusterIdentifier, WorkgroupName, DbUser, SecretArn, SessionId }: Request): void {
  if (SessionId) throw new Refusal('ValidationException', 'Sessions are not part of this stand-in.')
  if ((ClusterIdentifier === undefined) === (WorkgroupName === undefined)) {
    throw new Refusal('ValidationException', 'Expected either ClusterIdentifier or WorkgroupName.')
  }
  if (WorkgroupName !== undefined && DbUser !== undefined) {
    throw new Refusal('ValidationException', 'DbUser is not taken with WorkgroupName.')
  }
  if (DbUser !== undefined && SecretArn !== undefined) {
    throw new Refusal('ValidationException', 'Expected either DbUser or SecretArn.')
  }
}

function checkParameters(sqls: readonly string[], { Parameters = [] }: Request): void {
  for (const sql of sqls) {
    if (Buffer.byteLength(sql) > MOST_BYTES) throw new Refusal('ValidationException', 'Query string exceeds 100 KB.')
  }
  for (const { name, value } of Parameters) {
    if (typeof value !== 'string' || value === '') {
      throw new Refusal(
        'ValidationException',
        `Value at 'parameters.${name}' failed to satisfy constraint: Member must have length greater than or equal to 1`,
      )
    }
  }
  const uses = sqls.map((sql) => withPositions(sql, Parameters))
  const missing = uses.flatMap((u) => (Parameters.length > 0 ? u.missing : []))
  if (missing.length > 0)
    throw new Refusal('ValidationException', `Parameters list does not contain parameters: ${missing}`)
  const unused = Parameters.filter((p) => uses.every((u) => u.unused.includes(p.name))).map((p) => p.name)
  if (unused.length > 0)
    throw new Refusal('ValidationException', `Parameters list contains unused parameters: [${unused}]`)
}

const head = (work: Work) => ({
  Id: work.id,
  CreatedAt: work.createdAt / 1000,
  Database: work.request.Database,
  ClusterIdentifier: work.request.ClusterIdentifier,
  WorkgroupName: work.request.WorkgroupName,
  DbUser: work.request.DbUser,
  SecretArn: work.request.SecretArn,
  Status: work.status,
})

function describe(work: Work) {
  const ofPart = (part: Part, i: number) => ({
    Id: `${work.id}:${i + 1}`,
    QueryString: part.sql,
    Status: part.status,
    Error: part.error,
    HasResultSet: part.result !== undefined,
    ResultRows: part.result?.rows.length ?? -1,
  })
  return {
    ...head(work),
    UpdatedAt: work.updatedAt / 1000,
    Error: work.error,
    HasResultSet: work.parts.some((p) => p.result),
    ...(work.isBatch ? { SubStatements: work.parts.map(ofPart) } : { QueryString: work.parts[0]!.sql }),
  }
}

function page({ result }: Part, from: number, size: number) {
  const { columns, rows } = result!
  const typed = columns.map(({ name, oid }) => ({
    name,
    label: name,
    typeName: TYPES[oid]?.[0] ?? 'varchar',
    nullable: 1,
  }))
  const end = from + size
  return {
    Records: rows.slice(from, end).map((row) => row.map((value, i) => field(value, TYPES[columns[i]!.oid]?.[1]))),
    ColumnMetadata: typed,
    TotalNumRows: rows.length,
    ...(end < rows.length ? { NextToken: String(end) } : {}),
  }
}

function field(value: string | null, kind: string | undefined) {
  if (value === null) return { isNull: true }
  if (kind === 'long') return { longValue: value }
  if (kind === 'double') return { doubleValue: /^-?\d/.test(value) ? Number(value) : value }
  if (kind === 'boolean') return { booleanValue: value === 't' }
  return { stringValue: value }
}
