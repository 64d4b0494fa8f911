import { expect, test } from 'vitest'
import type { OpenProduct } from '../../src/pipeline/companies/product-source.ts'
import { openProductPostgres } from '../../src/warehouses/product-postgres.ts'
import type { Retry } from '../../src/warehouses/retry.ts'
import { sql } from '../../src/warehouses/sql.ts'
import type { Row, Warehouse } from '../../src/warehouses/warehouse.ts'
import { run } from '../harness/pipeline.ts'
import { Broken, faulty } from './faulty-warehouse.ts'
import type { UseProduct } from './product-postgres-world.ts'
import { stateOf } from './table-states.ts'

/** What goes wrong between a product Postgres and a run. */
export function testProductFailures(use: UseProduct): void {
  test('a wrong password, database or address says so, and nothing of them', async () => {
    const { warehouse, url, failure } = use()
    const wrong = (change: Partial<URL>) => Object.assign(new URL(url), change).href
    const at = (address: string) =>
      failure({ openProduct: (signal) => openProductPostgres(address, signal), retry: { budget: 0 } })
    const errors = [
      [await at(wrong({ password: 'not-this' })), /user or the password is wrong/],
      [await at(wrong({ pathname: '/nowhere' })), /no such database/],
      [await at(wrong({ port: '1' })), /nothing answers there/],
    ] as const
    for (const [error, message] of errors) {
      expect(error).toMatchObject({ code: 'SOURCE_UNREADABLE', message: expect.stringMatching(message) })
      expect(`${error.stack}${JSON.stringify(error)}`).not.toMatch(/not-this|swordfish|reader/)
    }
    const [failed] = await warehouse.query<Row & { error: string }>(
      sql`select error from ${sql.table('runs')} order by run_id desc limit 1`,
    )
    expect(failed?.error).toMatch(/nothing answers there/)
  })

  test('a missing or retyped column, or one that may not be read, stops the run before it writes', async () => {
    const { owner, warehouse, take, failure } = use()
    await take()
    const before = await stateOf(warehouse)
    await owner.query('alter table company_people alter column role type varchar(10)')
    expect(await failure()).toMatchObject({
      code: 'SOURCE_CHANGED',
      message: expect.stringMatching(
        /table company_people, column role: expected text, but it is character varying\(10\) now/,
      ),
    })
    await owner.query('alter table companies rename column plan to tariff')
    expect(await failure({ acceptColumns: true })).toMatchObject({
      code: 'SOURCE_CHANGED',
      message: expect.stringMatching(/table public.companies: expected the column plan/),
    })
    await owner.query(
      'alter table companies rename column tariff to plan; revoke select (role) on company_people from reader',
    )
    expect((await failure({ acceptColumns: true })).message).toMatch(/expected the column role/)
    await owner.query('drop table company_people')
    expect((await failure()).message).toMatch(
      /expected the table company_people.*grant select \(company_id, user_id, role, joined_at\) on company_people/s,
    )
    expect(await stateOf(warehouse)).toMatchObject({
      companies: before.companies,
      company_members: before.company_members,
    })
  })

  test('what the role may not or cannot do is said in words that help', async () => {
    const { owner, failure, take } = use()
    const message = async () => (await failure({ retry: { budget: 0 } })).message
    await owner.query(
      `insert into company_people select '00000000-0000-0000-0000-000000000001', n from generate_series(10, 20000) as n`,
    )
    await owner.query(`alter role reader set statement_timeout = '1ms'`)
    expect(await message()).toMatch(/took longer than the role may: raise its statement_timeout/)
    await owner.query('alter role reader reset statement_timeout')
    await owner.query('revoke usage on schema public from public')
    expect(await message()).toMatch(/may not look into the schema.*grant usage on schema/)
    await owner.query('grant usage on schema public to public')
    await owner.query('alter table company_people alter column joined_at type text using $$soon$$')
    expect(await message()).toMatch(/read the table company_people, joined_at as times, but they hold something else/)
    await owner.query('alter table company_people alter column joined_at type bigint using 1')
    expect(await message()).toMatch(
      /joined_at as times, but they hold something else. Name columns with times or dates/,
    )
    await owner.query(`alter table company_people alter column joined_at type timestamptz using '2024-01-01'`)
    await take()
  })

  test('nothing is waited for when the product database cannot be opened', async () => {
    const { warehouse, url, failure } = use()
    const asked: string[] = []
    const stage: Warehouse['stage'] = (name, ...more) => {
      asked.push(name)
      return warehouse.stage(name, ...more)
    }
    const wrong = Object.assign(new URL(url), { password: 'not-this' }).href
    await failure({ warehouse: { ...warehouse, stage }, openProduct: (signal) => openProductPostgres(wrong, signal) })
    expect(asked.filter((name) => name === 'checked' || name === 'sessions_rows')).toEqual([])
  })

  test('what may pass is tried again until rows are taken: too many connections, a session that is ended', async () => {
    const { owner, url, take, companies, failure } = use()
    const told: string[] = []
    const retry = {
      sleep: async () => void (await owner.query('alter role reader connection limit -1')),
      onRetry: ({ what, reason }: Retry) => told.push(`${what}: ${reason}`),
    }
    await owner.query('alter role reader connection limit 0')
    await take({ retry })
    expect(told).toEqual([
      expect.stringMatching(
        /^opening the product database: .*expected to connect to it, but it has too many connections/,
      ),
    ])
    let opened = 0
    const openProduct: OpenProduct = async (signal) => {
      const real = await openProductPostgres(url, signal)
      if (++opened === 1)
        await owner.query(`select pg_terminate_backend(pid, 5000) from pg_stat_activity where usename = 'reader'`)
      return real
    }
    told.length = 0
    await take({ retry, openProduct })
    expect(told).toEqual([
      expect.stringMatching(/expected to look at the table public.companies, but the connection was lost/),
    ])
    expect(opened).toBe(3) // looked at twice, and copied
    expect((await companies()).map((c) => c.member_count)).toEqual([1, 1])

    await owner.query('alter role reader connection limit 0')
    const gone = { sleep: async () => {}, clock: () => (clock += 60_000), budget: 300_000 }
    let clock = 0
    expect(await failure({ retry: gone })).toMatchObject({
      code: 'SOURCE_UNREADABLE',
      message: expect.stringMatching(
        /opening the product database to succeed.* failed \d+ times in .*See that the product database can be reached/,
      ),
    })
    await owner.query('alter role reader connection limit -1')
  })

  test('a connection that is lost in the middle publishes nothing; the next run copies', async () => {
    const { owner, take, companies, failure, reading } = use()
    await owner.query(
      `insert into company_people select '00000000-0000-0000-0000-000000000001', n from generate_series(10, 20000) as n`,
    )
    const openProduct = reading((real, table, columns) =>
      (async function* () {
        let n = 0
        for await (const row of real.rows(table, columns)) {
          if (++n === 6000)
            await owner.query(`select pg_terminate_backend(pid) from pg_stat_activity where usename = 'reader'`)
          yield row
        }
      })(),
    )
    const error = await failure({ openProduct })
    expect(error).toMatchObject({
      code: 'SOURCE_UNREADABLE',
      message: expect.stringMatching(/connection was lost.*; run again/),
    })
    expect(await companies()).toEqual([])
    await take()
    expect((await companies()).map((c) => c.member_count)).toEqual([19_992, 1])
  })

  test('a run that is cancelled in the middle publishes nothing and leaves no connection', async () => {
    const { owner, companies, failure, reading } = use()
    const controller = new AbortController()
    const openProduct = reading((real, table, columns) =>
      (async function* () {
        for await (const row of real.rows(table, columns)) {
          controller.abort()
          yield row
        }
      })(),
    )
    expect(await failure({ openProduct, signal: controller.signal })).toMatchObject({ code: 'QUERY_CANCELLED' })
    expect(await companies()).toEqual([])
    const { rows } = await owner.query(`select count(*)::int as n from pg_stat_activity where usename = 'reader'`)
    expect(rows).toEqual([{ n: 0 }])
  })

  test('a run that dies at any call leaves nothing of its copy; the next one ends as if nothing had happened', {
    timeout: 300_000,
  }, async () => {
    const { owner, warehouse: shared, options, nextDay, take, companies } = use()
    // A dead run keeps the lease: who shares a warehouse believes it for a minute, which nobody waits for here.
    const warehouse = { ...shared, isExclusive: true }
    await take()
    const before = await companies()
    await owner.query(`update company_people set role = 'member'; update companies set plan = 'pro'`)
    const now = nextDay()
    const calls: number[] = []
    let isPublishing = false
    await expect(
      take({
        now,
        warehouse: faulty(warehouse, ({ number, label }) => {
          if (!isPublishing) calls.push(number)
          isPublishing ||= label.endsWith('publish')
          return label.endsWith('publish') ? 'before' : null
        }),
      }),
    ).rejects.toBeInstanceOf(Broken)
    for (const failing of calls.filter((number) => number % 9 === 2)) {
      await expect(
        take({ now, warehouse: faulty(warehouse, ({ number }) => (number >= failing ? 'before' : null)) }),
      ).rejects.toBeInstanceOf(Broken)
      expect(await companies(), `call ${failing}`).toEqual(before)
    }
    await take({ now, warehouse })
    expect((await companies()).map((c) => [c.is_paid, c.admin_count])).toEqual([
      [true, 0],
      [true, 0],
    ])
    expect((await run(warehouse, options, 'rebuild')).rowsWritten).toBe(0)
  })
}
