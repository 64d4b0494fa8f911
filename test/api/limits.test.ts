import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Answer, type Served, serveWorld } from './fixture.ts'

let served: Served
beforeAll(async () => {
  served = await serveWorld()
})
afterAll(() => served[Symbol.asyncDispose]())

const many = (n: number, write: (i: number) => string, separator = ' ') =>
  Array.from({ length: n }, (_, i) => write(i)).join(separator)
const nested = (n: number) =>
  `{ user(id: "ann") ${'{ sessions { edges { node { user '.repeat(n)}{ id }${'}}}}'.repeat(n)}}`

/** What is too much, by its code. */
const TOO_MUCH: [name: string, code: string, query: string][] = [
  ['500 levels', 'LIMIT_TOKENS', nested(500)],
  ['1000 aliases', 'LIMIT_TOKENS', `{ ${many(1000, (i) => `a${i}: __typename`)} }`],
  ['5000 times one field', 'LIMIT_TOKENS', `{ ${'__typename '.repeat(5000)} }`],
  ['a list 5000 deep', 'LIMIT_DEPTH', `{ user(id: ${'['.repeat(5000)}${']'.repeat(5000)}) { id } }`],
  ['13 levels', 'LIMIT_DEPTH', nested(3)],
  [
    'a chain of fragments',
    'LIMIT_DEPTH',
    `{ user(id: "ann") { ...f0 } } ${many(20, (i) => `fragment f${i} on User { sessions { edges { node { user { ${i < 19 ? `...f${i + 1}` : 'id'} } } } } }`)}`,
  ],
  ['21 root fields', 'LIMIT_ROOT_FIELDS', `{ ${many(21, (i) => `a${i}: user(id: "${i}") { id }`)} }`],
  [
    '21 root fields in fragments',
    'LIMIT_ROOT_FIELDS',
    `{ ...A ... on Query { ...B } } fragment A on Query { ${many(11, (i) => `a${i}: __typename`)} } fragment B on Query { ${many(10, (i) => `b${i}: __typename`)} }`,
  ],
  ['31 aliases', 'LIMIT_ALIASES', `{ user(id: "ann") { ${many(31, (i) => `a${i}: id`)} } }`],
  ['500 directives', 'LIMIT_DIRECTIVES', `{ user(id: "ann") { id ${'@aa'.repeat(500)} } }`],
  ['31 fragments', 'LIMIT_FRAGMENTS', `{ __typename } ${many(31, (i) => `fragment f${i} on User { id }`)}`],
  [
    '100,000 nested rows',
    'LIMIT_COST',
    '{ users(first: 500) { edges { node { sessions(first: 500) { edges { node { id } } } } } } }',
  ],
  ['a flat list of 100 million rows', 'LIMIT_COST', '{ channelStats(limit: 200000000) { channel } }'],
  ['statements', 'LIMIT_COST', `{ ${many(11, (i) => `a${i}: channelStats { channel }`)} }`],
  [
    'rows in one fragment at many places',
    'LIMIT_COST',
    `{ users(first: 500) { edges { node { ${many(8, (i) => `a${i}: conversions(first: 30) { ...C }`)} } } } } fragment C on UserConversions { edges { cursor } }`.replaceAll(
      'UserConversions',
      'ConversionConnection',
    ),
  ],
  ['a mutation', 'QUERIES_ONLY', 'mutation { run }'],
  ['a subscription', 'QUERIES_ONLY', 'subscription { runs }'],
]

test.each(TOO_MUCH)('%s: %s', async (_name, code, query) => {
  const answer = await served.ask(query)
  expect(answer.status).toBe(400)
  expect(answer.errors).toHaveLength(1)
  expect(answer.errors?.[0]?.extensions).toEqual({ code })
  expect(JSON.stringify(answer).length).toBeLessThan(1000)
  expect(served.statements).toEqual([])
})

describe('verdicts are not remembered for other variables', () => {
  const QUERY =
    'query($n: Int, $deep: Boolean = true) { users(first: $n) { edges { node { id sessions(first: 500) @include(if: $deep) { edges { node { id } } } } } } }'

  test('small first, then large, then small', async () => {
    expect((await served.ask(QUERY, { n: 2 })).status).toBe(200)
    expect((await served.ask(QUERY, { n: 500 })).errors?.[0]?.extensions.code).toBe('LIMIT_COST')
    expect((await served.ask(QUERY, { n: 500, deep: false })).status).toBe(200)
    expect((await served.ask(QUERY, { n: 2 })).status).toBe(200)
  })

  test('of two operations the one that is chosen counts', async () => {
    const query = `query Small { users(first: 1) { edges { node { id } } } } query Large { users(first: 500) { edges { node { sessions(first: 500) { edges { node { id } } } } } } }`
    const ask = async (operationName: string): Promise<number> =>
      (
        await served.fetch('/graphql', {
          method: 'POST',
          headers: { 'content-type': 'application/json' },
          body: JSON.stringify({ query, operationName }),
        })
      ).status
    expect(await ask('Small')).toBe(200)
    expect(await ask('Large')).toBe(400)
  })
})

