import { TributaryError } from '../errors.ts'
import { type RunReport, together } from './report.ts'
import type { RunInput } from './run-input.ts'
import { runOnce } from './run-once.ts'

export type { ProgressEvent, ReleaseFilter, ReleaseReport, RunReport, RunRequest } from './report.ts'
export type { RunInput } from './run-input.ts'

/**
 * Brings the tables up to what the sources hold: by one run, or by several when they hold more than one should read (a
 * first load). Each is published for itself; the report tells of all of them and has the number of the last.
 */
export async function runPipeline(input: RunInput): Promise<RunReport> {
  const readBefore = new Set<string>()
  let { report, isMore } = await runOnce({ ...input, readBefore, copiesProduct: true })
  // A run that read nothing although there is more met a file that it could not read; the next one passes it by.
  for (let idle = 0; isMore && idle < 2; ) {
    input.onProgress?.({
      stage: 'ingest',
      state: 'note',
      note: `Run ${report.run} is published; the sources hold more.`,
    })
    const next = await runOnce({
      ...input,
      kind: 'increment',
      release: undefined,
      readBefore,
      copiesProduct: false,
    }).catch((error) => {
      throw notAll(error, report.run)
    })
    idle = next.report.sources.some(({ read }) => read > 0) ? 0 : idle + 1
    report = together(report, next.report)
    isMore = next.isMore
  }
  return report
}

/** The failure of a later run, saying what is published. */
function notAll(error: unknown, run: number): unknown {
  if (!(error instanceof TributaryError)) return error
  return new TributaryError(error.code, `${error.message} What was read before is published, up to run ${run}.`, {
    cause: error,
  })
}
