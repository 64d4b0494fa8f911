import type { Config } from '../config/config.ts'
import { readQuarantine } from '../pipeline/quarantine/list.ts'
import { readStatus } from '../pipeline/status.ts'
import { startServer } from '../server/listen.ts'
import { openWarehouse } from '../warehouses/open.ts'
import { exclusiveFile } from '../warehouses/place.ts'
import type { Warehouse } from '../warehouses/warehouse.ts'
import { checkOpened } from './check-config.ts'
import { exitCodes } from './exit-codes.ts'
import { createLogger, type Logger } from './logger.ts'
import { removeServerFile, writeServerFile } from './server-file.ts'
import { type ServerRuns, serverRuns } from './server-runs.ts'
import { untilStopped } from './signals.ts'
import type { Terminal } from './terminal.ts'

/** Serves until a signal asks to stop: what `serve` and `demo --serve` do. A run in progress is then abandoned, as if it never was. */
export async function serveConfig(
  config: Config,
  options: { port: number; isQuiet: boolean },
  terminal: Terminal,
): Promise<number> {
  const logger = createLogger(options.isQuiet ? 'warn' : config.log.level)
  const warehouse = await openWarehouse(config.warehouse)
  const file = exclusiveFile(config.warehouse)
  try {
    await untilStopped(async (signal, stopped) => {
      const runs = serverRuns(config, warehouse, logger, signal)
      const server = await listen(config, options.port, warehouse, runs, logger)
      try {
        if (file) await writeServerFile(file, server.url)
        if (terminal.isWatched && !options.isQuiet) terminal.err(welcome(server.url))
        await runFirst(warehouse, runs)
        logger.info({ signal: await stopped }, 'stopping')
      } finally {
        if (file) await removeServerFile(file)
        await server.close()
        await runs.settled()
      }
    })
    return exitCodes.ok
  } finally {
    await warehouse.close()
  }
}

function listen(config: Config, port: number, warehouse: Warehouse, runs: ServerRuns, logger: Logger) {
  return startServer({
    warehouse,
    configVersion: config.configVersion,
    conversions: Object.keys(config.pipeline.conversions),
    dimensions: Object.keys(config.pipeline.companies?.companies?.dimensions ?? {}),
    runPipeline: (request, onProgress) => runs.run(request, onProgress),
    readStatus: () => readStatus(warehouse),
    readQuarantine: (query) => readQuarantine(warehouse, query),
    importSpend: (spend) => runs.importSpend(spend),
    check: () => checkOpened(config, warehouse),
    schedule: config.schedule,
    timezone: config.timezone,
    logger,
    host: config.server.host,
    port,
  })
}

/** A new database has nothing to show: fill it now. What goes wrong is in the log, and the next run tries again. */
async function runFirst(warehouse: Warehouse, runs: ServerRuns): Promise<void> {
  const { run } = await readStatus(warehouse)
  if (run === null) await runs.run({ kind: 'increment' }).catch(() => {})
}

function welcome(url: string): string {
  const shown = url.replace('127.0.0.1', 'localhost').replace(/\/$/, '')
  return [
    '',
    `  Dashboard  ${shown}/`,
    `  API        ${shown}/graphql   (GraphiQL in a browser)`,
    '',
    '  Ctrl-C stops.',
    '',
    '',
  ].join('\n')
}
