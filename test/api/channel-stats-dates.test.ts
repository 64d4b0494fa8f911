import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { channelStats, sessions } from '../../src/pipeline/tables/people.ts'
import { openWorld, type Served, serve, serveWorld } from './fixture.ts'
import { entryOf, rowOf, statsOf } from './rows.ts'

let served: Served
beforeAll(async () => {
  served = await serveWorld()
})
afterAll(() => served[Symbol.asyncDispose]())

type Rows = Record<string, never>[]

async function stats(args: string, fields: string): Promise<Rows> {
  const { data, errors } = await served.ask(`{ channelStats(${args}) { ${fields} } }`)
  expect(errors).toBeUndefined()
  return data.channelStats
}
const sum = (rows: Rows, measure: string) => rows.reduce((total, row) => total + Number(row[measure]), 0)

describe('dates of channelStats', () => {
  test('credit is on the day of the conversion, touches are on their own', async () => {
    const rows = await stats('granularity: "day", from: "2025-01-01", to: "2025-01-04"', 'day channel touches signups')
    expect(rows).toEqual([
      { day: '2025-01-01', channel: 'Paid Search', touches: 1, signups: 0 },
      { day: '2025-01-02', channel: 'Direct', touches: 1, signups: 0 },
      { day: '2025-01-03', channel: 'Direct', touches: 0, signups: 0.333333333 },
      { day: '2025-01-03', channel: 'Email', touches: 1, signups: 0.333333334 },
      { day: '2025-01-03', channel: 'Paid Search', touches: 0, signups: 0.333333333 },
    ])
  })

  test('dateBy touch puts credit on the day of the touch', async () => {
    const rows = await stats(
      'granularity: "day", dateBy: "touch", conversion: "purchase", model: "FIRST_TOUCH", to: "2025-02-01"',
      'day channel conversions',
    )
    expect(rows).toEqual([
      { day: '2025-01-01', channel: 'Paid Search', conversions: 1 },
      { day: '2025-01-02', channel: 'Direct', conversions: 0 },
      { day: '2025-01-03', channel: 'Email', conversions: 0 },
    ])
  })

  test('days are those of the time zone, and `time` is when they begin', async () => {
    // Bob signs up on 1 February 23:30 UTC, which is the 2nd in Berlin and the 1st in New York.
    const of = (timezone: string) =>
      stats(`granularity: "day", channel: "Organic Search", timezone: "${timezone}"`, 'day time signups people')
    expect(await of('UTC')).toEqual([{ day: '2025-02-01', time: '2025-02-01T00:00:00.000Z', signups: 1, people: 1 }])
    expect(await of('Europe/Berlin')).toEqual([
      { day: '2025-02-02', time: '2025-02-01T23:00:00.000Z', signups: 1, people: 1 },
    ])
    expect(await of('America/New_York')).toEqual([
      { day: '2025-02-01', time: '2025-02-01T05:00:00.000Z', signups: 1, people: 1 },
    ])
  })

  test('a range given in days is one of local days', async () => {
    const count = async (timezone: string) =>
      sum(await stats(`from: "2025-02-01", to: "2025-02-02", timezone: "${timezone}"`, 'signups'), 'signups')
    expect(await count('UTC')).toBe(1)
    expect(await count('Europe/Berlin')).toBe(0)
  })

  test('ranges that meet share nothing and leave nothing out', async () => {
    // Ann's Email touch at 10:00 and signup at 10:05 lie in the quarter hour of the cut, which begins at 10:00.
    const cut = '2025-01-03T10:07:31Z'
    const before = await stats(`by: "", to: "${cut}"`, 'touches signups people')
    const after = await stats(`by: "", from: "${cut}", to: "2025-04-01"`, 'touches signups people')
    expect(before).toEqual([{ touches: 2, signups: 0, people: 1 }])
    expect(after).toEqual([{ touches: 9, signups: 3, people: 8 }])
  })

  test('weeks begin on Monday, months on the 1st', async () => {
    expect(await stats('granularity: "week", channel: "Email"', 'day')).toEqual([{ day: '2024-12-30' }])
    expect(await stats('granularity: "month", channel: "Email", conversion: "purchase"', 'day conversions')).toEqual([
      { day: '2025-01-01', conversions: 0 },
      { day: '2025-03-01', conversions: 0.333333334 },
    ])
  })

  test('hours are moments: an hour that the clock shows twice stays two', async () => {
    await using autumn = serve(await openWorld())
    const start = (id: string, time: string) =>
      rowOf(sessions, { session_id: id, person_id: id, started_at: time, touch_count: 1 })
    const touch = (id: string, time: string) => entryOf(start(id, time), { channel: 'Autumn' })
    // Berlin, 26 October 2025: 02:30 summer time and, an hour later, 02:30 again.
    await autumn.warehouse.load(
      channelStats,
      statsOf([touch('x', '2025-10-26T00:30:00.000000Z'), touch('y', '2025-10-26T01:30:00.000000Z')], []),
    )
    const ask = async (timezone: string) =>
      (
        await autumn.ask(
          `{ channelStats(granularity: "hour", timezone: "${timezone}", channel: "Autumn", from: "2025-10-25", to: "2025-10-28") { time day touches } }`,
        )
      ).data.channelStats
    expect(await ask('Europe/Berlin')).toEqual([
      { time: '2025-10-26T00:00:00.000Z', day: '2025-10-26', touches: 1 },
      { time: '2025-10-26T01:00:00.000Z', day: '2025-10-26', touches: 1 },
    ])
    expect(await ask('Asia/Kolkata')).toEqual([
      { time: '2025-10-26T00:30:00.000Z', day: '2025-10-26', touches: 1 },
      { time: '2025-10-26T01:30:00.000Z', day: '2025-10-26', touches: 1 },
    ])
  })
})
