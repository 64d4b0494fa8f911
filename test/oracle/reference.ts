import clickIdData from '../../src/pipeline/channels/data/click-ids.json' with { type: 'json' }
import countrySuffixes from '../../src/pipeline/channels/data/country-suffixes.json' with { type: 'json' }
import hostData from '../../src/pipeline/channels/data/hosts.json' with { type: 'json' }
import exclusionData from '../../src/pipeline/channels/data/referral-exclusions.json' with { type: 'json' }
import sourceData from '../../src/pipeline/channels/data/sources.json' with { type: 'json' }

/** In the order in which a URL is searched for them. */
export const clickIds: readonly { parameter: string; source: string; channel: string }[] = clickIdData

/** Hosts of logins and payments. */
export const referralExclusions: readonly string[] = exclusionData

/** Kind → source → hosts and other spellings. */
const hosts: Record<string, Record<string, string[]>> = hostData
/** Kind → further sources. */
const sources: Record<string, string[]> = sourceData

/** The name of a source that is given by its name, a host or another spelling, in lower case; null when it is not known. */
export function sourceName(text: string): string | null {
  const wanted = text.replace(/^www\./, '')
  const oneLabelLess = wanted.replace(/^[^.]*\./, '*.')

  const names = Object.values(hosts).flatMap((ofKind) => Object.keys(ofKind))
  const find = (test: (host: string) => boolean) => names.find((name) => spellings(name).some(test))

  return (
    [...names, ...Object.values(sources).flat()].find((name) => name === wanted) ??
    find((host) => host === wanted) ??
    find((host) => host.includes('{}') && countrySuffixes.some((suffix) => host.replace('{}', suffix) === wanted)) ??
    find((host) => host === oneLabelLess) ??
    null
  )
}

/** SEARCH, SOCIAL, VIDEO, SHOPPING, AI, EMAIL or ADS; null when it is not known. */
export function sourceKind(name: string | null): string | null {
  if (name === null) return null
  const ofHosts = Object.keys(hosts).find((kind) => Object.hasOwn(hosts[kind]!, name))
  return ofHosts ?? Object.keys(sources).find((kind) => sources[kind]!.includes(name)) ?? null
}

function spellings(name: string): string[] {
  return Object.values(hosts).flatMap((ofKind) => (Object.hasOwn(ofKind, name) ? ofKind[name]! : []))
}
