import { readConfig } from '../config/read.ts'
import { wholeNumber } from './arguments.ts'
import { common, defineCommand, port } from './command.ts'

/** Serves the API. */
export const serve = defineCommand({
  summary: 'Serve the API and the dashboard, and run the pipeline on schedule.',
  options: { ...common, port },
  run: async (values, terminal) => {
    const chosen = wholeNumber('port', values.port, 0, 65_535)
    const config = await readConfig(values.config)
    const { serveConfig } = await import('./serve-config.ts')
    return serveConfig(config, { port: chosen ?? config.server.port, isQuiet: values.quiet ?? false }, terminal)
  },
})
