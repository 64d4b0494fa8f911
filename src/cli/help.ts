import type { Command } from './command.ts'
import { commands } from './commands.ts'

/** What belongs together in `--help`; a command that is not here stands under the last one. */
const groups: Readonly<Record<string, readonly string[]>> = {
  'To begin:': ['demo', 'init', 'check'],
  'To run:': ['run', 'rebuild', 'serve', 'import', 'status'],
  'To look closer, and to mend:': ['quarantine', 'sql'],
}

/** What `tributary --help` says. */
export async function helpForAll(): Promise<string> {
  const loaded = await Promise.all(
    Object.entries(commands).map(async ([name, load]) => [name, (await load()).summary] as const),
  )
  const titles = Object.keys(groups)
  const groupOf = (name: string) => titles.find((title) => groups[title]!.includes(name)) ?? titles.at(-1)
  const lines = columns(loaded)
  const parts = titles.map((title) => [title, ...lines.filter((_, i) => groupOf(loaded[i]![0]) === title), ''])
  return [
    'tributary: where your signups, sales and customers come from.',
    '',
    'Usage: tributary <command> [options]',
    '',
    ...parts.flat(),
    'tributary <command> --help   what a command takes',
    'tributary --version          the version',
  ].join('\n')
}

/** What `tributary <command> --help` says. */
export function helpFor(name: string, command: Command): string {
  const options = Object.entries(command.options).map(
    ([option, { value, isList, description }]) =>
      [`--${option}${value ? ` ${value}` : ''}${isList ? ' …' : ''}`, description] as const,
  )
  const needed = (command.positionals ?? [])
    .map(({ value, optional }) => ` ${optional ? `[${value}]` : value}`)
    .join('')
  const described = (command.positionals ?? []).flatMap(({ value, optional }) =>
    optional ? [[value, optional] as const] : [],
  )
  const usage = `Usage: tributary ${name}${needed} [options]`
  return [usage, '', command.summary, '', ...columns([...described, ...options])].join('\n')
}

function columns(rows: readonly (readonly [string, string])[]): string[] {
  const width = Math.max(...rows.map(([left]) => left.length))
  return rows.map(([left, right]) => `  ${left.padEnd(width)}   ${right}`)
}
