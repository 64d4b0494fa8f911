import { createHash } from 'node:crypto'
import { TributaryError } from '../errors.ts'
import { sql } from '../warehouses/sql.ts'
import type { Row, Warehouse } from '../warehouses/warehouse.ts'
import { referenceVersion } from './channels/tables.ts'
import { checkPromises } from './checks.ts'
import { computeStages, timed } from './compute.ts'
import { acquireLease, type Lease } from './lease.ts'
import type { PipelineOptions } from './options.ts'
import { loadReference, prepareWarehouse } from './prepare.ts'
import { markPublished, publishStatements, readRowsWritten, recordFailure, recordStages } from './publish.ts'
import { type ProgressEvent, type RunReport, type RunRequest, readSourceCounts, type StageReport } from './report.ts'
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
}

/** Changes whenever stage SQL changes what the tables hold: a run then recomputes everything. */
const STAGES_VERSION = 1

/**
 * One run of the pipeline: take the lease, read the sources, compute into staging tables, check, publish in one
 * transaction, then let readers see it. All or nothing: a run that dies before the transaction leaves nothing, one that
 * dies after it is published by the next.
 */
export async function runPipeline(input: RunInput): Promise<RunReport> {
  const { warehouse } = input
  await prepareWarehouse(warehouse)
  const lease = await acquireLease(warehouse)
  try {
    await markPublished(warehouse) // what a run that died after its transaction left
    await warehouse.dropStaging()
    await loadReference(warehouse)
    return await underLease(input, lease)
  } finally {
    await lease.release().catch(() => undefined) // an unreleased lease runs out
  }
}

async function underLease(input: RunInput, lease: Lease): Promise<RunReport> {
  const began = performance.now()
  const { context, version, isChanged } = await begin(input)
  try {
    const published = await computeAndPublish(input, lease, context, version)
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
    await recordFailure(input.warehouse, context, input.kind, version, error).catch(() => undefined) // the first error is the one to tell
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
async function computeAndPublish(input: RunInput, lease: Lease, context: StageContext, version: string) {
  const { warehouse, signal, onProgress, options, kind, acceptColumns } = input
  const computed = await computeStages(
    { warehouse, sources: options.sources, acceptColumns, signal, onProgress },
    context,
  )
  const sources = await readSourceCounts(warehouse, context)
  const publish = await timed(onProgress, 'publish', async () => {
    await checkPromises(warehouse, context, computed.stages, signal)
    signal?.throwIfAborted()
    lease.hold()
    const statements = await publishStatements(warehouse, context, computed.stages, { kind, version, sources })
    await publishUnder(lease, () =>
      warehouse.transaction([...lease.fence, ...statements], { label: `run ${context.run} publish` }),
    )
    await markPublished(warehouse)
    return readRowsWritten(warehouse, context.run)
  })
  return { stages: [...computed.reports, publish], sources, problems: computed.problems, rowsWritten: publish.rows }
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
