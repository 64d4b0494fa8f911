import type { z } from 'zod'

/** Problems of a configuration, each one line: the path of the option, what was expected, what was got. */
export function describeProblems(
  issues: readonly z.core.$ZodIssue[],
  input: unknown,
  variables: ReadonlyMap<string, string>,
): string[] {
  const problems = issues.flatMap((issue) =>
    issue.message.split('\n').map((message) => {
      const path = pathText(issue.path)
      if (!message.startsWith('expected ')) return path ? `\`${path}\`: ${message}` : message
      const got = variables.has(path)
        ? `something else in the environment variable ${variables.get(path)}`
        : show(valueAt(input, issue.path))
      return `\`${path || 'configuration'}\`: ${withGot(message, got)}`
    }),
  )
  return [...new Set(problems)]
}

/** `sources[0].path` */
function pathText(path: readonly PropertyKey[]): string {
  return path
    .map((key) => (typeof key === 'number' ? `[${key}]` : `.${String(key)}`))
    .join('')
    .replace(/^\./, '')
}

/** The got goes behind the first sentence: what to do comes last. */
function withGot(message: string, got: string): string {
  const [expected, ...advice] = message.split('. ')
  return [`${expected}, but got ${got}`, ...advice].join('. ').replace(/([^.])$/, '$1.')
}

function valueAt(input: unknown, path: readonly PropertyKey[]): unknown {
  return path.reduce<unknown>(
    (value, key) =>
      typeof value === 'object' && value !== null ? (value as Record<PropertyKey, unknown>)[key] : undefined,
    input,
  )
}

function show(value: unknown): string {
  if (value === undefined) return 'nothing'
  if (typeof value === 'function') return 'a function'
  if (Array.isArray(value)) return value.length === 0 ? 'an empty list' : 'a list'
  if (typeof value === 'object' && value !== null)
    return Object.keys(value).length === 0 ? 'an empty object' : `an object with ${Object.keys(value).join(', ')}`
  const text = typeof value === 'string' ? JSON.stringify(value) : String(value)
  return text.length > 60 ? `${text.slice(0, 60)}…` : text
}
