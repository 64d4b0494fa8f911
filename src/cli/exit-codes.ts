import type { ErrorCode } from '../errors.ts'

/** What the process says to whoever started it. docs/commands.md has the same list. */
export const exitCodes = {
  ok: 0,
  /** It was tried and failed. */
  failed: 1,
  /** Nothing was tried: the command line or the configuration is wrong. */
  usage: 2,
  /** Another process has the warehouse, or a run is in progress: try again later. */
  busy: 3,
  /** `check`: it works, with warnings. */
  warnings: 4,
  /** `init` was left by its reader; as a signal would end it. */
  stopped: 130,
} as const

export function exitCodeOf(code: ErrorCode): number {
  if (code === 'USAGE' || code === 'CONFIG_INVALID' || code === 'INPUT_INVALID') return exitCodes.usage
  return code === 'WAREHOUSE_BUSY' || code === 'RUN_IN_PROGRESS' ? exitCodes.busy : exitCodes.failed
}