test.each([
  ['30 aliases', `{ user(id: "ann") { ${many(30, (i) => `a${i}: id`)} } }`],
  ['20 root fields', `{ ${many(20, (i) => `a${i}: user(id: "ann") { id }`)} }`],
] as const)('%s pass', async (_name, query) => {
  expect((await served.ask(query)).errors).toBeUndefined()
})

test('introspection is free of the limits on depth and cost', async () => {
  const { getIntrospectionQuery } = await import('graphql')
  const { data, errors } = await served.ask(getIntrospectionQuery())
  expect(errors).toBeUndefined()
  expect(data.__schema.types.length).toBeGreaterThan(20)
})

describe('arguments', () => {
  test.each([
    ['NUL in text', '{ user(id: "a\\u0000b") { id } }', undefined],
    ['NUL in a variable', 'query($s: ID!) { user(id: $s) { id } }', { s: 'a\0b' }],
    ['long text', `{ user(id: "${'x'.repeat(513)}") { id } }`, undefined],
    [
      'NUL below',
      '{ user(id: "ann") { conversions { edges { node { credits(model: "\\u0000") { share } } } } } }',
      undefined,
    ],
    ['a long filter', `{ channelStats(campaign: "${'x'.repeat(8193)}") { channel } }`, undefined],
  ])('%s is refused before anything is read', async (_name, query, variables) => {
    const { status, errors } = await served.ask(query, variables)
    expect([status, errors?.[0]?.extensions.code]).toEqual([400, 'INPUT_INVALID'])
    expect(served.statements).toEqual([])
  })

  test.each([
    ['{ channelStats(limit: -5) { channel } }', 'INPUT_INVALID'],
    ['{ runs(limit: 0) { id } }', 'INPUT_INVALID'],
    ['{ channelStats(limit: 2147483648) { channel } }', 'GRAPHQL_VALIDATION_FAILED'],
    ['{ channelStats(offset: 1000001) { channel } }', 'INPUT_INVALID'],
    ['{ channelStats(from: "2025-03-01", to: "2025-01-01") { channel } }', 'INPUT_INVALID'],
    ['{ sessions(from: "2025-03-01", to: "2025-01-01") { edges { cursor } } }', 'INPUT_INVALID'],
    ['{ user(id: "ann") { anonymousIds(limit: 251) } }', 'INPUT_INVALID'],
    ['{ user(id: "ann") { conversions { edges { node { credits(limit: 1001) { share } } } } } }', 'INPUT_INVALID'],
    [`{ channelStats(campaign: "${'a,'.repeat(251)}") { channel } }`, 'INPUT_INVALID'],
    ['{ channelStats(campaign: "[1, 2]") { channel } }', 'INPUT_INVALID'],
    ['{ channelStats(by: "channel; drop table runs") { channel } }', 'INPUT_INVALID'],
    ['{ channelStats(by: "channel\u2019 or 1=1") { channel } }', 'INPUT_INVALID'],
    ['{ channelStats(from: NaN) { channel } }', 'GRAPHQL_VALIDATION_FAILED'],
  ])('%s is %s', async (query, code) => {
    const { errors } = await served.ask(query)
    expect(errors?.[0]?.extensions.code).toBe(code)
  })
})

test('a 900-deep list is answered shortly', async () => {
  const answer = await served.ask(`{ user(id: ${'['.repeat(900)}${']'.repeat(900)}) { id } }`)
  expect(JSON.stringify(answer).length).toBeLessThan(1000)
})

test('many mistakes are answered with a few', async () => {
  const answer: Answer = await served.ask(`{ ${many(300, (i) => `x${i}`)} }`)
  expect(answer.errors!.length).toBeLessThanOrEqual(5)
})

test('names are not suggested', async () => {
  const { errors } = await served.ask('{ usr(id: "ann") { id } }')
  expect(errors?.[0]?.message).toBe('Cannot query field "usr" on type "Query".')
})

test('keys of prototypes change nothing', async () => {
  const variables = JSON.parse('{"__proto__": {"id": "ann"}, "constructor": {"prototype": {}}, "id": "bob"}')
  const { data } = await served.ask('query($id: ID!) { user(id: $id) { id } }', variables)
  expect(data.user.id).toBe('bob')
  expect({}).not.toHaveProperty('id')
})

test('after all of it the server still answers', async () => {
  for (const [, , query] of TOO_MUCH) await served.ask(query)
  expect((await served.fetch('/healthz')).status).toBe(200)
  expect((await served.ask('{ user(id: "ann") { id } }')).data.user.id).toBe('ann')
  expect(served.log.filter((line) => line.includes('unexpected'))).toEqual([])
})
