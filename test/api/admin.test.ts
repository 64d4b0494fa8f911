import { describe, expect, test } from 'vitest'
import { TributaryError } from '../../src/errors.ts'
import type { RunReport } from '../../src/pipeline/run.ts'
import { openWorld, serve, serveWorld } from './fixture.ts'
import { emptyCheck, emptyQuarantine, emptyStatus, reportOf } from './reports.ts'

const ADMIN = { 'x-tributary-admin': '1' }
const lines = async (response: Response) =>
  (await response.text())
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line))

describe('POST /admin/run', () => {
  test('streams the progress and then the report', async () => {
    const kinds: string[] = []
    await using served = await serveWorld(
      {},
      {
        runPipeline: async (request, onProgress) => {
          kinds.push(request.kind)
          onProgress?.({ stage: 'ingest', state: 'started' })
          await new Promise((resolve) => setTimeout(resolve, 20))
          onProgress?.({ stage: 'visits', state: 'started' })
          return reportOf(3)
        },
      },
    )
    const response = await served.fetch('/admin/run', {
      method: 'POST',
      headers: ADMIN,
      body: '{"kind":"rebuild"}',
    })
    expect([response.status, response.headers.get('content-type')]).toEqual([200, 'application/x-ndjson'])
    expect(await lines(response)).toEqual([
      { progress: { stage: 'ingest', state: 'started' } },
      { progress: { stage: 'visits', state: 'started' } },
      { report: reportOf(3) },
    ])
    await (await served.fetch('/admin/run', { method: 'POST', headers: ADMIN })).text()
    expect(kinds).toEqual(['rebuild', 'increment'])
  })

  test('one at a time: 409 while another is in progress', async () => {
    const gate = Promise.withResolvers<RunReport>()
    await using served = await serveWorld({}, { runPipeline: () => gate.promise })
    const first = served.fetch('/admin/run', { method: 'POST', headers: ADMIN })
    const second = await served.fetch('/admin/run', { method: 'POST', headers: ADMIN })
    expect(second.status).toBe(409)
    expect(await second.json()).toMatchObject({ error: { code: 'RUN_IN_PROGRESS' } })
    gate.resolve(reportOf(3))
    expect(await lines(await first)).toEqual([{ report: reportOf(3) }])
  })

  test('409 when another process has the pipeline', async () => {
    await using served = await serveWorld(
      {},
      { runPipeline: () => Promise.reject(new TributaryError('RUN_IN_PROGRESS', 'Another process runs.')) },
    )
    const response = await served.fetch('/admin/run', { method: 'POST', headers: ADMIN })
    expect([response.status, await response.json()]).toEqual([
      409,
      { error: { code: 'RUN_IN_PROGRESS', message: 'Another process runs.' } },
    ])
  })

  test('a run that fails later ends with the error; only what was written for people is shown', async () => {
    const errors = [
      new TributaryError('SOURCE_UNREADABLE', 'Expected files in ./events.'),
      new Error('password=hunter2'),
    ]
    await using served = await serveWorld(
      {},
      {
        runPipeline: async (_kind, onProgress) => {
          onProgress?.({ stage: 'ingest', state: 'started' })
          throw errors.shift()
        },
      },
    )
    const ask = async () => lines(await served.fetch('/admin/run', { method: 'POST', headers: ADMIN }))
    expect((await ask()).at(-1)).toEqual({
      error: { code: 'SOURCE_UNREADABLE', message: 'Expected files in ./events.' },
    })
    expect(JSON.stringify((await ask()).at(-1))).not.toContain('hunter2')
    expect(served.log.join()).not.toContain('hunter2')
  })

  test('goes on when the caller leaves', async () => {
    const done = Promise.withResolvers<void>()
    await using served = await serveWorld(
      {},
      {
        runPipeline: async (_kind, onProgress) => {
          onProgress?.({} as never)
          await new Promise((resolve) => setTimeout(resolve, 20))
          onProgress?.({} as never)
          done.resolve()
          return reportOf(1)
        },
      },
    )
    const response = await served.fetch('/admin/run', { method: 'POST', headers: ADMIN })
    await response.body?.cancel()
    await done.promise
    expect(served.log.filter((line) => line.includes('unexpected'))).toEqual([])
  })

  test('kind is increment or rebuild', async () => {
    await using served = await serveWorld()
    expect(
      (await served.fetch('/admin/run', { method: 'POST', headers: ADMIN, body: '{"kind":"delete"}' })).status,
    ).toBe(400)
  })
})

describe('admin routes', () => {
  test('GET /admin/status is what the pipeline says', async () => {
    await using served = serve(await openWorld(), {
      readStatus: async () => ({ ...emptyStatus, counts: { events: 2 } }),
    })
    const response = await served.fetch('/admin/status', { headers: ADMIN })
    expect([response.status, await response.json()]).toEqual([200, { ...emptyStatus, counts: { events: 2 } }])
  })

  test('GET /admin/quarantine passes on what is asked', async () => {
    const asked: unknown[] = []
    await using served = serve(await openWorld(), {
      readQuarantine: async (query) => {
        asked.push(query)
        return emptyQuarantine
      },
    })
    const ask = (query: string) => served.fetch(`/admin/quarantine${query}`, { headers: ADMIN })
    expect(await (await ask('')).json()).toEqual(emptyQuarantine)
    await ask('?source=web&reason=PAST&limit=3&text=1')
    expect(asked).toEqual([
      { limit: 20, hasText: false },
      { source: 'web', reason: 'PAST', limit: 3, hasText: true },
    ])
    for (const wrong of ['?limit=-1', '?limit=x', '?limit=99999', '?text=yes', '?sort=file'])
      expect((await ask(wrong)).status, wrong).toBe(400)
    expect((await served.fetch('/admin/quarantine')).status).toBe(403)
  })

  test('GET /admin/check is what the pipeline says', async () => {
    await using served = serve(await openWorld(), { check: async () => ({ ...emptyCheck, verdict: 'warnings' }) })
    const response = await served.fetch('/admin/check', { headers: ADMIN })
    expect([response.status, await response.json()]).toEqual([200, { ...emptyCheck, verdict: 'warnings' }])
  })

  test('need a header that no page of another site can send', async () => {
    let ran = false
    await using served = await serveWorld(
      {},
      {
        runPipeline: async () => {
          ran = true
          return reportOf(1)
        },
      },
    )
    for (const [path, method] of [
      ['/admin/run', 'POST'],
      ['/admin/status', 'GET'],
      ['/admin/check', 'GET'],
    ] as const) {
      expect((await served.fetch(path, { method })).status).toBe(403)
      expect((await served.fetch(path, { method, headers: { ...ADMIN, host: 'evil.example' } })).status).toBe(401)
      expect((await served.fetch(path, { method, headers: { ...ADMIN, origin: 'https://evil.example' } })).status).toBe(
        403,
      )
    }
    expect(ran).toBe(false)
  })

  test('are those only', async () => {
    await using served = await serveWorld()
    expect((await served.fetch('/admin/run', { headers: ADMIN })).status).toBe(404)
    expect((await served.fetch('/admin/erase', { method: 'POST', headers: ADMIN })).status).toBe(404)
  })
})
