import type { CheckReport } from '../../src/check/report.ts'
import type { QuarantineList } from '../../src/pipeline/quarantine/list.ts'
import type { RunReport } from '../../src/pipeline/run.ts'
import type { ImportReport } from '../../src/pipeline/spend/import-spend.ts'
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

/** A quarantine without rows. */
export const emptyQuarantine: QuarantineList = { rows: 0, counts: [], first: [] }

/** The report of an import. */
export const importReport: ImportReport = {
  run: 4,
  lines: 1,
  firstDay: '2025-01-01',
  lastDay: '2025-01-01',
  rowsWritten: 1,
  problems: [],
}

/** The status of a warehouse without runs. */
export const emptyStatus: Status = { run: null, oldest: null, runs: [], counts: {}, sources: [], quarantine: {} }

/** The check of an installation without sources. */
export const emptyCheck: CheckReport = {
  verdict: 'ok',
  configVersion: 'v1',
  warehouse: { kind: 'duckdb', place: ':memory:', state: 'opened', run: null },
  sources: [],
  product: null,
  events: { of: 'sample', count: 0, names: [], pageHosts: [] },
  findings: [],
}
