import type { CheckReport } from '../check/report.ts'
import type { QuarantineList, QuarantineQuery } from '../pipeline/quarantine/list.ts'
import type { ProgressEvent, RunReport, RunRequest } from '../pipeline/run.ts'
import type { ImportReport, SpendImport } from '../pipeline/spend/import-spend.ts'
import type { Status } from '../pipeline/status.ts'

/** What the server needs of the pipeline. */
export interface Pipeline {
  /** Tells what happens as it happens. Throws `RUN_IN_PROGRESS` when another run is. */
  runPipeline(request: RunRequest, onProgress?: (event: ProgressEvent) => void): Promise<RunReport>
  readStatus(): Promise<Status>
  readQuarantine(query: QuarantineQuery): Promise<QuarantineList>
  importSpend(spend: SpendImport): Promise<ImportReport>
  /** How the installation does, as the server's configuration has it. */
  check(): Promise<CheckReport>
}
