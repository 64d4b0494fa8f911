import { existsSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { basename, dirname, extname, relative, resolve } from 'node:path'
import { configFilesIn } from '../config/load.ts'
import { checkConfig, readConfig } from '../config/read.ts'
import { TributaryError } from '../errors.ts'
import { usageError } from './arguments.ts'
import { defineCommand } from './command.ts'
import { configOf, configText } from './config-text.ts'
import { exitCodes } from './exit-codes.ts'
import { askFirst, chooseFirst, type Given, type Look } from './first-config.ts'
import { defaultConfigFile, siteFrom } from './first-guesses.ts'
import { openQuestions, Unanswered } from './questions.ts'
import type { Terminal } from './terminal.ts'

const ENDINGS = ['.ts', '.mts', '.js', '.mjs', '.json']

/** Writes a first configuration. */
export const init = defineCommand({
  summary:
    'Write a first configuration, from a look at your events. Asks where there is a terminal; overwrites nothing.',
  options: {
    config: {
      type: 'string',
      value: 'FILE',
      description: `File to write, ending in ${ENDINGS.join(', ')}. By default tributary.config.ts in the working folder.`,
    },
    events: { type: 'string', value: 'PATH', description: 'Where the events are: a file, a folder or a glob.' },
    warehouse: {
      type: 'string',
      value: 'PATH',
      description: 'The database file. By default warehouse.duckdb beside the configuration.',
    },
    site: { type: 'string', value: 'HOST', isList: true, description: 'A host of your own; may be repeated.' },
    signup: {
      type: 'string',
      value: 'EVENT',
      isList: true,
      description: 'Name of an event with which people sign up; may be repeated.',
    },
    yes: { type: 'boolean', description: 'Ask nothing: what is not given is taken from a look at the events.' },
  },
  run: async (values, terminal) => {
    const file = resolve(values.config ?? (await defaultConfigFile(process.cwd())))
    refuseUnfit(file, values.config !== undefined)
    const given: Given = {
      events: values.events,
      warehouse: values.warehouse,
      sites: values.site?.map(siteFrom),
      signups: values.signup,
    }
    const isAsked = !values.yes && process.stdin.isTTY === true && process.stderr.isTTY === true
    return isAsked ? ask(file, given, terminal) : choose(file, given, terminal)
  },
})

/** Nothing is overwritten, nor is a second configuration put beside one. */
function refuseUnfit(file: string, isNamed: boolean): void {
  if (!ENDINGS.includes(extname(file)))
    throw usageError(
      `Expected a file ending in ${ENDINGS.join(', ')} after \`--config\`, but got \`${basename(file)}\`.`,
    )
  const [there] = isNamed ? [file].filter(existsSync) : configFilesIn(dirname(file))
  if (there)
    throw usageError(
      `${there} is there already, and is not overwritten. See what does not fit with \`tributary check\`, or name another file with \`--config FILE\`.`,
    )
}

async function choose(file: string, given: Given, terminal: Terminal): Promise<number> {
  const { first, notes } = await chooseFirst(given, await lookerFor(file))
  for (const note of notes) terminal.err(`${note}\n`)
  return write(file, first, terminal)
}

/** Asks on the terminal; whoever leaves has nothing written. */
async function ask(file: string, given: Given, terminal: Terminal): Promise<number> {
  const questions = openQuestions(process.stdin, process.stderr)
  try {
    const first = await askFirst(given, questions, await lookerFor(file))
    return await write(file, first, terminal)
  } catch (error) {
    if (!(error instanceof Unanswered)) throw error
    terminal.err('\nStopped. Nothing was written.\n')
    return exitCodes.stopped
  } finally {
    questions.close()
  }
}

/** A look at the events that a path of the command line leads to. */
async function lookerFor(file: string): Promise<Look> {
  const { suggest } = await import('../check/suggest.ts')
  return (path) => suggest(checkConfig({ sources: [{ kind: 'files', path: resolve(path) }] }, file, {}).pipeline)
}

/** Checks what is to be written, writes it, and reads it as every command will. */
async function write(file: string, chosen: Parameters<typeof configText>[0], terminal: Terminal): Promise<number> {
  const folder = dirname(file)
  const first = {
    ...chosen,
    events: fromFolder(folder, chosen.events),
    warehouse: fromFolder(folder, chosen.warehouse),
  }
  checkConfig(configOf(first), `What would be written to ${file}`, {})
  await writeFile(file, configText(first, file), { flag: 'wx' }).catch((error: NodeJS.ErrnoException) => {
    const why =
      error.code === 'EEXIST'
        ? `${file} is there already, and is not overwritten.`
        : `Expected to write ${file}, but: ${error.message}`
    throw new TributaryError('USAGE', why, { cause: error })
  })
  await readConfig(file)
  const more =
    file === resolve(basename(file)) && basename(file).startsWith('tributary.config.') ? '' : ` --config ${file}`
  const next = [
    [`check${more}`, 'what does not fit yet'],
    [`run${more}`, 'take the events in'],
    [`serve${more}`, 'dashboard and API, and the runs to come'],
  ]
  const width = Math.max(...next.map(([command]) => command!.length))
  const lines = next.map(([command, does]) => `  tributary ${command!.padEnd(width)}   ${does}`)
  terminal.out([`Wrote ${file}. Next:`, '', ...lines].join('\n'))
  return exitCodes.ok
}

/** A path of the command line as it stands in a file of a folder. */
function fromFolder(folder: string, path: string): string {
  const there = relative(folder, resolve(path)).replaceAll('\\', '/')
  if (there === '') return '.'
  return there.startsWith('.') || resolve(path) === there ? there : `./${there}`
}
