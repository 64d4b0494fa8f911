import { suggestion } from '../config/closest.ts'
import type { Config } from '../config/config.ts'
import { configFilesIn } from '../config/load.ts'
import { checkConfig, readConfig } from '../config/read.ts'
import { incrementContext } from '../pipeline/context.ts'
import { publishScript, stageScript } from '../pipeline/script.ts'
import type { StageContext } from '../pipeline/stage.ts'
import { stages } from '../pipeline/stages.ts'
import { openPrinter, type Printer, printable } from '../warehouses/printer.ts'
import { usageError, wholeNumber } from './arguments.ts'
import { common, defineCommand } from './command.ts'
import { exitCodes } from './exit-codes.ts'
import { sqlText } from './sql-text.ts'

const PUBLISH = { name: 'publish', does: 'the promises checked, then everything written in one transaction' }

/** Prints the SQL of a run. Nothing is opened and nothing executed: it works while a server has the database. */
export const sql = defineCommand({
  summary: 'Print the SQL that a run executes, stage by stage. Executes nothing.',
  positionals: [{ value: 'STAGE', optional: 'The stage, or publish. Without it: which there are.' }],
  options: {
    config: common.config,
    run: { type: 'string', value: 'N', description: 'Number of the run that stands in the SQL: 1 by default.' },
    warehouse: {
      type: 'string',
      value: 'KIND',
      description: `In the words of this kind of warehouse: ${printable.join(', ')}. Needs no configuration.`,
    },
  },
  run: async (values, terminal, [name]) => {
    const run = wholeNumber('run', values.run, 1, Number.MAX_SAFE_INTEGER) ?? 1
    if (name === undefined) {
      terminal.out(listOfStages())
      return exitCodes.ok
    }
    const stage = stages.find((candidate) => candidate.name === name)
    const known = [...stages, PUBLISH].map((candidate) => candidate.name)
    if (!stage && name !== PUBLISH.name) throw usageError(`There is no stage \`${name}\`. ${suggestion(name, known)}`)

    const kind = kindOf(values.warehouse)
    const config = await configOrDefaults(values.config, kind !== undefined)
    const printer = await openPrinter(kind ?? config.warehouse.kind, config.warehouse.schema)
    const c = contextOf(config, printer, run)
    const script = stage ? stageScript(stage, c) : publishScript(c)
    terminal.out(sqlText(script, printer))
    return exitCodes.ok
  },
})

function listOfStages(): string {
  const all = [...stages, PUBLISH]
  const width = Math.max(...all.map(({ name }) => name.length))
  return [
    'The stages of a run, in their order:',
    '',
    ...all.map(({ name, does }) => `  ${name.padEnd(width)}   ${does}`),
    '',
    '`tributary sql STAGE` prints one.',
  ].join('\n')
}

function kindOf(given: string | undefined) {
  const kind = printable.find((known) => known === given)
  if (given !== undefined && kind === undefined)
    throw usageError(
      `Expected a kind of warehouse after \`--warehouse\`: ${printable.join(', ')}. But got \`${given}\`.`,
    )
  return kind
}

/** A warehouse that was named needs no configuration; one that is there is used all the same. */
async function configOrDefaults(path: string | undefined, isOptional: boolean): Promise<Config> {
  if (path !== undefined || hasConfig()) return readConfig(path)
  if (!isOptional)
    throw usageError(
      `Expected a configuration in ${process.cwd()}, but got none. Name one with \`--config FILE\`, or a kind of warehouse with \`--warehouse\` (${printable.join(', ')}) to see the SQL of the defaults.`,
    )
  return checkConfig({ sources: [{ kind: 'files', path: './events' }] }, 'the defaults', {})
}

const hasConfig = () => configFilesIn(process.cwd()).length > 0

/** An increment that began now. */
const contextOf = ({ pipeline: options }: Config, { dialect: d }: Printer, run: number): StageContext =>
  incrementContext({ d, options, run, startedAt: new Date().toISOString() })
