import { type RunReport, type RunRequest, runPipeline } from '../src/pipeline/run.ts'
import type { Warehouse } from '../src/warehouses/warehouse.ts'
import { configOf, type Place } from './files.ts'
import { type Cost, measured } from './measure.ts'

/** A run of the pipeline and its cost. */
export interface RunFigures extends Cost {
  readonly stages: RunReport['stages']
  /** Rows read of the sources, and of these the messages that were new. */
  readonly read: number
  readonly accepted: number
  readonly rowsWritten: number
  readonly problems: readonly string[]
}

/** Runs the pipeline once, measured. */
export async function runMeasured(place: Place, warehouse: Warehouse, kind: RunRequest['kind']): Promise<RunFigures> {
  const { pipeline: options, configVersion, history, limits } = configOf(place)
  const { result, ...cost } = await measured(() =>
    runPipeline({ warehouse, options, configVersion, kind, keepDays: history.keepDays, rowsPerRun: limits.rowsPerRun }),
  )
  const sum = (of: (source: RunReport['sources'][number]) => number) => result.sources.reduce((n, s) => n + of(s), 0)
  return {
    ...cost,
    stages: result.stages,
    read: sum((s) => s.read),
    accepted: sum((s) => s.accepted),
    rowsWritten: result.rowsWritten,
    problems: result.problems,
  }
}
