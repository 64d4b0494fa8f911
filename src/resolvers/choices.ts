import { InputError } from '../errors.ts'
import { RULE_MODELS, type RuleModel } from '../pipeline/tables/people.ts'
import type { Context } from './context.ts'

/** The models a caller can name, as they are written in answers and documentation. */
export const MODEL_NAMES: readonly string[] = RULE_MODELS.map((m) => m.toUpperCase())

/** One of the allowed values, compared without case; the error lists them. */
export function oneOf<T extends string>(name: string, value: string, allowed: readonly T[]): T {
  const found = allowed.find((a) => a.toLowerCase() === value.trim().toLowerCase())
  if (found !== undefined) return found
  throw new InputError(`Expected \`${name}\` to be one of ${allowed.join(', ')}, but got ${shown(value)}.`)
}

/** Distinct allowed values of a comma separated list, in the order of `allowed`. */
export function someOf<T extends string>(name: string, value: string, allowed: readonly T[]): T[] {
  const chosen = value
    .split(',')
    .filter((v) => v.trim() !== '')
    .map((v) => oneOf(name, v, allowed))
  return allowed.filter((a) => chosen.includes(a))
}

export function modelOf(value: string): RuleModel {
  return oneOf('model', value, MODEL_NAMES).toLowerCase() as RuleModel
}

/** The name of a configured conversion. */
export function conversionOf(context: Context, value: string): string {
  return context.conversions ? oneOf('conversion', value, context.conversions) : value
}

/** What a caller sent, short enough to stand in a message. */
export function shown(value: string): string {
  return JSON.stringify(value.length > 60 ? `${value.slice(0, 60)}…` : value)
}
