import type { Logger } from 'pino'
import type { Scope } from '../resolvers/context.ts'
import type { Warehouse } from '../warehouses/warehouse.ts'
import { admin } from './admin.ts'
import { logUnexpected } from './errors.ts'
import { frontPage } from './front-page.ts'
import { createGraphql } from './graphql.ts'
import { health, readiness } from './health.ts'
import { type Connection, refusal } from './loopback.ts'
import type { Pipeline } from './pipeline.ts'
import { json } from './replies.ts'
import { createRunner, type Runner } from './runner.ts'

/** What the server is made of. */
export interface AppOptions extends Pipeline {
  readonly warehouse: Warehouse
  readonly configVersion: string
  /** Names of the configured conversions: others are refused. Without it any name is accepted. */
  readonly conversions?: readonly string[]
  /** Names of the copied columns of companies, likewise. */
  readonly dimensions?: readonly string[]
  /** What requests may see; all, where nobody says. */
  readonly scopes?: readonly Scope[]
  readonly logger: Logger
}

export interface App {
  /** Answers a request as if it had come over `connection`. Never throws. */
  fetch(request: Request, connection: Connection): Promise<Response>
  readonly runner: Runner
  /** Not ready from now on; statements still running are cancelled. */
  stop(): void
}

/** Everything behind the port. */
export function createApp(options: AppOptions): App {
  const { warehouse, logger, readStatus, readQuarantine, importSpend, check } = options
  const stopping = new AbortController()
  const runner = createRunner(options)
  const graphql = createGraphql({ ...options, hasGraphiql: true, stopping: stopping.signal })

  const route = async (request: Request, connection: Connection): Promise<Response> => {
    const path = new URL(request.url).pathname
    const isRead = request.method === 'GET' || request.method === 'HEAD'
    if (path === '/healthz' && isRead) return health()
    if (path === '/readyz' && isRead) return readiness(warehouse, stopping.signal)
    const refused = refusal(request.headers, connection)
    // A link to the front page may be followed from anywhere: it holds no data, and asks for them itself.
    const isLink = path === '/' && isRead && request.headers.get('sec-fetch-mode') === 'navigate'
    if (refused && !(refused.code === 'FORBIDDEN' && isLink)) return notAllowed(refused)
    if (path === '/' && isRead) return frontPage()
    if (path === '/graphql') return graphql(request)
    if (path.startsWith('/admin/'))
      return admin(request, path, { runner, readStatus, readQuarantine, importSpend, check, logger })
    return json(404, errorsOf('NOT_FOUND', 'There is nothing here. The API is at /graphql.'))
  }

  return {
    runner,
    stop: () => stopping.abort(),
    fetch: (request, connection) =>
      route(request, connection).catch((error) => {
        const errorId = logUnexpected(logger, error)
        return json(500, {
          errors: [{ message: 'Unexpected error.', extensions: { code: 'INTERNAL_SERVER_ERROR', errorId } }],
        })
      }),
  }
}

function notAllowed({ status, code, message }: { status: number; code: string; message: string }): Response {
  return json(status, errorsOf(code, message), status === 401 ? { 'www-authenticate': 'Bearer' } : {})
}

const errorsOf = (code: string, message: string) => ({ errors: [{ message, extensions: { code } }] })
