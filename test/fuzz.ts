/**
 * Random streams for as long as you like: `npm run -s fuzz -- --streams 10000 --seed 7`. The last line says how many streams
 * were tried and how many of them differed from the oracle or from a rebuild; the first that differs is shrunk, unless
 * `--quick`, and printed.
 */
import { parseArgs } from 'node:util'
import fc from 'fast-check'
import { openDuckdb } from '../src/warehouses/duckdb.ts'
import { checkStream } from './conformance/check-stream.ts'
import { run } from './harness/pipeline.ts'
import { testSettings } from './oracle/settings.ts'
import { streamArbitrary } from './oracle/streams.ts'

const { values } = parseArgs({
  options: { streams: { type: 'string' }, seed: { type: 'string' }, quick: { type: 'boolean' } },
})
const streams = Number(values.streams ?? 200)
const seed = Number(values.seed ?? Date.now() % 2 ** 31)
if (!Number.isSafeInteger(streams) || streams < 1 || !Number.isSafeInteger(seed)) {
  console.error('Expected --streams to be a whole number from 1 and --seed a whole number.')
  process.exit(2)
}

const warehouse = await openDuckdb({ path: ':memory:', schema: 'tributary', threads: 1 })
await run(warehouse, testSettings, 'rebuild') // makes the tables
const began = Date.now()
let tried = 0
const outcome = await fc.check(
  fc.asyncProperty(streamArbitrary, async (stream) => {
    await checkStream(warehouse, stream)
    tried++
    if (tried % 100 === 0) console.error(`${tried} streams, ${Math.round((Date.now() - began) / 1000)} s`)
  }),
  { numRuns: streams, seed, endOnFailure: values.quick ?? false },
)
if (outcome.failed) console.log(fc.defaultReportMessage(outcome))
console.log(`${outcome.numRuns} streams, ${outcome.failed ? 1 : 0} mismatches (seed ${seed})`)
await warehouse.close()
process.exitCode = outcome.failed ? 1 : 0
