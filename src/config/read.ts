import { dirname, resolve } from 'node:path'
import { ConfigError } from '../errors.ts'
import { complete } from './complete.ts'
import type { Config } from './config.ts'
import { findConfig, loadConfigFile } from './load.ts'
import { describeProblems } from './problems.ts'
import { configSchema } from './schema.ts'
import { fillVariables } from './variables.ts'

/** Reads a configuration file, or the one in the working folder, and checks all of it. */
export async function readConfig(path?: string, environment: NodeJS.ProcessEnv = process.env): Promise<Config> {
  const file = path === undefined ? findConfig(process.cwd()) : resolve(path)
  return checkConfig(await loadConfigFile(file), file, environment)
}

/** Checks and completes what a file says. Every problem is in the error, not only the first. */
export function checkConfig(input: unknown, file: string, environment: NodeJS.ProcessEnv): Config {
  const filled = fillVariables(input, environment)
  const checked = configSchema.safeParse(filled.value)
  const port = portOf(environment)
  const problems = [...filled.problems, ...port.problems]
  if (checked.error) {
    const described = describeProblems(checked.error.issues, filled.value, filled.variables)
    problems.push(...described.filter((problem) => !filled.problems.some((known) => pathOf(known) === pathOf(problem))))
  }
  if (!checked.success || problems.length > 0) throw new ConfigError(problems, file)
  const server = { ...checked.data.server, ...port.server }
  return complete({ ...checked.data, server }, file, dirname(file))
}

const pathOf = (problem: string) => problem.split(':')[0]

/** `PORT`, which hosting platforms set, wins over `server.port`. */
function portOf({ PORT }: NodeJS.ProcessEnv): { server: { port?: number }; problems: string[] } {
  if (PORT === undefined || PORT === '') return { server: {}, problems: [] }
  const port = Number(PORT)
  const isPort = /^\d+$/.test(PORT) && port <= 65_535
  const problem = `environment variable PORT: expected a port, a whole number from 0 to 65535, but got ${JSON.stringify(PORT)}.`
  return isPort ? { server: { port }, problems: [] } : { server: {}, problems: [problem] }
}
