import { createHash } from 'node:crypto'
import type { Dialect } from '../warehouses/dialect.ts'
import { compileInline, type Sql, type SqlWriter, sql } from '../warehouses/sql.ts'
import type { Row, Warehouse } from '../warehouses/warehouse.ts'
import { botsVersion } from './agents.ts'
import { attribution } from './attribution.ts'
import {
  channelClickIds,
  channelHosts,
  channelSources,
  referralExclusions,
  versionOfReference,
} from './channels/tables.ts'
import { describedCopy } from './companies/product-source.ts'
import { companies } from './companies.ts'
import { incrementContext } from './context.ts'
import { conversions } from './conversions.ts'
import { credits } from './credits.ts'
import { identities } from './identities.ts'
import { checkMessages } from './messages.ts'
import type { ConversionOptions, PipelineOptions } from './options.ts'
import { findRevisions } from './revision.ts'
import { rollups } from './rollups.ts'
import { sessions } from './sessions.ts'
import { type Loop, queryOf, type SingleStep, type StageContext } from './stage.ts'
import { touches } from './touches.ts'
import { conversionValues } from './values.ts'
import { visits } from './visits.ts'

/** What each stage depends on, by name. Stage SQL prints options as literals, so a hash of it covers both. */
export type Fingerprints = ReadonlyMap<string, string>

/** A context in which nothing is particular to one run: for what stages are, not for what one does. */
export function describingContext(d: Dialect, options: PipelineOptions): StageContext {
  return incrementContext({ d, options: canonical(options), run: 0, startedAt: '2000-01-01T00:00:00.000000Z' })
}

/**
 * The fingerprints under some options. Conversions have some of their own, so that adding one is no change to the others:
 * `candidates/…` what its events and values are, `conversions/…` which of them count, `credits/…` how they are credited.
 */
export function fingerprintsOf(d: Dialect, writer: SqlWriter, options: PipelineOptions): Fingerprints {
  const { companies: product, ...others } = options
  const c = describingContext(d, { ...others, conversions: { signup: ANY_CONVERSION } })
  // Where staging tables are may differ from run to run; what a stage is does not.
  const lasting = { ...writer, staging: writer.quote }
  const hash = (...parts: readonly (Sql | string)[]) => {
    const texts = parts.map((part) => (typeof part === 'string' ? part : compileInline(part, lasting)))
    return createHash('sha256').update(texts.join('\u001e')).digest('hex').slice(0, 16)
  }
  const steps = (list: readonly (SingleStep | Loop)[]) => list.flatMap(textsOf)
  const marks = new Map<string, string>()
  marks.set(
    'events',
    hash(
      ...steps(findRevisions(c)),
      versionOfReference([referralExclusions]),
      c.options.exclude.bots ? botsVersion : '',
    ),
  )
  marks.set('ingest', hash(...steps([checkMessages(c, [])])))
  const ofVisits = visits.steps(c).filter((step) => !('into' in step && step.into.startsWith('conversion_candidates')))
  marks.set('visits', hash(...steps(ofVisits)))
  for (const stage of [identities, sessions, conversions, credits, attribution, rollups])
    marks.set(stage.name, hash(...steps(stage.steps(c))))
  const reference = versionOfReference([channelHosts, channelSources, channelClickIds])
  marks.set(touches.name, hash(...steps(touches.steps(c)), reference))
  if (product) {
    const described = describingContext(d, options)
    const copy = describedCopy(d, product, described.startedAt)
    marks.set(companies.name, hash(...steps(companies.steps({ ...described, copy }))))
  }
  for (const [name, conversion] of Object.entries(options.conversions)) {
    const [values] = conversionValues(describingContext(d, { ...options, conversions: { [name]: conversion } }))
    marks.set(`candidates/${name}`, values ? hash(...textsOf(values)) : '')
    marks.set(`conversions/${name}`, hash(String(conversion.every)))
    marks.set(`credits/${name}`, hash(String(conversion.lookbackDays)))
  }
  return marks
}

/** Those of the last run that changed each, without what is gone. */
export async function readFingerprints(warehouse: Warehouse): Promise<Fingerprints> {
  const rows = await warehouse.query<Row & { stage: string; fingerprint: string }>(
    sql`select stage, fingerprint from ${sql.table('stage_fingerprints')} where run_id > 0 order by run_id`,
  )
  const marks = new Map(rows.map((r) => [r.stage, r.fingerprint]))
  return new Map([...marks].filter(([, fingerprint]) => fingerprint !== ''))
}

const ANY_CONVERSION: ConversionOptions = {
  events: ['signup'],
  value: 'value',
  currency: 'currency',
  defaultCurrency: 'USD',
  every: false,
  lookbackDays: null,
}

function textsOf(step: SingleStep | Loop): readonly (Sql | string)[] {
  if ('into' in step) {
    const asked = 'ranges' in step ? step.ranges : 'keys' in step ? step.keys : ''
    return [asked, step.into, queryOf(step)]
  }
  return [...step.repeat.flatMap(textsOf), step.remaining]
}

/** The order of keys and of lists that are sets does not matter. */
function canonical(options: PipelineOptions): PipelineOptions {
  const { identity, exclude } = options
  return {
    ...options,
    sites: sorted(options.sites),
    referralExclusions: sorted(options.referralExclusions),
    identity: { ...identity, ignoreIds: sorted(identity.ignoreIds) },
    exclude: {
      bots: exclude.bots,
      userIds: sorted(exclude.userIds),
      hosts: sorted(exclude.hosts),
      paths: sorted(exclude.paths),
      events: sorted(exclude.events),
    },
    conversions: Object.fromEntries(
      Object.entries(options.conversions)
        .sort(([a], [b]) => (a < b ? -1 : 1))
        .map(([name, conversion]) => [name, { ...conversion, events: sorted(conversion.events) }]),
    ),
  }
}

const sorted = (list: readonly string[]): readonly string[] => [...new Set(list)].sort()
