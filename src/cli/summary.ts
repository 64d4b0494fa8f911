import type { RunReport } from '../pipeline/run.ts'
import type { Status } from '../pipeline/status.ts'
import { describeRelease } from './describe-quarantine.ts'
import { count, plural, seconds, textTable } from './numbers.ts'

/** What a run did, in a few lines. */
export function describeRun(report: RunReport, counts: Status['counts']): string {
  const { run, kind, milliseconds, rowsWritten, sources, problems, release } = report
  const totals = ['people', 'sessions', 'touches', 'conversions'].map(
    (table) => `${count(counts[table] ?? 0)} ${table}`,
  )
  return [
    `Run ${run} (${kind}) published in ${seconds(milliseconds)}, ${plural(rowsWritten, 'row')} written.`,
    ...(sources.length > 0 ? [indented(sourceTable(sources))] : []),
    indented([totals.join(', ')]),
    ...(release ? [indented(describeRelease(release))] : []),
    ...(problems.length > 0 ? [indented(problems.map((problem) => `Note: ${problem}`))] : []),
  ].join('\n\n')
}

const indented = (lines: readonly string[]) => lines.map((line) => `  ${line}`).join('\n')

/** One line a source: where each row it delivered went. */
function sourceTable(sources: RunReport['sources']): string[] {
  const measures = ['read', 'accepted', 'seenBefore', 'duplicates', 'quarantined', 'excluded', 'erased'] as const
  const head = ['source', 'read', 'accepted', 'seen before', 'duplicates', 'quarantined', 'excluded', 'erased']
  return textTable(
    head,
    sources.map((source) => [source.source, ...measures.map((measure) => count(source[measure]))]),
  )
}
