import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Served, serveWorld } from './fixture.ts'

let served: Served
beforeAll(async () => {
  served = await serveWorld()
})
afterAll(() => served[Symbol.asyncDispose]())

/** Labels of the statements after the one that pins the run. */
async function statementsOf(query: string, variables?: Record<string, unknown>): Promise<string[]> {
  const answer = await served.ask(query, variables)
  expect(answer.errors).toBeUndefined()
  const [pin, ...others] = served.statements.map((s) => s.label.replace('api: ', ''))
  expect(pin).toBe('published run')
  return others
}

/** The columns of a statement, between its first `select` and `from`; names in double quotes, whatever the engine's are. */
function columnsOf(label: string): string {
  const statement = served.statements.find((s) => s.label === `api: ${label}`)
  const columns = /select\s+(.*?)\s+from/s.exec(statement?.text ?? '')?.[1] ?? ''
  return columns.replaceAll('`', '"')
}

describe('one statement per path', () => {
  test('however many parents there are', async () => {
    const query = `{ users(first: 8) { edges { node {
      anonymousIds
      sessions { edges { node { number touches { edges { node { channel } } } } } }
      conversions { edges { node { credits { share touch { pageUrl session { startedAt } } } } } }
    } } } }`
    expect((await statementsOf(query)).sort()).toEqual(
      [
        'users',
        'User.ids',
        'User.sessions',
        'User.conversions',
        'Session.number',
        'Session.touches',
        'Conversion.credits',
        'touch',
        'session',
      ].sort(),
    )
  })

  test('the attribution of people with and without a signup', async () => {
    const query =
      '{ users(first: 50) { edges { node { attribution { signedUpAt firstTouch { channel } firstPageEverVisited } } } } }'
    expect(await statementsOf(query)).toEqual([
      'users',
      'User.attribution',
      'User.attribution so far, touches',
      'User.attribution so far, sessions',
    ])
  })

  test('a nested person costs nothing until something about them is asked', async () => {
    expect(await statementsOf('{ sessions { edges { node { user { id } } } } }')).toEqual(['sessions'])
    expect(await statementsOf('{ sessions { edges { node { user { id lastSeenAt firstSeenAt } } } } }')).toEqual([
      'sessions',
      'User.seen',
    ])
  })

  test('stages and sources of runs', async () => {
    await served.ask('{ runs { id stages { name } sources { accepted } } }')
    expect(served.statements.map((s) => s.label)).toEqual(['api: runs', 'api: stages of runs', 'api: sources of runs'])
  })

  test('an answer of nothing but names costs nothing', async () => {
    await served.ask('{ __typename __schema { queryType { name } } }')
    expect(served.statements).toEqual([])
  })
})

describe('the same field more than once', () => {
  test('aliases with equal arguments share a statement; others never do', async () => {
    const query = `{ user(id: "ann") {
      a: sessions(first: 1) { edges { node { id } } }
      b: sessions(first: 1) { edges { node { id } } }
      c: sessions(first: 2) { edges { node { id } } }
    } }`
    const answer = await served.ask(query)
    const ids = (name: string) => answer.data.user[name].edges.map((e: { node: { id: string } }) => e.node.id)
    expect([ids('a'), ids('b'), ids('c')]).toEqual([['s1'], ['s1'], ['s1', 's2']])
    expect(await statementsOf(query)).toEqual(['user', 'User.sessions', 'User.sessions'])
  })

  test('models are never mixed up', async () => {
    const { data } = await served.ask(`{ user(id: "ann") { conversions(first: 1) { edges { node {
      first: credits(model: "FIRST_TOUCH") { channel } last: credits(model: "LAST_TOUCH") { channel } linear: credits { channel }
    } } } } }`)
    const { node } = data.user.conversions.edges[0]
    expect(node.first).toEqual([{ channel: 'Paid Search' }])
    expect(node.last).toEqual([{ channel: 'Email' }])
    expect(node.linear).toHaveLength(3)
  })

  test('at two paths with the same columns it shares a loader', async () => {
    const query = `{ user(id: "ann") { sessions(first: 1) { edges { node { user { touches(first: 1) { edges { node { session { id } } } } } } } }
      touches(first: 1) { edges { node { session { id } } } } } }`
    const { data } = await served.ask(query)
    expect(data.user.touches.edges[0].node.session.id).toBe('s1')
    expect(await statementsOf(query)).toEqual(['user', 'User.sessions', 'User.touches', 'session'])
  })

  test('two runs in one request are never mixed up', async () => {
    const { data } = await served.ask(`{
      now: user(id: "ann") { conversions { edges { node { name } } } }
      then: user(id: "ann", asOf: 1) { conversions { edges { node { name } } } }
    }`)
    expect(data.now.conversions.edges).toHaveLength(2)
    expect(data.then.conversions.edges).toHaveLength(0)
  })
})

