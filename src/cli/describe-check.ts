import type { CheckReport, Finding, SourceCheck } from '../check/report.ts'
import { count, plural } from './numbers.ts'

/** What `check` found, as text for people. */
export function describeCheck(report: CheckReport, file: string, width: number): string {
  const { warehouse, sources, product, events, findings } = report
  const run = warehouse.run === null ? 'No run is published yet.' : `Run ${warehouse.run} is published.`
  const seen = events.of === 'tables' ? 'taken in so far' : 'of the sample can be used'
  const rows: [string, string][] = [
    ['Configuration', file],
    ['Warehouse', `${warehouse.kind}, ${warehouse.place}: ${warehouse.state}. ${run}`],
    ...sources.map((source): [string, string] => [`Source ${source.name}`, describeSource(source)]),
    ...(product ? [['Product database', `${product.kind}: ${product.facts}`] as [string, string]] : []),
    ['Events', `${plural(events.count, 'event')} ${seen}${mostly(events)}`],
  ]
  const left = Math.max(...rows.map(([title]) => title.length)) + 2
  return [
    rows.map(([title, text]) => `${title.padEnd(left)}${wrap(text, width - left, left)}`).join('\n'),
    ...findings.map((finding) => describeFinding(finding, width)),
    summary(findings),
  ].join('\n\n')
}

function describeSource({ kind, facts, read, refused }: SourceCheck): string {
  const lost = Object.values(refused).reduce((sum, n) => sum + n, 0)
  const sample =
    read === 0 ? 'no message read' : `${plural(read, 'message')} read as a sample, ${count(lost)} of them to quarantine`
  return `${kind}: ${facts}; ${sample}`
}

function mostly({ names, pageHosts }: CheckReport['events']): string {
  const some = (list: typeof names) =>
    list
      .slice(0, 5)
      .map(({ value, count: n }) => `${value} (${count(n)})`)
      .join(', ')
  return [
    names.length > 0 ? `. Track events: ${some(names)}${names.length > 5 ? ' …' : ''}` : '',
    pageHosts.length > 0 ? `. Pages on ${some(pageHosts)}${pageHosts.length > 5 ? ' …' : ''}` : '',
  ].join('')
}

function describeFinding({ severity, subject, message, fix }: Finding, width: number): string {
  const indent = 9
  const lines = [message, fix]
    .filter((text) => text !== '')
    .map((text) => `${' '.repeat(indent)}${wrap(text, width - indent, indent)}`)
  return [`${severity.padEnd(indent)}${subject}`, ...lines].join('\n')
}

function summary(findings: readonly Finding[]): string {
  const of = (severity: Finding['severity'], noun: string) => {
    const n = findings.filter((finding) => finding.severity === severity).length
    return n === 0 ? [] : [plural(n, noun)]
  }
  const counts = [...of('error', 'error'), ...of('warning', 'warning'), ...of('note', 'note')]
  return counts.length === 0 ? 'Nothing to fix.' : `${counts.join(', ')}.`
}

/** Text in lines of a width, the second and later ones indented. */
function wrap(text: string, width: number, indent: number): string {
  const lines = ['']
  for (const word of text.split(/ (?!%)/)) {
    const line = lines.at(-1)!
    if (line !== '' && line.length + word.length + 1 > width) lines.push(word)
    else lines[lines.length - 1] = line === '' ? word : `${line} ${word}`
  }
  return lines.join(`\n${' '.repeat(indent)}`)
}
