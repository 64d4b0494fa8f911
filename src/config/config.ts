import type { PipelineOptions } from '../pipeline/options.ts'
import type { WarehouseOptions } from '../warehouses/open.ts'
import type { LogInput } from './options.ts'

/** A configuration: checked, complete and frozen. */
export interface Config {
  /** The file it was read from. */
  readonly file: string
  readonly warehouse: WarehouseOptions
  readonly pipeline: PipelineOptions
  /** Cron text, or null to run by hand only. */
  readonly schedule: string | null
  readonly timezone: string
  readonly history: { readonly keepDays: number }
  readonly limits: { readonly bytesPerRun: number | null; readonly retryMinutes: number; readonly rowsPerRun: number }
  readonly server: { readonly host: string; readonly port: number }
  readonly log: { readonly level: NonNullable<LogInput['level']> }
  /** Address of the product database: a secret, for opening it and nothing else. */
  readonly productUrl: string | null
  /** Hash of the options that shape the tables. */
  readonly configVersion: string
}
