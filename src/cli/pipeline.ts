import type { CheckReport } from '../check/report.ts'
import type { Config } from '../config/config.ts'
import { TributaryError } from '../errors.ts'
import { type QuarantineList, type QuarantineQuery, readQuarantine } from '../pipeline/quarantine/list.ts'
import { type ProgressEvent, type RunReport, type RunRequest, runPipeline } from '../pipeline/run.ts'
import { type ImportReport, importSpend, type SpendImport } from '../pipeline/spend/import-spend.ts'
import { readStatus, type Status } from '../pipeline/status.ts'
import { openWarehouse } from '../warehouses/open.ts'
import { exclusiveFile } from '../warehouses/place.ts'
import type { Retry } from '../warehouses/retry.ts'
import type { Warehouse } from '../warehouses/warehouse.ts'
import { checkOpened } from './check-config.ts'
import { productOf } from './open-product.ts'
import { pipelineOfServer } from './remote.ts'
import { readServerFile } from './server-file.ts'

/** A pipeline to run and to ask, in this process or in the server that has the database. */
export interface Pipeline {
  /** The server that does the work, or null when this process does. */
  readonly server: string | null
  run(
    request: RunRequest,
    onProgress: (event: ProgressEvent) => void,
    signal: AbortSignal,
    onRetry?: (retry: Retry) => void,
  ): Promise<RunReport>
  status(): Promise<Status>
  quarantine(query: QuarantineQuery): Promise<QuarantineList>
  importSpend(spend: SpendImport, signal: AbortSignal): Promise<ImportReport>
  check(): Promise<CheckReport>
  close(): Promise<void>
}

/** The pipeline of a configuration. A DuckDB file belongs to one process: when a server has it, the server is asked. */
export async function reachPipeline(config: Config): Promise<Pipeline> {
  try {
    return pipelineHere(config, await openWarehouse(config.warehouse))
  } catch (error) {
    if (!(error instanceof TributaryError) || error.code !== 'WAREHOUSE_BUSY') throw error
    const file = exclusiveFile(config.warehouse)
    const server = file === null ? null : await readServerFile(file)
    if (!server)
      throw busy(
        error,
        'No server has left its address beside the file, so it is probably another run: try again when it has finished.',
      )
    const pipeline = await pipelineOfServer(server.url)
    if (!pipeline)
      throw busy(
        error,
        `The server that left its address beside the file, ${server.url} (process ${server.pid}), does not answer.`,
      )
    return pipeline
  }
}

function pipelineHere(config: Config, warehouse: Warehouse): Pipeline {
  const { pipeline: options, configVersion } = config
  const { keepDays } = config.history
  const { bytesPerRun, retryMinutes, rowsPerRun } = config.limits
  return {
    server: null,
    run: (request, onProgress, signal, onRetry) =>
      runPipeline({
        ...request,
        warehouse,
        options,
        configVersion,
        ...productOf(config),
        bytesPerRun,
        rowsPerRun,
        keepDays,
        onProgress,
        signal,
        retry: { budget: retryMinutes * 60_000, onRetry },
      }),
    status: () => readStatus(warehouse),
    quarantine: (query) => readQuarantine(warehouse, query),
    importSpend: (spend, signal) => importSpend({ warehouse, options, signal }, spend),
    check: () => checkOpened(config, warehouse),
    close: () => warehouse.close(),
  }
}

function busy(cause: TributaryError, advice: string): TributaryError {
  return new TributaryError('WAREHOUSE_BUSY', `${cause.message} ${advice}`, { cause })
}
