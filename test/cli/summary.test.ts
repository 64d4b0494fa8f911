import { expect, it } from 'vitest'
import { describeRun } from '../../src/cli/summary.ts'
import type { RunReport } from '../../src/pipeline/run.ts'

const source = {
  source: 'web',
  files: 12,
  read: 12_000,
  accepted: 11_000,
  seenBefore: 0,
  duplicates: 500,
  quarantined: 300,
  excluded: 200,
  erased: 0,
}
const report: RunReport = {
  run: 3,
  kind: 'increment',
  state: 'published',
  stages: [],
  sources: [source],
  problems: ['a.gz: unexpected end'],
  milliseconds: 2_640,
  rowsWritten: 1,
}

it('tells what a run did', () => {
  const counts = { people: 900, sessions: 2_000, touches: 2_100, conversions: 120 }
  expect(describeRun(report, counts)).toBe(`Run 3 (increment) published in 2.64 s, 1 row written.

  source    read  accepted  seen before  duplicates  quarantined  excluded  erased
  web     12,000    11,000            0         500          300       200       0

  900 people, 2,000 sessions, 2,100 touches, 120 conversions

  Note: a.gz: unexpected end`)
})

it('leaves out what there is none of', () => {
  expect(
    describeRun({ ...report, kind: 'rebuild', sources: [], problems: [] }, {}),
  ).toBe(`Run 3 (rebuild) published in 2.64 s, 1 row written.

  0 people, 0 sessions, 0 touches, 0 conversions`)
})
