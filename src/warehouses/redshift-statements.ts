import { randomUUID } from 'node:crypto'
import { setTimeout as wait } from 'node:timers/promises'
import {
  BatchExecuteStatementCommand,
  CancelStatementCommand,
  DescribeStatementCommand,
  type DescribeStatementResponse,
  ExecuteStatementCommand,
  GetStatementResultCommand,
  type RedshiftDataClient,
  type SqlParameter,
} from '@aws-sdk/client-redshift-data'
import { QueryError } from '../errors.ts'
import { type RedshiftTarget, toRow } from './redshift-client.ts'
import { assertionIn } from './redshift-dialect.ts'
import { cancelled, failed, refused } from './redshift-errors.ts'
import type { Row, RunOptions } from './warehouse.ts'

/** What the Data API takes at once. */
const MOST_STATEMENTS = 40
/** Statements of ours in a batch: one place is for what the session needs to be told. */
export const BATCH = MOST_STATEMENTS - 1
export const MOST_BYTES = 100_000

/** The call that sends a statement waits a second for it: short ones need no other. */
const SHORT_WAIT = 1
const LONG_WAIT = 20
/** For how many milliseconds a statement that runs is asked for when nobody answers. */
const PATIENCE = 300_000

/** Statements of one transaction, or a single one. */
export interface Work {
  readonly statements: readonly string[]
  readonly parameters?: readonly SqlParameter[]
}

/** Sends statements through the Data API and waits for their end. */
export class Statements {
  private readonly client: RedshiftDataClient
  private readonly target: Omit<RedshiftTarget, 'region' | 'endpoint'>
  private isClosed = false

  constructor(client: RedshiftDataClient, { region: _, endpoint: __, ...target }: RedshiftTarget) {
    this.client = client
    this.target = target
  }

  close(): void {
    this.isClosed = true
    this.client.destroy()
  }

  /** Runs the statements as one transaction. */
  async run(work: Work, o: RunOptions = {}): Promise<void> {
    await this.finish(work, o)
  }

  /** The same, and the rows of the last statement. */
  async rows(work: Work, o: RunOptions = {}): Promise<Row[]> {
    const id = await this.finish(work, o)
    const of = work.statements.length === 1 ? id : `${id}:${work.statements.length}`
    return this.results(of, work, o)
  }

  private async finish(work: Work, o: RunOptions): Promise<string> {
    const text = textOf(work)
    if (this.isClosed) throw new QueryError('The warehouse is closed.', { warehouse: 'redshift', text })
    checkSize(work)
    if (o.signal?.aborted) throw cancelled(text)
    const { id, status } = await this.submit(work, o)
    if (status === 'FINISHED') return id
    const end = await this.settled(id, status, work, o)
    if (end.Status === 'FINISHED') return id
    if (o.signal?.aborted) throw cancelled(text)
    throw whyFailed(end, work)
  }

  /** Its token makes the call one that may be repeated: an answer that is lost leaves nothing open. */
  private async submit(work: Work, o: RunOptions): Promise<{ id: string; status: string }> {
    const input = {
      ...redshiftTarget(this.target),
      ...(work.parameters?.length ? { Parameters: [...work.parameters] } : {}),
      ...(o.label ? { StatementName: o.label.slice(0, 500) } : {}),
      ClientToken: randomUUID(),
      WaitTimeSeconds: SHORT_WAIT,
    }
    const { statements } = work
    try {
      const sent =
        statements.length === 1
          ? await this.client.send(new ExecuteStatementCommand({ ...input, Sql: statements[0]! }))
          : await this.client.send(new BatchExecuteStatementCommand({ ...input, Sqls: [...statements] }))
      return { id: sent.Id!, status: sent.Status ?? 'SUBMITTED' }
    } catch (cause) {
      throw refused(textOf(work), cause)
    }
  }

