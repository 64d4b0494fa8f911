import { createHash } from 'node:crypto'
import type { Row, TableSpec } from '../../warehouses/warehouse.ts'
import { boolean, table, text } from '../tables/table.ts'
import { clickIds, hosts, sources, unreferringHosts } from './reference.ts'

export { clickIdParameters } from './reference.ts'

/** Hosts and aliases by the name that reports show. */
export const channelHosts = table({
  name: 'channel_hosts',
  row: 'referrer host or alias of a source',
  description: 'Names of known referrer hosts and of other spellings of a source.',
  kind: 'reference',
  key: ['host'],
  columns: {
    host: text(
      'Host without `www.`, `*.` and a host for its subdomains of one label, or another spelling; lower case.',
    ),
    name: text('The source it stands for.'),
    kind: text('`SEARCH`, `SOCIAL`, `VIDEO`, `SHOPPING`, `AI`, `EMAIL` or `ADS`.'),
  },
})

/** What known sources are. */
export const channelSources = table({
  name: 'channel_sources',
  row: 'source',
  description: 'Kinds of normalised sources.',
  kind: 'reference',
  key: ['source'],
  columns: {
    source: text('Normalised source.'),
    kind: text('Kind, as in `channel_hosts`.'),
  },
})

/** What click ids say. */
export const channelClickIds = table({
  name: 'channel_click_ids',
  row: 'click id parameter',
  description: 'Networks behind click ids, and the channel they stand for when nothing else is known.',
  kind: 'reference',
  key: ['click_id'],
  columns: {
    click_id: text('Name of the URL parameter, lower case.'),
    source: text('The network, as a normalised source.'),
    channel: text('Channel when neither medium nor another source is known.'),
    is_paid: boolean('It proves that the click was paid for.'),
  },
})

/** Hosts that people only pass through. */
export const referralExclusions = table({
  name: 'referral_exclusions',
  row: 'host',
  description: 'Sign-in and payment hosts: coming back from them is no visit from outside.',
  kind: 'reference',
  key: ['host'],
  columns: {
    host: text('Host, lower case; its subdomains are excluded too.'),
  },
})

const rowsOf = new Map<TableSpec, readonly Row[]>([
  [channelHosts, hosts.map((h) => ({ ...h }))],
  [channelSources, sources.map((s) => ({ ...s }))],
  [
    channelClickIds,
    clickIds.map((c) => ({ click_id: c.parameter, source: c.source, channel: c.channel, is_paid: c.isPaid })),
  ],
  [referralExclusions, unreferringHosts.map((host) => ({ host }))],
])

/** The tables that come filled. */
export const referenceTables: readonly TableSpec[] = [...rowsOf.keys()]

/** Their rows. */
export function referenceRows(spec: TableSpec): readonly Row[] {
  const rows = rowsOf.get(spec)
  if (!rows) throw new TypeError(`Expected one of the reference tables of channels, but got: ${spec.name}`)
  return rows
}

/** Changes whenever a row of one of these tables does. */
export function versionOfReference(specs: readonly TableSpec[]): string {
  return createHash('sha256')
    .update(JSON.stringify(specs.map((spec) => [spec.name, referenceRows(spec)])))
    .digest('hex')
    .slice(0, 16)
}

/** The version of all of them: the pipeline loads the tables when it is not the one they were loaded with. */
export const referenceVersion: string = versionOfReference(referenceTables)
