import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { channelStats, conversions, sessions } from '../../src/pipeline/tables/people.ts'
import { MODEL_NAMES } from '../../src/resolvers/choices.ts'
import { openWorld, type Served, serve, serveWorld } from './fixture.ts'
import { creditsFor, entryOf, rowOf, statsOf } from './rows.ts'

let served: Served
beforeAll(async () => {
  served = await serveWorld()
})
afterAll(() => served[Symbol.asyncDispose]())

type Rows = Record<string, never>[]

async function stats(args: string, fields: string): Promise<Rows> {
  const { data, errors } = await served.ask(`{ channelStats${args === '' ? '' : `(${args})`} { ${fields} } }`)
  expect(errors).toBeUndefined()
  return data.channelStats
}
const sum = (rows: Rows, measure: string) => rows.reduce((total, row) => total + Number(row[measure]), 0)

test('without any argument: signups by channel of the last year', async () => {
  expect(
    await stats(
      '',
      'channel touches sessions people signups conversions credit conversionRate time day source currency revenue',
    ),
  ).toEqual([
    row('Direct', { touches: 6, sessions: 6, people: 6, signups: 0.333333333, conversionRate: 0.333333333 / 6 }),
    row('Email', { touches: 1, sessions: 1, people: 1, signups: 0.333333334, conversionRate: 0.333333334 }),
    row('Organic Search', { touches: 1, sessions: 1, people: 1, signups: 1, conversionRate: 1 }),
    row('Organic Social', { touches: 2, sessions: 2, people: 1 }),
    row('Paid Search', { touches: 1, sessions: 1, people: 1, signups: 0.333333333, conversionRate: 0.333333333 }),
    row('Unattributed', { signups: 1 }),
  ])
})

function row(channel: string, measures: Record<string, number>) {
  const { signups = 0, touches = 0, sessions: visits = 0, people = 0, conversionRate = 0 } = measures
  const nothing = { time: null, day: null, source: null, currency: null, revenue: 0 }
  return {
    channel,
    touches,
    sessions: visits,
    people,
    signups,
    conversions: signups,
    credit: signups,
    conversionRate,
    ...nothing,
  }
}

describe('credit adds up to the number of conversions', () => {
  const dimensions = ['', 'channel', 'source', 'channel,source,medium,campaign', 'campaign,currency']
  const cases = MODEL_NAMES.flatMap((model) => dimensions.map((by) => [model, by] as const))

  test.each(cases)('%s by %j', async (model, by) => {
    for (const [conversion, count] of [
      ['signup', 3],
      ['purchase', 1],
    ] as const) {
      for (const granularity of ['none', 'day', 'week', 'month', 'hour']) {
        const rows = await stats(
          `model: "${model}", by: "${by}", conversion: "${conversion}", granularity: "${granularity}"`,
          'conversions credit signups',
        )
        expect(sum(rows, 'conversions')).toBeCloseTo(count, 8)
        expect(sum(rows, 'credit')).toBeCloseTo(count, 8)
        expect(sum(rows, 'signups')).toBeCloseTo(3, 8)
      }
    }
  })
})

test('people of several days, channels or sessions are counted once per row', async () => {
  expect(await stats('by: ""', 'people touches sessions')).toEqual([{ people: 8, touches: 11, sessions: 11 }])
  expect(await stats('by: "channel", channel: "Organic Social"', 'people touches')).toEqual([{ people: 1, touches: 2 }])
  expect(await stats('by: "source", source: "google"', 'source people')).toEqual([{ source: 'google', people: 2 }])
})

describe('filters', () => {
  const channels = async (args: string) => (await stats(`${args}, by: "channel"`, 'channel')).map((r) => r.channel)

  test('take values with commas between, or a JSON list', async () => {
    expect(await channels('channel: "Email, Direct"')).toEqual(['Direct', 'Email'])
    expect(await channels('campaign: "brand"')).toEqual(['Paid Search'])
    expect(await channels('campaign: "[\\"june, july\\", \\"brand\\"]"')).toEqual(['Email', 'Paid Search'])
    expect(await channels('campaign: ""')).toHaveLength(6)
  })

  test('take (none) for rows without a value', async () => {
    expect(await channels('source: "(none)"')).toEqual(['Direct', 'Unattributed'])
    expect(await channels('source: "(none),facebook"')).toEqual(['Direct', 'Organic Social', 'Unattributed'])
  })

  test('combine', async () => {
    expect(await channels('source: "google", medium: "cpc"')).toEqual(['Paid Search'])
    expect(await channels('source: "google", medium: "email"')).toEqual([])
  })
})

