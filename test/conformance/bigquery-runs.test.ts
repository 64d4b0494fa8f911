import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { type BigqueryEngine, standInEngine } from '../harness/bigquery-engine.ts'
import { currentTables, optionsFor, run, temporaryFolder } from '../harness/pipeline.ts'
import { isNewJob, refusal, refused } from './bigquery-disturbances.ts'

let engine: BigqueryEngine
beforeAll(async () => {
  engine = await standInEngine()
})
afterAll(() => engine.stop())
afterEach(() => engine.standIn.disturb(null))

describe('a run on BigQuery', { timeout: 180_000 }, () => {
  const folder = temporaryFolder()
  const options = optionsFor(folder.path)
  const patient = { retry: { sleep: async () => {} } }
  const page = (id: string, day: number) =>
    JSON.stringify({
      ...{ messageId: id, type: 'page', anonymousId: 'device', timestamp: `2025-01-0${day}T00:00:00Z` },
      context: { page: { url: `https://acme.example/${id}?utm_source=news` } },
    })
  afterAll(() => folder.remove())

  test('under throttling, lost answers and a lost publish ends in the same tables', async () => {
    folder.write('1.jsonl', [page('a', 1), page('b', 2)].join('\n'))
    const calm = await engine.open()
    await run(calm, options)
    const expected = await currentTables(calm)
    await calm.close()

    const warehouse = await engine.open()
    let requests = 0
    const fates = [
      refused(429, 'rateLimitExceeded', 'Exceeded rate limits'),
      'lost before',
      refused(503, 'backendError', 'Try again'),
      'lost after',
    ] as const
    engine.standIn.disturb((asked) => {
      if (isNewJob(asked) && asked.body.includes('begin transaction')) return requests++ % 2 === 0 ? 'lost after' : null
      return isNewJob(asked) && ++requests % 9 === 0 ? fates[(requests / 9) % fates.length]! : null
    })
    const report = await run(warehouse, options, 'increment', patient)
    engine.standIn.disturb(null)
    expect(report).toMatchObject({ run: 1, state: 'published', problems: [] })
    expect(await currentTables(warehouse)).toEqual(expected)
    expect((await run(warehouse, options, 'rebuild')).rowsWritten).toBe(0)
    await warehouse.close()
  })

  test('whose staging table vanishes fails with its name, and the next run has the same tables', async () => {
    const warehouse = await engine.open()
    let isGone = false
    engine.standIn.disturb((asked) => {
      const table = /`([^`]*\.tributary_staging\.visits_merged[^`]*)`/.exec(asked.body.toString())
      if (table && !isGone && engine.standIn.store.get(table[1]!)) {
        engine.standIn.store.drop(table[1]!)
        isGone = true
      }
      return null
    })
    const error = await refusal(run(warehouse, options))
    expect(isGone).toBe(true)
    expect(error.message).toMatch(/Not found: Table .*visits_merged/)
    engine.standIn.disturb(null)
    expect(await run(warehouse, options)).toMatchObject({ state: 'published', sources: [{ read: 2, accepted: 2 }] })
    expect((await run(warehouse, options, 'rebuild')).rowsWritten).toBe(0)
    await warehouse.close()
  })

  test('of two that start at once one goes on, the other says who runs', async () => {
    const open = engine.project()
    const [first, second] = [await open(), await open()]
    const ends = await Promise.allSettled([
      run(first, options, 'increment', patient),
      run(second, options, 'increment', patient),
    ])
    expect(ends.map((end) => end.status).sort()).toEqual(['fulfilled', 'rejected'])
    expect(ends.find((end) => end.status === 'rejected')).toMatchObject({ reason: { code: 'RUN_IN_PROGRESS' } })
    expect(await run(second, options)).toMatchObject({ state: 'published' })
    await first.close()
    await second.close()
  })
})
