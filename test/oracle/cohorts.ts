import fc from 'fast-check'
import { changesOf, PLAN, type Plan } from './plans.ts'
import { HAPPENINGS, type Happenings, type Stream, streamOf } from './streams.ts'

/**
 * Random streams that are delivered by one plan, in one database, but in worlds apart: the ids of each are its own. Together
 * they cost little more than one, and each must come out as if it were alone.
 */
export interface Cohort {
  plan: Plan
  /** What happens in each world, by its number. */
  worlds: ReadonlyMap<number, Happenings>
}

/** How a cohort is drawn, again with `path` and shrunk: the plan is the first draw from the seed, world 3 the fourth. */
export const plans = fc.record(PLAN)
export const worlds = fc.record(HAPPENINGS)
export const planDraw = (seed: number) => ({ seed, path: '0', numRuns: 1, unbiased: true })
export const worldDraw = (seed: number, number: number) => ({ seed, path: String(number), numRuns: 1 })

/** The cohort of a seed; a larger one has the same worlds and more. */
export function cohortOf(seed: number, size: number): Cohort {
  const [plan] = fc.sample(plans, planDraw(seed))
  const [, ...drawn] = fc.sample(worlds, { seed, numRuns: size + 1 })
  return { plan: plan!, worlds: new Map(drawn.map((world, i) => [i + 1, world])) }
}

/** What is delivered of a cohort: of all its worlds, or of one. */
export function streamOfCohort({ plan, worlds }: Cohort): Stream {
  const numbers = [...worlds.keys()]
  const deliveries = numbers.map((number) => inWorlds(streamOf(plan, worlds.get(number)!).runs, [number]))
  const runs = Array.from({ length: plan.runCount }, (_, run) => {
    const files = [0, 1].map((file) => deliveries.map((ofWorld) => ofWorld[run]![file] ?? '').join(''))
    return files.filter((content) => content !== '')
  })
  return { runs, settings: inWorlds(plan.settings, numbers), changes: inWorlds(changesOf(plan), numbers) }
}

/** Ids that name someone or something, as JSON or as lines in it; those that are always ignored mean nobody in all worlds. */
const OWN_ID = /(\\?")( *)([du]\d|old|nobody)( *)\1/gi
const MESSAGE_ID = /(\\"messageId\\":\\")(\w+)/g

/**
 * The same with the ids of some worlds: each id has the number of its world at its end, so that ids of a world keep their
 * order. Lists of ids in settings get those of all.
 */
function inWorlds<T>(value: T, numbers: readonly number[]): T {
  const text = JSON.stringify(value)
    .replace(OWN_ID, (_, quote, before, id, after) =>
      numbers.map((number) => `${quote}${before}${id}~${number}${after}${quote}`).join(','),
    )
    .replace(MESSAGE_ID, `$1$2~${numbers}`)
  return JSON.parse(text)
}
