import { Kind, type ValueNode } from 'graphql'
import { InputError } from '../errors.ts'
import type { AsOf } from '../resolvers/runs.ts'
import { builder } from './builder.ts'
import { dateTimeInput, dateTimeOutput } from './times.ts'

builder.scalarType('DateTime', {
  description:
    'A time. Written as `2025-01-31T09:00:00.000Z`, with six digits when microseconds matter. Read as ISO 8601 (without an offset: UTC), as a day `2025-01-31` (its start in `timezone`), or as milliseconds since 1970.',
  serialize: (value) => dateTimeOutput(String(value)),
  parseValue: (value) => dateTimeInput(value),
  parseLiteral: (node) => dateTimeInput(literal(node)),
})

builder.scalarType('Date', {
  description: 'A day, `2025-01-31`.',
  serialize: (value) => String(value).slice(0, 10),
})

builder.scalarType('AsOf', {
  description: 'An earlier run: its number (`12`), or a DateTime in text: the last run published by then.',
  serialize: (value) => ('run' in (value as AsOf) ? (value as { run: number }).run : (value as { time: string }).time),
  parseValue: asOfInput,
  parseLiteral: (node) => asOfInput(literal(node)),
})

function asOfInput(value: unknown): AsOf {
  if (typeof value === 'number' && Number.isSafeInteger(value) && value > 0) return { run: value }
  if (typeof value === 'string' && /^[1-9]\d{0,9}$/.test(value)) return { run: Number(value) }
  if (typeof value === 'string') {
    const time = dateTimeInput(value)
    return { time: time.length === 10 ? `${time}T00:00:00.000000Z` : time }
  }
  throw new InputError(
    'Expected `asOf` to be the number of a run, such as 12, or a time in text, but got something else.',
  )
}

/** Numbers and text of a literal; anything else is no time. */
function literal(node: ValueNode): unknown {
  if (node.kind === Kind.INT || node.kind === Kind.FLOAT) return Number(node.value)
  return node.kind === Kind.STRING ? node.value : undefined
}