  /** Waits for the end of a statement; an abort has the engine cancel it, and waits for that. */
  private async settled(id: string, status: string, work: Work, { signal }: RunOptions) {
    let isCancelling = false
    let lastAnswer = performance.now()
    const cancel = async () => {
      isCancelling = true
      // Too late when it has ended; then its end says how.
      await this.client.send(new CancelStatementCommand({ Id: id })).catch(() => undefined)
    }
    for (let attempt = 0; ; attempt++) {
      if (signal?.aborted && !isCancelling) await cancel()
      const asked = performance.now()
      try {
        const isOver = isTerminal(status)
        const waiting = isOver ? {} : { WaitTimeSeconds: LONG_WAIT }
        const state = await this.client.send(new DescribeStatementCommand({ Id: id, ...waiting }), {
          abortSignal: isCancelling ? undefined : signal,
        })
        lastAnswer = performance.now()
        status = state.Status ?? status
        if (isTerminal(status)) return state
      } catch (cause) {
        if (signal?.aborted && !isCancelling) continue
        const error = refused(textOf(work), cause)
        if (!error.isTransient || performance.now() - lastAnswer > PATIENCE) throw error
      }
      // A service that does not wait is not asked all the time.
      if (performance.now() - asked < 100)
        await wait(Math.min(50 * 2 ** attempt, 2000), undefined, { signal }).catch(() => {})
    }
  }

  private async results(id: string, work: Work, { signal }: RunOptions): Promise<Row[]> {
    const rows: Row[] = []
    try {
      for (let token: string | undefined; ; ) {
        const page = await this.client.send(new GetStatementResultCommand({ Id: id, NextToken: token }), {
          abortSignal: signal,
        })
        for (const record of page.Records ?? []) rows.push(toRow(record, page.ColumnMetadata ?? []))
        token = page.NextToken
        if (token === undefined) return rows
      }
    } catch (cause) {
      if (signal?.aborted) throw cancelled(textOf(work))
      throw refused(textOf(work), cause)
    }
  }
}

const isTerminal = (status: string): boolean => status === 'FINISHED' || status === 'FAILED' || status === 'ABORTED'

const textOf = ({ statements }: Work): string => statements.join(';\n')

function redshiftTarget({ database, clusterIdentifier, workgroupName, secretArn, dbUser }: RedshiftTarget) {
  return {
    Database: database,
    ClusterIdentifier: clusterIdentifier,
    WorkgroupName: workgroupName,
    SecretArn: secretArn,
    DbUser: dbUser,
  }
}

/** Which of the statements failed, and why; of an assertion what it says. */
function whyFailed(end: DescribeStatementResponse, work: Work): QueryError {
  const at = end.SubStatements?.findIndex((s) => s.Status === 'FAILED') ?? 0
  const text = work.statements[Math.max(at, 0)]!
  const reason = end.SubStatements?.[at]?.Error ?? end.Error ?? 'it says nothing of why'
  const message = assertionIn(text)
  if (message !== null && /divi(de|sion) by zero/i.test(reason)) {
    return new QueryError(message, { warehouse: 'redshift', text }, { cause: new Error(reason) })
  }
  if (end.Status === 'ABORTED' && !end.Error) return failed(text, 'cancelled on user request')
  return failed(text, reason)
}

/** Said before anything is sent: the Data API's own message names neither the statement nor the way out. */
function checkSize(work: Work): void {
  const { statements } = work
  if (statements.length > MOST_STATEMENTS) {
    throw new QueryError(
      `Expected at most ${MOST_STATEMENTS} statements in one transaction, which is what the Redshift Data API takes, but got ${statements.length}.`,
      { warehouse: 'redshift', text: textOf(work) },
    )
  }
  for (const text of statements) {
    const bytes = Buffer.byteLength(text)
    if (bytes > MOST_BYTES) {
      throw new QueryError(
        `Expected a statement of at most ${MOST_BYTES} bytes, which is what the Redshift Data API takes, but got one of ${bytes}. Long lists in the configuration (channels, exclusions, conversions) make statements long: shorten them.`,
        { warehouse: 'redshift', text },
      )
    }
  }
}
