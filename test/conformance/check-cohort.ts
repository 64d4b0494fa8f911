import fc from 'fast-check'
import type { Warehouse } from '../../src/warehouses/warehouse.ts'
import { type Cohort, cohortOf, planDraw, plans, streamOfCohort, worldDraw, worlds } from '../oracle/cohorts.ts'
import { checkStream } from './check-stream.ts'

/** For how long the plan, and each stream, is shrunk, in milliseconds. */
const LONGEST = 240_000
/** Of a difference, shown. */
const MOST_ROWS = 20

/**
 * Checks the streams of a cohort together. When something differs, the error names the streams that it takes, most often
 * one, and shows them shrunk, unless `isQuick`.
 */
export async function checkCohort(warehouse: Warehouse, seed: number, size: number, isQuick = false): Promise<void> {
  const cohort = cohortOf(seed, size)
  try {
    await checkStream(warehouse, streamOfCohort(cohort))
  } catch (error) {
    const again = `npm run -s fuzz -- --streams ${size} --together ${size} --seed ${seed}`
    const found = isQuick ? '' : await smallestOf(warehouse, cohort, seed)
    throw new Error(`A cohort of ${size} streams differs; again: ${again}\n${differenceOf(error)}\n${found}`)
  }
}

/** The fewest streams of a cohort that still differ, shrunk, as text. */
async function smallestOf(warehouse: Warehouse, cohort: Cohort, seed: number): Promise<string> {
  const check = (part: Cohort) => checkStream(warehouse, streamOfCohort(part))
  const shrink = async <T>(arbitrary: fc.Arbitrary<T>, draw: fc.Parameters<[T]>, cohortWith: (value: T) => Cohort) => {
    const until = Date.now() + LONGEST
    // Later tries count as passed: nothing is smaller then. An interrupted check would go on beside the next one.
    const property = fc.asyncProperty(arbitrary, async (value) => {
      if (Date.now() < until) await check(cohortWith(value))
    })
    const { counterexample } = await fc.check(property, draw)
    return counterexample ? cohortWith(counterexample[0]) : smallest
  }
  const only = (numbers: readonly number[]): Cohort => ({
    ...cohort,
    worlds: new Map([...cohort.worlds].filter(([number]) => numbers.includes(number))),
  })
  const numbers = await fewest([...cohort.worlds.keys()], (part) => check(only(part)).then(passes, fails))

  let smallest = only(numbers)
  // The plan first: fewer runs make every further try cheaper.
  smallest = await shrink(plans, planDraw(seed), (plan) => ({ ...smallest, plan }))
  for (const number of numbers)
    smallest = await shrink(worlds, worldDraw(seed, number), (world) => ({
      ...smallest,
      worlds: new Map(smallest.worlds).set(number, world),
    }))
  const message = await check(smallest).then(() => 'No difference when tried once more.', differenceOf)
  const which = numbers.length === 1 ? `Stream ~${numbers} alone` : `Streams ~${numbers.join(', ~')} only together`
  return `${which}, shrunk: ${JSON.stringify(streamOfCohort(smallest), null, 2)}\n${message}`
}

const passes = () => false
const fails = () => true

/** What an assertion says, and the rows of tables that only one side has. */
function differenceOf(error: unknown): string {
  const { actual, expected } = error as { actual?: unknown; expected?: unknown }
  if (!Array.isArray(actual) || !Array.isArray(expected)) return String(error)
  const only = (sign: string, rows: unknown[], others: unknown[]) => {
    const known = new Set(others.map((row) => JSON.stringify(row)))
    const texts = rows.map((row) => JSON.stringify(row))
    return texts.filter((text) => !known.has(text)).map((text) => `${sign} ${text}`)
  }
  const rows = [...only('-', expected, actual), ...only('+', actual, expected)]
  return [String(error), 'Rows that were expected (-) and that were found (+):', ...rows.slice(0, MOST_ROWS)].join('\n')
}

/** A part that still differs: of halves, then without one after the other. */
async function fewest(
  numbers: readonly number[],
  differs: (part: readonly number[]) => Promise<boolean>,
): Promise<readonly number[]> {
  if (numbers.length === 1) return numbers
  const middle = Math.ceil(numbers.length / 2)
  for (const half of [numbers.slice(0, middle), numbers.slice(middle)])
    if (await differs(half)) return fewest(half, differs)
  let needed = numbers
  for (const number of numbers) {
    const others = needed.filter((n) => n !== number)
    if (await differs(others)) needed = others
  }
  return needed
}
