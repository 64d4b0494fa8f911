import { schedule } from 'node-cron'
import type { Logger } from 'pino'
import type { Runner } from './runner.ts'

export interface ScheduleOptions {
  /** A cron expression; null for no schedule. */
  readonly schedule: string | null
  readonly timezone: string
  readonly runner: Runner
  readonly logger: Logger
}

/** Runs the pipeline on time. A run that would overlap another is left out: the next one takes its news. */
export function startSchedule({ schedule: expression, timezone, runner, logger }: ScheduleOptions): {
  stop(): Promise<void>
} {
  if (expression === null) return { stop: async () => {} }
  const tick = async () => {
    if (runner.isRunning) {
      logger.warn({ schedule: expression }, 'scheduled run left out: another one is in progress')
      return
    }
    // The run itself logs what went wrong; the next tick tries again.
    await runner.run({ kind: 'increment' }).catch(() => {})
  }
  const silent = { info() {}, warn: (message: string) => logger.warn(message), error: () => {}, debug() {} }
  const task = schedule(expression, tick, { timezone, noOverlap: true, name: 'pipeline', logger: silent, unref: true })
  return {
    stop: async () => {
      await task.destroy()
    },
  }
}
