import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { whyNotWritable } from '../../src/check/writable.ts'
import type { QueryError } from '../../src/errors.ts'
import { openRedshift } from '../../src/warehouses/redshift.ts'
import { sql } from '../../src/warehouses/sql.ts'
import type { Row, Warehouse } from '../../src/warehouses/warehouse.ts'
import { type RedshiftStandIns, standInEngine, targetOf } from '../harness/redshift-engine.ts'
import type { S3StandIn } from '../standins/s3/server.ts'
import { columnsOf } from './suite.ts'

const spec = {
  name: 'loaded',
  row: 'row',
  description: 'For a test.',
  kind: 'state',
  key: ['n'],
  columns: columnsOf({ n: 'integer', words: 'string', moment: 'timestamp', isIt: 'boolean', share: 'float' }),
} as const

/** Texts that a CSV file, a manifest or a COPY could take for something else. */
const WORDS = ['', ' ', 'a "quoted" word', '\\N', 'null', 'line\nline\r\nline', ',', "it's", '日本 🎈', '\\', '"', null]

/** So many rows, each of about a hundred characters. */
const rowsOf = (count: number): Row[] =>
  Array.from({ length: count }, (_, n) => ({
    n,
    words: n < WORDS.length ? WORDS[n]! : `${n} ${'x'.repeat(100)}`,
    moment: n === 0 ? null : '2025-01-01T11:10:00.000001Z',
    isIt: n % 2 === 0,
    share: n / 4,
  }))

/** Loads of many rows on Redshift go through a bucket when there is one. */
describe('a bucket', () => {
  let engine: RedshiftStandIns
  let s3: S3StandIn
  let warehouse: Warehouse
  beforeAll(async () => {
    engine = await standInEngine()
    s3 = engine.s3
    warehouse = await engine.open()
    await warehouse.createTables([spec])
  })
  afterAll(async () => {
    await warehouse.close()
    await engine.stop()
  })
  beforeEach(() => {
    s3.calls.length = 0
    s3.fault = null
  })

  const stored = (from = sql.staging('loaded')) => warehouse.query(sql`select * from ${from} order by n`)
  const refusal = (work: Promise<unknown>): Promise<QueryError> =>
    work.then(
      () => Promise.reject(new Error('Expected a refusal.')),
      (error) => error,
    )

  test('brings many rows as they are, and keeps no file', async () => {
    const rows = rowsOf(30_000)
    await warehouse.loadStaging('loaded', spec.columns, rows)
    expect(await stored()).toEqual(rows)
    expect(s3.calls.filter((call) => call.startsWith('PUT')).length).toBeGreaterThan(1)
    expect([...s3.objects.keys()]).toEqual([])
  })

  test('brings them in several files, and takes them from whoever makes them one by one', async () => {
    async function* many() {
      for (let n = 0; n < 700; n++) yield { ...rowsOf(1)[0]!, n, words: `${n} ${'y'.repeat(60_000)}` }
    }
    await warehouse.loadStaging('loaded', spec.columns, many())
    expect(await stored(sql`(select n, len(words) as words from ${sql.staging('loaded')}) as k`)).toHaveLength(700)
    expect(s3.calls.filter((call) => call.endsWith('.csv.gz'))).toHaveLength(2)
    expect(s3.objects.size).toBe(0)
  })

  test('is not needed: without one the same rows go as inserts, all or none', async () => {
    const plain = await openRedshift(targetOf(engine.standIns[0]!))
    const rows = rowsOf(60_000)
    await plain.loadStaging('loaded', spec.columns, rows)
    expect(await plain.query(sql`select * from ${sql.staging('loaded')} order by n`)).toEqual(rows)
    await plain.load(spec, rows)
    expect(await stored(sql.table('loaded'))).toEqual(rows)
    const wrong = rows.map((row, n) => (n === rows.length - 1 ? { ...row, words: 'x'.repeat(70_000) } : row))
    expect((await refusal(plain.load(spec, wrong))).message).toContain('Expected text of at most 65535 bytes')
    expect(await stored(sql.table('loaded'))).toHaveLength(rows.length)
    await plain.execute(sql`delete from ${sql.table('loaded')}`)
    expect(s3.calls).toEqual([])
    await plain.close()
  })

  test('is not used for few rows', async () => {
    await warehouse.loadStaging('loaded', spec.columns, rowsOf(20))
    expect(await stored()).toEqual(rowsOf(20))
    expect(s3.calls).toEqual([])
  })

  test('adds to a table all rows or none', async () => {
    const rows = rowsOf(30_000)
    await warehouse.load(spec, rows)
    expect(await stored(sql.table('loaded'))).toEqual(rows)
    const wrong = [...rows.slice(0, -1), { ...rows[0]!, n: 40_000, words: 'x'.repeat(70_000) }]
    expect((await refusal(warehouse.load(spec, wrong))).message).toContain('Expected text of at most 65535 bytes')
    const late = rows.map((row, n) => (n === rows.length - 1 ? { ...row, n: 'no number' } : row))
    expect((await refusal(warehouse.load(spec, late))).message).toContain('Redshift refused a statement')
    expect(await stored(sql.table('loaded'))).toHaveLength(rows.length)
    expect(s3.objects.size).toBe(0)
  })

  test.each([
    ['NoSuchBucket', 404, 'there is none. Check `warehouse.bucket.name`', false],
    ['AccessDenied', 403, 's3:PutObject', false],
    ['PermanentRedirect', 301, 'Name it in `warehouse.bucket.region`', false],
    ['SlowDown', 503, 'SlowDown', true],
  ])('that refuses with %s is told, with what to do, and nothing stays', async (refuse, status, says, mayPass) => {
    // The first file is taken: what came before a failure goes, too.
    s3.fault = (method, key) => (method === 'PUT' && !key.endsWith('0.csv.gz') ? { refuse, status } : null)
    const error = await refusal(warehouse.loadStaging('loaded', spec.columns, rowsOf(30_000)))
    expect(error.message).toContain(`Expected to put a file into the bucket ${s3.bucket}, but`)
    expect(error.message).toContain(says)
    expect(error.isTransient).toBe(mayPass)
    expect(s3.objects.size).toBe(0)
  })

  test('is given up when the run is', async () => {
    const stop = new AbortController()
    async function* endless() {
      for (let n = 0; ; n++) {
        if (n === 100_000) stop.abort()
        yield rowsOf(1)[0]!
      }
    }
    const error = await refusal(warehouse.loadStaging('loaded', spec.columns, endless(), { signal: stop.signal }))
    expect(error.code).toBe('QUERY_CANCELLED')
    expect(s3.objects.size).toBe(0)
  })

  test('whose files the database may not read fails the check, which tries it', async () => {
    expect(await whyNotWritable(warehouse)).toBeNull()
    expect(s3.calls.filter((call) => call.startsWith('PUT'))).toHaveLength(2)
    s3.fault = () => ({ refuse: 'AccessDenied', status: 403 })
    expect(await whyNotWritable(warehouse)).toContain('docs/warehouses/redshift.md has the policy')
  })
})
