import fc from 'fast-check'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Warehouse } from '../../src/warehouses/warehouse.ts'
import { openTested } from '../harness/engines.ts'
import { optionsFor, run, temporaryFolder } from '../harness/pipeline.ts'
import { STREAM_NOW, streamArbitrary } from '../oracle/streams.ts'
import { type Served, serve } from './fixture.ts'

/** What is asked of each run; `AS_OF` stands for the argument. */
const QUERIES = [
  `{ channelStats(model: "LINEAR", by: "channel,source,medium,campaign", from: "2020-01-01", to: "2030-01-01" AS_OF) { channel source medium campaign touches sessions people signups conversions } }`,
  `{ channelStats(model: "FIRST_TOUCH", by: "", dateBy: "touch", from: "2020-01-01", to: "2030-01-01" AS_OF) { touches sessions conversions signups } }`,
  `{ users(first: 50 AS_OF) { edges { node { id attribution { signedUpAt sessionCountBeforeSignup firstTouch { channel source } lastPaidTouch { channel } } sessions(first: 20) { edges { node { id number startedAt endedAt isSignupSession } } } } } } }`,
  `{ conversions(first: 50 AS_OF) { edges { node { name at value currency user { id } credits(model: "LINEAR") { channel share revenue } } } } }`,
  `{ touchRows(limit: 500 AS_OF) { touchId sessionId channel source } }`,
  `{ sessionRows(limit: 500, from: "2020-01-01", to: "2030-01-01" AS_OF) { sessionId userId startedAt } }`,
  `{ userRows(limit: 500, dateBy: "signup" AS_OF) { userId } }`,
]
const RECORDED = 6
const LATER = 30

/** An answer of an earlier run can be asked for again, however much late data and merges came after. */
const folder = temporaryFolder()
let warehouse: Warehouse
let served: Served

beforeAll(async () => {
  warehouse = await openTested()
  served = serve(warehouse)
})
afterAll(async () => {
  await served[Symbol.asyncDispose]()
  await warehouse.close()
  folder.remove()
})

async function answers(asOf?: number): Promise<unknown[]> {
  const all: unknown[] = []
  for (const query of QUERIES) {
    const { data, errors } = await served.ask(query.replace('AS_OF', asOf === undefined ? '' : `, asOf: ${asOf}`))
    expect(errors, query).toBeUndefined()
    all.push(data)
  }
  return all
}

/** Deliveries that belong to the same few people: late, twice, out of order, misidentified, merged by aliases. */
function deliveries(): string[] {
  const streams = fc.sample(streamArbitrary, { numRuns: 40, seed: 77 })
  return streams.flatMap(({ runs }) => runs.map((files) => files.join('\n')))
}

test(`asOf an earlier run answers as it did, after ${LATER} more runs`, { timeout: 600_000 }, async () => {
  const contents = deliveries()
  const size = Math.floor(contents.length / (RECORDED + LATER))
  expect(size).toBeGreaterThanOrEqual(1)
  const recorded = new Map<number, unknown[]>()
  const changed = new Set<string>()
  for (let i = 0; i < RECORDED + LATER; i++) {
    const delivery = contents.slice(i * size, (i + 1) * size).join('\n')
    folder.write(`${i}.jsonl`, `${' '.repeat(i)}\n${delivery}`)
    const { run: number } = await run(warehouse, optionsFor(folder.path), 'increment', { now: STREAM_NOW })
    if (i < RECORDED) recorded.set(number, await answers())
    if (i < RECORDED || i === RECORDED + LATER - 1) changed.add(JSON.stringify(await answers()))
  }
  await run(warehouse, optionsFor(folder.path), 'rebuild', { now: STREAM_NOW })

  expect(changed.size, 'runs that answer differently').toBeGreaterThan(RECORDED / 2)
  for (const [number, answer] of recorded) expect(await answers(number), `as of run ${number}`).toEqual(answer)
})
