import pg from 'pg'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import type { OpenProduct } from '../../src/pipeline/companies/product-source.ts'
import type { CompanyOptions, PipelineOptions } from '../../src/pipeline/options.ts'
import { runPipeline } from '../../src/pipeline/run.ts'
import { tables } from '../../src/pipeline/tables/tables.ts'
import type { ProductDatabase } from '../../src/warehouses/product-database.ts'
import { openProductPostgres } from '../../src/warehouses/product-postgres.ts'
import { sql } from '../../src/warehouses/sql.ts'
import type { Row, Warehouse } from '../../src/warehouses/warehouse.ts'
import { emptyTables, optionsFor, run, temporaryFolder } from '../harness/pipeline.ts'
import { type PostgresServer, startPostgres } from '../harness/postgres.ts'
import { Broken, faulty } from './faulty-warehouse.ts'
import { stateOf } from './table-states.ts'
import { asText, watched } from './watched-warehouse.ts'

const PASSWORD = 'swordfish-of-the-reader'
const SECRET = 'must-never-leave'

const COMPANIES: CompanyOptions = {
  from: { kind: 'postgres' },
  companies: {
    table: 'public.companies',
    id: 'id',
    name: 'Company Name',
    plan: 'plan',
    createdAt: 'created_at',
    paidAt: 'paid_on',
    latestBy: null,
    dimensions: { industry: 'industry', seats: 'seats' },
  },
  members: {
    table: 'company_people',
    companyId: 'company_id',
    userId: 'user_id',
    role: 'role',
    createdAt: 'joined_at',
    latestBy: null,
  },
  adminRoles: ['admin'],
  paidPlans: ['pro'],
  maxShrink: 0.5,
}

