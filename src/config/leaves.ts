import { domainToASCII } from 'node:url'
import { z } from 'zod'
import { currencyDigits } from '../pipeline/currencies.ts'
import { suggestion } from './closest.ts'

/**
 * The kinds of value that options have. A message names what was expected; problems.ts adds the path and what was got.
 */

/** An object without other keys than these; an unknown one is named with the key that was probably meant. */
export const object = <T extends z.core.$ZodShape>(shape: T) =>
  z.strictObject(shape, {
    error: (issue) =>
      issue.code === 'unrecognized_keys'
        ? (issue.keys as string[])
            .map((key) => `\`${key}\` is no option here. ${suggestion(key, Object.keys(shape))}`)
            .join('\n')
        : `expected an object with ${Object.keys(shape).join(', ')}`,
  })

export const list = <T extends z.ZodType>(item: T, what: string) => z.array(item, `expected a list of ${what}`)

export const text = (what: string, isFit: (value: string) => boolean = () => true) =>
  z.string(`expected ${what}`).refine((value) => value.trim() !== '' && isFit(value), `expected ${what}`)

/** An id as events have it: trimmed. */
export const id = (what: string) => text(what).transform((value) => value.trim())

export const whole = (what: string, least: number, most: number) => {
  const expected = `expected ${what}, a whole number from ${least} to ${most}`
  return z.int(expected).min(least, expected).max(most, expected)
}

export const flag = z.boolean('expected true or false')

export const oneOf = <const T extends readonly string[]>(values: T) =>
  z.enum(values, `expected ${values.map((value) => `'${value}'`).join(' or ')}`)

/** A host as browsers write it: lower case, international names in ASCII. */
export const host = text('a host without scheme, port and path, such as acme.com', isHost).transform(asciiHost)

/** A SQL LIKE pattern of a path. */
export const pathPattern = text('a pattern of paths that begins with / or %, such as /blog/%', (value) =>
  /^[/%]/.test(value),
)

/** An event's name: something of it must be left when it is normalised. */
export const eventName = text('the name of an event, with a letter or digit in it', (value) => /[a-z0-9]/i.test(value))

export const currencyCode = text('an ISO 4217 currency code such as EUR', (value) =>
  Object.hasOwn(currencyDigits, value),
)

export const timeZone = text('an IANA time zone such as Europe/Berlin', isTimeZone)

/** A date or a time, as UTC text with microseconds. */
export const moment = z
  .union(
    [z.iso.date(), z.iso.datetime({ offset: true })],
    'expected a date such as 2020-01-01, or a time such as 2020-01-01T00:00:00Z',
  )
  .transform((value) => new Date(value).toISOString().replace('Z', '000Z'))

function isHost(value: string): boolean {
  return (
    value.length <= 253 && !/[\s/\\:?#@]/.test(value.trim()) && /^[a-z0-9_-]+(\.[a-z0-9_-]+)*$/.test(asciiHost(value))
  )
}

function asciiHost(value: string): string {
  return domainToASCII(value.trim().toLowerCase())
}

function isTimeZone(value: string): boolean {
  if (/^[+-]/.test(value)) return false
  try {
    return new Intl.DateTimeFormat('en', { timeZone: value }).resolvedOptions().timeZone !== ''
  } catch {
    return false
  }
}
