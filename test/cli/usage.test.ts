import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { beforeEach, describe, expect, it } from 'vitest'
import { commands } from '../../src/cli/commands.ts'
import { exitCodeOf } from '../../src/cli/exit-codes.ts'
import { helpFor } from '../../src/cli/help.ts'
import { temporaryFolder } from './folder.ts'
import { type Ended, tributary } from './tributary.ts'

let folder: string
const call = (...args: string[]): Promise<Ended> => tributary(args, { folder })
beforeEach(async () => {
  folder = await temporaryFolder()
})

describe('help', () => {
  it('lists every command', async () => {
    const { code, out, err } = await call('--help')
    expect({ code, err }).toEqual({ code: 0, err: '' })
    for (const name of Object.keys(commands)) expect(out).toMatch(new RegExp(`^ {2}${name} +[A-Z]`, 'm'))
  })

  it('is the answer to no command, as an error', async () => {
    expect(await call()).toMatchObject({ code: 2, out: '', err: expect.stringContaining('Usage: tributary <command>') })
  })

  it.each(Object.keys(commands))('of %s lists its options', async (name) => {
    const { code, out } = await call(name, '--help')
    expect(code).toBe(0)
    expect(out).toBe(`${helpFor(name, await commands[name]!())}\n`)
  })

  it('has the version', async () => {
    const { version } = JSON.parse(await readFile('package.json', 'utf8'))
    expect(await call('--version')).toMatchObject({ code: 0, out: `${version}\n` })
  })
})

describe('wrong command lines end with 2 and say what was meant', () => {
  const cases: [string[], string][] = [
    [['rn'], 'There is no command `rn`. Did you mean `run`?'],
    [
      ['toString'],
      'There is no command `toString`. There are: demo, init, check, run, rebuild, serve, quarantine, import, sql, status.',
    ],
    [['run', '--cofnig', 'x'], '`run` has no option `--cofnig`. Did you mean `--config`?'],
    [
      ['run', '-x'],
      '`run` has no option `-x`. There are: --config, --quiet, --accept-recompute, --accept-columns, --accept-shrink, --restart-history.',
    ],
    [['run', 'x.json'], '`run` takes no argument, but got `x.json`. See `tributary run --help`.'],
    [['quarantine'], 'Expected list|release after `quarantine`, but got nothing. See `tributary quarantine --help`.'],
    [['quarantine', 'lst'], 'Expected list|release after `quarantine`, but got `lst`. Did you mean `list`?'],
    [
      ['quarantine', 'list', 'x'],
      '`quarantine` takes only list|release, but got `x` as well. See `tributary quarantine --help`.',
    ],
    [['quarantine', 'list', '--all'], '`quarantine list` takes no `--all`. See `tributary quarantine --help`.'],
    [['quarantine', 'release', '--text'], '`quarantine release` takes no `--text`. See `tributary quarantine --help`.'],
    [
      ['quarantine', 'release'],
      'Expected which rows to release: `--id`, `--source`, `--reason`, or `--all` for every one.',
    ],
    [
      ['quarantine', 'release', '--all', '--id', 'x'],
      'Expected `--all`, or some of `--id`, `--source` and `--reason`, but got both.',
    ],
    [['rebuild', '--accept-loss'], 'Expected `--accept-loss` with `--from-sources` only.'],
    [['run', '--config'], 'Expected FILE after `--config`, but got nothing. See `tributary run --help`.'],
    [['run', '--config', '--quiet'], 'Expected FILE after `--config`, but got `--quiet`. See `tributary run --help`.'],
    [['run', '--quiet=yes'], '`--quiet` takes no value, but got `yes`. See `tributary run --help`.'],
    [['serve', '--port', '70000'], 'Expected a whole number from 0 to 65535 after `--port`, but got `70000`.'],
    [['demo', '--people', 'many'], 'Expected a whole number from 1 to 10000000 after `--people`, but got `many`.'],
  ]
  it.each(cases)('%j', async (args, message) => {
    expect(await call(...args)).toEqual({ code: 2, signal: null, out: '', err: `${message}\n` })
  })
})

describe('wrong configurations end with 2', () => {
  it('when there is none, and says where to begin', async () => {
    const { code, err } = await call('run')
    expect(code).toBe(2)
    expect(err).toContain('expected one of tributary.config.ts')
    expect(err).toContain('`tributary demo`')
    expect(err).toContain('`tributary init`')
  })

  it('when there are two', async () => {
    await writeFile(join(folder, 'tributary.config.json'), '{}')
    await writeFile(join(folder, 'tributary.config.ts'), '')
    expect(await call('run')).toMatchObject({
      code: 2,
      err: expect.stringContaining('expected one configuration, but got 2'),
    })
  })

  it.each(['check', 'run', 'rebuild', 'serve', 'status'])('with every problem of the file: %s', async (command) => {
    await writeFile(join(folder, 'c.json'), '{ "sources": [], "sesions": {}, "timezone": "Mars" }')
    const { code, out, err } = await call(command, '--config', 'c.json')
    expect({ code, out }).toEqual({ code: 2, out: '' })
    expect(err).toContain('c.json has 3 problems:')
  })
})

it('errors have exit codes', () => {
  expect(
    (['USAGE', 'CONFIG_INVALID', 'WAREHOUSE_BUSY', 'RUN_IN_PROGRESS', 'QUERY_FAILED', 'LOSS_REFUSED'] as const).map(
      exitCodeOf,
    ),
  ).toEqual([2, 2, 3, 3, 1, 1])
})
