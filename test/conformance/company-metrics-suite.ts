import { expect, test } from 'vitest'
import { dataOf, type Served } from '../api/fixture.ts'

/** Metrics of the hand-counted companies over time. */
export function testCompanyMetrics(use: () => Served): void {
  const ask = (query: string) => dataOf(use(), query)
  /** `3/19` for each row, in order. */
  const shares = async (args: string): Promise<string[]> => {
    const { companyMetrics } = await ask(`companyMetrics(${args}) { numerator denominator }`)
    return companyMetrics.map((m: { numerator: number; denominator: number }) => `${m.numerator}/${m.denominator}`)
  }
  const on = (day: string, metric: string, more = '') => {
    const next = new Date(Date.parse(day) + 86_400_000).toISOString().slice(0, 10)
    return shares(`metric: "${metric}", from: "${day}", to: "${next}" ${more}`)
  }

  test('the share on a paid plan, day by day', async () => {
    expect(await on('2025-03-01', 'paid')).toEqual(['6/19'])
    expect(await on('2025-03-15', 'paid')).toEqual(['6/19'])
    expect(await on('2025-03-16', 'paid')).toEqual(['7/19'])
    expect(await on('2025-04-04', 'paid')).toEqual(['7/19'])
    expect(await on('2025-04-05', 'paid')).toEqual(['7/20']) // c20 is created
    expect(await on('2025-04-09', 'paid')).toEqual(['7/20'])
    expect(await on('2025-04-10', 'paid')).toEqual(['6/19']) // c19 is gone, c07 pays no more
  })

  test('by month: companies, new ones, paying ones at the end', async () => {
    const range = 'from: "2025-03-01", to: "2025-05-01", granularity: "month"'
    expect(await shares(`metric: "companies", ${range}`)).toEqual(['19/19', '19/19'])
    expect(await shares(`metric: "newCompanies", ${range}`)).toEqual(['0/19', '1/19'])
    expect(await shares(`metric: "paid", ${range}`)).toEqual(['7/19', '6/19'])
    // Who changed to a plan is not new with it.
    const onPro = await shares(`metric: "newCompanies", plan: "Pro", ${range}`)
    expect(onPro.map((share) => share.replace(/[/].*/, ''))).toEqual(['0', '0'])
  })

  test('an empty range has no rows', async () => {
    for (const granularity of ['day', 'month', 'none'])
      expect(await shares(`granularity: "${granularity}", from: "2025-03-16", to: "2025-03-16"`)).toEqual([])
  })

  test('the share with use, and with use by an administrator', async () => {
    expect(await on('2025-03-20', 'active')).toEqual(['6/19']) // c01 c02 c03 c04 c06 c07
    expect(await on('2025-03-20', 'adminActive')).toEqual(['3/19']) // c01 c02 c06
    expect(await on('2025-03-14', 'adminActive')).toEqual(['3/19']) // c01 c02 c03
    expect(await on('2025-03-21', 'active')).toEqual(['4/19']) // c01 c02 c03 and c09, which an event names
    expect(await on('2025-03-21', 'adminActive')).toEqual(['2/19'])
    expect(await on('2025-04-09', 'adminActive')).toEqual(['1/20']) // c05; c01 is not there
    expect(await on('2025-04-10', 'adminActive')).toEqual(['1/19']) // c01; u05 has left c05
  })

  test('administrators on each day of a month, all days or weekdays', async () => {
    const range = 'metric: "adminEveryDay", granularity: "month", from: "2025-03-01", to: "2025-05-01"'
    expect(await shares(range)).toEqual(['1/19', '0/19'])
    expect(await shares(`${range}, days: "weekdays"`)).toEqual(['2/19', '0/19'])
    const march = 'from: "2025-03-01", to: "2025-04-01"'
    const every = (which: string) =>
      ask(
        `companyRows(${march}, adminEveryDay: "${which}") { companyId activeDays adminActiveDays adminActiveWeekdays }`,
      )
    const c01 = { companyId: 'c01', activeDays: 21, adminActiveDays: 21, adminActiveWeekdays: 21 }
    const c02 = { companyId: 'c02', activeDays: 31, adminActiveDays: 31, adminActiveWeekdays: 21 }
    expect((await every('all')).companyRows).toEqual([c02])
    expect((await every('weekdays')).companyRows).toEqual([c01, c02])
    const { company } = await ask(
      `company(id: "c03") { usage(${march}) { activeDays adminActiveDays adminActiveWeekdays events } }`,
    )
    expect(company.usage).toEqual({ activeDays: 21, adminActiveDays: 10, adminActiveWeekdays: 10, events: 21 })
  })

  test('an event by company, also one that a server reports', async () => {
    expect(await on('2025-03-21', 'active', 'event: "Pressed Big Button"')).toEqual(['2/19'])
    expect(await on('2025-03-20', 'active', 'event: "pressed_big_button"')).toEqual(['0/19'])
    const { companyRows } = await ask(
      'companyRows(from: "2025-03-01", to: "2025-04-01", event: "pressed big button") { companyId events }',
    )
    expect(companyRows.filter((r: { events: number }) => r.events > 0)).toEqual([
      { companyId: 'c09', events: 1 },
      { companyId: 'c10', events: 1 },
    ])
  })

  test('an event by company, week by week', async () => {
    const { companyMetrics } = await ask(
      'companyMetrics(metric: "active", by: "company", company: "c09,c10,c11", event: "pressed_big_button", granularity: "week", from: "2025-03-10", to: "2025-03-24") { day companyId numerator denominator events }',
    )
    const row = (day: string, companyId: string, events: number) => ({
      day,
      companyId,
      numerator: events,
      denominator: 1,
      events,
    })
    expect(companyMetrics).toEqual([
      row('2025-03-10', 'c09', 0),
      row('2025-03-10', 'c10', 0),
      row('2025-03-10', 'c11', 0),
      row('2025-03-17', 'c09', 1),
      row('2025-03-17', 'c10', 1),
      row('2025-03-17', 'c11', 0),
    ])
    const { companyRows } = await ask(
      'companyRows(from: "2025-03-01", to: "2025-04-01", company: "c02,c09,nobody") { companyId activeDays }',
    )
    expect(companyRows).toEqual([
      { companyId: 'c02', activeDays: 31 },
      { companyId: 'c09', activeDays: 1 },
    ])
  })

  test('a page of many rows is where it would be among all of them', async () => {
    const all = 'companyMetrics(metric: "companies,paid,active", by: "company", from: "2025-03-01", to: "2025-05-01"'
    const fields = '{ day metric companyId numerator }'
    const { companyMetrics } = await ask(`${all}, limit: 50000) ${fields}`)
    expect(companyMetrics).toHaveLength(3 * (31 * 19 + 4 * 19 + 5 * 20 + 21 * 19))
    const answer = await use().ask(`{ ${all}, limit: 7, offset: 2000) ${fields} }`)
    expect(answer.data!.companyMetrics).toEqual(companyMetrics.slice(2000, 2007))
    expect(answer.extensions.tributary.truncated).toBe(true)
    const { errors } = await use().ask(`{ ${all}, limit: 7, strict: true) ${fields} }`)
    expect(errors?.[0]?.message).toMatch(/Expected at most 7 rows/)
  })

  test('days are those of the time zone, also of one that is half an hour apart', async () => {
    const activeOn = async (company: string, timezone: string) => {
      const days: string[] = []
      for (const day of ['2025-03-10', '2025-03-11', '2025-03-12', '2025-03-13']) {
        const next = new Date(Date.parse(day) + 86_400_000).toISOString().slice(0, 10)
        const { company: found } = await ask(
          `company(id: "${company}") { usage(from: "${day}", to: "${next}", timezone: "${timezone}") { activeDays } }`,
        )
        if (found.usage.activeDays === 1) days.push(day)
      }
      return days
    }
    expect(await activeOn('c11', 'UTC')).toEqual(['2025-03-10'])
    expect(await activeOn('c11', 'Europe/Berlin')).toEqual(['2025-03-11'])
    expect(await activeOn('c12', 'UTC')).toEqual(['2025-03-12'])
    expect(await activeOn('c12', 'Asia/Kolkata')).toEqual(['2025-03-12'])
    expect(await activeOn('c13', 'Asia/Kolkata')).toEqual(['2025-03-13'])
  })

  test('before the first copy the first known state is used, and marked', async () => {
    const { companyMetrics } = await ask(
      'companyMetrics(metric: "paid", from: "2025-02-28", to: "2025-03-02") { day numerator denominator isAssumed }',
    )
    expect(companyMetrics).toEqual([
      { day: '2025-02-28', numerator: 6, denominator: 19, isAssumed: true },
      { day: '2025-03-01', numerator: 6, denominator: 19, isAssumed: false },
    ])
    // c06 to c20 are created on the 6th of June 2024 and later, c18 nobody knows when.
    expect(await on('2024-06-05', 'companies')).toEqual(['6/6'])
  })

  test('by plan, channel of the first touch, and a copied column', async () => {
    const { companyMetrics: plans } = await ask(
      'companyMetrics(metric: "companies", from: "2025-03-31", to: "2025-04-01", by: "plan") { plan numerator }',
    )
    expect(plans).toEqual([
      { plan: 'Pro', numerator: 7 },
      { plan: 'free', numerator: 12 },
    ])
    const { companyMetrics: channels } = await ask(
      'companyMetrics(metric: "companies,adminActive", granularity: "month", from: "2025-03-01", to: "2025-04-01", by: "channel") { metric channel numerator denominator }',
    )
    expect(channels).toEqual([
      { metric: 'companies', channel: 'Direct', numerator: 11, denominator: 11 },
      { metric: 'companies', channel: 'Organic Search', numerator: 1, denominator: 1 },
      { metric: 'companies', channel: null, numerator: 7, denominator: 7 },
      { metric: 'adminActive', channel: 'Direct', numerator: 7, denominator: 11 },
      { metric: 'adminActive', channel: 'Organic Search', numerator: 1, denominator: 1 },
      { metric: 'adminActive', channel: null, numerator: 0, denominator: 7 },
    ])
    const { companyMetrics: industries } = await ask(
      'companyMetrics(metric: "active", from: "2025-03-20", to: "2025-03-21", by: "industry") { dimension numerator denominator }',
    )
    expect(industries).toEqual([
      { dimension: 'law', numerator: 1, denominator: 1 },
      { dimension: null, numerator: 5, denominator: 18 },
    ])
  })

  test('by a copied column that is called like a group', async () => {
    const day = 'metric: "paid", from: "2025-03-31", to: "2025-04-01"'
    const { companyMetrics, both } = await ask(`
      companyMetrics(${day}, dimension: "plan") { plan dimension numerator denominator }
      both: companyMetrics(${day}, by: "plan", dimension: "plan", limit: 1) { plan dimension numerator }`)
    expect(companyMetrics).toEqual([
      { plan: null, dimension: 'Pro', numerator: 7, denominator: 7 },
      { plan: null, dimension: 'free', numerator: 0, denominator: 12 },
    ])
    expect(both).toEqual([{ plan: 'Pro', dimension: 'Pro', numerator: 7 }])
    const { companyRows } = await ask('companyRows(dimension: "plan", limit: 1) { companyId dimension }')
    expect(companyRows).toEqual([{ companyId: 'c01', dimension: 'Pro' }])
  })

  test('a group or column that there is not is refused, and what there is named', async () => {
    const refusal = async (field: string) => {
      const { errors } = await use().ask(`{ ${field} }`)
      return { code: errors?.[0]?.extensions.code, message: errors?.[0]?.message }
    }
    expect(await refusal('companyMetrics(by: "industri") { dimension }')).toEqual({
      code: 'INPUT_INVALID',
      message: 'Expected `by` to be one of company, channel, source, campaign, plan, industry, but got "industri".',
    })
    expect(await refusal('companyMetrics(by: "chanel,plan") { channel }')).toMatchObject({
      message: expect.stringMatching(/one of company, channel, .* but got "chanel"/),
    })
    expect(await refusal('companyRows(dimension: "industri") { dimension }')).toEqual({
      code: 'INPUT_INVALID',
      message: 'Expected `dimension` to be one of industry, plan, but got "industri".',
    })
    const { companyRows } = await ask('companyRows(dimension: "Industry", limit: 2) { companyId dimension }')
    expect(companyRows).toEqual([
      { companyId: 'c01', dimension: 'law' },
      { companyId: 'c02', dimension: null },
    ])
  })
}
