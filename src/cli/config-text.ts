import { extname } from 'node:path'
import { signupDefaults } from '../config/defaults.ts'
import { nameFromPath } from '../config/source-name.ts'

/** What a first configuration says. Paths as they are to stand in the file. */
export interface FirstConfig {
  readonly warehouse: string
  readonly events: string
  readonly sites: readonly string[]
  /** Empty for the default names. */
  readonly signups: readonly string[]
}

/** The options alone: JSON has no comments. */
export function configOf({ warehouse, events, sites, signups }: FirstConfig) {
  return {
    warehouse: { kind: 'duckdb', path: warehouse },
    sources: [{ kind: 'files', name: nameFromPath(events), path: events }],
    sites,
    ...(signups.length > 0 ? { conversions: { signup: { events: signups } } } : {}),
  }
}

/** The text of a configuration file, by the ending of its name. */
export function configText(first: FirstConfig, file: string): string {
  const ending = extname(file)
  if (ending === '.json') return `${JSON.stringify(configOf(first), null, 2)}\n`
  const options = commented(first)
  // Types only, which Node erases: the file loads in a folder where the package is not installed.
  return ending === '.ts' || ending === '.mts'
    ? `import type { ConfigInput } from 'tributary'\n\n${HEAD}\nexport default ${options} satisfies ConfigInput\n`
    : `${HEAD}\n/** @type {import('tributary').ConfigInput} */\nexport default ${options}\n`
}

const HEAD = `// What tributary reads, where it keeps its tables, and what counts. docs/configuration.md lists every option with
// its default. After a change, \`tributary check\` says what does not fit. Relative paths begin at this file.`

function commented({ warehouse, events, sites, signups }: FirstConfig): string {
  const isUsual = signups.length === 0
  return `{
  // One DuckDB file with all tables, made by the first run.
  warehouse: { kind: 'duckdb', path: ${text(warehouse)} },

  // Raw messages of Segment or RudderStack as JSON lines, plain or gzipped: a file, a folder, or a glob. The \`name\` is
  // part of the identity of each event: keep it, even when the files move.
  sources: [{ kind: 'files', name: ${text(nameFromPath(events))}, path: ${text(events)} }],

  // Your own hosts; subdomains are included. A referrer from one of them is inside, and no touch.
  sites: ${list(sites)},

  conversions: {
    // A person signs up with the first of these events; case and punctuation of names do not matter.${isUsual ? '\n    // These are the default ones.' : ''}
    signup: { events: ${list(isUsual ? signupDefaults.events : signups)} },

    // Other conversions, each under a name of its own, with or without a value. \`every\`: not only the person's first.
    // purchase: { event: 'Order Completed', value: 'revenue', currency: 'currency', every: true, lookbackDays: 90 },
  },

  // First pages that match are reported as \`blog_url\`: % is any text, _ any one character.
  // blogPattern: '/blog/%',

  // A silence longer than this ends a session.
  // sessions: { gapMinutes: 30 },

  // Kept, but without effect: bots that say so, your staff, development.
  // exclude: { bots: true, userIds: ['u-1'], hosts: ['staging.${sites[0] ?? 'acme.com'}'] },

  // Channels of your own, tried before the built-in rules (docs/channels.md).
  // channels: [{ channel: 'Partner', when: { source: ['bestlists'] } }],

  // When \`tributary serve\` runs the pipeline by itself: minute, hour, day, month, day of week.
  // schedule: '0 5 * * *',
  // timezone: 'Europe/Berlin',
}`
}

/** As the formatter would have it: single quotes where they do. */
const text = (value: string) => {
  const json = JSON.stringify(value)
  return value.includes("'") ? json : `'${json.slice(1, -1).replaceAll('\\"', '"')}'`
}

const list = (values: readonly string[]) => `[${values.map(text).join(', ')}]`
