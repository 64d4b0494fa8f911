import type { IncomingMessage, ServerResponse } from 'node:http'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { createGzip } from 'node:zlib'

/** The request as fetch knows it; its signal aborts when the client leaves before the answer is complete. */
export function toRequest(incoming: IncomingMessage, outgoing: ServerResponse): Request {
  const left = new AbortController()
  outgoing.once('close', () => {
    if (!outgoing.writableFinished) left.abort()
  })
  const headers = new Headers()
  for (const [name, values] of Object.entries(incoming.headersDistinct))
    for (const value of values ?? []) headers.append(name, value)
  const { pathname, search } = new URL(incoming.url ?? '/', 'http://localhost')
  const method = incoming.method ?? 'GET'
  const hasBody = method !== 'GET' && method !== 'HEAD'
  return new Request(`http://localhost${pathname}${search}`, {
    method,
    headers,
    signal: left.signal,
    ...(hasBody ? { body: Readable.toWeb(incoming) as BodyInit, duplex: 'half' } : {}),
  })
}

/** Sends an answer, compressed when the client takes it. */
export async function send(response: Response, incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> {
  outgoing.statusCode = response.status
  for (const [name, value] of response.headers) outgoing.setHeader(name, value)
  const body = incoming.method === 'HEAD' ? null : response.body
  if (body === null) {
    outgoing.end()
    return
  }
  const source = Readable.from(body as AsyncIterable<Uint8Array>)
  if (!takesGzip(incoming, response)) return pipeline(source, outgoing)
  outgoing.setHeader('content-encoding', 'gzip')
  outgoing.removeHeader('content-length')
  return pipeline(source, createGzip(), outgoing)
}

/** Streams of progress stay plain: their lines should arrive as they are written. */
function takesGzip(incoming: IncomingMessage, response: Response): boolean {
  const accepted = String(incoming.headers['accept-encoding'] ?? '')
  const type = response.headers.get('content-type') ?? ''
  return /\bgzip\b(?!\s*;\s*q=0(\.0*)?\s*(,|$))/i.test(accepted) && /json|html/.test(type) && !type.includes('ndjson')
}
