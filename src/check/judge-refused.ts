import { count, type Finding, plural, share } from './report.ts'
import type { Refused } from './sample.ts'

const advice: Readonly<Record<string, string>> = {
  UNREADABLE:
    'Each line has to be one JSON object in UTF-8. A file that is one list can be turned into lines with `jq -c ".[]"`.',
  UNKNOWN_TYPE: 'Messages of tracking libraries have a `type`. Deliver the raw messages, not a table made of them.',
  WRONG_TYPE: 'Mend what sends them.',
  NO_ID: 'Mend what sends them, or take ids out of `identity.ignoreIds` if they are real ones.',
  NO_TIME: 'Times are ISO 8601 text such as 2026-01-31T12:00:00Z. Mend what sends or exports them.',
  FUTURE:
    'A clock is wrong, or local time is sent as UTC: look at the clock and time zone of what sends them. Each run tries them again, so they come in when their time has come.',
  PAST: 'If they are real, set `events.notBefore` to an earlier date.',
}

/** Fewer of a hundred messages are the usual noise. */
const NOISE = 0.01

/** Messages of one source that would go to quarantine, reason by reason. */
export function judgeRefused(refused: readonly Refused[], read: number, subject: string): readonly Finding[] {
  const lost = refused.reduce((sum, reason) => sum + reason.count, 0)
  return refused.map(({ reason, count: n, file, line, detail }) => ({
    severity: lost === read ? 'error' : n / read >= NOISE ? 'warning' : 'note',
    subject,
    message: `${count(n)} of ${plural(read, 'message')} (${share(n, read)}) would go to quarantine as ${reason}. The first, ${file} line ${line}: ${detail}`,
    fix: advice[reason] ?? '',
  }))
}
