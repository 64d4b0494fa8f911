import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { extname, join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { ConfigError } from '../errors.ts'

const names = ['ts', 'js', 'mjs', 'json'].map((ending) => `tributary.config.${ending}`)
const importable = ['.ts', '.mts', '.js', '.mjs']

/** The configuration files of a folder: one, or a mistake. */
export const configFilesIn = (folder: string): readonly string[] =>
  names.map((name) => join(folder, name)).filter((file) => existsSync(file))

/** The configuration file of a folder. */
export function findConfig(folder: string): string {
  const found = configFilesIn(folder)
  if (found.length > 1)
    throw new ConfigError(
      [`expected one configuration, but got ${found.length}. Remove all but one, or name one with --config.`],
      found.join(' and '),
    )
  if (found[0]) return found[0]
  const what = [
    `expected one of ${names.join(', ')}, but got none of them.`,
    'Write one with `tributary init`, name a file with `--config FILE`, or see tributary at work with `tributary demo`.',
  ]
  throw new ConfigError([what.join(' ')], `The folder ${folder}`)
}

/** What a configuration file says, unchecked: JSON, or the default export of a module, which Node itself imports. */
export async function loadConfigFile(file: string): Promise<unknown> {
  if (!existsSync(file))
    throw new ConfigError(['expected a configuration file, but got nothing: there is no such file.'], file)
  const ending = extname(file)
  if (ending === '.json') return parseJson(await readText(file), file)
  if (importable.includes(ending)) return importDefault(file)
  throw new ConfigError(
    [`expected a file that ends in ${[...importable, '.json'].join(', ')}, but got ${JSON.stringify(ending)}.`],
    file,
  )
}

async function readText(file: string): Promise<string> {
  try {
    return (await readFile(file, 'utf8')).replace(/^\uFEFF/, '')
  } catch (error) {
    throw unreadable(file, 'a file that can be read', error)
  }
}

function parseJson(text: string, file: string): unknown {
  try {
    return JSON.parse(text)
  } catch (error) {
    throw unreadable(file, 'JSON', error)
  }
}

async function importDefault(file: string): Promise<unknown> {
  const imported = await import(pathToFileURL(file).href).catch((error) => {
    throw unreadable(file, 'a module that Node can import', error)
  })
  if (imported.default === undefined)
    throw new ConfigError(['expected `export default { … }`, but got no default export.'], file)
  return imported.default
}

function unreadable(file: string, what: string, cause: unknown): ConfigError {
  const reason = cause instanceof Error ? cause.message.split('\n')[0] : String(cause)
  const error = new ConfigError([`expected ${what}, but got: ${reason}`], file)
  error.cause = cause
  return error
}
