import clickIdData from './data/click-ids.json' with { type: 'json' }
import countrySuffixes from './data/country-suffixes.json' with { type: 'json' }
import hostData from './data/hosts.json' with { type: 'json' }
import exclusionData from './data/referral-exclusions.json' with { type: 'json' }
import sourceData from './data/sources.json' with { type: 'json' }

/** What a source is. `ADS`: hosts that only serve advertisements; they tell where an ad was shown, not who paid. */
type SourceKind = 'SEARCH' | 'SOCIAL' | 'VIDEO' | 'SHOPPING' | 'AI' | 'EMAIL' | 'ADS'

/** A host, `*.` and a host, or another spelling of a source; lower case, without `www.`. */
interface KnownHost {
  readonly host: string
  readonly name: string
  readonly kind: string
}

const hostsByKind: Readonly<Record<SourceKind, Readonly<Record<string, readonly string[]>>>> = hostData
const sourcesByKind: Readonly<Partial<Record<SourceKind, readonly string[]>>> = sourceData

const written = Object.entries(hostsByKind).flatMap(([kind, names]) =>
  Object.entries(names).flatMap(([name, list]) => list.map((host) => ({ host, name, kind }))),
)

const isPattern = ({ host }: KnownHost) => host.includes('{}')

// One row per country, so that a warehouse only ever joins on equality. Written-out hosts come last: they win.
const expanded: readonly KnownHost[] = [
  ...written.filter(isPattern).flatMap((h) => countrySuffixes.map((s) => ({ ...h, host: h.host.replace('{}', s) }))),
  ...written.filter((h) => !isPattern(h)),
]

/** Hosts and spellings with the source they stand for; each once. */
export const hosts: readonly KnownHost[] = [...new Map(expanded.map((h) => [h.host, h])).values()]

/** Sources with their kinds: the names of the hosts, and more that no host leads to. */
export const sources: readonly { readonly source: string; readonly kind: string }[] = [
  ...Object.entries(hostsByKind).flatMap(([kind, names]) => Object.keys(names).map((source) => ({ source, kind }))),
  ...Object.entries(sourcesByKind).flatMap(([kind, names]) => names.map((source) => ({ source, kind }))),
]

/** Click id parameters with the network behind each and the channel it stands for alone. */
export const clickIds: readonly { parameter: string; source: string; channel: string; isPaid: boolean }[] = clickIdData

/** Their names, lower case, in the order in which a URL is searched for them. */
export const clickIdParameters: readonly string[] = clickIds.map(({ parameter }) => parameter)

/** Sign-in and payment hosts; their subdomains are meant too. */
export const unreferringHosts: readonly string[] = exclusionData

const names = new Map(hosts.map(({ host, name }) => [host, name]))

/** The name that rules compare, for another spelling of it: `fb` → `facebook`. Takes lower case. */
export function sourceName(source: string): string {
  return names.get(source.replace(/^www[.]/, '')) ?? source
}
