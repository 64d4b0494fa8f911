import { InputError, TributaryError } from '../errors.ts'
import { type RetryOptions, withRetries } from '../warehouses/retry.ts'
import type { Warehouse } from '../warehouses/warehouse.ts'
import { judgeAgents } from './agents.ts'
import { type Beginning, beginRun } from './begin.ts'
import { checkPromises } from './checks.ts'
import { cleanUp } from './clean-up.ts'
import type { OpenProduct } from './companies/product-source.ts'
import { computeStages, timed } from './compute.ts'
import { checkLimit, foresee } from './foresee.ts'
import { acquireLease, type Lease, leaseLost } from './lease.ts'
import { newEvents } from './new-events.ts'
import type { PipelineOptions } from './options.ts'
import { loadReference, prepareWarehouse } from './prepare.ts'
import { pruneVersions } from './prune.ts'
import { publishStatements, recordStages } from './publish.ts'
import { readReleased } from './quarantine/release.ts'
import {
  type ProgressEvent,
  type RunReport,
  type RunRequest,
  readSourceCounts,
  type StageReport,
  together,
} from './report.ts'
import {
  isAtWork,
  isRunWritten,
  markPublished,
  readRowsWritten,
  recordBegin,
  recordFailure,
  settleEarlierRuns,
} from './run-records.ts'
import { recordColumns, type SeenColumns } from './sources/columns.ts'
import type { StageContext } from './stage.ts'
import { events } from './tables/events.ts'
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
  /** About how many rows of the sources a run reads at most; what is left is read by further runs. */
  readonly rowsPerRun?: number
  /** Opens the product database, when that is one: its address is a secret that no option holds. */
  readonly openProduct?: OpenProduct
  readonly signal?: AbortSignal
  readonly onProgress?: (event: ProgressEvent) => void
  /** For how long a statement that fails for a reason that may pass is sent again, and who is told. */
  readonly retry?: Omit<RetryOptions, 'signal'>
}

/** Files that runs of one call have read: one that changes all the time must not keep the others waiting. */
interface ReadBefore {
  readonly readBefore: Set<string>
  /** The first run of a call copies the product database. */
  readonly copiesProduct: boolean
}

/** The failure of a later run, saying what is published. */
function notAll(error: unknown, run: number): unknown {
  if (!(error instanceof TributaryError)) return error
  return new TributaryError(error.code, `${error.message} What was read before is published, up to run ${run}.`, {
    cause: error,
  })
}

/** A run, and whether the sources hold more than it read. */
interface Ended {
  readonly report: RunReport
  readonly isMore: boolean
}

/**
 * Brings the tables up to what the sources hold: by one run, or by several when they hold more than one should read (a
 * first load). Each is published for itself; the report tells of all of them and has the number of the last.
 */
export async function runPipeline(input: RunInput): Promise<RunReport> {
  const readBefore = new Set<string>()
  let { report, isMore } = await runOnce({ ...input, readBefore, copiesProduct: true })
  // A run that read nothing although there is more met a file that it could not read; the next one passes it by.
  for (let idle = 0; isMore && idle < 2; ) {
    input.onProgress?.({
      stage: 'ingest',
      state: 'note',
      note: `Run ${report.run} is published; the sources hold more.`,
    })
    const next = await runOnce({
      ...input,
      kind: 'increment',
      release: undefined,
      readBefore,
      copiesProduct: false,
    }).catch((error) => {
      throw notAll(error, report.run)
    })
    idle = next.report.sources.some(({ read }) => read > 0) ? 0 : idle + 1
    report = together(report, next.report)
    isMore = next.isMore
  }
  return report
}

/**
 * One run of the pipeline: take the lease, read the sources, compute into staging tables, check, publish in one
 * transaction, then let readers see it. All or nothing: a run that dies before the transaction leaves nothing, one that
 * dies after it is published by the next.
 */
