import type { RetryOptions } from '../warehouses/retry.ts'
import { sql } from '../warehouses/sql.ts'
import type { Row, Warehouse } from '../warehouses/warehouse.ts'
import { agentsOfBatch, lookUpAgents, unknownAgents } from './agents.ts'
import { copyProduct, lookAtProduct } from './companies/copy.ts'
import { countCopy, notesOfCopy, refuseShrink, reportsOf } from './companies/copy-counts.ts'
import type { OpenProduct } from './companies/product-source.ts'
import { companies } from './companies.ts'
import { refuseLoss } from './from-sources.ts'
import { ingest, readSources } from './ingest.ts'
import { newEvents } from './new-events.ts'
import type { CompanyOptions, SourceOptions } from './options.ts'
import { matchReleased } from './quarantine/release.ts'
import { daysOf, readRanges } from './ranges.ts'
import { isBeyondNews, isRecomputing, NO_RECOMPUTE } from './recompute.ts'
import type { ProgressEvent, SourceReport, StageReport } from './report.ts'
import { rollups } from './rollups.ts'
import { runStep, tasksOf } from './run-steps.ts'
import { runTasks, stagingIn } from './side-by-side.ts'
import type { SeenColumns } from './sources/columns.ts'
import { type SourceReading, stageSourceRows } from './sources/read.ts'
import type { Stage, StageContext } from './stage.ts'
import { stages } from './stages.ts'

/** What computing needs of a run. */
export interface Computing {
  readonly warehouse: Warehouse
  readonly sources: readonly SourceOptions[]
  /** Source tables may have other columns than at the last run. */
  readonly acceptColumns?: boolean | undefined
  /** About how many rows of the sources a run reads at most. */
  readonly rowsPerRun?: number | undefined
  /** Files that earlier runs of this call have read; grows. */
  readonly readBefore?: Set<string>
  /** Opens the product database, when that is one. */
  readonly openProduct?: OpenProduct | undefined
  /** For how long that is tried again. */
  readonly retry?: Omit<RetryOptions, 'signal'> | undefined
  /** False when an earlier run of this call has copied it. */
  readonly copiesProduct?: boolean | undefined
  /** Its tables may have lost most of their rows. */
  readonly acceptShrink?: boolean | undefined
  readonly restartHistory?: boolean | undefined
  readonly signal?: AbortSignal
  readonly onProgress?: (event: ProgressEvent) => void
  /** Revised events up to this many are fed through the increment; more, when they are many of all, are not worth it. */
  readonly mostRevised?: number
}

/** By default. */
const MOST_REVISED = 20_000
/** Of all events. */
const MANY = 0.05

/** What was computed into staging tables; nothing else is written yet. */
export interface Computed {
  /** The context it ended with: what `ingest` found is in it. */
  readonly context: StageContext
  /** The stages that ran: without new or withdrawn events nothing after `ingest` can change. */
  readonly stages: readonly Stage[]
  readonly reports: readonly StageReport[]
  /** Files that could not be read. */
  readonly problems: readonly string[]
  /** What became of the rows of the product database. */
  readonly product: readonly SourceReport[]
  /** The sources hold more, for another run. */
  readonly isMore: boolean
  /** Columns of source tables and of the product database, to be recorded once the run is published. */
  readonly seen: readonly SeenColumns[]
}

/** Reads the sources and runs the stages. */
export async function computeStages(run: Computing, begun: StageContext): Promise<Computed> {
  let context = begun
  const ran: Stage[] = []
  const reports: StageReport[] = []
  const problems: string[] = []
  let product: readonly SourceReport[] = []
  let isMore = false
  const seen: SeenColumns[] = []
  let atOnce = run.warehouse.atOnce.large
  if (isCopied(run, context)) await lookAtProduct(run.warehouse, context.options.companies, run)
  for (const stage of stages) {
    if (stage !== ingest && ran.length === 1) {
      const { context: after, isNew, notes } = await afterIngest(run, context)
      problems.push(...notes)
      context = isNew || isRecomputing(after) ? after : { ...after, isQuiet: true }
      if (isBeyondNews(after)) atOnce = run.warehouse.atOnce.large
    }
    if (isIdle(stage, context)) continue
    ran.push(stage)
    reports.push(
      await timed(run.onProgress, stage.name, async () => {
        if (stage === ingest && context.readsSources) {
          const { reading, ...known } = await readNewRows(run, context)
          atOnce = known.atOnce
          problems.push(...reading.problems)
          isMore = reading.isMore
          seen.push(reading.seen)
        }
        if (stage === companies && isCopied(run, context)) {
          const label = `run ${context.run} companies`
          const copied = await copyProduct(run.warehouse, context, context.options.companies, { ...run, label })
          context = { ...context, copy: copied.copy }
          seen.push(copied.seen)
        }
        // A copy may be large in a run that has hardly an event.
        const isCopy = stage === companies && context.copy !== undefined
        const rows = await computeStage(run, context, stage, isCopy ? run.warehouse.atOnce.large : atOnce)
        if (stage === ingest) await refuseLoss(run.warehouse, context)
        if (stage === companies) {
          const counts = await countCopy(run.warehouse, context)
          const options = context.options.companies!
          if (!run.acceptShrink && !run.restartHistory) refuseShrink(counts, options)
          product = reportsOf(counts)
          problems.push(...notesOfCopy(counts, options))
        }
        return rows
      }),
    )
  }
  return { context, stages: ran, reports, problems, product, isMore, seen }
}

