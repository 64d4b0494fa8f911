import { describe, expect, test } from 'vitest'
import { oldestPin } from '../../src/pipeline/pins.ts'
import type { Warehouse } from '../../src/warehouses/warehouse.ts'
import { openWorld, serve, serveWorld } from './fixture.ts'

const SESSIONS = 'sessions { edges { node { id isSignupSession } } }'

describe('asOf', () => {
  test('answers as of an earlier run, on every root field and below it', async () => {
    await using served = await serveWorld()
    const { data, errors } = await served.ask(`{
      user(id: "ann", asOf: 1) { ${SESSIONS} conversions { edges { node { name } } } }
      session(id: "s3", asOf: 1) { isSignupSession }
      users(asOf: 1) { edges { node { id } } }
      sessions(asOf: 1, last: 1) { edges { node { id } } }
      touches(asOf: 1, last: 1) { edges { node { id } } }
      conversions(asOf: 1) { edges { node { name user { id } } } }
      channelStats(asOf: 1, by: "") { conversions }
      sessionRows(asOf: 1) { sessionId }
      touchRows(asOf: 1) { touchId }
      userRows(asOf: 1, dateBy: "signup") { userId }
      runs(asOf: 1) { id }
    }`)
    expect(errors).toBeUndefined()
    expect(data.user.sessions.edges[2].node).toEqual({ id: 's3', isSignupSession: false })
    expect(data.user.conversions.edges).toEqual([])
    expect(data.session.isSignupSession).toBe(false)
    expect(data.conversions.edges.map((e: { node: { user: { id: string } } }) => e.node.user.id)).toEqual([
      'bob',
      'dan',
    ])
    expect(data.channelStats).toEqual([{ conversions: 2 }])
    expect(data.userRows.map((r: { userId: string }) => r.userId)).toEqual(['bob', 'dan'])
    expect(data.runs).toEqual([{ id: 1 }])
  })

  test('takes a time: the last run published by then', async () => {
    await using served = await serveWorld()
    const ask = async (asOf: unknown) =>
      (await served.ask('query($asOf: AsOf) { channelStats(asOf: $asOf, by: "") { conversions } }', { asOf })).data
        ?.channelStats[0].conversions
    expect(await ask('2025-03-03T05:00:59Z')).toBe(2)
    expect(await ask('2025-03-03T05:01:00Z')).toBe(3)
    expect(await ask('2025-03-03')).toBe(2)
    expect(await ask(1)).toBe(2)
    expect(await ask('1')).toBe(2)
    expect(await ask(2)).toBe(3)
    expect(await ask(null)).toBe(3)
  })

  test.each([
    ['3', 'run 3'],
    ['99', 'run 99'],
    ['"2025-01-01"', 'a run published by 2025-01-01'],
  ])('asOf: %s is an error that names the oldest run kept', async (asOf, what) => {
    await using served = await serveWorld()
    const { errors } = await served.ask(`{ user(id: "ann", asOf: ${asOf}) { id } }`)
    expect(errors?.[0]).toMatchObject({
      message: expect.stringContaining('The oldest one kept is 1'),
      extensions: { code: 'RUN_PRUNED' },
    })
    expect(errors?.[0]?.message).toContain(what)
  })

  test('holds its run until the answer is there', async () => {
    const inner = await openWorld()
    const pinned: (number | null)[] = []
    const watched: Warehouse = {
      ...inner,
      query: (query, o) => {
        if (o?.label !== 'api: published run') pinned.push(oldestPin(served.warehouse))
        return inner.query(query, o)
      },
    }
    await using served = serve(watched)
    await served.ask(`{ user(id: "ann", asOf: 1) { ${SESSIONS} } }`)
    expect(new Set(pinned)).toEqual(new Set([1]))
    expect(oldestPin(served.warehouse)).toBeNull()
    await served.ask('{ user(id: "ann", asOf: 1) { nonsense } }')
    expect(oldestPin(served.warehouse)).toBeNull()
  })

  test('a run that was pruned is gone', async () => {
    await using served = await serveWorld({ isPruned: true })
    const { errors } = await served.ask('{ user(id: "ann", asOf: 1) { id } }')
    expect(errors?.[0]?.message).toContain('The oldest one kept is 2')
  })
})

describe('the published run', () => {
  test('is read once per request, first, in a statement of its own', async () => {
    await using served = await serveWorld()
    await served.ask('{ a: user(id: "ann") { id } b: user(id: "bob") { id } channelStats { channel } runs { id } }')
    const pins = served.statements.map((s) => s.label).filter((l) => l === 'api: published run')
    expect(pins).toHaveLength(1)
    const versioned = served.statements.findIndex((s) => s.text.includes('from_run'))
    expect(served.statements.findIndex((s) => s.label === 'api: published run')).toBeLessThan(versioned)
  })

  test('shows in the answer', async () => {
    await using served = await serveWorld()
    const { extensions } = await served.ask('{ user(id: "ann") { id } }')
    expect(extensions.tributary).toEqual({
      run: 2,
      publishedAt: '2025-03-03T05:01:00.000Z',
      dataThrough: '2025-03-03T04:00:00.000Z',
      configVersion: 'v1',
      truncated: false,
      cost: { nodes: 1, statements: 1 },
    })
  })

  test('before there is one, data are not ready; runs and the schema are', async () => {
    await using served = await serveWorld({ hasRuns: false })
    const { errors, data } = await served.ask('{ channelStats { channel } }')
    expect(data).toBeNull()
    expect(errors?.[0]).toMatchObject({
      message: expect.stringContaining('No run has been published yet'),
      extensions: { code: 'NOT_READY' },
    })
    expect((await served.ask('{ runs { id } }')).data).toEqual({ runs: [] })
    expect((await served.ask('{ __typename }')).data).toEqual({ __typename: 'Query' })
  })

  test('runs in progress show among the runs, the latest first', async () => {
    await using served = serve(await openWorld())
    const { data } = await served.ask(
      '{ runs(limit: 2) { id state publishedAt stages { name rows } sources { name rowsRead accepted duplicates } } }',
    )
    expect(data.runs).toEqual([
      { id: 3, state: 'running', publishedAt: null, stages: [], sources: [] },
      {
        id: 2,
        state: 'published',
        publishedAt: '2025-03-03T05:01:00.000Z',
        stages: [
          { name: 'ingest', rows: 10 },
          { name: 'visits', rows: 4 },
        ],
        sources: [{ name: 'files', rowsRead: 10, accepted: 9, duplicates: 1 }],
      },
    ])
  })
})
