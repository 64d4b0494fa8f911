import { once } from 'node:events'
import { connect } from 'node:net'
import { pino } from 'pino'
import { describe, expect, test } from 'vitest'
import { type ServerOptions, startServer } from '../../src/server/listen.ts'
import { openWorld } from './fixture.ts'
import { emptyCheck, emptyQuarantine, emptyStatus, importReport, reportOf } from './reports.ts'

async function start(options: Partial<ServerOptions> = {}) {
  const warehouse = await openWorld()
  const server = await startServer({
    warehouse,
    configVersion: 'v1',
    runPipeline: async () => reportOf(1),
    readStatus: async () => emptyStatus,
    readQuarantine: async () => emptyQuarantine,
    importSpend: async () => importReport,
    check: async () => emptyCheck,
    logger: pino({ level: 'silent' }),
    host: '127.0.0.1',
    port: 0,
    schedule: null,
    timezone: 'UTC',
    ...options,
  })
  return {
    ...server,
    ask: (query: string, init: RequestInit = {}) =>
      fetch(`${server.url}/graphql`, {
        method: 'POST',
        body: JSON.stringify({ query }),
        ...init,
        headers: { 'content-type': 'application/json', ...init.headers },
      }),
    async [Symbol.asyncDispose]() {
      await server.close()
      await warehouse.close()
    },
  }
}

test('answers over a port', async () => {
  await using server = await start()
  expect(server.url).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/)
  const response = await server.ask('{ user(id: "ann") { id } }')
  expect(await response.json()).toMatchObject({ data: { user: { id: 'ann' } } })
  expect((await fetch(`${server.url}/`)).headers.get('content-type')).toMatch(/html/)
  expect((await fetch(`${server.url}/healthz`, { method: 'HEAD' })).status).toBe(200)
})

test('compresses when asked', async () => {
  await using server = await start()
  const packed = await server.ask('{ sessionRows { sessionId } }', { headers: { 'accept-encoding': 'gzip' } })
  expect(packed.headers.get('content-encoding')).toBe('gzip')
  expect((await packed.json()).data.sessionRows).toHaveLength(11)
  const plain = await server.ask('{ __typename }', { headers: { 'accept-encoding': 'identity' } })
  expect(plain.headers.get('content-encoding')).toBeNull()
})

test.each(['0.0.0.0', '::', '192.168.1.5', 'example.com', ''])(
  'does not listen on %j: there are no keys yet',
  async (host) => {
    await expect(start({ host })).rejects.toMatchObject({
      code: 'CONFIG_INVALID',
      message: expect.stringContaining('loopback'),
    })
  },
)

test('says so when the port is taken', async () => {
  await using server = await start()
  const port = Number(new URL(server.url).port)
  await expect(start({ port })).rejects.toMatchObject({
    code: 'USAGE',
    message: expect.stringContaining(`port ${port} is taken`),
  })
})

test.each([
  ['a Host header of the network', 'GET /graphql?query={__typename} HTTP/1.1\r\nHost: evil.example', 401],
  ['two Host headers', 'GET /graphql?query={__typename} HTTP/1.1\r\nHost: localhost\r\nHost: evil.example', 401],
  ['an absolute request line', 'GET http://localhost/graphql?query={__typename} HTTP/1.1\r\nHost: evil.example', 401],
  ['no Host header', 'GET /graphql?query={__typename} HTTP/1.0', 401],
  ['a path that is none', 'GET http://[ HTTP/1.1\r\nHost: localhost', 400],
  ['TRACE', 'TRACE / HTTP/1.1\r\nHost: localhost', 400],
])('%s gets nothing', async (_what, head, status) => {
  await using server = await start()
  const socket = connect(Number(new URL(server.url).port), '127.0.0.1')
  socket.write(`${head}\r\nConnection: close\r\n\r\n`)
  const [answer] = await once(socket, 'data')
  expect(Number(/^HTTP\/1\.1 (\d+)/.exec(String(answer))?.[1])).toBe(status)
})

describe('one process', () => {
  test('holds the API and the schedule; a run does not overlap another', async () => {
    let running = 0
    let most = 0
    let runs = 0
    await using server = await start({
      schedule: '* * * * * *',
      runPipeline: async () => {
        running++
        most = Math.max(most, running)
        await new Promise((resolve) => setTimeout(resolve, 1300))
        running--
        runs++
        return reportOf(1)
      },
    })
    await expect.poll(() => runs, { timeout: 15_000 }).toBeGreaterThan(1)
    expect(most).toBe(1)
    expect((await server.ask('{ __typename }')).status).toBe(200)
  })

  test('a scheduled run that fails does not end the schedule', async () => {
    let runs = 0
    await using _server = await start({
      schedule: '* * * * * *',
      runPipeline: async () => {
        runs++
        throw new Error('no')
      },
    })
    await expect.poll(() => runs, { timeout: 15_000 }).toBeGreaterThan(1)
  })
})

test('closing lets an answer finish, and accepts no more', async () => {
  const world = await openWorld()
  const gate = Promise.withResolvers<void>()
  const server = await start({
    warehouse: {
      ...world,
      query: async (query, o) => {
        await gate.promise
        return world.query(query, o)
      },
    },
  })
  const answer = server.ask('{ user(id: "ann") { id } }')
  await new Promise((resolve) => setTimeout(resolve, 50))
  const closed = server.close()
  gate.resolve()
  expect(await (await answer).json()).toMatchObject({ data: { user: { id: 'ann' } } })
  await closed
  await expect(fetch(server.url)).rejects.toThrow()
  await world.close()
})

test('when the client hangs up, the statement is cancelled', async () => {
  const world = await openWorld()
  const cancelled = Promise.withResolvers<void>()
  await using server = await start({
    warehouse: {
      ...world,
      query: (_query, o) =>
        new Promise((_resolve, reject) =>
          o?.signal?.addEventListener('abort', () => {
            cancelled.resolve()
            reject(o.signal?.reason)
          }),
        ),
    },
  })
  const left = new AbortController()
  const answer = server.ask('{ user(id: "ann") { id } }', { signal: left.signal })
  setTimeout(() => left.abort(), 50)
  await expect(answer).rejects.toThrow()
  await cancelled.promise
  await world.close()
})
