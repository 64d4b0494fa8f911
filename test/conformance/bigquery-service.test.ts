import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest'
import { whyNotWritable } from '../../src/check/writable.ts'
import type { QueryError } from '../../src/errors.ts'
import { tables } from '../../src/pipeline/tables/tables.ts'
import { openBigquery } from '../../src/warehouses/bigquery.ts'
import { sql } from '../../src/warehouses/sql.ts'
import type { Row, Warehouse } from '../../src/warehouses/warehouse.ts'
import { type BigqueryEngine, standInEngine } from '../harness/bigquery-engine.ts'
import { currentTables, optionsFor, run, temporaryFolder } from '../harness/pipeline.ts'
import { errorBody, ServiceError } from '../standins/bigquery/errors.ts'
import type { Answer, Asked } from '../standins/bigquery/routes.ts'
import type { Fate } from '../standins/bigquery/server.ts'
import { columnsOf } from './suite.ts'

const spec = {
  name: 'counted',
  row: 'row',
  description: 'For a test.',
  kind: 'state',
  key: ['n'],
  columns: columnsOf({ n: 'integer' }),
} as const
const insert = sql`insert into ${sql.table('counted')} (n) select 1`

const refusal = (work: Promise<unknown>): Promise<QueryError> =>
  work.then(
    () => Promise.reject(new Error('Expected a refusal.')),
    (error) => error,
  )

/** Jobs are made, asked for, and tables read by these. */
const isNewJob = ({ method, path }: Asked) => method === 'POST' && path.endsWith('/jobs') && !path.includes('upload')
const isLoad = ({ path }: Asked) => path.includes('/upload/')
const isCancel = ({ path }: Asked) => path.endsWith('/cancel')
const isQuestion = ({ method, path }: Asked) => method === 'GET' && path.includes('/queries/')
const refused = (status: number, reason: string, message: string): Answer => ({
  status,
  body: errorBody(new ServiceError(status, reason, message)),
})

let engine: BigqueryEngine
beforeAll(async () => {
  engine = await standInEngine()
})
afterAll(() => engine.stop())
afterEach(() => engine.standIn.disturb(null))

/** Does something to the first requests of a kind. */
function disturb(isMeant: (asked: Asked) => boolean, fate: Answer | Fate, times = 1): void {
  let left = times
  engine.standIn.disturb((asked) => (isMeant(asked) && left-- > 0 ? fate : null))
}

