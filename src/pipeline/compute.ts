import { sql } from '../warehouses/sql.ts'
import type { Row, Warehouse } from '../warehouses/warehouse.ts'
import { lookUpAgents } from './agents.ts'
import { ingest, readSources } from './ingest.ts'
import type { SourceOptions } from './options.ts'
import type { ProgressEvent, StageReport } from './report.ts'
import { stageSourceRows } from './sources/read.ts'
import type { Loop, Stage, StageContext, Step } from './stage.ts'
import { stages } from './stages.ts'

/** What computing needs of a run. */
export interface Computing {
  readonly warehouse: Warehouse
  readonly sources: readonly SourceOptions[]
  /** Source tables may have other columns than at the last run. */
  readonly acceptColumns?: boolean | undefined
  readonly signal?: AbortSignal
  readonly onProgress?: (event: ProgressEvent) => void
}

/** What was computed into staging tables; nothing else is written yet. */
export interface Computed {
  /** The stages that ran: without new or withdrawn events nothing after `ingest` can change. */
  readonly stages: readonly Stage[]
  readonly reports: readonly StageReport[]
  /** Files that could not be read. */
  readonly problems: readonly string[]
}

/** Reads the sources and runs the stages. */
export async function computeStages(run: Computing, context: StageContext): Promise<Computed> {
  const ran: Stage[] = []
  const reports: StageReport[] = []
  const problems: string[] = []
  for (const stage of stages) {
    if (ran.includes(ingest) && !(await hasWork(run, context))) break
    ran.push(stage)
    reports.push(
      await timed(run.onProgress, stage.name, async () => {
        if (stage === ingest && context.readsSources) problems.push(...(await readNewRows(run, context)))
        return computeStage(run, context, stage)
      }),
    )
  }
  return { stages: ran, reports, problems }
}

async function hasWork({ warehouse, signal }: Computing, context: StageContext): Promise<boolean> {
  if (context.isRebuild) return true
  const [row] = await warehouse.query<Row & { changes: number }>(
    sql`
select (select count(*) from ${sql.staging('new_events')}) + (select count(*) from ${sql.staging('withdrawn')}) as changes
`,
    { signal },
  )
  return row?.changes !== 0
}

/** Reads what is new in the sources and checks it. */
async function readNewRows(run: Computing, context: StageContext): Promise<readonly string[]> {
  const { warehouse, signal } = run
  const reading = await stageSourceRows(warehouse, run.sources, context, { signal, acceptColumns: run.acceptColumns })
  for (const step of readSources(context, reading.rows)) await runStep(run, context, 'ingest', step)
  await lookUpAgents(warehouse, signal)
  return reading.problems
}

async function computeStage(run: Computing, context: StageContext, stage: Stage): Promise<number> {
  const steps = stage.steps(context)
  for (const [i, step] of steps.entries()) {
    run.onProgress?.({ stage: stage.name, state: 'progress', done: i, total: steps.length })
    await runStep(run, context, stage.name, step)
  }
  if (steps.length === 0) return 0
  const [row] = await run.warehouse.query<Row & { rows: number }>(
    sql`select count(*) as ${sql.id('rows')} from ${sql.staging(stage.result)}`,
    { signal: run.signal },
  )
  await run.warehouse.dropStaging(stage.discards ?? [])
  return row?.rows ?? 0
}

async function runStep(
  { warehouse, signal }: Computing,
  context: StageContext,
  stage: string,
  step: Step | Loop,
): Promise<void> {
  const label = `run ${context.run} ${stage}`
  if ('into' in step) {
    await warehouse.stage(step.into, step.select, { signal, label })
    await warehouse.dropStaging(step.discards ?? [])
    return
  }
  for (;;) {
    const [row] = await warehouse.query<Row & { remaining: number }>(step.remaining, { signal, label })
    if (!row?.remaining) return
    for (const repeated of step.repeat) await warehouse.stage(repeated.into, repeated.select, { signal, label })
  }
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
