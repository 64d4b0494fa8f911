import { type GraphQLObjectType, getNamedType, isListType, isNonNullType, isScalarType } from 'graphql'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { schema } from '../../src/schema/schema.ts'
import { type Served, serveWorld } from './fixture.ts'

let served: Served
beforeAll(async () => {
  served = await serveWorld()
})
afterAll(() => served[Symbol.asyncDispose]())

const LISTS = ['channelStats', 'sessionRows', 'touchRows', 'userRows']

describe.each(LISTS)('%s fits every BI tool', (name) => {
  const field = schema.getQueryType()!.getFields()[name]!
  const row = getNamedType(field.type) as GraphQLObjectType
  const fields = Object.values(row.getFields())

  test('it is a list that is never null, of rows that are never null', () => {
    expect(String(field.type)).toBe(`[${row.name}!]!`)
  })

  test('rows are scalars without arguments, of types that adapters know', () => {
    for (const { type, args } of fields) {
      expect(args).toEqual([])
      expect(isScalarType(getNamedType(type)) && !isListType(isNonNullType(type) ? type.ofType : type)).toBe(true)
      expect(['String', 'ID', 'Int', 'Float', 'Boolean', 'DateTime', 'Date']).toContain(getNamedType(type).name)
    }
  })

  test('every argument is optional and a plain value', () => {
    for (const { type } of field.args) {
      expect(isNonNullType(type)).toBe(false)
      expect(['String', 'Int', 'Boolean', 'DateTime', 'AsOf']).toContain(String(type))
    }
  })

  test('all columns can be read at once', async () => {
    const { data, errors } = await served.ask(`{ ${name} { ${fields.map((f) => f.name).join(' ')} } }`)
    expect(errors).toBeUndefined()
    expect(data[name].length).toBeGreaterThan(2)
  })

  test('limits apply', async () => {
    const { data, extensions } = await served.ask(`{ ${name}(limit: 2, offset: 1) { ${fields[0]!.name} } }`)
    expect(data[name]).toHaveLength(2)
    expect(extensions.tributary.truncated).toBe(name !== 'userRows' || data[name].length === 2)
    const { errors } = await served.ask(`{ ${name}(limit: 50001) { ${fields[0]!.name} } }`)
    expect(errors?.[0]?.message).toBe('Expected `limit` from 1 to 50000, but got 50001.')
  })
})

test('sessions come with their number and the origin of their entry', async () => {
  const { data } = await served.ask(
    '{ sessionRows(from: "2025-01-02", to: "2025-02-02") { sessionId userId number channel campaign startedAt } }',
  )
  expect(data.sessionRows).toEqual([
    {
      sessionId: 's2',
      userId: 'ann',
      number: 2,
      channel: 'Direct',
      campaign: null,
      startedAt: '2025-01-02T10:00:00.000Z',
    },
    {
      sessionId: 's3',
      userId: 'ann',
      number: 3,
      channel: 'Email',
      campaign: 'june, july',
      startedAt: '2025-01-03T10:00:00.000Z',
    },
    {
      sessionId: 's4',
      userId: 'bob',
      number: 1,
      channel: 'Organic Search',
      campaign: null,
      startedAt: '2025-02-01T23:00:00.000Z',
    },
  ])
})

test('touches can be filtered by origin', async () => {
  const { data } = await served.ask(
    '{ touchRows(source: "google", timezone: "Europe/Berlin") { touchId channel isPaid at } }',
  )
  expect(data.touchRows).toEqual([
    { touchId: 's1', channel: 'Paid Search', isPaid: true, at: '2025-01-01T10:00:00.000Z' },
    { touchId: 's4', channel: 'Organic Search', isPaid: false, at: '2025-02-01T23:00:00.000Z' },
  ])
})

test('people are dated by when they were first seen, or by signup', async () => {
  const ids = async (args: string) =>
    (await served.ask(`{ userRows(${args}) { userId } }`)).data.userRows.map((r: { userId: string }) => r.userId)
  expect(await ids('to: "2025-02-11"')).toEqual(['ann', 'bob', 'dan', 'c1'])
  expect(await ids('dateBy: "signup"')).toEqual(['ann', 'bob', 'dan'])
  expect(await ids('dateBy: "signup", from: "2025-02-01", to: "2025-02-05"')).toEqual(['bob'])
  const { data } = await served.ask(
    '{ userRows(to: "2025-02-11") { userId firstSeenAt signedUpAt firstTouchChannel lastTouchCampaign } }',
  )
  expect(data.userRows[0]).toEqual({
    userId: 'ann',
    firstSeenAt: '2025-01-01T10:00:00.000Z',
    signedUpAt: '2025-01-03T10:05:00.000Z',
    firstTouchChannel: 'Paid Search',
    lastTouchCampaign: 'june, july',
  })
  expect(data.userRows[3]).toMatchObject({ userId: 'c1', signedUpAt: null, firstTouchChannel: null })
})
