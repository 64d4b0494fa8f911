/**
 * Random streams for as long as you like: `npm run -s fuzz -- --streams 10000 --seed 7`. Streams are delivered alone, nine or
 * forty together (or as many as `--together` says), each such cohort with settings of its own; what they share is where the time goes. The
 * last line says how many streams were tried and how many cohorts differed from the oracle or from a rebuild; the first
 * that differs ends it, is shrunk, unless `--quick`, and printed. Cohort n of seed s is the first of seed s + n.
 */
import { parseArgs } from 'node:util'
import { openDuckdb } from '../src/warehouses/duckdb.ts'
import { checkCohort } from './conformance/check-cohort.ts'
import { run } from './harness/pipeline.ts'
import { testSettings } from './oracle/settings.ts'

const SIZES = [40, 1, 9]

const { values } = parseArgs({
  options: {
    streams: { type: 'string', default: '1000' },
    together: { type: 'string' },
    seed: { type: 'string', default: String(Date.now() % 2 ** 31) },
    quick: { type: 'boolean', default: false },
  },
})
const streams = Number(values.streams)
const sizes = values.together === undefined ? SIZES : [Number(values.together)]
const seed = Number(values.seed)
if (![streams, ...sizes].every((n) => Number.isSafeInteger(n) && n >= 1) || !Number.isSafeInteger(seed)) {
  console.error('Expected --streams and --together to be whole numbers from 1 and --seed a whole number.')
  process.exit(2)
}

const warehouse = await openDuckdb({ path: ':memory:', schema: 'tributary', threads: 1 })
await run(warehouse, testSettings, 'rebuild') // makes the tables
const began = Date.now()
let tried = 0
let mismatches = 0
for (let cohort = 0; tried < streams && mismatches === 0; cohort++) {
  const size = Math.min(sizes[cohort % sizes.length]!, streams - tried)
  try {
    await checkCohort(warehouse, seed + cohort, size, values.quick)
  } catch (error) {
    mismatches++
    console.log(error instanceof Error ? error.message : error)
  }
  tried += size
  if (process.stderr.isTTY || cohort % 30 === 29)
    console.error(`${tried} streams, ${Math.round((Date.now() - began) / 1000)} s`)
}
console.log(`${tried} streams, ${mismatches} mismatches (seed ${seed})`)
await warehouse.close()
process.exitCode = mismatches > 0 ? 1 : 0