describe('only what is selected is read', () => {
  const SESSIONS = 'query($yes: Boolean = false) { user(id: "ann") { sessions { edges { node { ...Some } } } } }'

  test('plain fields', async () => {
    await statementsOf('{ user(id: "ann") { sessions { edges { node { landingPage } } } } }')
    expect(columnsOf('User.sessions')).toBe('"person_id", "started_at", "session_id", "landing_page", row_position')
  })

  test('fragments, inline fragments and fields that are merged', async () => {
    await statementsOf(
      `${SESSIONS} fragment Some on Session { referrer id @include(if: $yes) ...More ... on Session { eventCount } } fragment More on Session { pageCount }`,
    )
    expect(columnsOf('User.sessions')).toBe(
      '"person_id", "started_at", "session_id", "event_count", "page_count", "referrer", row_position',
    )
    await statementsOf(
      '{ user(id: "ann") { sessions { edges { node { referrer } } } sessions { edges { node { endedAt } } } } }',
    )
    expect(columnsOf('User.sessions')).toContain('"ended_at", "referrer"')
  })

  test('@skip and @include, with variables and literals', async () => {
    const fragment =
      'fragment Some on Session { id referrer @include(if: $yes) eventCount @skip(if: true) pageCount @include(if: true) }'
    await statementsOf(`${SESSIONS} ${fragment}`)
    expect(columnsOf('User.sessions')).toBe('"person_id", "started_at", "session_id", "page_count", row_position')
    await statementsOf(`${SESSIONS} ${fragment}`, { yes: true })
    expect(columnsOf('User.sessions')).toContain('"referrer"')
  })

  test('one touch of an attribution', async () => {
    await statementsOf('{ user(id: "ann") { attribution { lastTouch { campaign } } } }')
    expect(columnsOf('User.attribution')).toBe('"person_id", "signed_up_at", "last_touch_at", "last_touch_campaign"')
  })

  test('flat rows', async () => {
    await statementsOf('{ touchRows { channel } }')
    expect(columnsOf('touchRows')).toBe('"touch_id", "session_id", "channel"')
    await statementsOf('{ sessionRows { startedAt } }')
    expect(served.statements.at(-1)?.text).not.toContain('touches')
  })

  test('channelStats reads touches only for people, and currencies only for revenue', async () => {
    await statementsOf('{ channelStats { channel sessions signups } }')
    expect(served.statements.map((s) => s.label)).toEqual(['api: published run', 'api: channelStats'])
    expect(served.statements.at(-1)?.text).not.toMatch(/\btouches["`]\s+where|linear_revenue|first_touch_credit/)
    await statementsOf('{ channelStats { people } }')
    expect(served.statements.at(-1)?.text).toContain('count(distinct person_id)')
  })
})

test('what a caller sends is bound, never written into a statement', async () => {
  const evil = "x'; drop table runs; --"
  await served.ask(
    `query($e: String, $id: ID!) { user(id: $id) { id } channelStats(channel: $e, source: $e) { channel } touchRows(campaign: $e) { touchId }
      touches(medium: $e) { edges { node { id } } } }`,
    { e: evil, id: evil },
  )
  expect(served.statements.length).toBeGreaterThan(4)
  for (const { text } of served.statements) expect(text).not.toContain('drop')
  expect(served.statements.some((s) => s.values.includes(evil))).toBe(true)
})
