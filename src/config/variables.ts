/** Values of a configuration in the place of `{ env: 'NAME' }`, absent options left out. */
export interface Filled {
  readonly value: unknown
  /** Which options came from a variable: path to name. Their values never show in messages. */
  readonly variables: ReadonlyMap<string, string>
  readonly problems: readonly string[]
}

/** Puts the values of environment variables where the configuration asks for them. */
export function fillVariables(input: unknown, environment: NodeJS.ProcessEnv): Filled {
  const variables = new Map<string, string>()
  const problems: string[] = []

  const fill = (value: unknown, path: string): unknown => {
    if (Array.isArray(value)) return value.map((item, i) => fill(item, `${path}[${i}]`))
    if (typeof value !== 'object' || value === null) return value
    const entries = Object.entries(value)
    const [key, name] = entries[0] ?? []
    if (entries.length !== 1 || key !== 'env' || typeof name !== 'string') {
      const given = entries.filter(([, item]) => item !== undefined)
      return Object.fromEntries(given.map(([k, item]) => [k, fill(item, path ? `${path}.${k}` : k)]))
    }
    variables.set(path, name)
    const found = environment[name]
    if (found === undefined) problems.push(`\`${path}\`: expected the environment variable ${name}, but it is not set.`)
    return found ?? ''
  }

  return { value: fill(input, ''), variables, problems }
}
