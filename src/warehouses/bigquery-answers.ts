import { setTimeout as wait } from 'node:timers/promises'
import type { BigQuery, Job } from '@google-cloud/bigquery'
import { isPassing, isUnanswered, told } from './bigquery-errors.ts'

/** How often a question is asked when nobody answers. The job it is about runs on meanwhile. */
const QUESTIONS = 6
/** Milliseconds between two questions about a job that runs, at most. */
const LONGEST_PAUSE = 5000

/** Asks the service, which may not answer: nothing is waited for without an end. */
export class Answers {
  private readonly client: BigQuery
  /** Milliseconds that one answer may take. */
  private readonly longest: number

  /** The service itself answers within ten seconds. */
  constructor(client: BigQuery, { answerSeconds = 90 }: { readonly answerSeconds?: number } = {}) {
    this.client = client
    this.longest = answerSeconds * 1000
  }

  /** The answer, or an error when none comes. */
  async within<T>(answer: Promise<T>): Promise<T> {
    const patience = this.patience()
    patience.begin()
    return Promise.race([answer, patience.over]).finally(patience.end)
  }

  /** `over` fails when what began has not ended in time. It may begin and end many times. */
  patience(): { begin(): void; end(): void; readonly over: Promise<never> } {
    const { promise: over, reject } = Promise.withResolvers<never>()
    over.catch(() => undefined) // who waits for it is told
    let timer: NodeJS.Timeout | undefined
    const end = () => clearTimeout(timer)
    const begin = () => {
      end()
      const silent = () => Object.assign(new Error('BigQuery did not answer.'), { code: 'ETIMEDOUT' })
      timer = setTimeout(() => reject(silent()), this.longest)
    }
    return { begin, end, over }
  }

  /** Asks until somebody answers: to ask again changes nothing. */
  async persistently<T>(ask: () => Promise<T>, signal?: AbortSignal): Promise<T> {
    for (let attempt = 1; ; attempt++) {
      try {
        return await this.within(ask())
      } catch (cause) {
        const t = told(cause)
        // A job that failed is answered with its error, which a reason of its own tells from a failure to answer.
        const isLost = isUnanswered(t) || (isPassing(t) && (t.code === 429 || t.code === 503))
        if (!isLost || attempt === QUESTIONS || signal?.aborted) throw cause
        await wait(100 * 2 ** attempt)
      }
    }
  }

  /** Makes a job of this name. When that is not answered it may have been made all the same: then it is looked for. */
  async made(id: string, make: () => Promise<Job>): Promise<Job> {
    try {
      return await make()
    } catch (cause) {
      const t = told(cause)
      const isOpen = isUnanswered(t) || (typeof t.code === 'number' && t.code >= 500)
      const job = isOpen ? await this.found(id) : null
      if (!job) throw cause
      return job
    }
  }

  /** Waits for the end of a job that has no rows to give. */
  async ended(job: Job, signal?: AbortSignal): Promise<void> {
    for (let pause = 100; job.metadata?.status?.state !== 'DONE'; pause = Math.min(2 * pause, LONGEST_PAUSE)) {
      await wait(pause, undefined, { signal })
      await this.persistently(() => job.getMetadata(), signal)
    }
    const { errorResult } = job.metadata.status
    if (errorResult) throw Object.assign(new Error(errorResult.message), { errors: [errorResult] })
  }

  /** Asks for the end of a job. */
  async cancel(id: string): Promise<void> {
    await this.persistently(() => this.job(id).cancel()).catch(() => undefined) // it has ended, or has not begun, or nobody answers
  }

  private async found(id: string): Promise<Job | null> {
    const job = this.job(id)
    const [exists] = await this.persistently(() => job.exists())
    return exists ? job : null
  }

  private job(id: string): Job {
    return this.client.job(id, { location: this.client.location })
  }
}
