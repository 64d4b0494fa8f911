import { resolve } from 'node:path'
import { z } from 'zod'
import { PAID_PLAN } from '../pipeline/options.ts'
import { isCron } from './cron.ts'
import * as is from './leaves.ts'
import { productDatabase } from './product-database.ts'
import { nameOfSource } from './source-name.ts'
import * as warehouses from './warehouse-schema.ts'

/** What is allowed. What the options mean stands in options.ts. */

const warehouse = z.discriminatedUnion(
  'kind',
  [warehouses.duckdb, warehouses.postgres, warehouses.redshift, warehouses.bigquery],
  {
    error: warehouses.kindError,
  },
)

const named = {
  name: is.text('a name of letters, digits, _, - and .', (v) => /^[a-z0-9][a-z0-9_.-]{0,62}$/i.test(v)).optional(),
  deduplicateAs: is.text('a name that sources share').optional(),
}

/** A schema that another tool has made may be called almost anything. */
const tableSource = is.object({
  kind: z.enum(['segment', 'rudderstack']),
  schema: is.text('the name of one schema, such as segment_prod', (v) => /^[^\s."'`]{1,127}$/.test(v)),
  ...named,
  readableAt: is
    .text('the name of a column or null', (v) => /^[^\s"'`]{1,127}$/.test(v))
    .nullable()
    .optional(),
})

const source = z.discriminatedUnion(
  'kind',
  [
    is.object({ kind: z.literal('files'), path: is.text('the path of a file or folder, or a glob'), ...named }),
    tableSource,
  ],
  {
    error: (issue: { code?: string }) =>
      issue.code === 'invalid_union'
        ? "expected 'files', 'segment' or 'rudderstack'. Other databases cannot be read yet: export them to files of JSON lines, CSV or Parquet."
        : "expected an object with a kind, such as { kind: 'files', … }",
  },
)

const sources = is
  .list(source, 'sources')
  .min(1, 'expected at least one source')
  .superRefine((value, context) => {
    const names = value.map(nameOfSource)
    const places = value.map((s) => (s.kind === 'files' ? resolve(s.path) : `schema ${s.schema}`))
    value.forEach(({ kind }, i) => {
      const sameName = names.indexOf(names[i]!)
      const samePlace = places.indexOf(places[i]!)
      const say = (message: string) => context.addIssue({ code: 'custom', message, path: [i] })
      const what = kind === 'files' ? 'files' : 'schema'
      if (samePlace < i) say(`reads the same ${what} as sources[${samePlace}]. Remove one of them.`)
      else if (sameName < i)
        say(`has the name of sources[${sameName}], \`${names[i]}\`. Give one of them another \`name\`.`)
    })
  })

const conversion = is
  .object({
    event: is.eventName.optional(),
    events: is.list(is.eventName, 'event names').min(1, 'expected at least one event name').optional(),
    value: is.text('the name of a property').optional(),
    currency: is.text('the name of a property').optional(),
    defaultCurrency: is.currencyCode.optional(),
    every: is.flag.optional(),
    lookbackDays: is.whole('a number of days or null', 1, 36_500).nullable().optional(),
  })
  .superRefine((value, context) => {
    if (value.event && value.events) context.addIssue('has both `event` and `events`. Keep one of them.')
    if (value.currency && !value.value)
      context.addIssue('has a `currency` but no `value`. Name the property with the value.')
  })

const conversions = z
  .record(z.string().regex(/^[a-z][a-z0-9_]{0,62}$/), conversion, {
    error: (issue) =>
      issue.code === 'invalid_key'
        ? 'is no name for a conversion. Use lower case letters, digits and _, with a letter first.'
        : 'expected an object with a conversion under each name',
  })
  .superRefine((value, context) => {
    for (const [name, { event, events, every }] of Object.entries(value)) {
      const say = (message: string) => context.addIssue({ code: 'custom', message, path: [name] })
      if (name === 'signup' && every)
        say('cannot have `every`: it is the person’s first. Give the conversion another name.')
      if (name === PAID_PLAN)
        say('is a conversion of its own: the plan of a company became a paid one. Give yours another name.')
      if (name !== 'signup' && !event && !events) say('expected `event` or `events`')
    }
  })

const texts = (what: string) =>
  is
    .list(is.text(`one of the ${what}`), what)
    .min(1, `expected at least one of the ${what}`)
    .optional()

const channelRule = is.object({
  channel: is.text(
    'the name of a channel, and not Unattributed, which stands for no touch at all',
    (v) => v.toLowerCase() !== 'unattributed',
  ),
  paid: is.flag.optional(),
  when: is
    .object({
      source: texts('sources'),
      medium: texts('media'),
      campaign: texts('campaigns'),
      referrerHost: is.list(is.host, 'hosts').min(1, 'expected at least one host').optional(),
      clickId: texts('click id parameters'),
      landingPath: is.list(is.pathPattern, 'path patterns').min(1, 'expected at least one path pattern').optional(),
    })
    .refine((value) => Object.keys(value).length > 0, 'expected at least one condition'),
})

export const configSchema = is.object({
  warehouse: warehouse.optional(),
  sources,
  sites: is.list(is.host, 'hosts').optional(),
  sessions: is
    .object({
      gapMinutes: z
        .number('expected a number of minutes')
        .refine((v) => v > 0 && v <= 1440, 'expected a number of minutes above 0 and at most 1440')
        .refine(
          (v) => Number.isInteger(Math.round(v * 60e6) / 1e6),
          'expected a number of minutes that is whole seconds',
        )
        .optional(),
    })
    .optional(),
  identity: is
    .object({
      maxUsersPerDevice: is.whole('a number of users', 1, 1_000_000).optional(),
      sharedDevices: is.oneOf(['next-user', 'last-user']).optional(),
      ignoreIds: is.list(is.id('an id'), 'ids').optional(),
    })
    .optional(),
  events: is
    .object({
      notBefore: is.moment
        .refine((v) => v >= '1970', 'expected a date or time in 1970 or later: order keys count from there')
        .optional(),
      deduplicateDays: is.whole('a number of days', 1, 3650).optional(),
    })
    .optional(),
  exclude: is
    .object({
      bots: is.flag.optional(),
      userIds: is.list(is.id('a user id'), 'user ids').optional(),
      hosts: is.list(is.host, 'hosts').optional(),
      paths: is.list(is.pathPattern, 'path patterns').optional(),
      events: is.list(is.eventName, 'event names').optional(),
    })
    .optional(),
  conversions: conversions.optional(),
  blogPattern: is.pathPattern.nullable().optional(),
  channels: is.list(channelRule, 'channel rules').optional(),
  referralExclusions: is.list(is.host, 'hosts').optional(),
  productDatabase: productDatabase.optional(),
  schedule: is.text('cron text of five fields such as 0 5 * * * (every day at five)', isCron).nullable().optional(),
  timezone: is.timeZone.optional(),
  history: is.object({ keepDays: is.whole('a number of days', 1, 36_500).optional() }).optional(),
  limits: is
    .object({
      bytesPerRun: is.whole('a number of bytes or null', 1, Number.MAX_SAFE_INTEGER).nullable().optional(),
      retryMinutes: is.whole('a number of minutes', 0, 1440).optional(),
      rowsPerRun: is.whole('a number of rows', 1000, 1_000_000_000).optional(),
    })
    .optional(),
  server: is
    .object({
      host: is.text('an address to listen on such as 127.0.0.1').optional(),
      port: is.whole('a port', 0, 65_535).optional(),
    })
    .optional(),
  log: is
    .object({ level: is.oneOf(['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent']).optional() })
    .optional(),
})

/** The options as they were given: checked, hosts and times in their one form, nothing filled in. */
export type CheckedInput = z.output<typeof configSchema>
