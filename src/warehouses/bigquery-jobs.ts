import { randomUUID } from 'node:crypto'
import { setTimeout as wait } from 'node:timers/promises'
import type { BigQuery, Job, Query, QueryResultsOptions } from '@google-cloud/bigquery'
import { cancelled, isPassing, isUnanswered, refused, told } from './bigquery-errors.ts'
import { type Field, toParameter, toRows, type WireRow } from './bigquery-values.ts'
import type { Statement } from './sql.ts'
import type { Row, RunOptions } from './warehouse.ts'

/** What bounds a job. */
export interface JobLimits {
  readonly maximumBytesBilled?: number
  /** A statement that runs longer is stopped by the service. */
  readonly statementMinutes?: number
}

/** How often the state of a job is asked for when nobody answers. The job runs on meanwhile. */
const QUESTIONS = 6
/** Milliseconds that one answer may take; the service itself answers within ten seconds. */
const LONGEST_ANSWER = 90_000

/** Sends statements as query jobs and waits for them. */
export class QueryJobs {
  private readonly client: BigQuery
  private readonly limits: JobLimits

  constructor(client: BigQuery, limits: JobLimits) {
    this.client = client
    this.limits = limits
  }

  /** Runs a statement or a script to its end. Returns the rows of its last query. */
  async run(statement: Statement, options: RunOptions = {}): Promise<Row[]> {
    const { text } = statement
    const { signal } = options
    if (signal?.aborted) throw cancelled(text)
    const id = jobId(options.label)
    const cancel = () => void this.cancel(id)
    signal?.addEventListener('abort', cancel, { once: true })
    try {
      const job = await this.begin({ ...this.configuration(statement, options.label), jobId: id })
      // An abort that came while the job was being made found nothing to cancel.
      if (signal?.aborted) await this.cancel(id)
      return await rowsOf(job)
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
      const [job] = await this.client.createQueryJob(configuration)
      return Number(job.metadata.statistics?.totalBytesProcessed ?? 0)
    } catch (cause) {
      throw refused(statement.text, cause)
    }
  }

  /** Waits for a job whose making was not answered: it may have begun. Null when it has not. */
  async found(id: string): Promise<Job | null> {
    const job = this.client.job(id, { location: this.client.location })
    const exists = await persistently(() => job.exists())
    return exists[0] ? job : null
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

  private async begin(query: Query & { jobId: string }): Promise<Job> {
    try {
      const [job] = await answered(this.client.createQueryJob(query))
      return job
    } catch (cause) {
      const t = told(cause)
      const isOpen = isUnanswered(t) || (typeof t.code === 'number' && t.code >= 500)
      const job = isOpen ? await this.found(query.jobId) : null
      if (!job) throw cause
      return job
    }
  }

  private async cancel(id: string): Promise<void> {
    await this.client
      .job(id, { location: this.client.location })
      .cancel()
      .catch(() => undefined) // it has ended, or has not begun
  }
}

/** All pages of the result of a job, which it waits for. */
async function rowsOf(job: Job): Promise<Row[]> {
  const rows: Row[] = []
  for (let options: QueryResultsOptions | null = { skipParsing: true, autoPaginate: false }; options; ) {
    const asked: QueryResultsOptions = options
    const [part, next, response] = await persistently(() => job.getQueryResults(asked))
    if (response?.jobComplete !== false) {
      rows.push(...toRows((response?.schema?.fields ?? []) as Field[], part as WireRow[]))
    }
    options = next ? { ...asked, pageToken: next.pageToken } : null
  }
  return rows
}

/** Asks until somebody answers: asking changes nothing. */
async function persistently<T>(ask: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await answered(ask())
    } catch (cause) {
      const t = told(cause)
      // A job that failed is answered with its error, which a reason of its own tells from a failure to answer.
      const isLost = isUnanswered(t) || (isPassing(t) && (t.code === 429 || t.code === 503))
      if (!isLost || attempt === QUESTIONS) throw cause
      await wait(100 * 2 ** attempt)
    }
  }
}

/** The answer, or an error when none comes. */
async function answered<T>(answer: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined
  const tooLong = new Promise<never>((_, reject) => {
    const silent = () => Object.assign(new Error('BigQuery did not answer.'), { code: 'ETIMEDOUT' })
    timer = setTimeout(() => reject(silent()), LONGEST_ANSWER)
  })
  return Promise.race([answer, tooLong]).finally(() => clearTimeout(timer))
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
