import type { RetryOptions } from '../warehouses/retry.ts'
import type { Warehouse } from '../warehouses/warehouse.ts'
import type { OpenProduct } from './companies/product-source.ts'
import type { PipelineOptions } from './options.ts'
import type { ProgressEvent, RunRequest } from './report.ts'

/** What a run works with. */
export interface RunInput extends RunRequest {
  readonly warehouse: Warehouse
  readonly options: PipelineOptions
  /** Names the options that shape the tables, on the run's record. */
  readonly configVersion: string
  /** Above this, what settings that changed make it compute anew has to be accepted; null or absent for no limit. */
  readonly bytesPerRun?: number | null
  /** Versions that ended earlier are removed after the run; without it none. */
  readonly keepDays?: number
  /** Replaces the warehouse's clock, for tests. */
  readonly now?: Date
  /** Replaces how many events may be revised before everything is computed from `events`, for tests. */
  readonly mostRevised?: number
  /** About how many rows of the sources a run reads at most; what is left is read by further runs. */
  readonly rowsPerRun?: number
  /** Opens the product database, when that is one: its address is a secret that no option holds. */
  readonly openProduct?: OpenProduct
  readonly signal?: AbortSignal
  readonly onProgress?: (event: ProgressEvent) => void
  /** For how long a statement that fails for a reason that may pass is sent again, and who is told. */
  readonly retry?: Omit<RetryOptions, 'signal'>
}

/** A run among those of one call. */
export interface OneRun extends RunInput {
  /** Files that runs of the call have read: one that changes all the time must not keep the others waiting. */
  readonly readBefore: Set<string>
  /** The first run of a call copies the product database. */
  readonly copiesProduct: boolean
}