describe('revenue', () => {
  test('is split like the conversion, in units of its currency', async () => {
    const rows = await stats('conversion: "purchase", model: "LAST_TOUCH"', 'channel revenue currency conversions')
    expect(rows.find((r) => r.channel === ('Email' as never))).toEqual({
      channel: 'Email',
      revenue: 19.99,
      currency: 'EUR',
      conversions: 1,
    })
    expect(sum(rows, 'revenue')).toBeCloseTo(19.99, 9)
  })

  test('of several currencies is never added', async () => {
    await using two = serve(await openWorld())
    const yen = rowOf(conversions, {
      conversion_id: 'c-yen',
      conversion: 'purchase',
      person_id: 'x',
      converted_at: '2025-03-01T12:00:00.000000Z',
      value: 500,
      currency: 'JPY',
    })
    await two.warehouse.load(channelStats, statsOf([], creditsFor(yen, [])))
    const ask = (args: string, fields = 'revenue currency') =>
      two.ask(`{ channelStats(conversion: "purchase", by: "", ${args}) { ${fields} } }`)
    expect((await ask('limit: 10')).errors?.[0]).toMatchObject({
      message: expect.stringContaining('there are EUR, JPY'),
      extensions: { code: 'INPUT_INVALID' },
    })
    expect((await ask('currency: "jpy"')).data.channelStats).toEqual([{ revenue: 500, currency: 'JPY' }])
    expect((await ask('currency: "EUR"')).data.channelStats).toEqual([{ revenue: 19.99, currency: 'EUR' }])
    expect((await ask('limit: 10', 'conversions')).data.channelStats).toEqual([{ conversions: 2 }])
    const apart = await two.ask(
      '{ channelStats(conversion: "purchase", by: "currency") { revenue currency conversions touches } }',
    )
    expect(apart.data.channelStats).toEqual([
      { revenue: 19.99, currency: 'EUR', conversions: 1, touches: 0 },
      { revenue: 500, currency: 'JPY', conversions: 1, touches: 0 },
      { revenue: 0, currency: null, conversions: 0, touches: 11 },
    ])
  })
})

test('groups whose deltas cancel out are gone, as after a rebuild', async () => {
  await using withdrawn = serve(await openWorld())
  const session = rowOf(sessions, {
    session_id: 'w',
    person_id: 'w',
    started_at: '2025-01-05T10:00:00.000000Z',
    from_run: 1,
    to_run: 2,
  })
  await withdrawn.warehouse.load(channelStats, statsOf([entryOf(session, { channel: 'Withdrawn' })], []))
  const ask = async (asOf: number) =>
    (await withdrawn.ask(`{ channelStats(channel: "Withdrawn", asOf: ${asOf}) { channel touches } }`)).data.channelStats
  expect(await ask(1)).toEqual([{ channel: 'Withdrawn', touches: 1 }])
  expect(await ask(2)).toEqual([])
})

describe('order and limits', () => {
  test('orderBy puts the largest first, ties by the dimensions', async () => {
    const rows = await stats('orderBy: "sessions"', 'channel sessions')
    expect(rows.map((r) => r.channel)).toEqual([
      'Direct',
      'Organic Social',
      'Email',
      'Organic Search',
      'Paid Search',
      'Unattributed',
    ])
    expect((await stats('orderBy: "credit", limit: 2', 'channel')).map((r) => r.channel)).toEqual([
      'Organic Search',
      'Unattributed',
    ])
  })

  test('pages by limit and offset fit together', async () => {
    const pages = await Promise.all([0, 2, 4, 6].map((offset) => stats(`limit: 2, offset: ${offset}`, 'channel')))
    expect(pages.flat().map((r) => r.channel)).toEqual((await stats('', 'channel')).map((r) => r.channel))
  })

  test('what is cut shows, and can be refused', async () => {
    const cut = await served.ask('{ channelStats(limit: 5) { channel } }')
    expect(cut.extensions.tributary.truncated).toBe(true)
    const exact = await served.ask('{ channelStats(limit: 6) { channel } }')
    expect(exact.extensions.tributary.truncated).toBe(false)
    const strict = await served.ask('{ channelStats(limit: 5, strict: true) { channel } }')
    expect(strict.data).toBeNull()
    expect(strict.errors?.[0]?.message).toContain('Expected at most 5 rows')
  })
})

test.each([
  [
    'model: "MAGIC"',
    'Expected `model` to be one of FIRST_TOUCH, LAST_TOUCH, LAST_NON_DIRECT, FIRST_PAID, LAST_PAID, LINEAR, but got "MAGIC".',
  ],
  ['granularity: "quarter"', 'Expected `granularity` to be one of hour, day, week, month, none, but got "quarter".'],
  [
    'by: "channel,country"',
    'Expected `by` to be one of channel, source, medium, campaign, currency, but got "country".',
  ],
  ['dateBy: "click"', 'Expected `dateBy` to be one of conversion, touch, but got "click".'],
  ['conversion: "orders"', 'Expected `conversion` to be one of signup, purchase, but got "orders".'],
  [
    'orderBy: "channel"',
    'Expected `orderBy` to be one of touches, sessions, people, signups, conversions, revenue, credit, but got "channel".',
  ],
  ['timezone: "Berlin"', 'Expected `timezone` to be an IANA name such as UTC or Europe/Berlin, but got "Berlin".'],
  ['currency: "euro"', 'Expected `currency` to be an ISO 4217 code such as EUR, but got "euro".'],
  ['from: "2025-02-01", to: "2025-01-01"', 'Expected `from` to be before `to`, but got 2025-02-01 and 2025-01-01.'],
  ['limit: 0', 'Expected `limit` from 1 to 50000, but got 0.'],
  ['offset: -1', 'Expected `offset` from 0 to 1000000, but got -1.'],
])('%s is refused with what was expected', async (args, message) => {
  const { data, errors } = await served.ask(`{ channelStats(${args}) { revenue } }`)
  expect(data).toBeNull()
  expect(errors).toMatchObject([{ message, extensions: { code: 'INPUT_INVALID' } }])
})

test('names are compared without case, and null is the default', async () => {
  expect(
    await stats(
      'model: "linear", granularity: "NONE", by: "Channel", conversion: "Signup", dateBy: "CONVERSION"',
      'channel signups',
    ),
  ).toEqual(await stats('', 'channel signups'))
  expect(
    await stats('model: null, granularity: null, by: null, limit: null, timezone: null, from: null', 'channel'),
  ).toEqual(await stats('', 'channel'))
})
