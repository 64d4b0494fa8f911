import { describe, expect, test } from 'vitest'
import { tables } from '../../src/pipeline/tables/tables.ts'
import { sql } from '../../src/warehouses/sql.ts'
import type { Warehouse } from '../../src/warehouses/warehouse.ts'
import { testProductChecks } from './product-postgres-check-suite.ts'
import { testProductFailures } from './product-postgres-failures-suite.ts'
import { PASSWORD, SECRET, type UseProduct, useProductPostgres } from './product-postgres-world.ts'
import { asText, watched } from './watched-warehouse.ts'

/** A real Postgres as the product database, whatever the warehouse is. */
export function testProductPostgres(open: () => Promise<Warehouse>): void {
  describe('a product Postgres', () => {
    const use = useProductPostgres(open)
    testProductCopies(use)
    testProductFailures(use)
    testProductChecks(use)
  })
}

/** What a copy of a Postgres takes, and what it never does. */
function testProductCopies(use: UseProduct): void {
  test('is copied with its types as text and times in UTC', async () => {
    const { warehouse, take, companies } = use()
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
    const { owner, warehouse, take, failure } = use()
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

  test('has times that other engines do not have, which are counted', async () => {
    const { owner, take, companies } = use()
    await owner.query(`update companies set created_at = 'infinity', paid_on = '0044-03-15 BC' where plan = 'pro'`)
    const { problems } = await take()
    expect(problems.join()).toMatch(/product\/companies: 2 times are none that can be read/)
    expect((await companies())[0]).toMatchObject({ created_at: null, paid_at: null })
  })

  test('is one moment: what changes while it is read shows in the next copy', async () => {
    const { owner, take, companies, reading } = use()
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

  test('that was retyped can be accepted', async () => {
    const { owner, take } = use()
    await take()
    await owner.query('alter table company_people alter column role type varchar(10)')
    expect((await take({ acceptColumns: true })).rowsWritten).toBe(0)
    expect((await take()).rowsWritten).toBe(0)
  })
}
