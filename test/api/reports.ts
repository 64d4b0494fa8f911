import type { RunReport } from '../../src/pipeline/run.ts'
import type { Status } from '../../src/pipeline/status.ts'

/** The report of a run that found nothing. */
export const reportOf = (run: number): RunReport => ({
  run,
  kind: 'increment',
  state: 'published',
  stages: [],
  sources: [],
  problems: [],
  milliseconds: 1,
  rowsWritten: 0,
})

/** The status of a warehouse without runs. */
export const emptyStatus: Status = { run: null, runs: [], counts: {}, sources: [], quarantine: {} }
