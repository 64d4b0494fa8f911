import type { Config } from '../config/config.ts'
import { readConfig } from '../config/read.ts'
import type { Status } from '../pipeline/status.ts'
import { placeOf } from '../warehouses/place.ts'
import { common, defineCommand } from './command.ts'
import { describeStatus } from './describe-status.ts'
import { exitCodes } from './exit-codes.ts'

/** Shows the last runs and what the tables hold. */
export const status = defineCommand({
  summary: 'Show the last runs, and how many rows the tables hold.',
  options: { config: common.config, json: { type: 'boolean', description: 'As JSON, for programs.' } },
  run: async (values, terminal) => {
    const found = await statusOf(await readConfig(values.config))
    terminal.out(values.json ? JSON.stringify(found, null, 2) : describeStatus(found))
    return exitCodes.ok
  },
})

/** To look must not make a database where there is none. */
async function statusOf(config: Config): Promise<Status> {
  if (!(await placeOf(config.warehouse)).isThere)
    return { run: null, oldest: null, runs: [], counts: {}, sources: [], quarantine: {} }
  const { reachPipeline } = await import('./pipeline.ts')
  const pipeline = await reachPipeline(config)
  try {
    return await pipeline.status()
  } finally {
    await pipeline.close()
  }
}
