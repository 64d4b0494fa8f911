import { expect, test } from 'vitest'
import type { GroundTruth } from '../../src/demo/generate.ts'
import { sql } from '../../src/warehouses/sql.ts'
import type { Row, Warehouse } from '../../src/warehouses/warehouse.ts'
import { dataOf, serve } from '../api/fixture.ts'

const year = 'from: "2025-01-01", to: "2026-01-01"'

/** The answers of `docs/companies.md` are those that the demo was made to have. */
export function testDemoCompanies(use: () => { warehouse: Warehouse; truth: GroundTruth }): void {
  const ask = (query: string) => dataOf(serve(use().warehouse), query)
  const companies = () => use().truth.companies

  test('companies are those of the product database, and each has what its people did', async () => {
    const { warehouse } = use()
    const [counted] = await warehouse.query(sql`
select
    count(*) as companies,
    sum(member_count) as members,
    sum(admin_count) as admins,
    max(member_count) as largest,
    sum(case when is_paid then 1 else 0 end) as paying,
    sum(case when signed_up_at is null then 1 else 0 end) as without_signup,
    sum(case when paid_at is null then 0 else 1 end) as with_paid_at
from ${sql.table('current_companies')} where is_latest`)
    const { inTwo, months: _, bigButton: __, ...counts } = companies()
    expect(counted).toEqual({ ...counts, without_signup: 0, with_paid_at: counts.paying })
    const [two] = await warehouse.query(
      sql`select count(*) as n from (select user_id from ${sql.table('current_company_members')} group by user_id having count(*) = 2) as k`,
    )
    expect(two).toEqual({ n: inTwo })
    expect(inTwo).toBeGreaterThan(10)
  })

  test('each month, as many companies are in use, and by administrators', async () => {
    const { companyMetrics } = await ask(
      `companyMetrics(metric: "active,adminActive", granularity: "month", ${year}) { day metric numerator }`,
    )
    const wanted = Object.entries(companies().months).flatMap(([month, { active, adminActive }]) => [
      `${month}-01 active ${active}`,
      `${month}-01 adminActive ${adminActive}`,
    ])
    const got = companyMetrics.map((m: Row) => `${m.day} ${m.metric} ${m.numerator}`)
    expect(got.sort()).toEqual(wanted.sort())
  })

  test('exactly those have an administrator on every weekday of a month that were made so', async () => {
    const got: Record<string, string[]> = {}
    for (const month of Object.keys(companies().months)) {
      const next = new Date(Date.parse(`${month}-28T00:00:00Z`) + 4 * 86_400_000).toISOString().slice(0, 7)
      const range = `from: "${month}-01", to: "${next}-01"`
      const { companyRows } = await ask(`companyRows(${range}, adminEveryDay: "weekdays") { companyId }`)
      got[month] = companyRows.map((row: Row) => String(row.companyId)).sort()
    }
    const wanted = Object.entries(companies().months).map(([month, m]) => [month, m.adminEveryWeekday])
    expect(got).toEqual(Object.fromEntries(wanted))
    expect(got['2025-12']!.length).toBeGreaterThanOrEqual(5)
    const { companyMetrics } = await ask(
      `companyMetrics(metric: "adminEveryDay", days: "weekdays", granularity: "month", ${year}) { numerator }`,
    )
    expect(companyMetrics.map((m: Row) => m.numerator)).toEqual(Object.values(got).map((ids) => ids.length))
  })

  test('the big button was pressed by whom it was, also where a server says so', async () => {
    const { presses, byServer, byCompany } = companies().bigButton
    const { companyRows } = await ask(
      `companyRows(${year}, event: "pressed_big_button", limit: 5000) { companyId events }`,
    )
    const pressing = companyRows.filter((row: Row) => Number(row.events) > 0)
    expect(Object.fromEntries(pressing.map((row: Row) => [row.companyId, row.events]))).toEqual(byCompany)
    const [counted] = await use().warehouse.query(sql`
select count(*) as presses, sum(case when anonymous_id is null then 1 else 0 end) as by_server
from ${sql.table('events')} where event_name = 'pressed_big_button'`)
    expect(counted).toEqual({ presses, by_server: byServer })
  })

  test('the company that the docs name was first met by a colleague of who signed up', async () => {
    const { company } = await ask(
      'company(id: "company_00928") { firstTouch { at channel } touches(first: 1) { edges { node { at user { id } } } } }',
    )
    const [touch] = company.touches.edges.map((edge: { node: Row }) => edge.node)
    const founder = use().truth.people.find((p) => p.person === 'user_00928')
    expect(company.firstTouch).toEqual({ at: touch.at, channel: 'Paid Search' })
    expect(touch.user.id).toMatch(/^user_00928_/)
    expect(Date.parse(touch.at)).toBeLessThan(Date.parse(founder!.firstTouch!.at))
  })

  test('over the year not every company had an administrator in the product, in most channels', async () => {
    const { companyMetrics } = await ask(
      `companyMetrics(metric: "adminActive", by: "channel", granularity: "none", ${year}) { channel ratio denominator }`,
    )
    const large = companyMetrics.filter((m: Row) => Number(m.denominator) >= 20)
    expect(large.length).toBeGreaterThan(5)
    expect(large.filter((m: Row) => Number(m.ratio) < 1).length).toBeGreaterThan(large.length / 2)
  })
}
