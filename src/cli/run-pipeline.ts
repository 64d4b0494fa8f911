import type { Config } from '../config/config.ts'
import type { RunRequest } from '../pipeline/run.ts'
import { describeRetry, type Retry } from '../warehouses/retry.ts'
import { exitCodes } from './exit-codes.ts'
import { type Pipeline, reachPipeline } from './pipeline.ts'
import { showProgress } from './progress.ts'
import { abortable } from './signals.ts'
import { describeRun } from './summary.ts'
import type { Terminal } from './terminal.ts'

/** Runs the pipeline of a configuration once, with progress and a summary: what `run`, `rebuild` and `demo` do. */
export async function runOnce(
  config: Config,
  request: RunRequest,
  isQuiet: boolean,
  terminal: Terminal,
): Promise<number> {
  let server: string | null = null
  const onAbort = () => {
    const what = server ? `The run goes on in the server at ${server}.` : 'Stopping. A second signal ends it at once.'
    terminal.err(`\n${what}\n`)
  }
  return abortable(async (signal) => {
    const pipeline = await reachPipeline(config)
    server = pipeline.server
    try {
      return await runAndTell(pipeline, request, isQuiet, terminal, signal)
    } finally {
      await pipeline.close()
    }
  }, onAbort)
}

async function runAndTell(
  pipeline: Pipeline,
  request: RunRequest,
  isQuiet: boolean,
  terminal: Terminal,
  signal: AbortSignal,
): Promise<number> {
  if (pipeline.server && !isQuiet)
    terminal.err(
      `The server at ${pipeline.server} has the database and does the run, with the configuration it was started with.\n`,
    )
  const progress = showProgress(terminal)
  try {
    const onRetry = (retry: Retry) => terminal.err(`Note: ${describeRetry(retry)}\n`)
    const report = await pipeline.run(request, isQuiet ? () => {} : progress.show, signal, onRetry)
    if (!isQuiet) terminal.out(`\n${describeRun(report, (await pipeline.status()).counts)}`)
    else for (const problem of report.problems) terminal.err(`Note: ${problem}\n`)
    return exitCodes.ok
  } catch (error) {
    if (!isQuiet) progress.clear()
    throw error
  }
}
