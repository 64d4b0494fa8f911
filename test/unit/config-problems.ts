import { checkConfig } from '../../src/config/read.ts'
import { ConfigError } from '../../src/errors.ts'

/** The least that a configuration has to say. */
export const minimal = { sources: [{ kind: 'files', path: './events' }] }

/** What is wrong with a configuration. */
export const problemsOf = (input: unknown): readonly string[] => {
  try {
    checkConfig(input, '/somewhere/tributary.config.json', {})
  } catch (error) {
    if (error instanceof ConfigError) return error.problems
    throw error
  }
  return []
}
