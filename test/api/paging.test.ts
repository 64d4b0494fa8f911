import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { runs } from '../../src/pipeline/tables/records.ts'
import { openWorld, type Served, serve, serveWorld } from './fixture.ts'
import { at, rowOf } from './rows.ts'

let served: Served
beforeAll(async () => {
  served = await serveWorld()
})
afterAll(() => served[Symbol.asyncDispose]())

const PAGE =
  'query($first: Int, $after: String, $last: Int, $before: String) { sessions(first: $first, after: $after, last: $last, before: $before) { edges { cursor node { id } } pageInfo { hasNextPage hasPreviousPage startCursor endCursor } } }'
const ALL = ['s1', 's2', 's3', 's4', 's5', 's6', 't-s1', 't-s2', 't-s3', 't-s4', 't-s5']

async function page(variables: Record<string, unknown>) {
  const { data, errors } = await served.ask(PAGE, variables)
  expect(errors).toBeUndefined()
  return {
    ids: data.sessions.edges.map((e: { node: { id: string } }) => e.node.id) as string[],
    ...data.sessions.pageInfo,
    edges: data.sessions.edges,
  }
}

describe('pages of a list in which rows tie', () => {
  test.each([1, 2, 3, 4, 11, 12])('forwards by %i', async (first) => {
    const seen: string[] = []
    for (let after: string | null = null; ; ) {
      const part = await page({ first, after })
      seen.push(...part.ids)
      expect(part.hasPreviousPage).toBe(after !== null)
      expect(part.hasNextPage).toBe(seen.length < ALL.length)
      if (!part.hasNextPage) break
      after = part.endCursor
    }
    expect(seen).toEqual(ALL)
  })

  test.each([1, 2, 3, 4, 11, 12])('backwards by %i', async (last) => {
    let seen: string[] = []
    for (let before: string | null = null; ; ) {
      const part = await page({ last, before })
      seen = [...part.ids, ...seen]
      expect(part.hasNextPage).toBe(before !== null)
      expect(part.hasPreviousPage).toBe(seen.length < ALL.length)
      if (!part.hasPreviousPage) break
      before = part.startCursor
    }
    expect(seen).toEqual(ALL)
  })

  test('between two cursors', async () => {
    const { edges } = await page({ first: 11 })
    const part = await page({ after: edges[6].cursor, before: edges[9].cursor })
    expect(part.ids).toEqual(['t-s2', 't-s3'])
  })

  test('an empty page has no cursors', async () => {
    const { endCursor } = await page({ last: 1 })
    expect(await page({ after: endCursor })).toMatchObject({
      ids: [],
      startCursor: null,
      endCursor: null,
      hasNextPage: false,
      hasPreviousPage: true,
    })
  })
})

test('nested lists are paged for each parent, in one statement', async () => {
  const { data } = await served.ask(
    '{ users(first: 4) { edges { node { id sessions(last: 1) { edges { node { id } } pageInfo { hasPreviousPage } } } } } }',
  )
  const last = data.users.edges.map(
    ({
      node,
    }: {
      node: { id: string; sessions: { edges: { node: { id: string } }[]; pageInfo: { hasPreviousPage: boolean } } }
    }) => [node.id, node.sessions.edges[0]?.node.id, node.sessions.pageInfo.hasPreviousPage],
  )
  expect(last).toEqual([
    ['ann', 's3', true],
    ['bob', 's4', false],
    ['dan', undefined, false],
    ['c1', 's6', true],
  ])
})

test('a nested list goes on after its cursor', async () => {
  const ask = (after: string | null) =>
    served.ask(
      'query($after: String) { user(id: "ann") { touches(first: 2, after: $after) { edges { node { id } } pageInfo { endCursor hasNextPage } } } }',
      { after },
    )
  const first = (await ask(null)).data.user.touches
  const second = (await ask(first.pageInfo.endCursor)).data.user.touches
  expect([...first.edges, ...second.edges].map((e) => e.node.id)).toEqual(['s1', 's2', 's3'])
  expect(second.pageInfo.hasNextPage).toBe(false)
})

describe('cursors', () => {
  const garbage = [
    '',
    `$${'{'}__pagination.cursor}`,
    'null',
    '🙂',
    Buffer.from('{}').toString('base64url'),
    Buffer.from('["sessions"]').toString('base64url'),
    Buffer.from('["sessions",2,"2025-01-01T10:00:00.000000Z"]').toString('base64url'),
    Buffer.from('["sessions",2,"yesterday","s1"]').toString('base64url'),
    Buffer.from('["sessions",2,"2025-99-99T10:00:00.000000Z","s1"]').toString('base64url'),
    Buffer.from('["sessions",-1,"2025-01-01T10:00:00.000000Z","s1"]').toString('base64url'),
    Buffer.from('["sessions",2,"2025-01-01T10:00:00.000000Z","a\\u0000b"]').toString('base64url'),
    Buffer.from('["sessions",2,"2025-01-01T10:00:00.000000Z",{"a":1}]').toString('base64url'),
    Buffer.from('["touches",2,"2025-01-01T10:00:00.000000Z","s1"]').toString('base64url'),
  ]

  test.each(garbage)('garbage is refused: %j', async (cursor) => {
    const { errors, data } = await served.ask(PAGE, { after: cursor })
    expect(data).toBeNull()
    expect(errors).toHaveLength(1)
    expect(errors?.[0]?.extensions.code).toBe('INPUT_INVALID')
    expect(errors?.[0]?.message).toMatch(/^Expected `after` to be a cursor of this list/)
  })

  test('of a run that is not kept have expired', async () => {
    const cursor = Buffer.from('["sessions",77,"2025-01-01T10:00:00.000000Z","s1"]').toString('base64url')
    const { errors } = await served.ask(PAGE, { after: cursor })
    expect(errors?.[0]).toMatchObject({
      message: expect.stringContaining('run 77'),
      extensions: { code: 'CURSOR_EXPIRED' },
    })
  })

  test('hold on to their run while newer ones are published', async () => {
    const warehouse = await openWorld()
    await using moving = serve(warehouse)
    const ask = (after: string | null) =>
      moving.ask(
        'query($after: String) { conversions(first: 2, after: $after) { edges { node { id } } pageInfo { endCursor } } }',
        { after },
      )
    const first = (await ask(null)).data.conversions
    await warehouse.load(runs, [rowOf(runs, { run_id: 4, state: 'published', published_at: at('2025-03-05T05:00') })])
    const second = await ask(first.pageInfo.endCursor)
    expect(second.extensions.tributary.run).toBe(4)
    expect(moving.statements.at(-1)?.values).toContain(2)
    expect(second.data.conversions.edges.map((e: { node: { id: string } }) => e.node.id)).toEqual(['c-dan', 'c-buy'])
  })

  test.each([
    ['first: 0', 'first'],
    ['first: -1', 'first'],
    ['first: 501', 'first'],
    ['last: 0', 'last'],
    ['first: 1, last: 1', 'first'],
  ])('%s is refused', async (args, name) => {
    const { errors } = await served.ask(`{ sessions(${args}) { edges { node { id } } } }`)
    expect(errors?.[0]).toMatchObject({
      message: expect.stringContaining(`\`${name}\``),
      extensions: { code: 'INPUT_INVALID' },
    })
  })
})
