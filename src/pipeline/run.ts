import { InputError, TributaryError } from '../errors.ts'
import type { Warehouse } from '../warehouses/warehouse.ts'
import { judgeAgents } from './agents.ts'
import { type Beginning, beginRun } from './begin.ts'
import { checkPromises } from './checks.ts'
import { computeStages, timed } from './compute.ts'
import { checkLimit, foresee } from './foresee.ts'
import { acquireLease, type Lease } from './lease.ts'
import type { PipelineOptions } from './options.ts'
import { loadReference, prepareWarehouse } from './prepare.ts'
import { pruneVersions } from './prune.ts'
import { markPublished, publishStatements, readRowsWritten, recordFailure, recordStages } from './publish.ts'
import { readReleased } from './quarantine/release.ts'
import { type ProgressEvent, type RunReport, type RunRequest, readSourceCounts, type StageReport } from './report.ts'
import type { StageContext } from './stage.ts'
import { tables } from './tables/tables.ts'

export type { ProgressEvent, ReleaseFilter, ReleaseReport, RunReport, RunRequest } from './report.ts'

/** What a run works with. */
export interface RunInput extends RunRequest {
  readonly warehouse: Warehouse
  readonly options: PipelineOptions
  /** Names the options that shape the tables, on the run's record. */
  readonly configVersion: string
  /** Above this, what settings that changed make it compute anew has to be accepted; null or absent for no limit. */
  readonly bytesPerRun?: number | null
  /** Versions that ended earlier are removed after the run; without it none. */
  readonly keepDays?: number
  /** Replaces the warehouse's clock, for tests. */
  readonly now?: Date
  /** Replaces how many events may be revised before everything is computed from `events`, for tests. */
  readonly mostRevised?: number
  readonly signal?: AbortSignal
  readonly onProgress?: (event: ProgressEvent) => void
}

/**
 * One run of the pipeline: take the lease, read the sources, compute into staging tables, check, publish in one
 * transaction, then let readers see it. All or nothing: a run that dies before the transaction leaves nothing, one that
 * dies after it is published by the next.
 */
export async function runPipeline(input: RunInput): Promise<RunReport> {
  const { warehouse } = input
  checkRequest(input)
  await prepareWarehouse(warehouse)
  const lease = await acquireLease(warehouse)
  try {
    await markPublished(warehouse) // what a run that died after its transaction left
    await warehouse.dropStaging()
    await loadReference(warehouse)
    await judgeAgents(warehouse)
    return await underLease(input, lease)
  } finally {
    await lease.release().catch(() => undefined) // an unreleased lease runs out
  }
}

/** What contradicts itself is refused before anything is done. */
function checkRequest({ kind, release, fromSources, acceptLoss }: RunRequest): void {
  if (release && kind !== 'increment') throw new InputError('Expected a release with an increment, but got a rebuild.')
  if (fromSources && kind !== 'rebuild')
    throw new InputError('Expected `fromSources` with a rebuild, but got an increment.')
  if (acceptLoss && !fromSources) throw new InputError('Expected `acceptLoss` with `fromSources` only.')
}

async function underLease(input: RunInput, lease: Lease): Promise<RunReport> {
  const began = performance.now()
  const { warehouse, options, configVersion: version, signal } = input
  const beginning = await beginRun(warehouse, options, input, input.now)
  const { context } = beginning
  try {
    const told = await tellRecompute(input, beginning)
    const published = await computeAndPublish(input, lease, beginning)
    const after = await lookAfter(input, context, published.stages)
    return {
      run: context.run,
      kind: kindOf(input),
      state: 'published',
      stages: after.stages,
      sources: published.sources,
      problems: [...told, ...published.problems, ...after.problems],
      milliseconds: Math.round(performance.now() - began),
      rowsWritten: published.rowsWritten,
      ...(published.release ? { release: published.release } : {}),
    }
  } catch (error) {
    await recordFailure(warehouse, context, kindOf(input), version, error).catch(() => undefined) // the first error is the one to tell
    throw signal?.aborted && !(error instanceof TributaryError)
      ? new TributaryError('QUERY_CANCELLED', `Run ${context.run} was cancelled; nothing was written.`, {
          cause: error,
        })
      : error
  }
}

const kindOf = ({ kind, fromSources }: RunRequest) => (fromSources ? 'rebuild_from_sources' : kind)

/** Says what settings that changed make of this run before it does it, and stops when that is above the limit. */
async function tellRecompute(input: RunInput, { context, changes }: Beginning): Promise<readonly string[]> {
  const { warehouse, kind, acceptRecompute, bytesPerRun = null, signal, onProgress } = input
  if (kind === 'rebuild') return []
  const note = await foresee(warehouse, context, changes, { signal })
  if (note === null) return []
  onProgress?.({ stage: 'settings', state: 'note', note })
  if (!acceptRecompute) await checkLimit(warehouse, context, bytesPerRun, { signal })
  return [note]
}

/** Everything up to the moment readers see the run. */
async function computeAndPublish(input: RunInput, lease: Lease, { context: begun, changes }: Beginning) {
  const { warehouse, signal, onProgress, options, mostRevised, configVersion: version } = input
  const kind = kindOf(input)
  const computed = await computeStages({ warehouse, sources: options.sources, signal, onProgress, mostRevised }, begun)
  const { context } = computed
  const sources = await readSourceCounts(warehouse, context)
  const release = await readReleased(warehouse, context)
  const publish = await timed(onProgress, 'publish', async () => {
    await checkPromises(warehouse, context, computed.stages, signal)
    signal?.throwIfAborted()
    lease.hold()
    const statements = await publishStatements(warehouse, context, computed.stages, {
      kind,
      version,
      sources,
      isChanged: changes.names.length > 0,
    })
    await publishUnder(lease, () =>
      warehouse.transaction([...lease.fence, ...statements], { label: `run ${context.run} publish` }),
    )
    await markPublished(warehouse)
    return readRowsWritten(warehouse, context.run)
  })
  return {
    stages: [...computed.reports, publish],
    sources,
    problems: computed.problems,
    rowsWritten: publish.rows,
    release,
  }
}

/** A transaction that fails because another run took the lease over says so. */
async function publishUnder(lease: Lease, transaction: () => Promise<void>): Promise<void> {
  try {
    await transaction()
  } catch (cause) {
    if (await lease.isOurs().catch(() => true)) throw cause
    throw new TributaryError('LEASE_LOST', 'The lease of this run was taken over; nothing was published.', { cause })
  }
}

/** What follows a publication. It failed nobody's numbers if it fails: it is told, and done again after the next run. */
async function lookAfter(input: RunInput, context: StageContext, stages: readonly StageReport[]) {
  const { warehouse, onProgress, keepDays, now } = input
  try {
    const maintain = await timed(onProgress, 'maintain', async () => {
      await warehouse.dropStaging()
      if (keepDays !== undefined) await pruneVersions(warehouse, { keepDays, now })
      await warehouse.maintain(tables)
      return 0
    })
    await recordStages(warehouse, context.run, [...stages, maintain])
    return { stages: [...stages, maintain], problems: [] }
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    return { stages, problems: [`Run ${context.run} is published, but looking after the tables failed: ${reason}`] }
  }
}