async function runOnce(input: RunInput & ReadBefore): Promise<Ended> {
  const { warehouse: opened, signal, retry } = input
  checkRequest(input)
  const patient = withRetries(opened, { ...retry, signal })
  await prepareWarehouse(patient, opened)
  const lease = await acquireLease(patient)
  // Another run that has taken the lease over ends this one: there is no use in working to the end.
  const both = signal ? AbortSignal.any([signal, lease.lost]) : lease.lost
  const warehouse = withRetries(opened, { ...retry, signal: both })
  try {
    await settleEarlierRuns(warehouse, lease)
    await warehouse.dropStaging()
    await loadReference(warehouse)
    await judgeAgents(warehouse)
    return await underLease({ ...input, warehouse, signal: both }, lease, opened)
  } catch (error) {
    throw lease.lost.aborted ? leaseLost(error) : error
  } finally {
    await cleanUp(opened, lease)
  }
}

/** What contradicts itself is refused before anything is done. */
function checkRequest({ kind, release, fromSources, acceptLoss }: RunRequest): void {
  if (release && kind !== 'increment') throw new InputError('Expected a release with an increment, but got a rebuild.')
  if (fromSources && kind !== 'rebuild')
    throw new InputError('Expected `fromSources` with a rebuild, but got an increment.')
  if (acceptLoss && !fromSources) throw new InputError('Expected `acceptLoss` with `fromSources` only.')
}

async function underLease(input: RunInput & ReadBefore, lease: Lease, opened: Warehouse): Promise<Ended> {
  const began = performance.now()
  const { warehouse, options, configVersion: version, signal } = input
  const beginning = await beginRun(warehouse, options, input, input.now)
  const { context } = beginning
  await recordBegin(warehouse, context, lease, { kind: kindOf(input), version })
  try {
    const told = await tellRecompute(input, beginning)
    const published = await computeAndPublish(input, lease, beginning, opened)
    const after = await lookAfter(input, context, published, opened)
    const report: RunReport = {
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
    return { report, isMore: published.isMore }
  } catch (error) {
    await recordFailure(opened, context, lease, error).catch(() => undefined) // the first error is the one to tell
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
async function computeAndPublish(
  input: RunInput & ReadBefore,
  lease: Lease,
  { context: begun, changes }: Beginning,
  opened: Warehouse,
) {
  const { warehouse, signal, onProgress, options } = input
  const computed = await computeStages({ ...input, sources: options.sources }, begun)
  const { context } = computed
  const sources = [...(await readSourceCounts(warehouse, context)), ...computed.product]
  const release = await readReleased(warehouse, context)
  const publish = await timed(onProgress, 'publish', async () => {
    await checkPromises(warehouse, context, computed.stages, signal)
    signal?.throwIfAborted()
    const statements = await publishStatements(warehouse, context, computed.stages, {
      sources,
      isChanged: changes.names.length > 0,
    })
    await lease.hold()
    await publishUnder(lease, opened, context, () =>
      warehouse.transaction([...lease.fence(isAtWork(context)), ...statements], {
        label: `run ${context.run} publish`,
        repeat: () => isRunWritten(warehouse, context.run),
        fills: context.readsSources || context.recompute.events ? [[events, newEvents(context)]] : [],
      }),
    )
    await markPublished(warehouse)
    lease.resume()
    return readRowsWritten(warehouse, context.run)
  })
  return {
    stages: [...computed.reports, publish],
    sources,
    problems: computed.problems,
    rowsWritten: publish.rows,
    release,
    isMore: computed.isMore,
    seen: computed.seen,
  }
}

/** A transaction of unknown outcome is settled by what it wrote; one that fails because another run took the lease over says so. */
async function publishUnder(
  lease: Lease,
  opened: Warehouse,
  { run }: StageContext,
  transaction: () => Promise<void>,
): Promise<void> {
  try {
    await transaction()
  } catch (cause) {
    if (await isRunWritten(opened, run).catch(() => false)) return
    if (await lease.isOurs().catch(() => true)) throw cause
    throw leaseLost(cause)
  }
}

/** What follows a publication. It failed nobody's numbers if it fails: it is told, and done again after the next run. */
async function lookAfter(
  input: RunInput,
  context: StageContext,
  { stages, seen }: { stages: readonly StageReport[]; seen: readonly SeenColumns[] },
  opened: Warehouse,
) {
  const { warehouse, onProgress, keepDays, now } = input
  try {
    const maintain = await timed(onProgress, 'maintain', async () => {
      for (const columns of seen) await recordColumns(warehouse, columns, context.run)
      await warehouse.dropStaging()
      if (keepDays !== undefined) await pruneVersions(warehouse, { keepDays, now, pinnedIn: opened })
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