/** Nobody configured companies; or no event is new, which leaves only them to be looked at. */
function isIdle(stage: Stage, { isQuiet, options }: StageContext): boolean {
  if (stage === companies) return !options.companies
  return isQuiet === true && stage !== ingest && !(stage === rollups && options.companies)
}

/** The product database is copied once in a call, and not by a run that was asked for something else. */
function isCopied(run: Computing, c: StageContext): c is StageContext & { options: { companies: CompanyOptions } } {
  return Boolean(c.options.companies) && c.readsSources && !c.release && run.copiesProduct !== false
}

/** What `ingest` found: whether anything is new, where in time something is withdrawn, and whether that is too much for an increment. */
async function afterIngest({ warehouse, signal, onProgress, mostRevised = MOST_REVISED }: Computing, c: StageContext) {
  if (!c.readsSources && !c.recompute.events) return { context: c, isNew: true, notes: [] }
  const options = { signal, label: `run ${c.run} ingest` }
  // `events` is counted only in a run that reads it anyway.
  const all = c.recompute.events ? sql`(select count(*) from ${sql.table('events')})` : sql`0`
  const [row] = await warehouse.query<Row & { new_events: number; withdrawn: number; events: number }>(
    sql`
select
    (select count(*) from ${newEvents(c)} as s) as new_events,
    (select count(*) from ${sql.staging('withdrawn')}) as withdrawn,
    ${all} as events
`,
    options,
  )
  const { new_events = 0, withdrawn = 0, events = 0 } = row ?? {}
  const days = daysOf(c.d.dateTrunc('day', 'occurred_at'), sql`occurred_at`, sql`occurred_at`, sql.staging('withdrawn'))
  const withdrawnRanges = withdrawn === 0 ? [] : await readRanges(warehouse, days, options)
  const isNew = new_events + withdrawn > 0
  if (c.isRebuild || !c.recompute.events || withdrawn <= mostRevised || withdrawn <= events * MANY)
    return { context: { ...c, withdrawnRanges }, isNew, notes: [] }
  const note = `${withdrawn.toLocaleString('en')} of ${events.toLocaleString('en')} events are others under the settings as they are now: visits and all that follows are computed anew from events.`
  onProgress?.({ stage: 'ingest', state: 'note', note })
  const recompute = { ...NO_RECOMPUTE, events: true, refused: c.recompute.refused, rollups: c.recompute.rollups }
  return { context: { ...c, withdrawnRanges, isRebuild: true, recompute }, isNew, notes: [note] }
}

/** Reads what is new in the sources and checks it. */
async function readNewRows(run: Computing, context: StageContext): Promise<{ reading: SourceReading; atOnce: number }> {
  const { warehouse, signal, acceptColumns, rowsPerRun, readBefore } = run
  const label = `run ${context.run} ingest`
  if (context.release) await runStep(warehouse, matchReleased(context, context.release), { signal, label })
  const reading = await stageSourceRows(warehouse, run.sources, context, {
    signal,
    acceptColumns,
    rowsPerRun,
    readBefore,
  })
  const [check, ...others] = readSources(context, reading.rows, reading.hasLines)
  await runTasks(tasksOf(warehouse, label, [check]), 1, signal)
  // From here on it is known how much the run has before it.
  const atOnce = await howMany(run, context)
  const agents = { reads: stagingIn(unknownAgents, agentsOfBatch.select), writes: [agentsOfBatch.into] }
  const lookUp = { ...agents, work: (s: AbortSignal) => lookUpAgents(warehouse, s) }
  await runTasks([...tasksOf(warehouse, label, others), lookUp], atOnce, signal)
  return { reading, atOnce }
}

/** Rows up to which a run is a small one. */
const SMALL = 250_000

/** How many steps may run side by side: it depends on how many rows were read. */
async function howMany({ warehouse, signal }: Computing, c: StageContext): Promise<number> {
  const { small, large } = warehouse.atOnce
  if (small === large) return small
  if (isBeyondNews(c)) return large
  const [row] = await warehouse.query<Row & { rows: number }>(
    sql`select count(*) as ${sql.id('rows')} from ${sql.staging('checked')}`,
    { signal, label: `run ${c.run} ingest` },
  )
  return row && row.rows <= SMALL ? small : large
}

async function computeStage(run: Computing, context: StageContext, stage: Stage, atOnce: number): Promise<number> {
  const steps = stage.steps(context)
  let done = 0
  const tell = () => run.onProgress?.({ stage: stage.name, state: 'progress', done: done++, total: steps.length })
  if (steps.length > 0) tell()
  await runTasks(tasksOf(run.warehouse, `run ${context.run} ${stage.name}`, steps, tell), atOnce, run.signal)
  if (steps.length === 0) return 0
  const [row] = await run.warehouse.query<Row & { rows: number }>(
    sql`select count(*) as ${sql.id('rows')} from ${typeof stage.result === 'string' ? sql.staging(stage.result) : sql`${stage.result(context)} as s`}`,
    { signal: run.signal },
  )
  await run.warehouse.dropStaging(stage.discards ?? [])
  return row?.rows ?? 0
}

/** Runs a stage's work and tells when it began and ended. */
export async function timed(
  onProgress: Computing['onProgress'],
  stage: string,
  work: () => Promise<number>,
): Promise<StageReport> {
  const began = performance.now()
  onProgress?.({ stage, state: 'started' })
  const rows = await work()
  const milliseconds = Math.round(performance.now() - began)
  onProgress?.({ stage, state: 'finished', rows, milliseconds })
  return { stage, rows, milliseconds }
}
