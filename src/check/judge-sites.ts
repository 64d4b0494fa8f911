import { editDistance } from '../config/closest.ts'
import type { PipelineOptions } from '../pipeline/options.ts'
import { isLocalHost, isUnder, siteOf } from './domains.ts'
import type { Evidence } from './evidence.ts'
import { type Counted, type Finding, listed, plural, share } from './report.ts'

/** Fewer of a hundred pages than this are a translator, a cache, somebody's copy of the site. */
const FEWEST = 0.01

/** Does `sites` cover the pages that were seen, and only those? */
export function judgeSites(options: PipelineOptions, evidence: Evidence, where: string): readonly Finding[] {
  const { sites, exclude, referralExclusions } = options
  const pages = evidence.pageHosts.reduce((sum, host) => sum + host.count, 0)
  const uncovered = evidence.pageHosts.filter(({ value }) => !isUnder(value, [...sites, ...exclude.hosts]))
  const frequent = uncovered.filter((host) => host.count / Math.max(1, pages) >= FEWEST)
  const local = frequent.filter(({ value }) => isLocalHost(value))
  const outside = frequent.filter(({ value }) => !isLocalHost(value))
  const ours = [...new Set(evidence.pageHosts.map(({ value }) => siteOf(value)))]
  const neighbours = evidence.referrerHosts.filter(
    ({ value }) => ours.includes(siteOf(value)) && !isUnder(value, [...sites, ...referralExclusions]),
  )
  return [
    ...(outside.length > 0 ? [notCovered(outside, neighbours, sites, pages)] : []),
    ...(outside.length === 0 && neighbours.length > 0 ? [selfReferrals(neighbours)] : []),
    ...(local.length > 0 ? [localPages(local)] : []),
    ...(pages > 0 ? sites.flatMap((site) => unusedSite(site, evidence, ours, where)) : []),
  ]
}

function notCovered(
  hosts: readonly Counted[],
  neighbours: readonly Counted[],
  sites: readonly string[],
  pages: number,
): Finding {
  const part = share(
    hosts.reduce((sum, host) => sum + host.count, 0),
    pages,
  )
  const domains = [...new Set(hosts.map(({ value }) => siteOf(value)))]
  const outside =
    neighbours.length > 0
      ? ` ${listed(neighbours.slice(0, 5))} came as a referrer from another of your hosts and counts as outside.`
      : ''
  return {
    severity: 'warning',
    subject: 'sites',
    message: `Expected \`sites\` to cover the hosts of your pages, but it ${sites.length === 0 ? 'is empty' : `leaves out ${part} of pages`}: ${listed(hosts.slice(0, 5))}.${outside}`,
    fix: `If these are yours, have ${domains.map((domain) => `'${domain}'`).join(', ')} in \`sites\` (subdomains are included): going from one to another is then no touch. It holds for events taken in from then on.`,
  }
}

const selfReferrals = (neighbours: readonly Counted[]): Finding => ({
  severity: 'warning',
  subject: 'sites',
  message: `Referrers that look like your own hosts count as outside: ${listed(neighbours.slice(0, 5))}.`,
  fix: `If these are yours, have ${[...new Set(neighbours.map(({ value }) => `'${siteOf(value)}'`))].join(', ')} in \`sites\`.`,
})

const localPages = (hosts: readonly Counted[]): Finding => ({
  severity: 'warning',
  subject: 'exclude.hosts',
  message: `Pages of machines, not of a site: ${listed(hosts.slice(0, 5))}.`,
  fix: 'If that is development, have these in `exclude.hosts`: their events are kept and take no part in anything.',
})

function unusedSite(site: string, { pageHosts }: Evidence, ours: readonly string[], where: string): readonly Finding[] {
  if (pageHosts.some(({ value }) => isUnder(value, [site]))) return []
  const near = ours.find((domain) => editDistance(domain, site) <= 2 || domain.split('.')[0] === site.split('.')[0])
  return [
    {
      severity: near ? 'warning' : 'note',
      subject: 'sites',
      message: `\`${site}\` covers none of the ${plural(pageHosts.length, 'page host')} in ${where}.`,
      fix: near
        ? `Did you mean '${near}'?`
        : `Right if its pages are rare; else the hosts that occur most are ${listed(pageHosts.slice(0, 3))}.`,
    },
  ]
}

/** Do the events have what sessions and people are made of? */
export function judgeEvents(
  { count: events, pages, identified, inSession }: Evidence,
  where: string,
): readonly Finding[] {
  if (events === 0) return []
  const findings: Finding[] = []
  if (inSession === 0)
    findings.push({
      severity: 'warning',
      subject: 'sources',
      message: `No event in ${where} comes from a browser or an app with an anonymousId.`,
      fix: 'Events of servers identify and convert, but make no sessions and no touches: everything will be Unattributed. Read the source of your website too.',
    })
  else if (pages === 0)
    findings.push({
      severity: 'warning',
      subject: 'sources',
      message: `No event in ${where} is a page or screen.`,
      fix: 'Campaigns and referrers stand on pages: without them nearly every touch will be Direct.',
    })
  if (identified === 0)
    findings.push({
      severity: 'warning',
      subject: 'sources',
      message: `No event in ${where} has a userId.`,
      fix: 'Without them devices stay apart: call `identify` when somebody signs up or in.',
    })
  return findings
}
