import { createHash } from 'node:crypto'
import { TributaryError } from '../errors.ts'
import { sql } from '../warehouses/sql.ts'
import type { Row, Warehouse } from '../warehouses/warehouse.ts'
import { lookUpAgents } from './agents.ts'
import { referenceVersion } from './channels/tables.ts'
import { checkPromises } from './checks.ts'
import { ingest, readSources } from './ingest.ts'
import { acquireLease, type Lease } from './lease.ts'
import type { PipelineOptions } from './options.ts'
import { markPublished, publishStatements, readRowsWritten, recordFailure, recordStages } from './publish.ts'
import { loadReference } from './reference.ts'
import type { ProgressEvent, RunKind, RunReport, StageReport } from './report.ts'
import { readSourceCounts } from './report.ts'
import { readFiles } from './sources/read-files.ts'
import type { Loop, Stage, StageContext, Step } from './stage.ts'
import { stages } from './stages.ts'
import { tables } from './tables/tables.ts'
import { views } from './views.ts'

export type { ProgressEvent, RunKind, RunReport } from './report.ts'

/** What a run works with. */
export interface RunInput {
  readonly warehouse: Warehouse
  readonly options: PipelineOptions
  /** Hash of the options that shape the tables. */
  readonly configVersion: string
  /** `increment`: what is new. `rebuild`: everything from `events`; writes only rows that differ. */
  readonly kind: RunKind
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

/** Warehouses whose tables this process has seen to. */
const prepared = new WeakSet<Warehouse>()

/** Creates what is missing: tables and the views on them. */
export async function prepareWarehouse(warehouse: Warehouse): Promise<void> {
  if (prepared.has(warehouse)) return
  await warehouse.createTables(tables)
  for (const [name, select] of Object.entries(views)) await warehouse.createView(name, select)
  prepared.add(warehouse)
}

async function underLease(input: RunInput, lease: Lease): Promise<RunReport> {
  const { warehouse, signal, kind } = input
  const began = performance.now()
  const version = createHash('sha256')
    .update([input.configVersion, referenceVersion, STAGES_VERSION].join('\n'))
    .digest('hex')
    .slice(0, 16)
  const [last] = await warehouse.query<
    Row & { run_id: number | null; config_version: string | null; clock: string }
  >(sql`
select
    (select max(run_id) from ${sql.table('runs')}) as run_id,
    (select max(config_version) from ${sql.table('runs')} where run_id = (
        select max(run_id) from ${sql.table('runs')} where state = 'published'
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
  const reports: StageReport[] = []
  const problems: string[] = isChanged
    ? [
        'The configuration or tributary itself changed since the last run: visits and all that follows were recomputed from events. Options that act on events as they are taken in (exclude, ignoreIds, sites, notBefore) hold for events taken in from now on.',
      ]
    : []
  try {
    const computed: Stage[] = []
    for (const stage of stages) {
      if (computed.includes(ingest) && !(await hasWork(warehouse, context))) break
      computed.push(stage)
      const work = async () => {
        if (stage === ingest && context.readsSources) problems.push(...(await readNewRows(input, context)))
        return computeStage(input, context, stage)
      }
      reports.push(await timed(input, stage.name, work))
    }
    const sources = await readSourceCounts(warehouse, context)
    reports.push(
      await timed(input, 'publish', async () => {
        await checkPromises(warehouse, context, computed, signal)
        signal?.throwIfAborted()
        lease.hold()
        const statements = await publishStatements(warehouse, context, computed, {
          kind,
          version,
          sources,
        })
        await warehouse.transaction([...lease.fence, ...statements], { label: `run ${context.run} publish` })
        await markPublished(warehouse)
        return readRowsWritten(warehouse, context.run)
      }),
    )
    reports.push(
      await timed(input, 'maintain', async () => {
        await warehouse.dropStaging()
        await warehouse.maintain(tables)
        return 0
      }),
    )
    await recordStages(warehouse, context.run, reports)
    return {
      run: context.run,
      kind,
      state: 'published',
      stages: reports,
      sources,
      problems,
      milliseconds: Math.round(performance.now() - began),
      rowsWritten: reports.find((r) => r.stage === 'publish')?.rows ?? 0,
    }
  } catch (error) {
    await recordFailure(warehouse, context, kind, version, error).catch(() => undefined) // the first error is the one to tell
    throw signal?.aborted && !(error instanceof TributaryError)
      ? new TributaryError('QUERY_CANCELLED', `Run ${context.run} was cancelled; nothing was written.`, {
          cause: error,
        })
      : error
  }
}

/** Without new or withdrawn events nothing after `ingest` can change: the other stages are left out. */
async function hasWork(warehouse: Warehouse, context: StageContext): Promise<boolean> {
  if (context.isRebuild) return true
  const [row] = await warehouse.query<Row & { changes: number }>(sql`
select (select count(*) from ${sql.staging('new_events')}) + (select count(*) from ${sql.staging('withdrawn')}) as changes
`)
  return row?.changes !== 0
}

/** Loads the lines of new files and turns them into events. */
async function readNewRows(input: RunInput, context: StageContext): Promise<readonly string[]> {
  const { warehouse, options, signal } = input
  const reading = await readFiles(warehouse, options.sources, context.run, signal)
  for (const step of readSources(context)) await runStep(input, context, 'ingest', step)
  await lookUpAgents(warehouse, signal)
  return reading.problems
}

async function computeStage(input: RunInput, context: StageContext, stage: Stage): Promise<number> {
  const steps = stage.steps(context)
  for (const [i, step] of steps.entries()) {
    input.onProgress?.({ stage: stage.name, state: 'progress', done: i, total: steps.length })
    await runStep(input, context, stage.name, step)
  }
  if (steps.length === 0) return 0
  const [row] = await input.warehouse.query<Row & { rows: number }>(
    sql`select count(*) as ${sql.id('rows')} from ${sql.staging(stage.result)}`,
    { signal: input.signal },
  )
  await input.warehouse.dropStaging(stage.discards ?? [])
  return row?.rows ?? 0
}

async function runStep(
  { warehouse, signal }: RunInput,
  context: StageContext,
  stage: string,
  step: Step | Loop,
): Promise<void> {
  const label = `run ${context.run} ${stage}`
  if ('into' in step) {
    await warehouse.stage(step.into, step.select, { signal, label })
    return
  }
  for (;;) {
    const [row] = await warehouse.query<Row & { remaining: number }>(step.remaining, { signal, label })
    if (!row?.remaining) return
    for (const repeated of step.repeat) await warehouse.stage(repeated.into, repeated.select, { signal, label })
  }
}

async function timed(input: RunInput, stage: string, work: () => Promise<number>): Promise<StageReport> {
  const began = performance.now()
  input.onProgress?.({ stage, state: 'started' })
  const rows = await work()
  const milliseconds = Math.round(performance.now() - began)
  input.onProgress?.({ stage, state: 'finished', rows, milliseconds })
  return { stage, rows, milliseconds }
}
