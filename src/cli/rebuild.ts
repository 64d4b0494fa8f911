import { readConfig } from '../config/read.ts'
import { usageError } from './arguments.ts'
import { common, defineCommand } from './command.ts'

/** Computes everything again. */
export const rebuild = defineCommand({
  summary: 'Compute every table again from the events, and publish what differs: after increments, nothing does.',
  options: {
    ...common,
    'from-sources': {
      type: 'boolean',
      description: 'Forget the events as well, and read every source from its beginning, in one run.',
    },
    'accept-loss': {
      type: 'boolean',
      description: 'With --from-sources: lose events that the sources do not hold any more.',
    },
  },
  run: async (values, terminal) => {
    const fromSources = values['from-sources'] ?? false
    const acceptLoss = values['accept-loss'] ?? false
    if (acceptLoss && !fromSources) throw usageError('Expected `--accept-loss` with `--from-sources` only.')
    const config = await readConfig(values.config)
    const { runOnce } = await import('./run-pipeline.ts')
    return runOnce(config, { kind: 'rebuild', fromSources, acceptLoss }, values.quiet ?? false, terminal)
  },
})
