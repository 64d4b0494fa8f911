import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Served, serveWorld } from './fixture.ts'

let served: Served
beforeAll(async () => {
  served = await serveWorld()
})
afterAll(() => served[Symbol.asyncDispose]())

test.each(['ann', 'a1', 'a2'])('a user id, person id or anonymous id finds the person: %s', async (id) => {
  const { data } = await served.ask('query($id: ID!) { user(id: $id) { id } }', { id })
  expect(data.user.id).toBe('ann')
})

test('an id never seen is null, without an error', async () => {
  const answer = await served.ask('{ user(id: "nobody") { id } }')
  expect(answer).toMatchObject({ status: 200, data: { user: null } })
  expect(answer.errors).toBeUndefined()
})

test('a person has ids, times seen, sessions with numbers, touches and conversions', async () => {
  const { data } = await served.ask(`{ user(id: "a1") {
    anonymousIds userIds firstSeenAt lastSeenAt
    sessions { edges { node { id number isSignupSession } } }
    touches { edges { node { channel campaign isPaid isDirect isEntry ruleId } } }
    conversions { edges { node { name at value currency session { id } } } }
  } }`)
  expect(data.user).toMatchObject({
    anonymousIds: ['a1', 'a2'],
    userIds: ['ann'],
    firstSeenAt: '2025-01-01T10:00:00.000Z',
    lastSeenAt: '2025-03-01T12:00:00.000123Z',
  })
  const nodes = (name: string) => data.user[name].edges.map((e: { node: object }) => e.node)
  expect(nodes('sessions')).toEqual([
    { id: 's1', number: 1, isSignupSession: false },
    { id: 's2', number: 2, isSignupSession: false },
    { id: 's3', number: 3, isSignupSession: true },
  ])
  expect(nodes('touches')).toMatchObject([
    { channel: 'Paid Search', campaign: 'brand', isPaid: true },
    { channel: 'Direct', campaign: null, isDirect: true },
    { channel: 'Email', isEntry: true, ruleId: 'test' },
  ])
  expect(nodes('conversions')).toEqual([
    { name: 'signup', at: '2025-01-03T10:05:00.000Z', value: null, currency: null, session: { id: 's3' } },
    { name: 'purchase', at: '2025-03-01T12:00:00.000Z', value: 19.99, currency: 'EUR', session: null },
  ])
})

const ATTRIBUTION = `attribution {
  signedUpAt sessionCountBeforeSignup signupSessionNumber blogUrl firstPageEverVisited
  firstTouch { at channel source } lastTouch { channel } firstPaidTouch { campaign } lastPaidTouch { channel }
}`

test('the attribution of a signed-up person is the row of the pipeline', async () => {
  const { data } = await served.ask(`{ user(id: "ann") { ${ATTRIBUTION} } }`)
  expect(data.user.attribution).toEqual({
    signedUpAt: '2025-01-03T10:05:00.000Z',
    sessionCountBeforeSignup: 2,
    signupSessionNumber: 3,
    blogUrl: 'https://acme.com/blog/hello',
    firstPageEverVisited: 'https://acme.com/s1',
    firstTouch: { at: '2025-01-01T10:00:00.000Z', channel: 'Paid Search', source: 'google' },
    lastTouch: { channel: 'Email' },
    firstPaidTouch: { campaign: 'brand' },
    lastPaidTouch: { channel: 'Paid Search' },
  })
})

test('before a signup the attribution is the same so far', async () => {
  const { data } = await served.ask(`{ user(id: "c1") { ${ATTRIBUTION} } }`)
  expect(data.user.attribution).toEqual({
    signedUpAt: null,
    sessionCountBeforeSignup: 2,
    signupSessionNumber: null,
    blogUrl: null,
    firstPageEverVisited: 'https://acme.com/s6',
    firstTouch: { at: '2025-02-10T10:00:00.000Z', channel: 'Organic Social', source: 'facebook' },
    lastTouch: { channel: 'Organic Social' },
    firstPaidTouch: null,
    lastPaidTouch: null,
  })
})

test('as of a run before the signup, the attribution is what it was so far then', async () => {
  const { data } = await served.ask(`{ user(id: "ann", asOf: 1) { ${ATTRIBUTION} } }`)
  expect(data.user.attribution).toMatchObject({
    signedUpAt: null,
    sessionCountBeforeSignup: 3,
    firstTouch: { channel: 'Paid Search' },
    lastTouch: { channel: 'Email' },
    lastPaidTouch: { channel: 'Paid Search' },
  })
})

test('the credits of a conversion add up to 1, and to its value', async () => {
  for (const model of ['FIRST_TOUCH', 'LAST_TOUCH', 'linear']) {
    const { data } = await served.ask(
      'query($m: String) { user(id: "ann") { conversions { edges { node { credits(model: $m) { share revenue position } } } } } }',
      { m: model },
    )
    const [signup, purchase] = data.user.conversions.edges.map((e: { node: { credits: object[] } }) => e.node.credits)
    const sum = (credits: { share: number; revenue: number }[], what: 'share' | 'revenue') =>
      credits.reduce((total, c) => total + c[what], 0)
    expect(sum(signup, 'share')).toBeCloseTo(1, 9)
    expect(signup.every((c: { revenue: null }) => c.revenue === null)).toBe(true)
    expect(sum(purchase, 'revenue')).toBeCloseTo(19.99, 9)
  }
})

test('a conversion without a touch is credited to Unattributed, with no touch', async () => {
  const { data } = await served.ask(
    '{ user(id: "dan") { conversions { edges { node { credits { channel share position touch { id } } } } } } }',
  )
  expect(data.user.conversions.edges[0].node.credits).toEqual([
    { channel: 'Unattributed', share: 1, position: 0, touch: null },
  ])
})

test('a session id that has vanished gives the session that now holds the event', async () => {
  const { data } = await served.ask('{ session(id: "vanished") { id user { id } } }')
  expect(data.session).toEqual({ id: 's1', user: { id: 'ann' } })
  expect(served.statements.map((s) => s.label.replace('api: ', ''))).toEqual([
    'published run',
    'session',
    'event of a vanished session',
    'session of an event',
    'session',
  ])
})

test('a session id that never was is null', async () => {
  const { data } = await served.ask('{ session(id: "never") { id } }')
  expect(data.session).toBeNull()
})
