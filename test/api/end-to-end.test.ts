import { readFileSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Warehouse } from '../../src/warehouses/warehouse.ts'
import { openTested } from '../harness/engines.ts'
import { optionsFor, run, temporaryFolder } from '../harness/pipeline.ts'
import { type Served, serve } from './fixture.ts'

const fixture = (name: string) => readFileSync(new URL(`../fixtures/hand-worked/${name}`, import.meta.url), 'utf8')

/** A page of a device, for what arrives later. */
const page = (id: string, anonymousId: string, at: string, more = {}) =>
  JSON.stringify({
    type: 'page',
    messageId: id,
    anonymousId,
    timestamp: at,
    receivedAt: '2025-03-01T00:00:00Z',
    ...more,
  })

/** From files through the pipeline to answers, and what earlier runs answered after people changed hands. */
describe('hand-worked files, asked over GraphQL', () => {
  const folder = temporaryFolder()
  let warehouse: Warehouse
  let served: Served
  const answers = new Map<number, unknown>()
  const deliver = async (name: string, content: string) => {
    folder.write(name, content)
    return (await run(warehouse, optionsFor(folder.path))).run
  }
  const all = async (asOf?: number) => {
    const at = asOf === undefined ? '' : `asOf: ${asOf}`
    const { data, errors } = await served.ask(`{
      channelStats(model: "FIRST_TOUCH", from: "2024-01-01", to: "2026-01-01", by: "channel,source" ${at ? `, ${at}` : ''}) { channel source touches sessions people signups }
      users(first: 50 ${at}) { edges { node { id sessions(first: 50) { edges { node { id number startedAt endedAt } } } attribution { signedUpAt firstTouch { channel } lastPaidTouch { channel } } } } }
    }`)
    expect(errors).toBeUndefined()
    return data
  }

  beforeAll(async () => {
    warehouse = await openTested()
    served = serve(warehouse)
    for (const name of ['1.jsonl', '2.jsonl', '3.jsonl']) {
      const run = await deliver(name, fixture(name))
      answers.set(run, await all())
    }
  })
  afterAll(async () => {
    await served[Symbol.asyncDispose]()
    folder.remove()
  })

  test('a user by user id, by anonymous id and by the id before an alias', async () => {
    const { data } = await served.ask(`{
      byUser: user(id: "u-ana") { ...who }
      byDevice: user(id: "a2") { ...who }
      byAlias: user(id: "u-eve") { id }
      nobody: user(id: "no such id") { id }
    }
    fragment who on User { id attribution { sessionCountBeforeSignup signupSessionNumber blogUrl firstPageEverVisited firstTouch { channel source } lastPaidTouch { channel campaign } } }`)
    const ana = {
      id: 'u-ana',
      attribution: {
        sessionCountBeforeSignup: 2,
        signupSessionNumber: 3,
        blogUrl: 'https://www.acme.test/blog/why-streams',
        firstPageEverVisited: 'https://www.acme.test/?gclid=XYZ',
        firstTouch: { channel: 'Paid Search', source: 'google' },
        lastPaidTouch: { channel: 'Paid Social', campaign: 'q1' },
      },
    }
    expect(data).toEqual({ byUser: ana, byDevice: ana, byAlias: { id: 'u-eve-old' }, nobody: null })
  })

  test('totals agree across models, dimensions and ways to ask', async () => {
    for (const model of ['FIRST_TOUCH', 'LAST_TOUCH', 'LAST_NON_DIRECT', 'FIRST_PAID', 'LAST_PAID', 'LINEAR']) {
      for (const by of ['channel', 'channel,source,medium,campaign', '']) {
        const { data } = await served.ask(
          `{ channelStats(model: "${model}", by: "${by}", from: "2024-01-01", to: "2026-01-01") { signups touches sessions } }`,
        )
        const sum = (field: string) =>
          data.channelStats.reduce((n: number, row: Record<string, number>) => n + row[field]!, 0)
        expect([sum('signups'), sum('touches'), sum('sessions')].map((n) => Number(n.toFixed(6)))).toEqual([5, 11, 10])
      }
    }
  })

  test('credit of a conversion names its touches and sums to one', async () => {
    const { data } = await served.ask(
      `{ user(id: "u-ana") { conversions { edges { node { name value currency credits(model: "LINEAR") { channel share revenue } } } } } }`,
    )
    const purchase = data.user.conversions.edges
      .map((e: { node: { name: string } }) => e.node)
      .find((c: { name: string }) => c.name === 'purchase')
    expect(purchase).toEqual({
      name: 'purchase',
      value: 49.9,
      currency: 'USD',
      credits: [
        { channel: 'Organic Search', share: 0.333333333, revenue: 16.63 },
        { channel: 'Paid Social', share: 0.333333333, revenue: 16.63 },
        { channel: 'Direct', share: 0.333333334, revenue: 16.64 },
      ],
    })
  })

  test('earlier runs answer as they did, after late data and merges', async () => {
    const merged = (await served.ask('{ user(id: "f1") { sessions { edges { node { id } } } } }')).data.user.sessions
      .edges[0].node.id
    await deliver('4.jsonl', page('late-1', 'f1', '2025-01-25T08:59:00Z')) // now opens the session of f1
    await deliver('5.jsonl', page('late-2', 'f1', '2025-01-26T08:59:00Z', { userId: 'u-cy' })) // f1 was u-cy
    await deliver('6.jsonl', page('late-3', 'a1', '2024-12-01T10:00:00Z')) // an earlier session of u-ana
    await run(warehouse, optionsFor(folder.path), 'rebuild')
    for (const [asOf, answer] of answers) expect(await all(asOf), `as of run ${asOf}`).toEqual(answer)

    // The session has another first event now; its old id still leads to it.
    const { data } = await served.ask(`{ session(id: "${merged}") { id user { id } startedAt } user(id: "f1") { id } }`)
    expect(data.session.id).not.toBe(merged)
    expect(data).toMatchObject({
      session: { user: { id: 'u-cy' }, startedAt: '2025-01-25T08:59:00.000Z' },
      user: { id: 'u-cy' },
    })
  })

  test('an answer from an earlier run names that run', async () => {
    const [first] = answers.keys()
    const { extensions } = await served.ask(`{ channelStats(asOf: ${first}) { touches } }`)
    expect(extensions.tributary.run).toBe(first)
    const both = await served.ask(`{ a: channelStats(asOf: ${first}) { touches } b: channelStats { touches } }`)
    expect(both.extensions.tributary.run).toBeGreaterThan(first!)
  })

  test('a variable of the wrong type is the error of the caller', async () => {
    const { status, errors } = await served.ask('query($n: Int) { channelStats(limit: $n) { touches } }', { n: '10' })
    expect(status).toBeLessThan(500)
    expect(errors?.[0]).toMatchObject({
      message: expect.stringContaining('$n'),
      extensions: { code: 'BAD_USER_INPUT' },
    })
  })

  test('a chosen currency counts the conversions of that currency', async () => {
    const ask = (currency: string) =>
      served.ask(
        `{ channelStats(by: "", conversion: "purchase", currency: "${currency}", from: "2024-01-01", to: "2026-01-01") { conversions revenue } }`,
      )
    expect((await ask('USD')).data.channelStats).toEqual([{ conversions: 1, revenue: 49.9 }])
    expect((await ask('EUR')).data.channelStats).toMatchObject([{ conversions: 0, revenue: 0 }])
  })
})
