import { parseArgs } from 'node:util'
import { suggestion } from '../config/closest.ts'
import { TributaryError } from '../errors.ts'
import type { Command, CommandOption } from './command.ts'

export const usageError = (message: string) => new TributaryError('USAGE', message)

/** What a command was given. */
interface Given {
  readonly values: Record<string, string | boolean | readonly string[]>
  readonly positionals: readonly string[]
}

/** The values of a command's options, and what stands before them; whatever it does not know is refused with the nearest it knows. */
export function parseArguments(name: string, command: Command, args: readonly string[]): Given {
  const options: Record<string, CommandOption> = command.options
  const known = Object.keys(options).map((option) => `--${option}`)
  const types = Object.fromEntries(Object.entries(options).map(([option, { type }]) => [option, { type }]))
  const { tokens } = parseArgs({ args: [...args], options: types, strict: false, allowPositionals: true, tokens: true })
  const values: Given['values'] = {}
  const positionals: string[] = []
  for (const token of tokens) {
    if (token.kind === 'option-terminator') continue
    if (token.kind === 'positional') {
      positionals.push(positionalFor(name, command, positionals.length, token.value))
      continue
    }
    const option = options[token.name]
    if (!option) throw usageError(`\`${name}\` has no option \`${token.rawName}\`. ${suggestion(token.rawName, known)}`)
    const value = valueFor(name, token, option)
    values[token.name] = option.isList ? [...listOf(values[token.name]), ...items(String(value))] : value
  }
  const missing = command.positionals?.[positionals.length]
  if (missing && !missing.optional)
    throw usageError(
      `Expected ${missing.value} after \`${[name, ...positionals].join(' ')}\`, but got nothing. ${helpFor(name)}`,
    )
  return { values, positionals }
}

const listOf = (value: Given['values'][string] | undefined) => (Array.isArray(value) ? value : [])

const items = (text: string) =>
  text
    .split(',')
    .map((item) => item.trim())
    .filter((item) => item !== '')

/** The number of an option that takes one. */
export function wholeNumber(
  option: string,
  value: string | undefined,
  least: number,
  most: number,
): number | undefined {
  if (value === undefined) return undefined
  const number = Number(value)
  const isFit = /^\d+$/.test(value) && number >= least && number <= most
  if (!isFit)
    throw usageError(`Expected a whole number from ${least} to ${most} after \`--${option}\`, but got \`${value}\`.`)
  return number
}

function positionalFor(name: string, { positionals = [] }: Command, place: number, value: string): string {
  const positional = positionals[place]
  if (!positional) {
    const taken = positionals.length === 0 ? 'no argument' : `only ${positionals.map((p) => p.value).join(' ')}`
    throw usageError(`\`${name}\` takes ${taken}, but got \`${value}\`${place > 0 ? ' as well' : ''}. ${helpFor(name)}`)
  }
  const { choices } = positional
  if (choices && !choices.includes(value))
    throw usageError(
      `Expected ${positional.value} after \`${name}\`, but got \`${value}\`. ${suggestion(value, choices)}`,
    )
  return value
}

const helpFor = (name: string) => `See \`tributary ${name} --help\`.`

function valueFor(
  name: string,
  token: { rawName: string; value?: string | undefined },
  option: CommandOption,
): string | boolean {
  if (option.type === 'boolean') {
    if (token.value !== undefined)
      throw usageError(`\`${token.rawName}\` takes no value, but got \`${token.value}\`. ${helpFor(name)}`)
    return true
  }
  const isMissing = token.value === undefined || token.value === '' || token.value.startsWith('--')
  if (isMissing)
    throw usageError(
      `Expected ${option.value} after \`${token.rawName}\`, but got ${token.value ? `\`${token.value}\`` : 'nothing'}. ${helpFor(name)}`,
    )
  return token.value!
}
