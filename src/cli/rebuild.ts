import { readConfig } from '../config/read.ts'
import { common, defineCommand } from './command.ts'

/** Computes everything again. */
export const rebuild = defineCommand({
  summary: 'Compute every table again from the events, and publish what differs: after increments, nothing does.',
  options: common,
  run: async (values, terminal) => {
    const config = await readConfig(values.config)
    const { runOnce } = await import('./run-pipeline.ts')
    return runOnce(config, { kind: 'rebuild' }, values.quiet ?? false, terminal)
  },
})
