import type { ConfigInput, EnvVariable } from './options.ts'

/** Returns its argument: it exists for the types, and is optional. */
export const defineConfig = (config: ConfigInput): ConfigInput => config

/** The value of an environment variable, read when the configuration is checked. It never shows in a message. */
export const env = (name: string): EnvVariable => ({ env: name })
