import type { Config } from '../config/config.ts'
import { TributaryError } from '../errors.ts'
import { type ProgressEvent, type RunReport, type RunRequest, runPipeline } from '../pipeline/run.ts'
import type { Retry } from '../warehouses/retry.ts'
import type { Warehouse } from '../warehouses/warehouse.ts'
import type { Logger } from './logger.ts'

/** The runs of a server: one at a time, each in the log. */
export interface ServerRuns {
  run(request: RunRequest, onProgress?: (event: ProgressEvent) => void): Promise<RunReport>
  /** Resolves when no run is in progress. */
  settled(): Promise<unknown>
}

export function serverRuns(config: Config, warehouse: Warehouse, logger: Logger, signal: AbortSignal): ServerRuns {
  let current: Promise<RunReport> | null = null

  const run: ServerRuns['run'] = async (request, onProgress) => {
    if (current) throw new TributaryError('RUN_IN_PROGRESS', 'A run is in progress. Try again when it has finished.')
    current = runAndLog(request, onProgress)
    try {
      return await current
    } finally {
      current = null
    }
  }

  const onRetry = (retry: Retry) => logger.warn({ ...retry }, 'statement failed, is tried again')

  const runAndLog = async (request: RunRequest, onProgress: (event: ProgressEvent) => void = () => {}) => {
    const { kind } = request
    logger.info({ kind }, 'run started')
    const { pipeline: options, configVersion } = config
    const tell = (event: ProgressEvent) => {
      if (event.state === 'finished')
        logger.info({ stage: event.stage, rows: event.rows, milliseconds: event.milliseconds }, 'stage finished')
      onProgress(event)
    }
    try {
      const retry = { budget: config.limits.retryMinutes * 60_000, onRetry }
      const report = await runPipeline({
        ...request,
        warehouse,
        options,
        configVersion,
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

  return { run, settled: () => Promise.allSettled([current]) }
}
