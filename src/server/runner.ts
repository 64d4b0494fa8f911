import { TributaryError } from '../errors.ts'
import type { ProgressEvent, RunReport, RunRequest } from '../pipeline/run.ts'
import type { Pipeline } from './pipeline.ts'

/** The runs of this process: by schedule or by command, one at a time. */
export interface Runner {
  readonly isRunning: boolean
  /** Starts a run; throws `RUN_IN_PROGRESS` when one is. */
  run(request: RunRequest, onProgress?: (event: ProgressEvent) => void): Promise<RunReport>
}

export function createRunner({ runPipeline }: Pick<Pipeline, 'runPipeline'>): Runner {
  let isRunning = false
  return {
    get isRunning() {
      return isRunning
    },
    async run(request, onProgress) {
      if (isRunning)
        throw new TributaryError('RUN_IN_PROGRESS', 'A run is in progress. Try again when it has finished.')
      isRunning = true
      try {
        return await runPipeline(request, onProgress)
      } finally {
        isRunning = false
      }
    },
  }
}
