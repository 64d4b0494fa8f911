import { expect, test } from 'vitest'
import { checkInstallation } from '../../src/check/check.ts'
import { openProductPostgres } from '../../src/warehouses/product-postgres.ts'
import { PASSWORD, SECRET, type UseProduct } from './product-postgres-world.ts'

/** What `tributary check` says of a product Postgres. */
export function testProductChecks(use: UseProduct): void {
  const check = async (address?: string) => {
    const { options, url } = use()
    const input = { options, configVersion: 'test', kind: 'duckdb', place: 'w', warehouse: null }
    const report = await checkInstallation({
      ...input,
      openProduct: (signal) => openProductPostgres(address ?? url, signal),
    })
    expect(JSON.stringify(report)).not.toMatch(new RegExp(`${SECRET}|${PASSWORD}`))
    const findings = report.findings.filter(({ subject }) => subject.startsWith('productDatabase'))
    return { product: report.product, findings, verdict: report.verdict }
  }

  test('a check finds nothing where a run could copy', async () => {
    const { product, findings } = await check()
    expect(findings).toEqual([])
    expect(product).toEqual({
      kind: 'postgres',
      facts: 'public.companies with 7 columns, company_people with 4 columns',
    })
  })

  test('a check says which table or column is missing, or may not be read, and what to do', async () => {
    const { owner } = use()
    await owner.query('alter table companies drop column plan; revoke select (role) on company_people from reader')
    const { product, findings, verdict } = await check()
    expect({ product, verdict }).toEqual({ product: { kind: 'postgres', facts: 'cannot be read' }, verdict: 'errors' })
    expect(findings).toEqual([
      {
        severity: 'error',
        subject: 'productDatabase.companies',
        message: expect.stringMatching(/table public.companies: expected the column plan, .* the role can see none/),
        fix: expect.stringContaining('grant select (plan) on public.companies to <role>'),
      },
      {
        severity: 'error',
        subject: 'productDatabase.members',
        message: expect.stringMatching(/table company_people: expected the column role,/),
        fix: expect.stringContaining('grant select (role) on company_people to <role>'),
      },
    ])
    await owner.query('drop table company_people')
    expect((await check()).findings[1]).toMatchObject({
      message: expect.stringMatching(/expected the table company_people, .* there is none that the role may read/),
      fix: expect.stringContaining('grant select (company_id, user_id, role, joined_at) on company_people to <role>'),
    })
  })

  test('a check reads a row: rights and types that a description does not tell', async () => {
    const { owner } = use()
    await owner.query(`
alter table company_people alter column joined_at type text using 'soon';
alter table companies enable row level security;
create or replace function hidden() returns boolean language plpgsql as $$ begin raise insufficient_privilege; end $$;
create policy hidden on companies for select using (hidden())`)
    expect((await check()).findings).toMatchObject([
      {
        subject: 'productDatabase.companies',
        message: expect.stringMatching(/expected to read .* but the role may not/),
      },
      {
        subject: 'productDatabase.members',
        message: expect.stringMatching(/expected to read .* joined_at as times, but they hold something else/),
      },
    ])
  })

  test('a check says that a table has no rows, or hides them', async () => {
    const { owner } = use()
    await owner.query('alter table company_people enable row level security')
    expect((await check()).findings).toMatchObject([
      {
        severity: 'warning',
        subject: 'productDatabase.members',
        message: expect.stringMatching(/the table company_people has no rows that can be read/),
        fix: expect.stringContaining('row-level security'),
      },
    ])
  })

  test('a check says that nothing answers, or lets nobody in', async () => {
    const { url } = use()
    const at = async (change: Partial<URL>) => (await check(Object.assign(new URL(url), change).href)).findings
    expect(await at({ port: '1' })).toMatchObject([
      { severity: 'error', subject: 'productDatabase', message: expect.stringMatching(/nothing answers there/) },
    ])
    expect(await at({ password: 'not-this' })).toMatchObject([
      { severity: 'error', subject: 'productDatabase', message: expect.stringMatching(/the password is wrong/) },
    ])
  })
}
