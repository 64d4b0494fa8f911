import { existsSync } from 'node:fs'
import { mkdir, writeFile } from 'node:fs/promises'
import { join, relative, resolve } from 'node:path'
import { readConfig } from '../config/read.ts'
import { wholeNumber } from './arguments.ts'
import { common, defineCommand, port } from './command.ts'
import { exitCodes } from './exit-codes.ts'
import type { Terminal } from './terminal.ts'

/** Shows tributary at work on a made-up company: everything after the data is what `run` and `serve` do. */
export const demo = defineCommand({
  summary: 'Write the events of a made-up company and run the pipeline on them.',
  options: {
    folder: {
      type: 'string',
      value: 'DIR',
      description: 'Folder for data, configuration and database. By default ./tributary-demo.',
    },
    serve: { type: 'boolean', description: 'Then serve the API and the dashboard.' },
    port,
    people: {
      type: 'string',
      value: 'N',
      description: 'About how many people the company meets: 4500 by default.',
    },
    quiet: common.quiet,
  },
  run: async (values, terminal) => {
    const isQuiet = values.quiet ?? false
    const folder = resolve(values.folder ?? 'tributary-demo')
    const people = wholeNumber('people', values.people, 1, 10_000_000)
    const chosenPort = wholeNumber('port', values.port, 0, 65_535)

    const config = await readConfig(await writeCompany(folder, people, isQuiet, terminal))
    const { runOnce } = await import('./run-pipeline.ts')
    const exitCode = await runOnce(config, { kind: 'increment' }, isQuiet, terminal)
    if (exitCode !== exitCodes.ok || !values.serve) return exitCode
    const { serveConfig } = await import('./serve-config.ts')
    return serveConfig(config, { port: chosenPort ?? config.server.port, isQuiet }, terminal)
  },
})

/** The company's events, and a configuration to play with: one that is there stays. Returns its path. */
async function writeCompany(
  folder: string,
  people: number | undefined,
  isQuiet: boolean,
  terminal: Terminal,
): Promise<string> {
  const { writeDemo } = await import('../demo/generate.ts')
  const { demoProductDatabase, demoSettings } = await import('../demo/settings.ts')
  if (!isQuiet) terminal.err(`Writing a year of a made-up company to ${folder}\n`)
  await mkdir(folder, { recursive: true })
  const { eventsFolder, productFolder } = await writeDemo(folder, { people })
  const file = join(folder, 'tributary.config.json')
  const settings = {
    warehouse: { kind: 'duckdb', path: './warehouse.duckdb' },
    sources: [{ kind: 'files', name: 'web', path: `./${relative(folder, eventsFolder)}` }],
    ...demoSettings,
    productDatabase: { ...demoProductDatabase, path: `./${relative(folder, productFolder)}` },
  }
  if (!existsSync(file)) await writeFile(file, `${JSON.stringify(settings, null, 2)}\n`)
  return file
}
