import { normaliseName } from '../pipeline/incoming.ts'
import type { PipelineOptions } from '../pipeline/options.ts'
import { sql } from '../warehouses/sql.ts'
import { isLocalHost, siteOf } from './domains.ts'
import { type Evidence, readEvidence } from './evidence.ts'
import { probe } from './probes.ts'
import type { Counted } from './report.ts'
import { openScratch, sampleContext, takeIn } from './sample.ts'
import { soundsLikeSignup } from './similar.ts'

/** What a first configuration could say, from a look at the events. */
export interface Suggestions {
  /** What is there, in words. */
  readonly facts: string
  /** Usable messages that were looked at; 0 when there are none or nothing can be read. */
  readonly messages: number
  /** Domains of the pages, most frequent first. */
  readonly sites: readonly Counted[]
  /** Events that sound like a signup, as they are delivered, the likeliest first. */
  readonly signups: readonly Counted[]
}

/** Looks at a sample of the first source. */
export async function suggest(options: PipelineOptions): Promise<Suggestions> {
  const source = options.sources[0]!
  const { facts, lines, findings } = await probe(source, 'sources[0]', { warehouse: null, options })
  const problem = findings.find(({ severity }) => severity === 'error')
  const scratch = await openScratch()
  try {
    await takeIn(scratch, sampleContext(scratch, options), [{ source, lines }])
    const evidence = await readEvidence({ warehouse: scratch, relation: sql.staging('incoming') }, options)
    return {
      facts: problem?.message ?? facts,
      messages: evidence.count,
      sites: sitesOf(evidence),
      signups: signupsOf(evidence, options),
    }
  } finally {
    await scratch.close()
  }
}

/** Domains with at least a hundredth of the pages. */
function sitesOf({ pageHosts }: Evidence): readonly Counted[] {
  const counts = new Map<string, number>()
  for (const { value, count } of pageHosts.filter((host) => !isLocalHost(host.value)))
    counts.set(siteOf(value), (counts.get(siteOf(value)) ?? 0) + count)
  const total = [...counts.values()].reduce((sum, n) => sum + n, 0)
  return [...counts]
    .map(([value, count]) => ({ value, count }))
    .filter(({ count }) => count / total >= 0.01)
    .sort((a, b) => b.count - a.count)
}

/** The names that count as a signup by default, then those that sound like one. */
function signupsOf({ names }: Evidence, { conversions }: PipelineOptions): readonly Counted[] {
  const usual = new Set(conversions.signup!.events.map(normaliseName))
  const found = [...names.filter(({ value }) => usual.has(value)), ...soundsLikeSignup(names)]
  return [...new Set(found)].map(({ name, count }) => ({ value: name, count }))
}
