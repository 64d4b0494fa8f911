import type { CheckReport } from '../check/report.ts'
import { type ErrorCode, TributaryError } from '../errors.ts'
import type { QuarantineList, QuarantineQuery } from '../pipeline/quarantine/list.ts'
import type { ProgressEvent, RunReport, RunRequest } from '../pipeline/run.ts'
import type { ImportReport, SpendImport } from '../pipeline/spend/import-spend.ts'
import type { Status } from '../pipeline/status.ts'
import type { Pipeline } from './pipeline.ts'

/** A line of the answer to `POST /admin/run`. */
type Line = { progress: ProgressEvent } | { report: RunReport } | { error: { code: ErrorCode; message: string } }

const headers = { 'x-tributary-admin': '1' }
const patience = 5_000

/** The pipeline of a running server, or null when nothing answers there. */
export async function pipelineOfServer(url: string): Promise<Pipeline | null> {
  const health = await fetch(new URL('/healthz', url), { signal: AbortSignal.timeout(patience) }).catch(() => null)
  if (!health?.ok) return null
  return {
    server: url,
    run: (request, onProgress, signal) => runThere(new URL('/admin/run', url), request, onProgress, signal),
    status: async () => (await ask(new URL('/admin/status', url), { headers })).json() as Promise<Status>,
    quarantine: async (query) => (await ask(quarantineUrl(url, query), { headers })).json() as Promise<QuarantineList>,
    importSpend: (spend, signal) => importThere(new URL('/admin/import/spend', url), spend, signal),
    check: async () => (await ask(new URL('/admin/check', url), { headers })).json() as Promise<CheckReport>,
    close: async () => {},
  }
}

async function importThere(url: URL, { text, source }: SpendImport, signal: AbortSignal): Promise<ImportReport> {
  if (source !== null) url.searchParams.set('source', source)
  const response = await ask(url, { method: 'POST', headers, body: text, signal })
  return response.json() as Promise<ImportReport>
}

function quarantineUrl(url: string, { source, reason, limit, hasText }: QuarantineQuery): URL {
  const asked = new URL('/admin/quarantine', url)
  const parameters = { source, reason, limit, text: hasText ? 1 : undefined }
  for (const [name, value] of Object.entries(parameters))
    if (value !== undefined) asked.searchParams.set(name, String(value))
  return asked
}

async function runThere(
  url: URL,
  request: RunRequest,
  onProgress: (event: ProgressEvent) => void,
  signal: AbortSignal,
): Promise<RunReport> {
  const response = await ask(url, { method: 'POST', headers, body: JSON.stringify(request), signal })
  for await (const line of lines(response.body!)) {
    if ('report' in line) return line.report
    if ('error' in line) throw new TributaryError(line.error.code, line.error.message)
    onProgress(line.progress)
  }
  throw new TributaryError(
    'NOT_READY',
    `Expected ${url.origin} to say how the run ended, but the connection closed. See \`tributary status\`.`,
  )
}

async function ask(url: URL, init: RequestInit): Promise<Response> {
  const response = await fetch(url, init)
  if (response.ok) return response
  const text = await response.text()
  throw (
    errorIn(text) ??
    new TributaryError(
      'NOT_READY',
      `Expected ${url.origin} to answer ${url.pathname}, but got ${response.status}: ${text.slice(0, 200)}`,
    )
  )
}

function errorIn(text: string): TributaryError | null {
  try {
    const { error } = JSON.parse(text)
    return new TributaryError(error.code, error.message)
  } catch {
    return null
  }
}

async function* lines(body: ReadableStream<Uint8Array>): AsyncGenerator<Line> {
  let rest = ''
  for await (const chunk of body.pipeThrough(new TextDecoderStream() as ReadableWritablePair<string, Uint8Array>)) {
    const complete = (rest + chunk).split('\n')
    rest = complete.pop()!
    for (const line of complete) if (line.trim()) yield JSON.parse(line)
  }
}
