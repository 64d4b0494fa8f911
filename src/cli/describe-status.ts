import type { Status } from '../pipeline/status.ts'
import { count, textTable } from './numbers.ts'

/** The status as text for people. */
export function describeStatus({ run, oldest, runs, counts, sources, quarantine }: Status): string {
  if (runs.length === 0) return 'No run yet. Start one with `tributary run`.'
  const current = run
    ? `Run ${run.run} is published, data through ${run.dataThrough ?? 'no event'}.${since(oldest)}`
    : 'No run is published yet.'
  return [
    current,
    section('Runs', ['run', 'kind', 'state', 'started', 'rows read', 'rows written', 'error'], runs.map(runRow)),
    section(
      'Rows',
      ['table', 'rows'],
      Object.entries(counts).map(([table, rows]) => [table, count(rows)]),
    ),
    section(
      'Sources',
      ['source', 'read', 'accepted', 'seen before', 'duplicates', 'quarantined', 'excluded', 'erased'],
      sources.map(sourceRow),
    ),
    section(
      'Quarantine',
      ['reason', 'rows'],
      Object.entries(quarantine).map(([reason, rows]) => [reason, count(rows)]),
    ),
  ]
    .filter((part) => part !== '')
    .join('\n\n')
}

/** How far back `asOf` reaches. */
const since = (oldest: Status['oldest']) =>
  oldest ? ` The oldest run that can be asked is ${oldest.run}, published at ${oldest.publishedAt}.` : ''

function section(title: string, head: readonly string[], rows: readonly (readonly string[])[]): string {
  return rows.length === 0 ? '' : [title, ...textTable(head, rows).map((line) => `  ${line}`)].join('\n')
}

const runRow = (run: Status['runs'][number]) => [
  String(run.run),
  run.kind,
  run.state,
  run.startedAt,
  count(run.rowsRead),
  count(run.rowsWritten),
  run.error ?? '',
]

const sourceRow = (s: Status['sources'][number]) => [
  s.source,
  ...[s.read, s.accepted, s.seenBefore, s.duplicates, s.quarantined, s.excluded, s.erased].map(count),
]
