import { serverAudits } from 'graphql-http'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { openWorld, type Served, serve, serveWorld } from './fixture.ts'

let served: Served
beforeAll(async () => {
  served = await serveWorld()
})
afterAll(() => served[Symbol.asyncDispose]())

const audits = serverAudits({
  url: 'http://localhost:4000/graphql',
  fetchFn: (url: string, init: RequestInit) => served.fetch(url.replace('http://localhost:4000', ''), init),
})

describe('GraphQL over HTTP', () => {
  test('the suite of graphql-http is complete', () => {
    expect(audits).toHaveLength(61)
  })

  test.each(audits.map((audit) => [audit.id, audit.name, audit] as const))('%s %s', async (_id, _name, audit) => {
    const result = await audit.fn()
    expect(result).toMatchObject({ status: 'ok' })
  })
})

describe('requests of BI tools', () => {
  const body = JSON.stringify({ query: '{ channelStats { channel } }', variables: null })

  test.each(['application/json;q=0.9,text/plain', '*/*', 'application/json, text/plain, */*', 'application/json'])(
    'Accept: %s',
    async (accept) => {
      const response = await served.fetch('/graphql', {
        method: 'POST',
        body,
        headers: { accept, 'content-type': 'application/json' },
      })
      expect(response.status).toBe(200)
      expect(response.headers.get('content-type')).toMatch(/^application\/json/)
    },
  )

  test('errors of a query come with status 200, since some tools drop the body of others', async () => {
    for (const query of ['{ nothing }', '{ channelStats(model: "MAGIC") { channel } }']) {
      const { status, errors } = await served.ask(query)
      expect([status, errors?.length]).toEqual([200, 1])
    }
  })

  test('a request without variables, or with a content type that names a charset', async () => {
    const response = await served.fetch('/graphql', {
      method: 'POST',
      body: '{"query":"{__typename}"}',
      headers: { 'content-type': 'application/json; charset=utf-8' },
    })
    expect(await response.json()).toMatchObject({ data: { __typename: 'Query' } })
  })

  test('GET', async () => {
    const response = await served.fetch(`/graphql?query=${encodeURIComponent('{ user(id: "ann") { id } }')}`)
    expect(await response.json()).toMatchObject({ data: { user: { id: 'ann' } } })
  })

  test('times of Grafana, in milliseconds since 1970, as literals and as variables', async () => {
    const [from, to] = [Date.UTC(2025, 0, 1), Date.UTC(2025, 0, 2)]
    const literal = await served.ask(`{ channelStats(from: ${from}, to: "${to}") { channel } }`)
    const variables = await served.ask(
      'query($f: DateTime, $t: DateTime) { channelStats(from: $f, to: $t) { channel } }',
      { f: from, t: String(to) },
    )
    expect(literal.data).toEqual({ channelStats: [{ channel: 'Paid Search' }] })
    expect(variables.data).toEqual(literal.data)
  })
})

describe('requests that are refused', () => {
  test.each([
    ['text/plain', '{"query":"{__typename}"}'],
    ['application/graphql', '{__typename}'],
    ['application/x-www-form-urlencoded', 'query=%7B__typename%7D'],
    ['multipart/form-data; boundary=x', '--x\r\n\r\n--x--'],
    ['application/jsonp', '{}'],
  ])('415 for %s', async (type, body) => {
    const response = await served.fetch('/graphql', { method: 'POST', body, headers: { 'content-type': type } })
    expect(response.status).toBe(415)
    expect(await response.json()).toMatchObject({ errors: [{ extensions: { code: 'UNSUPPORTED_MEDIA_TYPE' } }] })
  })

  const post = (body: string | ReadableStream) =>
    served.fetch('/graphql', {
      method: 'POST',
      body,
      headers: { 'content-type': 'application/json' },
      duplex: 'half',
    } as RequestInit)

  test('413 for a large body, also when its length is not announced', async () => {
    const large = JSON.stringify({ query: `{ __typename } #${'x'.repeat(256 * 1024)}` })
    expect((await post(large)).status).toBe(413)
    expect((await post(new Blob([large]).stream())).status).toBe(413)
  })

  test.each([
    ['an array of requests', '[{"query":"{__typename}"},{"query":"{__typename}"}]'],
    ['an unknown key', '{"query":"{__typename}","id":"1"}'],
    ['no JSON', '{"query": "secret-in-the-body'],
    ['variables in text', '{"query":"{__typename}","variables":""}'],
    ['nothing', ''],
  ])('400 for %s', async (_what, body) => {
    const response = await post(body)
    expect(response.status).toBe(400)
    expect(await response.text()).not.toContain('secret-in-the-body')
  })

  test('nothing is allowed to other origins', async () => {
    for (const [method, origin] of [
      ['OPTIONS', 'http://localhost:3000'],
      ['POST', 'http://localhost:3000'],
      ['OPTIONS', 'https://evil.example'],
    ]) {
      const response = await served.fetch('/graphql', {
        method,
        headers: { origin: origin!, 'content-type': 'application/json' },
        ...(method === 'POST' ? { body: '{"query":"{__typename}"}' } : {}),
      })
      expect([...response.headers.keys()].filter((name) => name.startsWith('access-control'))).toEqual([])
    }
  })

  test('405 for other methods, 404 for other paths', async () => {
    expect((await served.fetch('/graphql', { method: 'PUT' })).status).toBe(405)
    expect((await served.fetch('/nothing')).status).toBe(404)
    expect((await served.fetch('/graphql/health')).status).toBe(404)
  })
})

describe('pages', () => {
  test('the front page is HTML that loads nothing from elsewhere', async () => {
    const response = await served.fetch('/')
    const html = await response.text()
    expect(response.headers.get('content-type')).toMatch(/^text\/html/)
    expect(html).toContain('<html')
    expect(html).toContain('/graphql')
    expect(html.replaceAll('http://www.w3.org/2000/svg', '')).not.toMatch(/(src|href)="(https?:)?\/\//)
    expect(response.headers.get('content-security-policy')).toMatch(
      /default-src 'none'; script-src 'sha256-[^']+'; style-src 'sha256-/,
    )
  })

  test('GraphiQL brings its own script', async () => {
    const response = await served.fetch('/graphql', { headers: { accept: 'text/html' } })
    const html = await response.text()
    expect(response.status).toBe(200)
    expect(html).toContain('YogaGraphiQL')
    expect(html).not.toMatch(/<(script|link)[^>]+(src|href)="(https?:)?\/\//)
    expect(response.headers.get('content-security-policy')).toContain("default-src 'none'")
  })
})

describe('readiness', () => {
  test('says no, and not why, when the warehouse does not answer', async () => {
    const world = await openWorld()
    await using broken = serve({ ...world, ping: () => Promise.reject(new Error('password=hunter2')) })
    const response = await broken.fetch('/readyz')
    expect([response.status, await response.text()]).toEqual([503, ''])
    expect((await broken.fetch('/healthz')).status).toBe(200)
  })

  test('says no once the server stops', async () => {
    await using stopping = await serveWorld()
    stopping.app.stop()
    expect((await stopping.fetch('/readyz')).status).toBe(503)
  })
})
