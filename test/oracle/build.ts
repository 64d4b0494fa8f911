import type { PipelineOptions } from '../../src/pipeline/options.ts'
import { type OracleTables, oracle } from './oracle.ts'
import type { Row } from './rows.ts'
import { testSettings } from './settings.ts'

/** A message for a hand-made example. `at` is a time of 1 March 2025, such as `10:00` or `10:30:00.000001`. */
export interface Example {
  at: string
  device?: string
  user?: string
  /** URL of the page and referrer. */
  url?: string
  referrer?: string
  /** A track of that name, with properties as JSON text. */
  track?: string
  properties?: string
  /** An alias message from this id to `user`. */
  previousId?: string
  type?: string
  id?: string
  receivedAt?: string
  library?: string
  userAgent?: string
}

let numbered = 0

/** The JSON line of an example: a page when it has a device and is nothing else. */
export function exampleLine(example: Example): string {
  const type = example.track
    ? 'track'
    : example.previousId
      ? 'alias'
      : (example.type ?? (example.device ? 'page' : 'identify'))
  numbered += 1
  return JSON.stringify({
    type,
    messageId: example.id ?? `example-${String(numbered).padStart(4, '0')}`,
    anonymousId: example.device,
    userId: example.user,
    previousId: example.previousId,
    event: example.track,
    timestamp: timeOf(example.at),
    receivedAt: timeOf(example.receivedAt ?? example.at),
    context: {
      library: { name: example.library ?? 'analytics.js' },
      userAgent: example.userAgent,
      page: { url: example.url ?? (type === 'page' ? 'https://acme.test/' : undefined), referrer: example.referrer },
    },
    properties: '@properties',
  }).replace('"@properties"', example.properties ?? '{}')
}

function timeOf(text: string): string {
  return text.includes('T') ? text : `2025-03-01T${text}Z`
}

/** The tables of some lines or examples. */
export function tablesOf(lines: readonly (Example | string)[], settings: Partial<PipelineOptions> = {}): OracleTables {
  const delivered = lines.map((line) => (typeof line === 'string' ? line : exampleLine(line)))
  return oracle(
    delivered.map((text) => ({ source: 'events', text })),
    { ...testSettings, ...settings },
    new Date('2025-06-01T00:00:00Z'),
    (agent) => agent.includes('bot'),
  )
}

/** Some columns of the rows, in the order of a column. */
export function pick(rows: readonly Row[], columns: string[], orderBy = columns[0]!): Row[string][][] {
  return [...rows]
    .sort((a, b) => String(a[orderBy]).localeCompare(String(b[orderBy]), 'en'))
    .map((row) => columns.map((column) => row[column]!))
}
