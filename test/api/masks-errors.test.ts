import { expect, test } from 'vitest'
import { QueryError } from '../../src/errors.ts'
import { withoutSecrets } from '../../src/server/errors.ts'
import type { Warehouse } from '../../src/warehouses/warehouse.ts'
import { openWorld, serve } from './fixture.ts'

const SECRET = 'hunter2-correct-horse'

/** A warehouse whose reads fail, except for the one that pins the run. */
async function failing(error: () => Error) {
  const world = await openWorld()
  const warehouse: Warehouse = {
    ...world,
    query: (query, o) => (o?.label === 'api: published run' ? world.query(query, o) : Promise.reject(error())),
  }
  return serve(warehouse)
}

const refused = () =>
  new QueryError(`connection to postgres://tributary:${SECRET}@db failed: password=${SECRET}`, {
    warehouse: 'postgres',
    text: 'select * from salaries where id = $1',
  })

test('what goes wrong in the warehouse is not shown: callers get a number, the log has the rest', async () => {
  await using served = await failing(refused)
  const answer = await served.ask('{ user(id: "ann@acme.com") { id } }')
  expect(answer.status).toBe(200)
  expect(answer.data).toEqual({ user: null })
  expect(answer.errors).toMatchObject([
    { message: 'Unexpected error.', path: ['user'], extensions: { code: 'INTERNAL_SERVER_ERROR' } },
  ])
  const { errorId } = answer.errors![0]!.extensions
  expect(errorId).toMatch(/^[0-9a-f-]{36}$/)
  const text = JSON.stringify(answer)
  for (const word of [SECRET, 'salaries', 'postgres', 'stack']) expect(text).not.toContain(word)

  const lines = served.log.filter((line) => line.includes(errorId))
  expect(lines).toHaveLength(1)
  expect(JSON.parse(lines[0]!)).toMatchObject({
    level: 50,
    code: 'QUERY_FAILED',
    statement: 'select * from salaries where id = $1',
  })
  for (const word of [SECRET, 'ann@acme.com']) expect(served.log.join()).not.toContain(word)
})

test('a list that fails leaves no data, so that no chart is silently empty', async () => {
  await using served = await failing(refused)
  const { data, errors } = await served.ask('{ channelStats { channel } }')
  expect(data).toBeNull()
  expect(errors).toHaveLength(1)
})

test('a batch that fails is one line in the log, under one number', async () => {
  const world = await openWorld()
  await using served = serve({
    ...world,
    query: (query, o) => (o?.label === 'api: User.sessions' ? Promise.reject(refused()) : world.query(query, o)),
  })
  const { errors } = await served.ask('{ users { edges { node { sessions { edges { cursor } } } } } }')
  expect(errors).toHaveLength(5)
  expect(new Set(errors!.map((e) => e.extensions.errorId)).size).toBe(1)
  expect(served.log.filter((line) => line.includes('unexpected error'))).toHaveLength(1)
})

test('errors of our own mistakes are masked too', async () => {
  await using served = await failing(() => new TypeError(`cannot read ${SECRET}`))
  const answer = await served.ask('{ user(id: "ann") { id } }')
  expect(answer.errors?.[0]?.message).toBe('Unexpected error.')
  expect(JSON.stringify(answer)).not.toContain(SECRET)
})

test('what was cancelled says so, and with a status of its own', async () => {
  await using served = await failing(
    () => new QueryError('cancelled', { warehouse: 'duckdb', text: 'select 1', isCancelled: true }),
  )
  const answer = await served.ask('{ user(id: "ann") { id } }')
  expect(answer.status).toBe(504)
  expect(answer.errors?.[0]).toMatchObject({
    message: expect.stringContaining('took too long'),
    extensions: { code: 'TIMEOUT' },
  })
})

test('when the client leaves, the statement in the warehouse is cancelled', async () => {
  const world = await openWorld()
  const left = new AbortController()
  let seen: AbortSignal | undefined
  await using served = serve({
    ...world,
    query: (query, o) => {
      if (o?.label === 'api: published run') return world.query(query, o)
      seen = o?.signal
      left.abort()
      return new Promise((_resolve, reject) => o?.signal?.addEventListener('abort', () => reject(o.signal?.reason)))
    },
  })
  const answer = served.fetch('/graphql', {
    method: 'POST',
    signal: left.signal,
    headers: { 'content-type': 'application/json' },
    body: '{"query":"{ user(id: \\"ann\\") { id } }"}',
  })
  await answer.catch(() => {})
  expect(seen?.aborted).toBe(true)
})

test.each([
  ['postgres://user:secret@host/db', 'postgres://user:***@host/db'],
  ['password=secret host=x', 'password=*** host=x'],
  [`{"apiKey": "se cret"}`, `{"apiKey": ***}`],
  ['Authorization: Bearer abc.def', 'Authorization: *** ***'],
  ['column "id" is missing', 'column "id" is missing'],
])('secrets leave messages: %s', (message, expected) => {
  expect(withoutSecrets(message)).toBe(expected)
})
