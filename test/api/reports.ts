import type { CheckReport } from '../../src/check/report.ts'
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

/** The check of an installation without sources. */
export const emptyCheck: CheckReport = {
  verdict: 'ok',
  configVersion: 'v1',
  warehouse: { kind: 'duckdb', place: ':memory:', state: 'opened', run: null },
  sources: [],
  events: { of: 'sample', count: 0, names: [], pageHosts: [] },
  findings: [],
}
