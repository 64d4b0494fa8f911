import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import type { QueryError } from '../../src/errors.ts'
import { sql } from '../../src/warehouses/sql.ts'
import type { Row, Warehouse } from '../../src/warehouses/warehouse.ts'
import { beneath, type RedshiftStandIns, standInEngine } from '../harness/redshift-engine.ts'
import type { Fault, RedshiftStandIn } from '../standins/redshift/start.ts'
import { columnsOf } from './suite.ts'

const spec = {
  name: 'counted',
  row: 'row',
  description: 'For a test.',
  kind: 'state',
  key: ['n'],
  columns: columnsOf({ n: 'integer' }),
} as const
const numbers = Array.from({ length: 100 }, (_, n) => ({ n }))
/** A million rows. */
const cube = sql`${sql.staging('numbers')} as a cross join ${sql.staging('numbers')} as b cross join ${sql.staging('numbers')} as c`
const insert = sql`insert into ${sql.table('counted')} (n) select 1`

/** What the Data API does to those who use it. */
describe('the Data API', () => {
  let engine: RedshiftStandIns
  let warehouse: Warehouse
  let standIn: RedshiftStandIn
  beforeAll(async () => {
    engine = await standInEngine()
    warehouse = await engine.open()
    standIn = engine.standIns[0]!
    await warehouse.createTables([spec])
    await warehouse.loadStaging('numbers', spec.columns, numbers)
  })
  afterAll(async () => {
    await warehouse.close()
    await engine.stop()
  })

  const rowCount = async () =>
    (await warehouse.query<Row & { n: number }>(sql`select count(*) as n from ${sql.table('counted')}`))[0]!.n
  /** A fault at the first calls of an operation. */
  const withFault = async <T>(operation: string, fault: Fault, times: number, work: () => Promise<T>): Promise<T> => {
    let left = times
    standIn.fault = (called) => (called === operation && left-- > 0 ? fault : null)
    try {
      return await work()
    } finally {
      standIn.fault = null
    }
  }
  const refusal = (work: Promise<unknown>): Promise<QueryError> =>
    work.then(
      () => Promise.reject(new Error('Expected a refusal.')),
      (error) => error,
    )

  test('a large result comes whole, page by page', async () => {
    standIn.operations.limits.pageRows = 7
    expect(await warehouse.query(sql`select n from ${sql.staging('numbers')} order by n`)).toEqual(numbers)
    expect(standIn.calls.filter((call) => call === 'GetStatementResult').length).toBeGreaterThan(14)
    standIn.operations.limits.pageRows = 500
  })

  test('an answer that is lost leaves nothing open: the call is repeated, and carried out once', async () => {
    const before = await rowCount()
    await withFault('ExecuteStatement', 'drop after', 1, () => warehouse.execute(insert))
    await withFault('BatchExecuteStatement', 'drop after', 1, () => warehouse.transaction([insert, insert]))
    await withFault('BatchExecuteStatement', 'drop before', 1, () => warehouse.transaction([insert, insert]))
    expect(await rowCount()).toBe(before + 5)
  })

  test('a statement that runs is asked for until somebody answers', async () => {
    const long = sql`select count(*) as n from ${sql.staging('numbers')} as a cross join ${sql.staging('numbers')} as b cross join ${sql.staging('numbers')} as c cross join (select n from ${sql.staging('numbers')} where n < 30) as d where mod(a.n * b.n + c.n * d.n, 7) = 9`
    const answered = withFault('DescribeStatement', 'drop before', 4, () => warehouse.query(long))
    expect(await answered).toEqual([{ n: 0 }])
  })

  test.each([
    { refuse: 'ThrottlingException' },
    { refuse: 'ActiveStatementsExceededException' },
    { refuse: 'InternalServerException', status: 500 },
    { refuse: 'ServiceUnavailable', status: 503 },
  ])('$refuse may pass', async (fault) => {
    const error = await withFault('ExecuteStatement', fault, 10, () => refusal(warehouse.execute(insert)))
    expect(error).toMatchObject({ code: 'QUERY_FAILED', isTransient: true, warehouse: 'redshift' })
    expect(error.message).toContain(fault.refuse)
  })

  test.each([
    [
      { refuse: 'AccessDeniedException', message: 'User is not authorized to perform: redshift-data:ExecuteStatement' },
      'QUERY_FAILED',
      'docs/warehouses/redshift.md',
    ],
    [
      { refuse: 'UnrecognizedClientException', message: 'The security token included in the request is invalid.' },
      'WAREHOUSE_UNUSABLE',
      'credentials',
    ],
    [
      { refuse: 'ValidationException', message: 'Redshift endpoint does not exist in this region.' },
      'QUERY_FAILED',
      'does not exist',
    ],
  ])('%o does not pass', async (fault, code, says) => {
    const error = await withFault('ExecuteStatement', fault, 10, () => refusal(warehouse.ping()))
    expect(error).toMatchObject({ code, isTransient: false })
    expect(error.message).toContain(says)
  })

  test('a conflict with another transaction may pass', async () => {
    await warehouse.execute(insert)
    const update = sql`update ${sql.table('counted')} set n = n + 1 where 1 = 1`
    const long = sql`insert into ${sql.table('counted')} (n) select count(*) from ${cube} where mod(a.n * b.n + c.n, 7) = 9`
    const results = await Promise.allSettled([1, 2].map(() => warehouse.transaction([update, long])))
    const refused = results.flatMap((r) => (r.status === 'rejected' ? [r.reason] : []))
    expect(refused).toEqual([expect.objectContaining({ isTransient: true, message: expect.stringContaining('1023') })])
  })

  test('a statement that outlives a dead run and makes the same table may be waited for', async () => {
    await warehouse.dropStaging(['made_twice'])
    const long = sql`select count(*) as n from ${cube} where mod(a.n * b.n + c.n, 7) = 9`
    const results = await Promise.allSettled([1, 2].map(() => warehouse.stage('made_twice', long)))
    const refused = results.flatMap((r) => (r.status === 'rejected' ? [r.reason] : []))
    expect(refused).toEqual([expect.objectContaining({ isTransient: true })])
    expect(refused[0].message).toContain('already exists')
  })

  test('what the Data API does not take is not sent', async () => {
    const sent = standIn.calls.length
    const many = await refusal(warehouse.transaction(Array.from({ length: 41 }, () => insert)))
    expect(many.message).toContain('at most 40 statements')
    const long = await refusal(warehouse.execute(sql`select ${'x'.repeat(100_001)} as v`))
    expect(long.message).toContain('at most 100000 bytes')
    expect(standIn.calls.length).toBe(sent)
  })

  test('a statement carries its label', async () => {
    await warehouse.execute(insert, { label: 'run 7 visits' })
    expect([...standIn.operations.works.values()].at(-1)!.request.StatementName).toBe('run 7 visits')
  })

  test('a statement that outlives the time limit of its user says what to do', async () => {
    const other = await engine.open()
    const ofOther = engine.standIns.at(-1)!
    await beneath(ofOther, (client) => client.query(`alter database ${client.database} set statement_timeout = 400`))
    // Which new connections learn.
    await beneath(ofOther, (client) =>
      client.query(
        'select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()',
      ),
    )
    // The stand-in hears a moment later that they are gone.
    await vi.waitFor(() => other.ping(), { timeout: 20_000, interval: 200 })
    await other.loadStaging(
      'numbers',
      spec.columns,
      Array.from({ length: 2000 }, (_, n) => ({ n })),
    )
    const numbers = sql.staging('numbers')
    const error = await refusal(
      other.query(
        sql`select count(*) as n from ${numbers} as a cross join ${numbers} as b cross join ${numbers} as c where mod(a.n * b.n + c.n, 7) = 9`,
      ),
    )
    expect(error).toMatchObject({
      code: 'QUERY_FAILED',
      isTransient: false,
      message: expect.stringContaining('statement_timeout'),
    })
    await other.close()
  })
})
