import type { QuarantineList, QuarantineRow } from '../pipeline/quarantine/list.ts'
import type { ReleaseReport } from '../pipeline/run.ts'
import { count, plural, textTable } from './numbers.ts'

/** How much of a line fits beside the rest. */
const LONGEST = 120

/** What is in quarantine as text for people: counts first, then rows. */
export function describeQuarantine({ rows, counts, first }: QuarantineList): string {
  if (rows === 0) return 'Nothing is in quarantine.'
  const left = rows - first.length
  return [
    `${plural(rows, 'row')} in quarantine.`,
    indented(
      textTable(
        ['source', 'reason', 'rows'],
        counts.map((c) => [c.source, c.reason, count(c.rows)]),
      ),
    ),
    ...first.map(describeRow),
    ...(left > 0 && first.length > 0 ? [`… and ${plural(left, 'more row')}: see --limit, --source and --reason.`] : []),
  ].join('\n\n')
}

const indented = (lines: readonly string[]) => lines.map((line) => `  ${line}`).join('\n')

function describeRow({ id, source, file, line, reason, detail, text }: QuarantineRow): string {
  const where = line === 0 ? file : `${file}:${line}`
  const told = text === undefined ? [] : [text === null ? '(its text was not kept)' : shortened(text)]
  return indented(
    [`${id}  ${source}  ${where}  ${reason}`, ...[detail, ...told].map((more) => `  ${more}`)].map(printable),
  )
}

/** One line that moves no cursor: what was delivered may hold anything. */
const printable = (text: string) => text.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, '�')

function shortened(text: string): string {
  return text.length > LONGEST ? `${text.slice(0, LONGEST)}…` : text
}

/** What of a release needs more than its name. */
const STAYED: Readonly<Record<string, string>> = {
  UNREADABLE: 'still UNREADABLE, as no rule can make it an event; deliver the file again, put right',
  NOT_WHOLE:
    'without their whole text: longer than 64 KB, not UTF-8, or a file that could not be read; deliver them again',
  NO_SOURCE: 'of a source that is not configured any more',
  FILE_CHANGED: 'of a file that changed, or could not be read in this run; look at `tributary quarantine list`',
}

/** What became of released rows, in lines. */
export function describeRelease({ released, stayed }: ReleaseReport): string[] {
  const stays = Object.entries(stayed)
  if (released === 0 && stays.length === 0) return ['Nothing in quarantine was named, so nothing was released.']
  return [
    `Released: ${plural(released, 'row')} came in.`,
    ...stays.map(([reason, rows]) => `Not taken in: ${plural(rows, 'row')}, ${STAYED[reason] ?? `still ${reason}`}.`),
  ]
}
