import { readConfig } from '../config/read.ts'
import { common, defineCommand } from './command.ts'

/** Takes in what is new and publishes. */
export const run = defineCommand({
  summary: 'Take in what is new in the sources, and publish.',
  options: {
    ...common,
    'accept-recompute': {
      type: 'boolean',
      description: 'Compute anew what settings that changed ask for, also above `limits.bytesPerRun`.',
    },
    'accept-columns': {
      type: 'boolean',
      description: 'Take the columns of source tables as they are from now on, although some that are used changed.',
    },
    'accept-shrink': {
      type: 'boolean',
      description: 'Copy the product database although a table lost more of its rows than `productDatabase.maxShrink`.',
    },
    'restart-history': {
      type: 'boolean',
      description:
        'Forget what earlier copies of the product database said, as when it was configured wrongly: this copy is the first.',
    },
  },
  run: async (values, terminal) => {
    const config = await readConfig(values.config)
    const { runOnce } = await import('./run-pipeline.ts')
    return runOnce(
      config,
      {
        kind: 'increment',
        ...(values['accept-recompute'] ? { acceptRecompute: true } : {}),
        ...(values['accept-columns'] ? { acceptColumns: true } : {}),
        ...(values['accept-shrink'] ? { acceptShrink: true } : {}),
        ...(values['restart-history'] ? { restartHistory: true } : {}),
      },
      values.quiet ?? false,
      terminal,
    )
  },
})
