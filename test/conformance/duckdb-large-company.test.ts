import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { CompanyOptions } from '../../src/pipeline/options.ts'
import { runPipeline } from '../../src/pipeline/run.ts'
import { openDuckdb } from '../../src/warehouses/duckdb.ts'
import { sql } from '../../src/warehouses/sql.ts'
import type { Row, Warehouse } from '../../src/warehouses/warehouse.ts'
import { optionsFor, run, temporaryFolder } from '../harness/pipeline.ts'
import { csv } from './companies-world.ts'

const PEOPLE = 120
const VISITS = 6
/** Who buys outside a visit comes once more with it. */
const TOUCHES = PEOPLE * (VISITS + 1)

/** One company whose people each come six times and buy once: 120 purchases, some 800 touches. */
describe('a large company', { timeout: 300_000 }, () => {
  const product = temporaryFolder()
  const events = temporaryFolder()
  let warehouse: Warehouse
  const companies: CompanyOptions = {
    from: { kind: 'files', path: product.path },
    companies: null,
    members: {
      table: 'members.csv',
      companyId: 'company_id',
      userId: 'user_id',
      role: null,
      createdAt: null,
      latestBy: null,
    },
    adminRoles: [],
    paidPlans: [],
    maxShrink: 0.5,
  }
  const options = optionsFor(events.path, { companies })
  const purchase = { ...options.conversions.signup!, events: ['order_completed'], every: true, lookbackDays: 20 }
  const settings = { ...options, conversions: { ...options.conversions, purchase } }

  beforeAll(async () => {
    warehouse = await openDuckdb({ path: ':memory:', schema: 'tributary', threads: 1 })
    const people = Array.from({ length: PEOPLE }, (_, n) => `u${n}`)
    product.write(
      'members.csv',
      csv(
        ['company_id', 'user_id'],
        people.map((user) => ['c1', user]),
      ),
    )
    const message = (id: string, user: string, minutes: number, more: object) => {
      const at = new Date(Date.parse('2025-01-01T00:00:00Z') + minutes * 60_000).toISOString()
      return { messageId: id, anonymousId: `d-${user}`, userId: user, timestamp: at, receivedAt: at, ...more }
    }
    const lines = people.flatMap((user, n) => [
      ...Array.from({ length: VISITS }, (_, v) =>
        message(`p${n}-${v}`, user, ((n * 7919 + v * 10_007) % (40 * 1440)) + v, {
          type: 'page',
          context: { page: { url: `https://www.acme.test/?utm_source=s${v % 3}&utm_medium=email` } },
        }),
      ),
      message(`o${n}`, user, (n * 487) % (45 * 1440), { type: 'track', event: 'Order Completed' }),
    ])
    events.write('1.jsonl', lines.map((line) => JSON.stringify(line)).join('\n'))
  })
  afterAll(async () => {
    product.remove()
    events.remove()
    await warehouse.close()
  })

  test('costs its touches and its conversions, not each with each', async () => {
    const sizes = new Map<string, number>()
    const stage: Warehouse['stage'] = async (name, select, more) => {
      await warehouse.stage(name, select, more)
      const [row] = await warehouse.query<Row & { n: number }>(sql`select count(*) as n from ${sql.staging(name)}`)
      sizes.set(name, row?.n ?? 0)
    }
    const input = { warehouse: { ...warehouse, stage }, configVersion: 'test', kind: 'increment' } as const
    await runPipeline({ ...input, options: settings, now: new Date('2025-03-01T00:00:00Z') })
    expect(sizes.get('company_touches')).toBeGreaterThan(PEOPLE * VISITS)
    expect(sizes.get('company_spans')).toBe(PEOPLE)
    const staged = [...sizes].filter(([name]) => name.startsWith('company_'))
    expect(staged.filter(([, size]) => size > 3 * TOUCHES)).toEqual([])
    const [credit] = await warehouse.query(sql`
select sum(linear_credit) as linear, sum(last_touch_credit) as last
from ${sql.table('channel_stats')}
where company_id = 'c1' and date_by = 'touch' and conversion = 'purchase'`)
    expect(credit).toEqual({ linear: PEOPLE * 1_000_000_000, last: PEOPLE * 1_000_000_000 })
    expect((await run(warehouse, settings, 'rebuild')).rowsWritten).toBe(0)
  })
  test('whose credit did not add up would not be published', async () => {
    const stage: Warehouse['stage'] = async (name, select, more) => {
      await warehouse.stage(name, select, more)
      if (name === 'company_credits')
        await warehouse.execute(
          sql`update ${sql.staging(name)} set last_touch_credit = last_touch_credit + 1 where last_touch_credit > 0`,
        )
    }
    const input = { warehouse: { ...warehouse, stage }, configVersion: 'test', kind: 'rebuild' } as const
    await expect(runPipeline({ ...input, options: settings })).rejects.toMatchObject({
      code: 'CHECK_FAILED',
      message: expect.stringMatching(/the credit of each conversion of a company sums to one by conversion/),
    })
  })
})
