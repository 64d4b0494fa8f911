import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { errorBody, ServiceError } from './errors.ts'
import { type Answer, type Asked, answer, type Service } from './routes.ts'

/** What a test lets happen to a request instead of, or before, its answer: see `BigQueryStandIn.disturb`. */
export type Disturbance = (request: Asked) => Answer | Fate | null

/** Its connection is closed, or it is never answered: before the service did what it asks for, or after. */
export type Fate = 'lost before' | 'lost after' | 'silent before' | 'silent after'

/** Serves the REST interface on the loopback address. */
export async function serve(
  service: Service,
  disturb: () => Disturbance,
): Promise<{ url: string; close(): Promise<void> }> {
  const server = createServer((request, response) => void respond(request, response, service, disturb()))
  server.keepAliveTimeout = 60_000
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async close() {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
}

async function respond(
  request: IncomingMessage,
  response: ServerResponse,
  service: Service,
  disturb: Disturbance,
): Promise<void> {
  const chunks: Buffer[] = []
  try {
    for await (const chunk of request) chunks.push(chunk as Buffer)
  } catch {
    return // who asked has gone: half a request is none
  }
  const url = new URL(request.url ?? '/', 'http://stand-in')
  const asked: Asked = {
    method: request.method ?? 'GET',
    path: decodeURIComponent(url.pathname),
    query: url.searchParams,
    contentType: request.headers['content-type'] ?? '',
    authorization: request.headers.authorization ?? '',
    body: Buffer.concat(chunks),
  }
  const fate = disturb(asked)
  if (fate === 'lost before') return void request.socket.destroy()
  if (fate === 'silent before') return
  const { status, body } = fate && typeof fate === 'object' ? fate : await answer(asked, service).catch(refusal)
  if (fate === 'lost after') return void request.socket.destroy()
  if (fate === 'silent after') return
  response.writeHead(status, { 'content-type': 'application/json' })
  response.end(body === null ? '' : JSON.stringify(body))
}

function refusal(error: unknown): Answer {
  const known = error instanceof ServiceError ? error : new ServiceError(500, 'internalError', String(error))
  return { status: known.status, body: errorBody(known) }
}
