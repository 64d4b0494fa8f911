import { InputError, TributaryError } from '../errors.ts'
import { withRetries } from '../warehouses/retry.ts'
import type { Warehouse } from '../warehouses/warehouse.ts'
import { judgeAgents } from './agents.ts'
import { type Beginning, beginRun } from './begin.ts'
import { cleanUp } from './clean-up.ts'
import { checkLimit, foresee } from './foresee.ts'
import { acquireLease, type Lease, leaseLost } from './lease.ts'
import { loadReference, prepareWarehouse } from './prepare.ts'
import type { RunReport, RunRequest } from './report.ts'
import type { OneRun, RunInput } from './run-input.ts'
import { computeAndPublish, lookAfter } from './run-publish.ts'
import { recordBegin, recordFailure, settleEarlierRuns } from './run-records.ts'

/** A run, and whether the sources hold more than it read. */
interface Ended {
  readonly report: RunReport
  readonly isMore: boolean
}

/**
 * One run of the pipeline: take the lease, read the sources, compute into staging tables, check, publish in one
 * transaction, then let readers see it. All or nothing: a run that dies before the transaction leaves nothing, one that
 * dies after it is published by the next.
 */
export async function runOnce(input: OneRun): Promise<Ended> {
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

async function underLease(input: OneRun, lease: Lease, opened: Warehouse): Promise<Ended> {
  const began = performance.now()
  const { warehouse, options, configVersion: version, signal } = input
  const beginning = await beginRun(warehouse, options, input, input.now)
  const { context } = beginning
  await recordBegin(warehouse, context, lease, { kind: kindOf(input), version })
  try {
    const told = await tellRecompute(input, beginning)
    const published = await computeAndPublish(input, lease, beginning, opened)
    const after = await lookAfter(input, lease, context, published, opened)
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