describe('what the service does to those who use it', () => {
  let warehouse: Warehouse
  beforeAll(async () => {
    warehouse = await engine.open()
    await warehouse.createTables([spec])
  })
  afterAll(() => warehouse.close())
  const rowCount = async () =>
    (await warehouse.query<Row & { n: number }>(sql`select count(*) as n from ${sql.table('counted')}`))[0]!.n

  test('a large result comes whole, page by page', async () => {
    const numbers = Array.from({ length: 3500 }, (_, n) => ({ n }))
    await warehouse.loadStaging('numbers', spec.columns, numbers)
    expect(await warehouse.query(sql`select n from ${sql.staging('numbers')} order by n`)).toEqual(numbers)
  })

  test('a job whose making was not answered is found by its name, and was carried out once', async () => {
    const before = await rowCount()
    disturb(isNewJob, 'lost after')
    await warehouse.execute(insert)
    disturb(isNewJob, 'lost after')
    await warehouse.transaction([insert, insert])
    expect(await rowCount()).toBe(before + 3)
  })

  test('a job that was never made may be sent again', async () => {
    const before = await rowCount()
    disturb(isNewJob, 'lost before')
    expect(await refusal(warehouse.execute(insert))).toMatchObject({ code: 'QUERY_FAILED', isTransient: true })
    expect(await rowCount()).toBe(before)
  })

  test('a job that runs is asked for until somebody answers', async () => {
    const before = await rowCount()
    disturb(isQuestion, 'lost before', 2)
    await warehouse.execute(insert)
    disturb(isQuestion, refused(503, 'backendError', 'Visibility check was unavailable.'), 2)
    await warehouse.execute(insert)
    expect(await rowCount()).toBe(before + 2)
  })

  test.each([
    [429, 'rateLimitExceeded', 'Exceeded rate limits: too many api requests per user per method'],
    [403, 'rateLimitExceeded', 'Exceeded rate limits: too many concurrent queries for this project'],
    [503, 'backendError', 'Error encountered during execution. Retrying may solve the problem.'],
    [500, 'internalError', 'An internal error occurred and the request could not be completed.'],
    [400, 'invalidQuery', 'Transaction is aborted due to concurrent update against table t. Transaction ID: x'],
  ])('%i %s may pass', async (status, reason, message) => {
    disturb(isNewJob, refused(status, reason, message))
    const error = await refusal(warehouse.execute(insert))
    expect(error).toMatchObject({ code: 'QUERY_FAILED', isTransient: true, warehouse: 'bigquery' })
    expect(error.message).toContain(message)
  })

  test.each([
    [
      403,
      'accessDenied',
      'Access Denied: Project p: User does not have bigquery.jobs.create',
      /roles\/bigquery.jobUser/,
    ],
    [401, 'authError', 'Request had invalid authentication credentials.', /GOOGLE_APPLICATION_CREDENTIALS/],
    [403, 'quotaExceeded', 'Quota exceeded: Your project exceeded quota for free query bytes scanned', /quota/],
  ])('%i %s does not pass, and says what to do', async (status, reason, message, words) => {
    disturb(isNewJob, refused(status, reason, message), 10)
    const error = await refusal(warehouse.ping())
    expect(error).toMatchObject({ code: 'WAREHOUSE_UNUSABLE', isTransient: false })
    expect(error.message).toMatch(words)
    expect(error.message).toContain(message)
  })

  test('without credentials nothing is sent, and what to do is said', async () => {
    vi.stubEnv('GOOGLE_APPLICATION_CREDENTIALS', '/nowhere/key.json')
    const place = { project: 'tests', schema: 'tributary', location: 'US', apiEndpoint: engine.standIn.url }
    const error = await refusal(openBigquery(place))
    vi.unstubAllEnvs()
    expect(error).toMatchObject({ code: 'WAREHOUSE_UNUSABLE', isTransient: false })
    expect(error.message).toContain('`warehouse.keyFile`')
  })

  test('the check finds nothing wrong, or the role that is missing', async () => {
    expect(await whyNotWritable(warehouse)).toBeNull()
    disturb(isNewJob, refused(403, 'accessDenied', 'Access Denied: User does not have bigquery.jobs.create'), 10)
    expect(await whyNotWritable(warehouse)).toContain('roles/bigquery.jobUser')
  })

  test('transactions that change the same rows: the later one is told that it may come again', async () => {
    const update = sql`update ${sql.table('counted')} set n = n + 1 where 1 = 1`
    const results = await Promise.allSettled(Array.from({ length: 4 }, () => warehouse.transaction([update])))
    const failed = results.flatMap((r) => (r.status === 'rejected' ? [r.reason] : []))
    expect(failed.length).toBeGreaterThan(0)
    expect(failed.length).toBeLessThan(4)
    for (const error of failed) expect(error).toMatchObject({ isTransient: true })
  })

  test('a dataset in another location is told from one that has no such table', async () => {
    const open = engine.project()
    const here = await open()
    await here.createTables([spec])
    const project = here.writer.table('x').slice(1).split('.')[0]!
    engine.standIn.store.datasets.forEach((dataset, key) => {
      if (key.startsWith(project)) engine.standIn.store.datasets.set(key, { ...dataset, location: 'EU' })
    })
    const elsewhere = await refusal(here.query(sql`select n from ${sql.table('counted')}`))
    expect(elsewhere).toMatchObject({ code: 'WAREHOUSE_UNUSABLE', isTransient: false })
    expect(elsewhere.message).toContain('`warehouse.location`')
    await here.close()
  })

  test('a statement that outlives its time limit is stopped, and says so', async () => {
    const hasty = await engine.project({ statementMinutes: 0.5 / 60 })()
    await hasty.loadStaging(
      'numbers',
      spec.columns,
      Array.from({ length: 3000 }, (_, n) => ({ n })),
    )
    const n = sql.staging('numbers')
    const long = sql`select count(*) as n from ${n} as a cross join ${n} as b cross join ${n} as c where mod(a.n * b.n + c.n, 7) = 9`
    const error = await refusal(hasty.query(long))
    expect(error).toMatchObject({ code: 'QUERY_FAILED', isTransient: false })
    expect(error.message).toContain('`warehouse.statementMinutes`')
    await hasty.close()
  })

  test('who never answers is not waited for: queries, cancels, dry runs, loads, tables', async () => {
    const hasty = await engine.project({ answerSeconds: 0.5 })()
    await hasty.createTables([spec])
    const silent = { code: 'QUERY_FAILED', isTransient: true, message: expect.stringContaining('did not answer') }
    const rowCount = async () => (await hasty.query(sql`select count(*) as n from ${sql.table('counted')}`))[0]!.n

    disturb(isNewJob, 'silent before')
    expect(await refusal(hasty.execute(insert))).toMatchObject(silent)
    disturb(isNewJob, 'silent after')
    await hasty.execute(insert)
    expect(await rowCount()).toBe(1)

    disturb(isNewJob, 'silent before')
    expect(await refusal(hasty.estimateBytes!(insert))).toMatchObject(silent)

    disturb(isLoad, 'silent before')
    expect(await refusal(hasty.load(spec, [{ n: 1 }]))).toMatchObject(silent)
    disturb(isLoad, 'silent after')
    await hasty.load(spec, [{ n: 1 }])
    disturb(isLoad, 'lost after')
    await hasty.loadStaging('more', spec.columns, [{ n: 1 }])
    expect(await rowCount()).toBe(2)

    disturb(({ method, path }) => method === 'GET' && path.endsWith('/counted'), 'silent before')
    expect(await refusal(hasty.describeTable('counted'))).toMatchObject(silent)

    const numbers = Array.from({ length: 3000 }, (_, n) => ({ n }))
    await hasty.loadStaging('numbers', spec.columns, numbers)
    const n = sql.staging('numbers')
    const long = sql`select count(*) as n from ${n} as a cross join ${n} as b cross join ${n} as c where mod(a.n * b.n + c.n, 7) = 9`
    disturb(isCancel, 'silent before')
    expect(await refusal(hasty.query(long, { signal: AbortSignal.timeout(200) }))).toMatchObject({
      code: 'QUERY_CANCELLED',
    })
    await hasty.close()
  })

  test('bytes: estimated by the columns that a statement reads, and bounded before it reads any', async () => {
    const careful = await engine.project({ maximumBytesBilled: 20_000 })()
    const rows = Array.from({ length: 1000 }, (_, n) => ({ n, s: 'x'.repeat(98) }))
    await careful.loadStaging('wide', columnsOf({ n: 'integer', s: 'string' }), rows)
    expect(await careful.estimateBytes!(sql`select n from ${sql.staging('wide')}`)).toBe(8000)
    expect(await careful.estimateBytes!(sql`select n, s from ${sql.staging('wide')}`)).toBe(108_000)
    expect(await careful.query(sql`select max(n) as n from ${sql.staging('wide')}`)).toEqual([{ n: 999 }])
    const error = await refusal(careful.query(sql`select max(s) as s from ${sql.staging('wide')}`))
    expect(error).toMatchObject({ code: 'QUERY_FAILED', isTransient: false })
    expect(error.message).toContain('`warehouse.maximumBytesBilled`')
    await careful.close()
  })

  test('bounds from staging tables become variables, by which the service leaves out partitions', async () => {
    await warehouse.loadStaging('hits', columnsOf({ n: 'integer', kind: 'integer' }), [
      { n: 5, kind: 0 },
      { n: 9, kind: 1 },
    ])
    const least = sql`(select min(n) from ${sql.staging('hits')})`
    const largest = sql`(select max(n) from ${sql.staging('hits')} where kind = 0)`
    await warehouse.stage('bounded', sql`select ${least} as a, ${least} as b, ${largest} as c`)
    const sent: string = engine.standIn.jobs().at(-1)!.configuration.query.query
    expect(sent).toMatch(
      /^declare bound_1 default \(select min.*\);\ndeclare bound_2 default \(select max.*kind = 0\);\n/,
    )
    expect(sent).toMatch(/select bound_1 as a, bound_1 as b, bound_2 as c$/)
    expect(await warehouse.query(sql`select * from ${sql.staging('bounded')}`)).toEqual([{ a: 5, b: 5, c: 5 }])
    await warehouse.transaction([sql`delete from ${sql.table('counted')} where n >= ${least}`, insert])
    expect(engine.standIn.jobs().at(-1)!.configuration.query.query).toMatch(/^declare bound_1 .*\nbegin transaction;\n/)
  })

  test('jobs carry run and stage; loads carry them in their names', async () => {
    await warehouse.execute(insert, { label: 'run 7 visits' })
    expect(engine.standIn.jobs().at(-1)!.configuration.labels).toEqual({
      application: 'tributary',
      run: '7',
      stage: 'visits',
    })
    await warehouse.load(spec, [{ n: 1 }], { label: 'run 7 ingest' })
    expect(engine.standIn.jobs().at(-1)!.id).toMatch(/^tributary_run_7_ingest_[0-9a-f]{32}$/)
  })

  test('tables are partitioned by month and clustered by at most four columns; staging tables go away', async () => {
    const of = engine.project()
    const other = await of()
    await other.createTables(tables)
    const project = other.writer.table('x').slice(1).split('.')[0]!
    for (const table of tables) {
      const made = engine.standIn.store.get(`${project}.tributary.${table.name}`)!
      expect(made.partitionBy, table.name).toEqual(table.partitionBy && { column: table.partitionBy, unit: 'MONTH' })
      expect(made.clusterBy, table.name).toEqual(table.clusterBy?.slice(0, 4))
    }
    await other.stage('passing', sql`select 1 as n`)
    const [staged] = engine.standIn.store.ofDataset(project, 'tributary_staging')
    expect(staged!.expiresAt).toBeGreaterThan(Date.now() + 2 * 86_400_000)
    await other.close()
  })
})

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