/** A real Postgres as the product database, whatever the warehouse is. */
export function testProductPostgres(open: () => Promise<Warehouse>): void {
  describe('a product Postgres', () => {
    let server: PostgresServer
    let owner: pg.Client
    let warehouse: Warehouse
    let url: string
    const events = temporaryFolder()
    const options: PipelineOptions = optionsFor(events.path, { companies: COMPANIES })

    beforeAll(async () => {
      server = await startPostgres()
      const database = await server.createDatabase()
      owner = new pg.Client({ connectionString: database })
      await owner.connect()
      url = Object.assign(new URL(database), { username: 'reader', password: PASSWORD }).href
      await owner.query(`create role reader login password '${PASSWORD}'`)
      warehouse = await open()
      await run(warehouse, options, 'rebuild') // makes the tables
      events.write(
        '1.jsonl',
        JSON.stringify({
          type: 'page',
          messageId: '1',
          anonymousId: 'd',
          userId: '1',
          timestamp: '2025-01-02T00:00:00Z',
          receivedAt: '2025-01-02T00:00:00Z',
        }),
      )
    })
    afterAll(async () => {
      events.remove()
      await owner.end()
      await warehouse.close()
      await server.stop()
    })

    // A table has columns that nobody listed; the role may not even read them.
    beforeEach(async () => {
      await emptyTables(warehouse)
      await owner.query(`
drop table if exists companies, company_people;
create table companies (
    id uuid primary key, "Company Name" text, plan text, created_at timestamp, paid_on date, industry text, seats int,
    owner_email text not null default '${SECRET}@acme.test'
);
create table company_people (company_id uuid, user_id bigint, role text, joined_at timestamptz, phone text default '${SECRET}');
insert into companies values
    ('00000000-0000-0000-0000-000000000001', 'One "1"', 'pro', '2024-01-01 10:00', '2024-02-01', 'law', 7),
    ('00000000-0000-0000-0000-000000000002', null, 'free', null, null, null, null);
insert into company_people values
    ('00000000-0000-0000-0000-000000000001', 1, 'Admin', '2024-01-02 10:00+02'),
    ('00000000-0000-0000-0000-000000000002', 1, null, null),
    (null, 2, 'admin', null);
grant select (id, "Company Name", plan, created_at, paid_on, industry, seats) on companies to reader;
grant select (company_id, user_id, role, joined_at) on company_people to reader;`)
    })

    let clock = Date.parse('2025-03-01T05:00:00Z')
    const nextDay = () => {
      clock += 86_400_000
      return new Date(clock)
    }
    type More = Partial<Parameters<typeof runPipeline>[0]>
    const take = (more: More = {}) =>
      runPipeline({
        warehouse,
        options,
        configVersion: 'test',
        kind: 'increment',
        now: nextDay(),
        openProduct: (signal) => openProductPostgres(url, signal),
        ...more,
      })
    const companies = () =>
      warehouse.query(sql`
select company_id, name, plan, is_paid, created_at, paid_at, dimensions, member_count, admin_count, session_count
from ${sql.table('current_companies')} where is_latest and until_at is null order by company_id`)
    const failure = (more: More = {}) =>
      take(more).then(
        () => expect.unreachable(),
        (error: Error & { code: string }) => error,
      )
    /** Wraps what reads the database. */
    const reading =
      (
        rows: (
          real: ProductDatabase,
          ...args: Parameters<ProductDatabase['rows']>
        ) => ReturnType<ProductDatabase['rows']>,
      ): OpenProduct =>
      async (signal) => {
        const real = await openProductPostgres(url, signal)
        return { ...real, rows: (...args) => rows(real, ...args) }
      }

    test('is copied with its types as text and times in UTC', async () => {
      const report = await take()
      expect(report.sources.find((s) => s.source === 'product/members')).toMatchObject({
        read: 3,
        quarantined: 1,
        accepted: 2,
      })
      expect(await companies()).toEqual([
        {
          company_id: '00000000-0000-0000-0000-000000000001',
          name: 'One "1"',
          plan: 'pro',
          is_paid: true,
          created_at: '2024-01-01T10:00:00.000000Z',
          paid_at: '2024-02-01T00:00:00.000000Z',
          dimensions: '{"industry":"law","seats":"7"}',
          member_count: 1,
          admin_count: 1,
          session_count: 1,
        },
        {
          company_id: '00000000-0000-0000-0000-000000000002',
          name: null,
          plan: 'free',
          is_paid: false,
          created_at: null,
          paid_at: null,
          dimensions: '{"industry":null,"seats":null}',
          member_count: 1,
          admin_count: 0,
          session_count: 1,
        },
      ])
      const [member] = await warehouse.query(
        sql`select since_at from ${sql.table('current_company_members')} where role = 'Admin'`,
      )
      expect(member).toEqual({ since_at: '2024-01-02T08:00:00.000000Z' })
      expect((await take()).rowsWritten).toBe(0)
    })

    test('gives nothing but the listed columns: not to tables, staging, messages or errors', async () => {
      const seen: string[] = []
      const all = watched(warehouse, (rows) => seen.push(rows))
      const report = await take({ warehouse: all, onProgress: (event) => seen.push(JSON.stringify(event)) })
      seen.push(JSON.stringify(report))
      for (const { name } of tables) seen.push(asText(await warehouse.query(sql`select * from ${sql.table(name)}`)))
      expect(seen.join('\n')).toContain('One \\"1\\"') // it does see
      await owner.query('alter table companies alter column seats type text')
      seen.push(String((await failure({ warehouse: all })).stack))
      expect(seen.join('\n')).not.toContain(SECRET)
      expect(seen.join('\n')).not.toContain(PASSWORD)
    })

    test('is one moment: what changes while it is read shows in the next copy', async () => {
      const openProduct = reading((real, table, columns) =>
        (async function* () {
          if (table === 'company_people')
            await owner.query(`insert into company_people values ('00000000-0000-0000-0000-000000000002', 3, 'admin')`)
          yield* real.rows(table, columns)
        })(),
      )
      await take({ openProduct })
      expect((await companies()).map((c) => c.member_count)).toEqual([1, 1])
      await take()
      expect((await companies()).map((c) => c.member_count)).toEqual([1, 2])
    })

    test('a wrong password, database or address says so, and nothing of them', async () => {
      const wrong = (change: Partial<URL>) => Object.assign(new URL(url), change).href
      const at = (address: string) => failure({ openProduct: (signal) => openProductPostgres(address, signal) })
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
      await take()
      const before = await stateOf(warehouse)
      await owner.query('alter table company_people alter column role type varchar(10)')
      expect(await failure()).toMatchObject({
        code: 'SOURCE_CHANGED',
        message: expect.stringMatching(
          /table members, column role: expected text, but it is character varying\(10\) now/,
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
      expect((await failure()).message).toMatch(/expected the table company_people/)
      expect(await stateOf(warehouse)).toMatchObject({
        companies: before.companies,
        company_members: before.company_members,
      })
    })

    test('that was retyped can be accepted', async () => {
      await take()
      await owner.query('alter table company_people alter column role type varchar(10)')
      expect((await take({ acceptColumns: true })).rowsWritten).toBe(0)
      expect((await take()).rowsWritten).toBe(0)
    })

    test('a connection that is lost in the middle publishes nothing; the next run copies', async () => {
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
      expect(error).toMatchObject({ code: 'SOURCE_UNREADABLE', message: expect.stringMatching(/connection was lost/) })
      expect(await companies()).toEqual([])
      await take()
      expect((await companies()).map((c) => c.member_count)).toEqual([19_992, 1])
    })

    test('a run that is cancelled in the middle publishes nothing and leaves no connection', async () => {
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
      await take({ now })
      expect((await companies()).map((c) => [c.is_paid, c.admin_count])).toEqual([
        [true, 0],
        [true, 0],
      ])
      expect((await run(warehouse, options, 'rebuild')).rowsWritten).toBe(0)
    })
  })
}
