import pg from 'pg'
import { afterAll, beforeAll, beforeEach, expect } from 'vitest'
import type { OpenProduct } from '../../src/pipeline/companies/product-source.ts'
import type { CompanyOptions, PipelineOptions } from '../../src/pipeline/options.ts'
import { runPipeline } from '../../src/pipeline/run.ts'
import type { ProductDatabase } from '../../src/warehouses/product-database.ts'
import { openProductPostgres } from '../../src/warehouses/product-postgres.ts'
import { sql } from '../../src/warehouses/sql.ts'
import type { Warehouse } from '../../src/warehouses/warehouse.ts'
import { emptyTables, optionsFor, run, temporaryFolder } from '../harness/pipeline.ts'
import { type PostgresServer, startPostgres } from '../harness/postgres.ts'

/** Of the role that reads. */
export const PASSWORD = 'swordfish-of-the-reader'
/** Stands in columns that nobody listed. */
export const SECRET = 'must-never-leave'

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

/** What tests of a product Postgres need; to be asked for within a test. */
export type UseProduct = ReturnType<typeof useProductPostgres>

/** A server with two tables, anew for each test, and a warehouse that copies them. */
export function useProductPostgres(open: () => Promise<Warehouse>) {
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

  return () => ({ owner, warehouse, url, options, nextDay, take, companies, failure, reading })
}
