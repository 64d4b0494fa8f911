import { mkdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { Plan } from './arguments.ts'
import type { Figures } from './figures.ts'
import { handOver, writeConfig } from './files.ts'
import { prepareHistory } from './history.ts'
import { runPhase } from './run-phase.ts'
import type { Shape } from './shape.ts'

/** One history with everything that is measured on it. */
export async function benchmark(plan: Plan, shape: Shape, folder: string, hasBaselines: boolean): Promise<Figures> {
  const { memoryLimit, threads, runs, isProfiled } = plan
  const task = { folder, memoryLimit, threads, shape, runs, isProfiled }
  await mkdir(folder, { recursive: true })
  const generate = await prepareHistory(task)
  const lean = hasBaselines ? await runPhase(task, 'lean') : null
  const sort = hasBaselines ? await runPhase(task, 'sort') : null
  await handOver(task, plan.keep !== null)
  await writeConfig(task)
  const build = await runPhase(task, 'build')
  const increments = await runPhase(task, 'increments')
  const profile = await runPhase(task, 'profile')
  const verify = plan.isVerified ? await runPhase(task, 'verify') : null
  return { shape, generate, lean, sort, build, increments, profile, verify }
}

/** Several histories with the same news: as much as an average day of the first one brings. */
export async function compare(plan: Plan, sizes: readonly number[], folder: string): Promise<readonly Figures[]> {
  const done: Figures[] = []
  for (const events of sizes) {
    const share = events / plan.shape.events
    const people = Math.ceil(plan.shape.people * share)
    const news = done[0]?.generate.news ?? plan.shape.news
    const place = join(folder, String(events))
    done.push(await benchmark(plan, { ...plan.shape, events, people, news }, place, false))
    if (plan.keep === null) await rm(place, { recursive: true, force: true })
  }
  return done
}
