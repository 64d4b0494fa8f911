import type { Logger } from 'pino'
import { TributaryError } from '../errors.ts'
import { logUnexpected } from './errors.ts'
import type { Pipeline } from './pipeline.ts'
import { readQuarantineQuery } from './quarantine-query.ts'
import { failure, json } from './replies.ts'
import { readRunRequest } from './run-request.ts'
import type { Runner } from './runner.ts'

export interface AdminOptions {
  readonly runner: Runner
  readonly readStatus: Pipeline['readStatus']
  readonly readQuarantine: Pipeline['readQuarantine']
  readonly importSpend: Pipeline['importSpend']
  readonly check: Pipeline['check']
  readonly logger: Logger
}

/**
 * What commands ask of a server that has the database: `POST /admin/run` with a `RunRequest`, `GET /admin/status`,
 * `GET /admin/check`, `GET /admin/quarantine`, and `POST /admin/import/spend` with a CSV.
 * The header keeps browsers out: a page of another site cannot send it without asking first, and we never allow.
 */
export async function admin(request: Request, path: string, options: AdminOptions): Promise<Response> {
  if (request.headers.get('x-tributary-admin') !== '1')
    return failure(403, 'USAGE', 'Expected the header `x-tributary-admin: 1`.')
  try {
    if (path === '/admin/status' && request.method === 'GET') return json(200, await options.readStatus())
    if (path === '/admin/quarantine' && request.method === 'GET')
      return json(200, await options.readQuarantine(readQuarantineQuery(request.url)))
    if (path === '/admin/import/spend' && request.method === 'POST') return await importFile(request, options)
    if (path === '/admin/check' && request.method === 'GET') return json(200, await options.check())
    if (path === '/admin/run' && request.method === 'POST') return await startRun(request, options)
  } catch (error) {
    return refused(error, options.logger)
  }
  return failure(
    404,
    'USAGE',
    'Expected POST /admin/run, GET /admin/status, GET /admin/check, GET /admin/quarantine or POST /admin/import/spend.',
  )
}

async function importFile(request: Request, { importSpend }: AdminOptions): Promise<Response> {
  const source = new URL(request.url).searchParams.get('source') || null
  return json(200, await importSpend({ text: await request.text(), source }))
}

/** Lines of JSON: `{progress}` while it runs, `{report}` or `{error}` at the end. The run goes on when the caller leaves. */
async function startRun(request: Request, { runner, logger }: AdminOptions): Promise<Response> {
  const asked = await readRunRequest(request)
  const { readable, send, close } = lines()
  const begun = Promise.withResolvers<void>()
  const run = runner.run(asked, (progress) => {
    begun.resolve()
    send({ progress })
  })
  // A run that is refused at once, because another one is in progress, gets a status of its own.
  await Promise.race([begun.promise, run])
  run
    .then((report) => send({ report }))
    .catch((error) => send({ error: described(error, logger) }))
    .finally(close)
  return new Response(readable, { headers: { 'content-type': 'application/x-ndjson', 'cache-control': 'no-store' } })
}

function lines() {
  let controller: ReadableStreamDefaultController<Uint8Array> | null = null
  const readable = new ReadableStream<Uint8Array>({
    start: (c) => {
      controller = c
    },
    cancel: () => {
      controller = null
    },
  })
  const encoder = new TextEncoder()
  return {
    readable,
    send: (line: object) => controller?.enqueue(encoder.encode(`${JSON.stringify(line)}\n`)),
    close: () => controller?.close(),
  }
}

function refused(error: unknown, logger: Logger): Response {
  const { code, message } = described(error, logger)
  const status = code === 'RUN_IN_PROGRESS' ? 409 : code === 'NOT_READY' ? 503 : code === 'INPUT_INVALID' ? 400 : 500
  return failure(status, code, message)
}

function described(error: unknown, logger: Logger): { code: string; message: string } {
  if (error instanceof TributaryError) return { code: error.code, message: error.message }
  return { code: 'QUERY_FAILED', message: `Unexpected error. The log has it under ${logUnexpected(logger, error)}.` }
}
