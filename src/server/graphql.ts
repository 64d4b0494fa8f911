import { createYoga } from 'graphql-yoga'
import type { Logger } from 'pino'
import { holdRuns, type Pins } from '../pipeline/pins.ts'
import { type Context, createContext, type Scope } from '../resolvers/context.ts'
import { schema } from '../schema/schema.ts'
import type { Warehouse } from '../warehouses/warehouse.ts'
import { maskWith } from './errors.ts'
import { staticLimits } from './limits.ts'
import { COMMON, json } from './replies.ts'
import { useCost } from './use-cost.ts'

export interface GraphqlOptions {
  readonly warehouse: Warehouse
  /** Names of the configured conversions; null accepts any. */
  readonly conversions?: readonly string[]
  /** Names of the copied columns of companies, likewise. */
  readonly dimensions?: readonly string[]
  /** What requests may see; all, where nobody says. */
  readonly scopes?: readonly Scope[]
  readonly logger: Logger
  readonly hasGraphiql: boolean
  /** Aborts when the server stops. */
  readonly stopping: AbortSignal
}

/** The client gives up after 60 s (Grafana) or 100 s (Power BI): it should get our answer, not its own timeout. */
export const REQUEST_TIMEOUT = 55_000
const MAX_BODY = 256 * 1024

/** `POST` and `GET /graphql`. */
export function createGraphql(options: GraphqlOptions): (request: Request) => Promise<Response> {
  const { warehouse, logger, stopping } = options
  const yoga = createYoga<{ pins: Pins }, Context>({
    schema,
    context: ({ request, pins }) => {
      const signal = AbortSignal.any([request.signal, stopping, AbortSignal.timeout(REQUEST_TIMEOUT)])
      return createContext({
        ...options,
        signal,
        pins,
      })
    },
    plugins: [...staticLimits(), useCost],
    maskedErrors: { maskError: maskWith(logger), isDev: false },
    graphiql: options.hasGraphiql ? { title: 'tributary', defaultQuery: DEFAULT_QUERY } : false,
    // The page brings its own script: nothing is fetched from elsewhere. It is large, so it is loaded when asked for.
    renderGraphiQL: async (page) => (await import('@graphql-yoga/render-graphiql')).renderGraphiQL(page),
    landingPage: false,
    cors: false,
    multipart: false,
    batching: false,
    maxRequestBodySize: MAX_BODY,
    healthCheckEndpoint: '/graphql/health',
    logging: false,
  })
  return async (request) => {
    if (request.method === 'POST' && !isJson(request.headers.get('content-type'))) {
      return json(415, {
        errors: [
          { message: 'Expected content-type application/json.', extensions: { code: 'UNSUPPORTED_MEDIA_TYPE' } },
        ],
      })
    }
    const pins = holdRuns(warehouse)
    try {
      return safely(await yoga.fetch(request, { pins }))
    } finally {
      pins.release()
    }
  }
}

/** GraphiQL is one page with its script inside; whatever it may do, it loads nothing from elsewhere. */
const POLICY =
  "default-src 'none'; script-src 'unsafe-inline' 'unsafe-eval' blob:; worker-src blob:; style-src 'unsafe-inline'; font-src data:; img-src data:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

function safely(response: Response): Response {
  const isPage = response.headers.get('content-type')?.startsWith('text/html') ?? false
  const headers = isPage ? { ...COMMON, 'content-security-policy': POLICY } : COMMON
  for (const [name, value] of Object.entries(headers)) response.headers.set(name, value)
  return response
}

function isJson(contentType: string | null): boolean {
  return /^application\/json\s*(;|$)/i.test(contentType ?? '')
}

const DEFAULT_QUERY = `# Where signups came from, the last 365 days. Every argument is optional.
{
  channelStats(by: "channel", orderBy: "signups") {
    channel
    touches
    sessions
    people
    signups
  }
}
`
