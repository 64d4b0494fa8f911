import { createHash } from 'node:crypto'
import type { PipelineOptions } from '../pipeline/options.ts'

/**
 * Names what the options mean for the tables: equal options, equal version, in whatever order the keys were written.
 * Sources do not count: one more brings news, but changes nothing of what is there.
 */
export function versionOf({ sources: _, ...shaping }: PipelineOptions): string {
  return createHash('sha256').update(JSON.stringify(shaping, sortKeys)).digest('hex').slice(0, 16)
}

function sortKeys(_key: string, value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value
  return Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)))
}
