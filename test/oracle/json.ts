/** A number as the JSON text wrote it: ids and amounts are read from that, not from a double. */
export class JsonNumber {
  readonly text: string

  constructor(text: string) {
    this.text = text
  }
}

/** The value of a JSON text, with numbers as `JsonNumber`. Throws when it is none. */
export function parseJson(text: string): unknown {
  const reviver = (_key: string, value: unknown, context: { source: string }): unknown =>
    typeof value === 'number' ? new JsonNumber(context.source) : value
  // Node hands the reviver the source text; the types of es2024 do not know it yet.
  return JSON.parse(text, reviver as (key: string, value: unknown) => unknown)
}

export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof JsonNumber)
}

/** Text of a string or number, else null. */
export function textOf(value: unknown): string | null {
  if (value instanceof JsonNumber) return value.text
  return typeof value === 'string' ? value : null
}
