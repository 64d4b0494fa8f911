import { readFileSync } from 'node:fs'
import { suggestion } from '../config/closest.ts'
import { TributaryError } from '../errors.ts'
import { parseArguments, usageError } from './arguments.ts'
import type { Command } from './command.ts'
import { commands } from './commands.ts'
import { exitCodeOf, exitCodes } from './exit-codes.ts'
import { helpFor, helpForAll } from './help.ts'
import { processTerminal, type Terminal } from './terminal.ts'

/** Runs one command line and returns the exit code. */
export async function main(args: readonly string[], terminal: Terminal = processTerminal): Promise<number> {
  // A reader that has seen enough (`| head`) is no failure.
  process.stdout.on('error', (error: NodeJS.ErrnoException) =>
    process.exit(error.code === 'EPIPE' ? exitCodes.ok : exitCodes.failed),
  )
  try {
    return await dispatch(args, terminal)
  } catch (error) {
    terminal.err(`${describe(error)}\n`)
    return error instanceof TributaryError ? exitCodeOf(error.code) : exitCodes.failed
  }
}

async function dispatch([name, ...rest]: readonly string[], terminal: Terminal): Promise<number> {
  if (name === undefined) {
    terminal.err(`${await helpForAll()}\n`)
    return exitCodes.usage
  }
  if (name === '--version' || name === '-v') return say(terminal, version())
  if (name === '--help' || name === '-h' || name === 'help') return say(terminal, await helpForAll())
  const load = Object.hasOwn(commands, name) ? commands[name] : undefined
  if (!load) throw usageError(`There is no command \`${name}\`. ${suggestion(name, Object.keys(commands))}`)
  const command = await load()
  if (rest.includes('--help') || rest.includes('-h')) return say(terminal, helpFor(name, command))
  const { values, positionals } = parseArguments(name, command, rest)
  return command.run(values as Parameters<Command['run']>[0], terminal, positionals)
}

function say(terminal: Terminal, text: string): number {
  terminal.out(text)
  return exitCodes.ok
}

function version(): string {
  return JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')).version
}

/** Errors raised on purpose say all in their message; others are faults of ours and come with their stack. */
function describe(error: unknown): string {
  if (!(error instanceof Error)) return `Unexpected: ${String(error)}`
  return error instanceof TributaryError ? error.message : `Unexpected: ${error.stack ?? error.message}`
}
