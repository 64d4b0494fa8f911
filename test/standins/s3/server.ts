/**
 * A stand-in for Amazon S3 on 127.0.0.1: one bucket, to put, get and delete objects of, for the real `@aws-sdk/client-s3`.
 *
 * What it cannot show: IAM, regions, limits of size and rate, versions, encryption.
 */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

/** A fault in place of an answer: refuse with an error of S3, or drop the connection. */
export type S3Fault = { readonly refuse: string; readonly status: number } | 'drop'

/** A running stand-in. */
export interface S3StandIn {
  readonly endpoint: string
  readonly bucket: string
  /** By `bucket/key`. */
  readonly objects: Map<string, Buffer>
  /** Method and `bucket/key` of each call, in order. */
  readonly calls: string[]
  /** Asked for each call; what it returns happens instead of an answer. */
  fault: ((method: string, key: string) => S3Fault | null) | null
  close(): Promise<void>
}

/** Starts it with one bucket. */
export async function startS3(bucket = 'loads'): Promise<S3StandIn> {
  const server = createServer((request, response) => {
    answer(standIn, request, response).catch(() => response.destroy())
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const standIn: S3StandIn = {
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    bucket,
    objects: new Map(),
    calls: [],
    fault: null,
    async close() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
  return standIn
}

async function answer(standIn: S3StandIn, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(chunk as Buffer)
  const url = new URL(request.url ?? '/', standIn.endpoint)
  const key = decodeURIComponent(url.pathname.slice(1))
  const method = `${request.method}${url.searchParams.has('delete') ? ' delete' : ''}`
  standIn.calls.push(`${method} ${key}`)
  const send = (status: number, body = '', headers: Record<string, string> = {}) => {
    response.writeHead(status, { 'content-type': 'application/xml', ...headers })
    response.end(body && `<?xml version="1.0" encoding="UTF-8"?>${body}`)
  }
  const refuse = (status: number, code: string) =>
    send(status, `<Error><Code>${code}</Code><Message>${code}</Message></Error>`)
  const fault = standIn.fault?.(method, key) ?? null
  if (fault === 'drop') return void request.socket.destroy()
  if (fault) return refuse(fault.status, fault.refuse)
  if (!String(request.headers.authorization ?? '').startsWith('AWS4-HMAC-SHA256')) return refuse(403, 'AccessDenied')
  if (key.split('/')[0] !== standIn.bucket) return refuse(404, 'NoSuchBucket')
  const body = contentOf(Buffer.concat(chunks), request)
  if (method === 'PUT') {
    standIn.objects.set(key, body)
    return send(200, '', { etag: '"stored"' })
  }
  if (method === 'POST delete') {
    for (const [, name] of body.toString('utf8').matchAll(/<Key>([^<]+)<\/Key>/g))
      standIn.objects.delete(`${standIn.bucket}/${name}`)
    return send(200, '<DeleteResult/>')
  }
  refuse(501, 'NotImplemented')
}

/** A body that is sent in chunks has their sizes between them. */
function contentOf(body: Buffer, request: IncomingMessage): Buffer {
  if (!/STREAMING/.test(String(request.headers['x-amz-content-sha256']))) return body
  const parts: Buffer[] = []
  for (let at = 0; ; ) {
    const end = body.indexOf('\r\n', at)
    const size = Number.parseInt(body.subarray(at, end).toString('latin1'), 16)
    if (!size) return Buffer.concat(parts)
    parts.push(body.subarray(end + 2, end + 2 + size))
    at = end + 2 + size + 2
  }
}
