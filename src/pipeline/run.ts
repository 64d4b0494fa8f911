import { createHash } from 'node:crypto'
import { TributaryError } from '../errors.ts'
import { type RetryOptions, withRetries } from '../warehouses/retry.ts'
import { sql } from '../warehouses/sql.ts'
import type { Row, Warehouse } from '../warehouses/warehouse.ts'
import { referenceVersion } from './channels/tables.ts'
import { checkPromises } from './checks.ts'
import { computeStages, timed } from './compute.ts'
import { acquireLease, type Lease, leaseLost } from './lease.ts'
import type { PipelineOptions } from './options.ts'
import { loadReference, prepareWarehouse } from './prepare.ts'
import { publishStatements, recordStages } from './publish.ts'
import { type ProgressEvent, type RunReport, type RunRequest, readSourceCounts, type StageReport } from './report.ts'
import {
  assertRunning,
  isRunWritten,
  markPublished,
  readRowsWritten,
  recordBegin,
  recordFailure,
  settleEarlierRuns,
} from './run-records.ts'
import type { StageContext } from './stage.ts'
import { tables } from './tables/tables.ts'

export type { ProgressEvent, ReleaseFilter, RunKind, RunReport, RunRequest } from './report.ts'

/** What a run works with. */
export interface RunInput extends RunRequest {
  readonly warehouse: Warehouse
  readonly options: PipelineOptions
  /** Hash of the options that shape the tables. */
  readonly configVersion: string
  /** Replaces the warehouse's clock, for tests. */
  readonly now?: Date
  readonly signal?: AbortSignal
  readonly onProgress?: (event: ProgressEvent) => void
  /** For how long a statement that fails for a reason that may pass is sent again, and who is told. */
  readonly retry?: Omit<RetryOptions, 'signal'>
}

/** Changes whenever stage SQL changes what the tables hold: a run then recomputes everything. */
const STAGES_VERSION = 1

/**
 * One run of the pipeline: take the lease, read the sources, compute into staging tables, check, publish in one
 * transaction, then let readers see it. All or nothing: a run that dies before the transaction leaves nothing, one that
 * dies after it is published by the next.
 */
export async function runPipeline(input: RunInput): Promise<RunReport> {
  const { warehouse: opened, signal, retry } = input
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
    return await underLease({ ...input, warehouse, signal: both }, lease, opened)
  } catch (error) {
    throw lease.lost.aborted ? leaseLost(error) : error
  } finally {
    await cleanUp(opened, lease)
  }
}

/** What a run leaves behind goes, however it ended; each is tried once: the next run begins with the same. */
async function cleanUp(opened: Warehouse, lease: Lease): Promise<void> {
  const isOurs = await lease.isOurs().catch(() => false)
  if (isOurs) await opened.dropStaging().catch(() => undefined) // else they may be another run's
  await lease.release().catch(() => undefined) // an unreleased lease runs out
}

async function underLease(input: RunInput, lease: Lease, opened: Warehouse): Promise<RunReport> {
  const began = performance.now()
  const { context, version, isChanged } = await begin(input)
  await recordBegin(input.warehouse, context, lease, { kind: input.kind, version })
  try {
    const published = await computeAndPublish(input, lease, context, opened)
    const after = await lookAfter(input, context, published.stages)
    return {
      run: context.run,
      kind: input.kind,
      state: 'published',
      stages: after.stages,
      sources: published.sources,
      problems: [...(isChanged ? [CHANGED] : []), ...published.problems, ...after.problems],
      milliseconds: Math.round(performance.now() - began),
      rowsWritten: published.rowsWritten,
    }
  } catch (error) {
    await recordFailure(opened, context, lease, error).catch(() => undefined) // the first error is the one to tell
    throw input.signal?.aborted && !(error instanceof TributaryError)
      ? new TributaryError('QUERY_CANCELLED', `Run ${context.run} was cancelled; nothing was written.`, {
          cause: error,
        })
      : error
  }
}

const CHANGED =
  'The configuration or tributary itself changed since the last run: visits and all that follows were recomputed from events. Options that act on events as they are taken in (exclude, ignoreIds, sites, notBefore) hold for events taken in from now on.'

/** Which run this is, and whether it has to recompute everything. */
async function begin(input: RunInput): Promise<{ context: StageContext; version: string; isChanged: boolean }> {
  const { warehouse, kind } = input
  const version = createHash('sha256')
    .update([input.configVersion, referenceVersion, STAGES_VERSION].join('\n'))
    .digest('hex')
    .slice(0, 16)
  const runs = sql.table('runs')
  const [last] = await warehouse.query<
    Row & { run_id: number | null; config_version: string | null; clock: string }
  >(sql`
select
    (select max(run_id) from ${runs}) as run_id,
    (select max(config_version) from ${runs} where run_id = (
        select max(run_id) from ${runs} where state = 'published'
    )) as config_version,
    ${warehouse.dialect.now()} as clock
`)
  const isChanged = typeof last?.config_version === 'string' && last.config_version !== version
  const context: StageContext = {
    d: warehouse.dialect,
    options: input.options,
    run: (last?.run_id ?? 0) + 1,
    startedAt: input.now ? input.now.toISOString() : String(last?.clock),
    isRebuild: kind === 'rebuild' || isChanged,
    readsSources: kind !== 'rebuild',
  }
  return { context, version, isChanged }
}

/** Everything up to the moment readers see the run. */
async function computeAndPublish(input: RunInput, lease: Lease, context: StageContext, opened: Warehouse) {
  const { warehouse, signal, onProgress, options } = input
  const computed = await computeStages({ warehouse, sources: options.sources, signal, onProgress }, context)
  const sources = await readSourceCounts(warehouse, context)
  const publish = await timed(onProgress, 'publish', async () => {
    await checkPromises(warehouse, context, computed.stages, signal)
    signal?.throwIfAborted()
    const statements = await publishStatements(warehouse, context, computed.stages, { sources })
    await lease.hold()
    await publishUnder(lease, opened, context, () =>
      warehouse.transaction([...lease.fence, assertRunning(context), ...statements], {
        label: `run ${context.run} publish`,
        repeat: () => isRunWritten(warehouse, context.run),
      }),
    )
    await markPublished(warehouse)
    lease.resume()
    return readRowsWritten(warehouse, context.run)
  })
  return { stages: [...computed.reports, publish], sources, problems: computed.problems, rowsWritten: publish.rows }
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
async function lookAfter({ warehouse, onProgress }: RunInput, context: StageContext, stages: readonly StageReport[]) {
  try {
    const maintain = await timed(onProgress, 'maintain', async () => {
      await warehouse.dropStaging()
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
