import type { CheckReport } from '../check/report.ts'
import { readConfig } from '../config/read.ts'
import { common, defineCommand } from './command.ts'
import { describeCheck } from './describe-check.ts'
import { exitCodes } from './exit-codes.ts'
import type { Terminal } from './terminal.ts'

const codes: Readonly<Record<CheckReport['verdict'], number>> = {
  ok: exitCodes.ok,
  warnings: exitCodes.warnings,
  errors: exitCodes.failed,
}

/** Lines are cut for people; elsewhere somebody may search them. */
const widthOf = ({ isWatched, columns }: Terminal) =>
  isWatched ? Math.max(60, Math.min(columns, 110)) : Number.POSITIVE_INFINITY

/** Says what is wrong before a run does. */
export const check = defineCommand({
  summary: 'Look at warehouse, sources and a sample of events, and say what to fix. Changes nothing.',
  options: { config: common.config, json: { type: 'boolean', description: 'As JSON, for programs.' } },
  run: async (values, terminal) => {
    const config = await readConfig(values.config)
    const { checkConfigured } = await import('./check-config.ts')
    const report = await checkConfigured(config)
    terminal.out(values.json ? JSON.stringify(report, null, 2) : describeCheck(report, config.file, widthOf(terminal)))
    return codes[report.verdict]
  },
})
