import { randomUUID } from 'node:crypto'
import type { BigQuery, Job, Query, QueryResultsOptions } from '@google-cloud/bigquery'
import type { Answers } from './bigquery-answers.ts'
import { cancelled, refused } from './bigquery-errors.ts'
import { type Field, toParameter, toRows, type WireRow } from './bigquery-values.ts'
import type { Statement } from './sql.ts'
import type { Row, RunOptions } from './warehouse.ts'

/** What bounds a job. */
export interface JobLimits {
  readonly maximumBytesBilled?: number
  /** A statement that runs longer is stopped by the service. */
  readonly statementMinutes?: number
  /** One answer of the service may take so long, default 90: then it counts as lost. */
  readonly answerSeconds?: number
}

/** Sends statements as query jobs and waits for them. */
export class QueryJobs {
  private readonly client: BigQuery
  private readonly answers: Answers
  private readonly limits: JobLimits

  constructor(client: BigQuery, answers: Answers, limits: JobLimits) {
    this.client = client
    this.answers = answers
    this.limits = limits
  }

  /** Runs a statement or a script to its end. Returns the rows of its last query. */
  async run(statement: Statement, options: RunOptions = {}): Promise<Row[]> {
    const { text } = statement
    const { signal } = options
    if (signal?.aborted) throw cancelled(text)
    const id = jobId(options.label)
    const cancel = () => void this.answers.cancel(id)
    signal?.addEventListener('abort', cancel, { once: true })
    try {
      const query = { ...this.configuration(statement, options.label), jobId: id }
      const job = await this.answers.made(id, () => this.make(query))
      // An abort that came while the job was being made found nothing to cancel.
      if (signal?.aborted) await this.answers.cancel(id)
      return await this.rowsOf(job, signal)
    } catch (cause) {
      throw signal?.aborted ? cancelled(text) : refused(text, cause)
    } finally {
      signal?.removeEventListener('abort', cancel)
    }
  }

  /** Bytes that a statement would read. */
  async estimate(statement: Statement, label?: string): Promise<number> {
    try {
      const configuration = { ...this.configuration(statement, label), dryRun: true, maximumBytesBilled: undefined }
      const job = await this.make(configuration)
      return Number(job.metadata.statistics?.totalBytesProcessed ?? 0)
    } catch (cause) {
      throw refused(statement.text, cause)
    }
  }

  private configuration({ text, values }: Statement, label?: string): Query {
    const { maximumBytesBilled, statementMinutes } = this.limits
    const parameters = values.map(toParameter)
    return {
      query: text,
      labels: labelsOf(label),
      ...(maximumBytesBilled === undefined ? {} : { maximumBytesBilled: String(maximumBytesBilled) }),
      ...(statementMinutes === undefined ? {} : { jobTimeoutMs: statementMinutes * 60_000 }),
      ...(values.length === 0
        ? {}
        : {
            params: Object.fromEntries(parameters.map(({ value }, i) => [`p${i + 1}`, value])),
            types: Object.fromEntries(parameters.map(({ type }, i) => [`p${i + 1}`, type])),
          }),
    }
  }

  private async make(query: Query): Promise<Job> {
    const [job] = await this.answers.within(this.client.createQueryJob(query))
    return job
  }

  /** All pages of the result of a job, which it waits for. */
  private async rowsOf(job: Job, signal?: AbortSignal): Promise<Row[]> {
    const rows: Row[] = []
    for (let options: QueryResultsOptions | null = { skipParsing: true, autoPaginate: false }; options; ) {
      const asked: QueryResultsOptions = options
      const [part, next, response] = await this.answers.persistently(() => job.getQueryResults(asked), signal)
      if (response?.jobComplete !== false) {
        rows.push(...toRows((response?.schema?.fields ?? []) as Field[], part as WireRow[]))
      }
      options = next ? { ...asked, pageToken: next.pageToken } : null
    }
    return rows
  }
}

/** The name of a job: ours to choose, so that a job whose making was not answered can be asked for. It shows in the history. */
export const jobId = (label?: string): string =>
  `tributary_${word(label ?? 'query').slice(0, 60)}_${randomUUID().replaceAll('-', '')}`

/** Labels of a job: `run 12 publish` → run and stage. */
export function labelsOf(label?: string): Record<string, string> {
  const [, run, stage] = /^run (\d+) (.*)$/.exec(label ?? '') ?? [null, null, label]
  return {
    application: 'tributary',
    ...(run ? { run } : {}),
    ...(stage ? { stage: word(stage).slice(0, 63) } : {}),
  }
}

const word = (text: string): string => text.toLowerCase().replace(/[^a-z0-9]+/g, '_')
