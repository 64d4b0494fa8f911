import { notFound, ServiceError } from './errors.ts'
import type { Parameter, Result } from './evaluate.ts'
import { load } from './loads.ts'
import type { Scripts } from './script.ts'
import type { Store } from './store.ts'
import { fromWire, typeOf } from './values.ts'
import { Died, type Message, type ZetaSql } from './zetasql.ts'

/** A job, from the moment it is asked for. */
export interface Job {
  readonly project: string
  readonly id: string
  readonly location: string
  readonly configuration: Message
  state: 'RUNNING' | 'DONE'
  error: ServiceError | null
  result: Result
  statistics: Message
  isCancelled: boolean
  /** Resolves when the job has ended. */
  readonly ended: Promise<void>
}

/** What every job needs. */
export interface Machinery {
  readonly engine: ZetaSql
  readonly store: Store
  readonly scripts: Scripts
}

/** The jobs of a service. */
export class Jobs {
  private readonly jobs = new Map<string, Job>()
  private readonly machinery: Machinery
  private counted = 0

  constructor(machinery: Machinery) {
    this.machinery = machinery
  }

  get(project: string, id: string): Job {
    const job = this.jobs.get(`${project}:${id}`)
    if (!job) throw notFound(`Job ${project}:${id}`)
    return job
  }

  /** Jobs in the order they were asked for: the engine's own history. */
  history(): Job[] {
    return [...this.jobs.values()]
  }

  /** Begins a job. `media` is the file of a load job. */
  begin(project: string, request: Message, media: Buffer | null): Job {
    const { jobReference, configuration } = request
    const id: string = jobReference?.jobId ?? `job_${++this.counted}`
    if (this.jobs.has(`${project}:${id}`)) {
      throw new ServiceError(409, 'duplicate', `Already Exists: Job ${project}:${id}`)
    }
    const location: string = jobReference?.location ?? 'US'
    const { promise: ended, resolve } = Promise.withResolvers<void>()
    const job: Job = {
      ...{ project, id, location, configuration, ended },
      ...{ state: 'RUNNING', error: null, result: { columns: [], rows: [] }, statistics: {}, isCancelled: false },
    }
    if (!configuration.dryRun) this.jobs.set(`${project}:${id}`, job)
    void this.work(job, media)
      .catch((error: unknown) => {
        job.error = error instanceof ServiceError ? error : new ServiceError(500, 'internalError', String(error))
      })
      .finally(() => {
        job.state = 'DONE'
        resolve()
      })
    return job
  }

  /** Cancels a job. The engine cannot stop one statement: it is started again, and the others are sent to it once more. */
  async cancel(job: Job): Promise<void> {
    if (job.state === 'DONE' || job.isCancelled) return
    job.isCancelled = true
    await this.machinery.engine.interrupt()
  }

  private async work(job: Job, media: Buffer | null): Promise<void> {
    const { store, scripts } = this.machinery
    const { query, load: file, dryRun, jobTimeoutMs } = job.configuration
    if (file) {
      job.statistics = { load: { outputRows: String(load(store, file, job.project, media ?? Buffer.alloc(0))) } }
      return
    }
    const script = {
      sql: query.query as string,
      project: job.project,
      parameters: (query.queryParameters ?? []).map(asParameter),
      checkpoint: () => {
        if (job.isCancelled) throw stopped()
      },
    }
    this.checkLocation(job)
    const estimate = dryRun || query.maximumBytesBilled ? await scripts.dryRun(script) : null
    if (dryRun) {
      job.statistics = { totalBytesProcessed: String(estimate!.bytes) }
      return
    }
    if (estimate && estimate.bytes > Number(query.maximumBytesBilled)) {
      throw new ServiceError(
        400,
        'bytesBilledLimitExceeded',
        `Query exceeded limit for bytes billed: ${query.maximumBytesBilled}. ${estimate.bytes} or higher required.`,
      )
    }
    const timer = jobTimeoutMs ? setTimeout(() => void this.cancel(job), Number(jobTimeoutMs)) : undefined
    try {
      const { result, changed } = await this.persist(job, () => scripts.run(script))
      job.result = result
      job.statistics = { query: { numDmlAffectedRows: String(changed) } }
    } finally {
      clearTimeout(timer)
    }
  }

  /** Runs anew what died with the engine while another job was cancelled. Nothing was written: that is done at the end. */
  private async persist<T>(job: Job, run: () => Promise<T>): Promise<T> {
    for (let attempt = 1; ; attempt++) {
      try {
        return await run()
      } catch (error) {
        if (job.isCancelled) throw stopped()
        if (!(error instanceof Died) || attempt === 20) throw error
      }
    }
  }

  /** A job runs where it was sent; a dataset elsewhere is not found there. */
  private checkLocation({ location, project, configuration }: Job): void {
    for (const [key, dataset] of this.machinery.store.datasets) {
      if (dataset.location === location || !key.startsWith(`${project}.`)) continue
      const name = key.slice(project.length + 1)
      if (new RegExp(`\\b${name}\\b`).test(configuration.query.query)) {
        throw notFound(`Dataset ${project}:${name} was not found in location ${location}`)
      }
    }
  }
}

const stopped = () => new ServiceError(400, 'stopped', 'Job execution was cancelled: User requested cancellation')

function asParameter({ name, parameterType, parameterValue }: Message): Parameter {
  const type = typeOf(parameterType.type)
  return { name, type, value: fromWire(parameterValue?.value, type) }
}
