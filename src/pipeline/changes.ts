import type { Fingerprints } from './fingerprints.ts'
import { NO_RECOMPUTE, type Recompute } from './recompute.ts'

/** What differs from the run before, and what follows from it. */
export interface Changes {
  /** Names of the fingerprints that differ; those of conversions that are gone too. */
  readonly names: readonly string[]
  /** Everything from `events`. */
  readonly isRebuild: boolean
  readonly recompute: Recompute
}

/** Stages whose change affects everyone. */
const OF_EVERYONE = ['sessions', 'touches', 'conversions', 'attribution']

/** What a run has to compute anew. `before` has no entry for a new conversion, `after` none for one that is gone. */
export function changesBetween(before: Fingerprints, after: Fingerprints): Changes {
  const names = [...new Set([...before.keys(), ...after.keys()])].filter((name) => before.get(name) !== after.get(name))
  const has = (name: string) => names.includes(name)
  const ofConversions = (part: string) =>
    names.filter((name) => name.startsWith(`${part}/`)).map((name) => name.slice(part.length + 1))
  const all = [...after.keys()].filter((name) => name.startsWith('credits/')).map((name) => name.slice(8))
  // Who has a conversion that is new or gone is affected anyway.
  const isOld = (name: string) => before.has(`credits/${name}`) && after.has(`credits/${name}`)
  const candidates = ofConversions('candidates')
  const isRebuild = has('visits')
  return {
    names,
    isRebuild,
    recompute: {
      ...NO_RECOMPUTE,
      events: has('events'),
      refused: has('ingest'),
      rollups: has('rollups'),
      companies: has('companies'),
      // A rebuild has all of these in it.
      ...(isRebuild
        ? {}
        : {
            candidates,
            conversions: [...new Set([...candidates, ...ofConversions('conversions')])],
            identities: has('identities'),
            people: OF_EVERYONE.some(has),
            credits: has('credits') ? all : ofConversions('credits').filter(isOld),
          }),
    },
  }
}
