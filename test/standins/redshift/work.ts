import { randomUUID } from 'node:crypto'
import { type Engine, EngineError, type Given, type Result } from './engine.ts'

/** What a request asks the Data API to run. */
export interface Request {
  readonly Sql?: string
  readonly Sqls?: readonly string[]
  readonly Parameters?: readonly { readonly name: string; readonly value: string }[]
  readonly StatementName?: string
  readonly ClientToken?: string
  readonly WaitTimeSeconds?: number
  readonly Database?: string
  readonly ClusterIdentifier?: string
  readonly WorkgroupName?: string
  readonly SecretArn?: string
  readonly DbUser?: string
  readonly SessionId?: string
  readonly ExecutionMode?: string
}

type Status = 'SUBMITTED' | 'STARTED' | 'FINISHED' | 'FAILED' | 'ABORTED'

/** One statement of it. */
export interface Part {
  readonly sql: string
  status: Status
  error?: string
  result?: Result
}

/** A statement or a batch that was submitted. It runs on whether anybody asks for it or not. */
export class Work {
  readonly id = randomUUID()
  readonly createdAt = Date.now()
  readonly request: Request
  readonly isBatch: boolean
  readonly parts: readonly Part[]
  readonly finished: Promise<void>
  updatedAt = Date.now()
  status: Status = 'SUBMITTED'
  error?: string
  pid?: number
  private isCancelled = false
  private readonly engine: Engine

  constructor(engine: Engine, request: Request) {
    this.engine = engine
    this.request = request
    this.isBatch = request.Sqls !== undefined
    this.parts = (request.Sqls ?? [request.Sql!]).map((sql) => ({ sql, status: 'SUBMITTED' }))
    this.finished = this.run()
  }

  get isOver(): boolean {
    return this.status !== 'SUBMITTED' && this.status !== 'STARTED'
  }

  async cancel(): Promise<void> {
    this.isCancelled = true
    // The engine may be between two statements: asked again until it has ended.
    while (!this.isOver) {
      if (this.pid !== undefined) await this.engine.cancel(this.pid)
      await Promise.race([this.finished, new Promise((resolve) => setTimeout(resolve, 20))])
    }
  }

  /** Resolves when it is over, or after so many seconds. */
  async waited(seconds = 0): Promise<void> {
    if (seconds <= 0 || this.isOver) return
    let timer: NodeJS.Timeout | undefined
    const late = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, seconds * 1000)
    })
    await Promise.race([this.finished, late])
    clearTimeout(timer)
  }

  private async run(): Promise<void> {
    try {
      await this.engine.use(async (session) => {
        this.status = 'STARTED'
        this.pid = session.pid
        await session.begin(this.request.DbUser)
        try {
          for (const part of this.parts) await this.runPart(part, (given) => session.run(given))
          await session.commit()
        } catch (error) {
          await session.rollback()
          throw error
        } finally {
          this.pid = undefined
        }
      })
      this.status = 'FINISHED'
    } catch (error) {
      this.fail(error as Error)
    }
    this.updatedAt = Date.now()
  }

  private async runPart(part: Part, run: (given: Given) => Promise<Result | null>): Promise<void> {
    if (this.isCancelled) throw new EngineError("ERROR: Query cancelled on user's request")
    part.status = 'STARTED'
    const parameters = this.request.Parameters ?? []
    part.result = (await run({ sql: part.sql, parameters })) ?? undefined
    part.status = 'FINISHED'
  }

  private fail(error: Error): void {
    const message = error instanceof EngineError ? error.message : `ERROR: connection closed: ${error.message}`
    const at = this.parts.findIndex((part) => part.status === 'STARTED')
    for (const part of this.parts) {
      if (part.status === 'STARTED') Object.assign(part, { status: 'FAILED', error: message })
      else if (part.status === 'SUBMITTED' || this.isBatch) part.status = 'ABORTED'
    }
    this.error = this.isBatch && at >= 0 ? `Query #${at + 1} failed with ${message}` : message
    this.status = this.isCancelled ? 'ABORTED' : 'FAILED'
  }
}
