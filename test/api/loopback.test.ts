import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { isLoopbackAddress } from '../../src/server/loopback.ts'
import { type Served, serveWorld } from './fixture.ts'

let served: Served
beforeAll(async () => {
  served = await serveWorld()
})
afterAll(() => served[Symbol.asyncDispose]())

const QUERY = '/graphql?query={__typename}'
const DATA = ['/', QUERY, '/admin/status', '/graphql']

type Case = [status: number, why: string, headers: Record<string, string>, isElsewhere?: 'elsewhere']
const CASES: Case[] = [
  [200, 'localhost', {}],
  [200, 'localhost without a port', { host: 'localhost' }],
  [200, 'LOCALHOST', { host: 'LOCALHOST:4000' }],
  [200, '127.0.0.1', { host: '127.0.0.1:4000' }],
  [200, '::1', { host: '[::1]:4000' }],
  [200, 'a page of this machine', { origin: 'http://localhost:3000', 'sec-fetch-site': 'same-site' }],
  [200, 'our own page', { origin: 'http://localhost:4000', 'sec-fetch-site': 'same-origin' }],
  [200, 'an address typed into a browser', { 'sec-fetch-site': 'none' }],
  [401, 'listening elsewhere', {}, 'elsewhere'],
  [401, 'listening elsewhere, also by name of this machine', { host: '127.0.0.1:4000' }, 'elsewhere'],
  [401, 'another name: DNS rebinding', { host: 'evil.example' }],
  [401, 'a name that begins like ours', { host: 'localhost.evil.example' }],
  [401, 'a name that ends like ours', { host: 'evil-localhost' }],
  [401, 'a name with user', { host: 'evil@localhost' }],
  [401, 'two names', { host: 'localhost, evil.example' }],
  [401, 'an address of the network', { host: '192.168.1.5:4000' }],
  [401, 'any address', { host: '0.0.0.0:4000' }],
  [401, 'no name', { host: '' }],
  ...[
    'forwarded',
    'via',
    'x-forwarded-for',
    'X-Forwarded-Host',
    'x-forwarded-proto',
    'x-forwarded',
    'x-real-ip',
    'x-client-ip',
    'x-original-host',
    'true-client-ip',
    'cf-connecting-ip',
  ].map((name): Case => [401, `through a proxy (${name})`, { [name]: '127.0.0.1' }]),
  [403, 'a page of another site', { origin: 'https://evil.example' }],
  [403, 'a page without origin', { origin: 'null' }],
  [403, 'a site that begins like ours', { origin: 'http://localhost.evil.example' }],
  [403, 'an image on another site', { 'sec-fetch-site': 'cross-site' }],
  [403, 'a link on another site to the API', { 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'navigate' }],
]

test.each(CASES.map((c) => [c[0], c[1], c] as const))('%i for %s', async (status, _why, [, , headers, elsewhere]) => {
  const response = await served.fetch(
    QUERY,
    { headers: { accept: 'application/json', ...headers } },
    { isLoopback: elsewhere === undefined },
  )
  expect(response.status).toBe(status)
  if (status === 200) return
  const code = status === 401 ? 'UNAUTHENTICATED' : 'FORBIDDEN'
  expect(await response.json()).toMatchObject({ errors: [{ extensions: { code } }] })
  expect(response.headers.get('www-authenticate')).toBe(status === 401 ? 'Bearer' : null)
})

test.each(DATA)('the rule holds for %s', async (path) => {
  for (const method of ['GET', 'POST']) {
    const response = await served.fetch(path, { method, headers: { host: 'evil.example', 'x-tributary-admin': '1' } })
    expect(response.status).toBe(401)
  }
})

test('nothing is read for who may not ask', async () => {
  served.statements.length = 0
  await served.fetch('/graphql', {
    method: 'POST',
    body: '{"query":"{ users { edges { cursor } } }"}',
    headers: { host: 'evil.example', 'content-type': 'application/json' },
  })
  expect(served.statements).toEqual([])
})

test('a link to the front page may be followed from anywhere', async () => {
  const headers = { 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'navigate' }
  expect((await served.fetch('/', { headers })).status).toBe(200)
  expect(
    (await served.fetch('/', { headers: { 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'no-cors' } })).status,
  ).toBe(403)
})

test('health can be asked from anywhere, and says nothing else', async () => {
  for (const path of ['/healthz', '/readyz']) {
    const response = await served.fetch(
      path,
      { headers: { host: 'probe', 'x-forwarded-for': '10.0.0.1' } },
      { isLoopback: false },
    )
    expect([response.status, await response.text()]).toEqual([200, 'ok\n'])
  }
})

describe('addresses', () => {
  test.each([
    ['127.0.0.1', true],
    ['127.1.2.3', true],
    ['::1', true],
    ['::ffff:127.0.0.1', true],
    ['0.0.0.0', false],
    ['::', false],
    ['10.0.0.1', false],
    ['::ffff:10.0.0.1', false],
    ['127.0.0.1.evil.example', false],
    ['localhost', false],
  ])('%s: %s', (address, expected) => {
    expect(isLoopbackAddress(address)).toBe(expected)
  })
})
