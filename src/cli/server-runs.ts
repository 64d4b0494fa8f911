import type { Config } from '../config/config.ts'
import { TributaryError } from '../errors.ts'
import { type ProgressEvent, type RunReport, type RunRequest, runPipeline } from '../pipeline/run.ts'
import { type ImportReport, importSpend, type SpendImport } from '../pipeline/spend/import-spend.ts'
import type { Retry } from '../warehouses/retry.ts'
import type { Warehouse } from '../warehouses/warehouse.ts'
import type { Logger } from './logger.ts'
import { productOf } from './open-product.ts'

/** The runs of a server: one at a time, each in the log. */
export interface ServerRuns {
  run(request: RunRequest, onProgress?: (event: ProgressEvent) => void): Promise<RunReport>
  /** Takes in ad spend, which is a run too. */
  importSpend(spend: SpendImport): Promise<ImportReport>
  /** Resolves when no run is in progress. */
  settled(): Promise<unknown>
}

export function serverRuns(config: Config, warehouse: Warehouse, logger: Logger, signal: AbortSignal): ServerRuns {
  let current: Promise<unknown> | null = null

  const alone = async <T>(work: () => Promise<T>): Promise<T> => {
    if (current) throw new TributaryError('RUN_IN_PROGRESS', 'A run is in progress. Try again when it has finished.')
    const begun = work()
    current = begun
    try {
      return await begun
    } finally {
      current = null
    }
  }

  const onRetry = (retry: Retry) => logger.warn({ ...retry }, 'statement failed, is tried again')

  const runAndLog = async (request: RunRequest, onProgress: (event: ProgressEvent) => void = () => {}) => {
    const { kind } = request
    logger.info({ kind }, 'run started')
    const { pipeline: options, configVersion, limits } = config
    const { keepDays } = config.history
    const tell = (event: ProgressEvent) => {
      if (event.state === 'finished')
        logger.info({ stage: event.stage, rows: event.rows, milliseconds: event.milliseconds }, 'stage finished')
      if (event.state === 'note') logger.warn({ stage: event.stage, note: event.note }, 'run has something to say')
      onProgress(event)
    }
    try {
      const retry = { budget: limits.retryMinutes * 60_000, onRetry }
      const report = await runPipeline({
        ...request,
        warehouse,
        options,
        configVersion,
        ...productOf(config),
        bytesPerRun: limits.bytesPerRun,
        rowsPerRun: limits.rowsPerRun,
        keepDays,
        signal,
        onProgress: tell,
        retry,
      })
      for (const note of report.problems) logger.warn({ run: report.run, note }, 'run has a note')
      logger.info(
        { run: report.run, kind, milliseconds: report.milliseconds, rowsWritten: report.rowsWritten },
        'run published',
      )
      return report
    } catch (error) {
      if (signal.aborted) logger.warn({ kind }, 'run stopped')
      else logger.error({ kind, err: error }, 'run failed')
      throw error
    }
  }

  const importAndLog = async (spend: SpendImport) => {
    const report = await importSpend({ warehouse, options: config.pipeline, signal }, spend)
    for (const note of report.problems) logger.warn({ run: report.run, note }, 'import has a note')
    logger.info({ run: report.run, kind: 'import', rowsWritten: report.rowsWritten }, 'run published')
    return report
  }

  return {
    run: (request, onProgress) => alone(() => runAndLog(request, onProgress)),
    importSpend: (spend) => alone(() => importAndLog(spend)),
    settled: () => Promise.allSettled([current]),
  }
}
