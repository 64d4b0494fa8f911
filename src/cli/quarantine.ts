import type { Config } from '../config/config.ts'
import { readConfig } from '../config/read.ts'
import type { QuarantineList, QuarantineQuery } from '../pipeline/quarantine/list.ts'
import type { ReleaseFilter } from '../pipeline/run.ts'
import { placeOf } from '../warehouses/place.ts'
import { usageError, wholeNumber } from './arguments.ts'
import { common, defineCommand } from './command.ts'
import { describeQuarantine } from './describe-quarantine.ts'
import { exitCodes } from './exit-codes.ts'

/** Shows what was refused, and lets it in. */
export const quarantine = defineCommand({
  summary: 'List the lines that could not be used, or release them: take them in again, whatever their times.',
  positionals: [{ value: 'list|release', choices: ['list', 'release'] }],
  options: {
    source: { type: 'string', value: 'NAME', description: 'Only of this source.' },
    reason: { type: 'string', value: 'REASON', description: 'Only for this reason, e.g. FUTURE.' },
    limit: { type: 'string', value: 'N', description: 'list: at most so many rows; 20 by default.' },
    text: { type: 'boolean', description: 'list: with the beginning of each line. It may hold personal data.' },
    json: { type: 'boolean', description: 'list: as JSON, for programs.' },
    id: { type: 'string', value: 'ID', isList: true, description: 'release: this row.' },
    all: { type: 'boolean', description: 'release: every row.' },
    ...common,
  },
  run: async (values, terminal, [action]) => {
    const { limit, text, json, id, all, config: file, quiet, ...filter } = values
    if (action === 'release') {
      refuse('release', { limit, text, json })
      const release = releaseOf(filter, id, all)
      const { runOnce } = await import('./run-pipeline.ts')
      return runOnce(await readConfig(file), { kind: 'increment', release }, quiet ?? false, terminal)
    }
    refuse('list', { id, all, quiet })
    const query = { ...filter, limit: wholeNumber('limit', limit, 0, 10_000) ?? 20, hasText: text ?? false }
    const found = await listOf(await readConfig(file), query)
    terminal.out(json ? JSON.stringify(found, null, 2) : describeQuarantine(found))
    return exitCodes.ok
  },
})

function refuse(action: string, options: Readonly<Record<string, unknown>>): void {
  for (const [name, value] of Object.entries(options))
    if (value !== undefined)
      throw usageError(`\`quarantine ${action}\` takes no \`--${name}\`. See \`tributary quarantine --help\`.`)
}

/** To let everything in must be meant. */
function releaseOf(filter: ReleaseFilter, ids: readonly string[] | undefined, all: boolean | undefined): ReleaseFilter {
  const release = { ...filter, ...(ids === undefined ? {} : { ids }) }
  const isNarrow = Object.keys(release).length > 0
  if (isNarrow && all) throw usageError('Expected `--all`, or some of `--id`, `--source` and `--reason`, but got both.')
  if (!isNarrow && !all)
    throw usageError('Expected which rows to release: `--id`, `--source`, `--reason`, or `--all` for every one.')
  return release
}

/** To look must not make a database where there is none. */
async function listOf(config: Config, query: QuarantineQuery): Promise<QuarantineList> {
  if (!(await placeOf(config.warehouse)).isThere) return { rows: 0, counts: [], first: [] }
  const { reachPipeline } = await import('./pipeline.ts')
  const pipeline = await reachPipeline(config)
  try {
    return await pipeline.quarantine(query)
  } finally {
    await pipeline.close()
  }
}
