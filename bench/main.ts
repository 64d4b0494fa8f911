/**
 * Benchmarks: what an increment costs beside a lean rebuild of all history, on the same machine in the same run.
 * `npm run -s bench -- --events 300K`; docs/benchmarks.md says what each number means.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { availableParallelism, cpus, tmpdir, totalmem } from 'node:os'
import { join, resolve } from 'node:path'
import { type Plan, readArguments, USAGE } from './arguments.ts'
import { benchmark, compare } from './benchmark.ts'
import { type Figures, summarize } from './figures.ts'
import { describe, describeComparison } from './table.ts'

async function main(args: readonly string[]): Promise<number> {
  let plan: Plan | null
  try {
    plan = readArguments(args)
  } catch (error) {
    console.error(`${error instanceof Error ? error.message : error}\n\n${USAGE}`)
    return 2
  }
  if (plan === null) {
    console.log(USAGE)
    return 0
  }
  try {
    return await report(plan)
  } catch (error) {
    console.error(error instanceof Error ? error.message : error)
    return 1
  }
}

/** Runs the plan and prints what it gave. The code is 1 when a rebuild found something to write. */
async function report(plan: Plan): Promise<number> {
  const folder = plan.keep === null ? mkdtempSync(join(tmpdir(), 'tributary-bench-')) : resolve(plan.keep)
  const clean = () => plan.keep === null && rmSync(folder, { recursive: true, force: true })
  for (const signal of ['SIGINT', 'SIGTERM'] as const)
    process.once(signal, () => {
      clean()
      process.exit(130)
    })
  try {
    const figures = plan.compare
      ? await compare(plan, plan.compare, folder)
      : [await benchmark(plan, plan.shape, folder, true)]
    console.log(plan.isJson ? JSON.stringify(asObject(figures)) : asText(figures))
    return figures.some((f) => f.verify !== null && f.verify.rowsWritten > 0) ? 1 : 0
  } finally {
    clean()
  }
}

const asText = (figures: readonly Figures[]) =>
  [...figures.map(describe), ...(figures.length > 1 ? [describeComparison(figures.map(summarize))] : [])].join('\n\n\n')

/** One object: the machine, and for each history the summary and all figures. */
const asObject = (figures: readonly Figures[]) => ({
  machine: {
    processor: cpus()[0]?.model ?? 'unknown',
    cores: availableParallelism(),
    gigabytes: Math.round(totalmem() / 2 ** 30),
    node: process.versions.node,
  },
  histories: figures.map((f) => ({ summary: summarize(f), ...f })),
})

process.exitCode = await main(process.argv.slice(2))
