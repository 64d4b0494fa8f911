/**
 * A stand-in for Amazon Redshift: the Data API's wire format on 127.0.0.1 over a real Postgres.
 *
 * The real `@aws-sdk/client-redshift-data` talks to it. Statements are asynchronous, a batch is one transaction, a token
 * makes a call idempotent, results come in pages, limits and parameters are the service's. Statements are rewritten to
 * Postgres (rewrite.ts), Redshift's functions are SQL functions (shim.sql), and what Postgres takes but Redshift refuses
 * is refused (guard.ts, known-words.ts).
 *
 * What it cannot show:
 * - plans and speed: sort keys, distribution, compilation, queues, slots; refusals of the planner, such as correlated
 *   sub-queries of patterns that Redshift does not take apart
 * - that spaces at the end of text do not count when Redshift compares, and how wide the columns of `create table as` are
 *   (widths of declared columns are checked, in bytes)
 * - how SUPER keeps numbers and the order of keys: decimals of more than 38 digits, 1e3 and 1.0 as text; here they read
 *   as they were written
 * - conflicts between transactions that Redshift finds by table, and Postgres by row
 * - IAM and secrets: `DbUser` is a role of Postgres, and its grants count; COPY but of CSV files by a manifest, and
 *   what it says of a row that it refuses; UNLOAD; the 24 hours that results are kept; sessions
 * - regular expressions beyond what POSIX says of both
 */
import { randomUUID } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import pg from 'pg'
import type { Objects } from './copy.ts'
import { Engine } from './engine.ts'
import { Operations, Refusal } from './operations.ts'

/** A fault in place of an answer: refuse with an error of AWS, or drop the connection before or after the work is taken. */
export type Fault =
  | { readonly refuse: string; readonly message?: string; readonly status?: number }
  | 'drop before'
  | 'drop after'

/** A running stand-in. */
export interface RedshiftStandIn {
  readonly endpoint: string
  /** Of the Postgres beneath. */
  readonly url: string
  readonly operations: Operations
  /** COPY reads these objects of S3. */
  reads(objects: Objects): void
  /** Names of the operations that were called, in order. */
  readonly calls: string[]
  /** Asked for each call; what it returns happens instead of an answer. */
  fault: ((operation: string, request: Readonly<Record<string, unknown>>) => Fault | null) | null
  close(): Promise<void>
}

/** Starts the stand-in over the database at a URL of Postgres, which must be empty or have been used by one before. */
export async function startRedshift(url: string): Promise<RedshiftStandIn> {
  await prepare(url)
  const engine = new Engine(url)
  const operations = new Operations(engine)
  const server = createServer((request, response) => {
    answer(standIn, request, response).catch(() => response.destroy())
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const standIn: RedshiftStandIn = {
    url,
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    operations,
    reads(objects) {
      engine.objects = objects
    },
    calls: [],
    fault: null,
    async close() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
      await engine.close()
    },
  }
  return standIn
}

async function prepare(url: string): Promise<void> {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  try {
    const { rows } = await client.query("select 1 from pg_namespace where nspname = 'rs_shim'")
    if (rows.length === 0) await client.query(readFileSync(new URL('./shim.sql', import.meta.url), 'utf8'))
  } finally {
    await client.end()
  }
}

async function answer(standIn: RedshiftStandIn, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(chunk as Buffer)
  const operation = String(request.headers['x-amz-target'] ?? '').replace('RedshiftData.', '')
  const body = JSON.parse(Buffer.concat(chunks).toString('utf8') || '{}')
  const send = (status: number, content: unknown) => {
    response.writeHead(status, { 'content-type': 'application/x-amz-json-1.1', 'x-amzn-requestid': randomUUID() })
    // With all their digits, which numbers of ours do not keep.
    response.end(JSON.stringify(content).replace(/"longValue":"(-?\d+)"/g, '"longValue":$1'))
  }
  standIn.calls.push(operation)
  const fault = standIn.fault?.(operation, body) ?? null
  if (fault === 'drop before') return void request.socket.destroy()
  try {
    if (fault && fault !== 'drop after')
      throw Object.assign(new Refusal(fault.refuse, fault.message ?? fault.refuse), fault)
    if (!String(request.headers.authorization ?? '').startsWith('AWS4-HMAC-SHA256')) {
      throw new Refusal('MissingAuthenticationTokenException', 'Missing Authentication Token')
    }
    const run = (standIn.operations as unknown as Record<string, ((r: unknown) => Promise<unknown>) | undefined>)[
      operation
    ]
    if (!run) throw new Refusal('UnknownOperationException', operation)
    const content = await run.call(standIn.operations, body)
    if (fault === 'drop after') return void request.socket.destroy()
    send(200, content)
  } catch (error) {
    const { type = 'InternalServerException', message, status } = error as Refusal & { status?: number }
    send(status ?? (type === 'InternalServerException' ? 500 : 400), { __type: type, message, Message: message })
  }
}
