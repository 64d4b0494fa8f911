import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { TributaryError } from '../errors.ts'
import { type App, type AppOptions, createApp } from './app.ts'
import { logUnexpected } from './errors.ts'
import { isLoopbackAddress } from './loopback.ts'
import { send, toRequest } from './node-http.ts'
import { startSchedule } from './schedule.ts'

export interface ServerOptions extends AppOptions {
  /** The address to listen on; a loopback one. */
  readonly host: string
  /** 0 takes a free one. */
  readonly port: number
  /** A cron expression, or null. */
  readonly schedule: string | null
  readonly timezone: string
}

export interface RunningServer {
  /** `http://127.0.0.1:4000` */
  readonly url: string
  /** Stops accepting, lets answers finish for a while, then cancels them. */
  close(): Promise<void>
}

/** How long answers may still take once the server stops. */
const GRACE = 5_000

/** The API and the schedule in one process. */
export async function startServer(options: ServerOptions): Promise<RunningServer> {
  const { host, port, logger } = options
  const app = createApp(options)
  const server = createServer(
    { headersTimeout: 10_000, requestTimeout: 60_000, keepAliveTimeout: 5_000 },
    (incoming, outgoing) => {
      answer(app, incoming, outgoing).catch((error) => {
        if (!outgoing.destroyed) logUnexpected(logger, error)
        outgoing.destroy()
      })
    },
  )
  await listen(server, host, port)
  const address = server.address() as AddressInfo
  if (!isLoopbackAddress(address.address)) {
    server.close()
    throw notLoopback(host)
  }
  const schedule = startSchedule({ ...options, runner: app.runner })
  const url = `http://${address.family === 'IPv6' ? `[${address.address}]` : address.address}:${address.port}`
  logger.info({ url, schedule: options.schedule }, 'listening')
  return { url, close: () => close(server, app, schedule) }
}

async function answer(app: App, incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> {
  const request = readRequest(incoming, outgoing)
  if (!request) {
    outgoing.writeHead(400).end()
    return
  }
  // Checked when the server began to listen: it listens on loopback or not at all.
  const response = await app.fetch(request, { isLoopback: true })
  if (!outgoing.destroyed) await send(response, incoming, outgoing)
}

/** Null for what fetch cannot express, such as TRACE or a path that is none. */
function readRequest(incoming: IncomingMessage, outgoing: ServerResponse): Request | null {
  try {
    return toRequest(incoming, outgoing)
  } catch {
    return null
  }
}

/** Keys do not exist yet, so there is no safe way to listen elsewhere. */
function listen(server: Server, host: string, port: number): Promise<void> {
  if (host !== 'localhost' && !isLoopbackAddress(host)) throw notLoopback(host)
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => reject(cannotListen(error, host, port)))
    server.listen(port, host, () => resolve())
  })
}

function notLoopback(host: string): TributaryError {
  return new TributaryError(
    'CONFIG_INVALID',
    `Expected \`server.host\` to be a loopback address (127.0.0.1, ::1 or localhost), but got ${host}. Without keys, data are only answered on this machine.`,
  )
}

function cannotListen(error: NodeJS.ErrnoException, host: string, port: number): TributaryError {
  const why =
    error.code === 'EADDRINUSE'
      ? `port ${port} is taken. Choose another with --port, or stop what has it`
      : error.message
  return new TributaryError('USAGE', `Expected to listen on ${host}:${port}, but ${why}.`, { cause: error })
}

async function close(server: Server, app: App, schedule: { stop(): Promise<void> }): Promise<void> {
  await schedule.stop()
  const closed = new Promise<void>((resolve) => server.close(() => resolve()))
  server.closeIdleConnections()
  const late = setTimeout(() => {
    app.stop()
    setTimeout(() => server.closeAllConnections(), 500).unref()
  }, GRACE)
  await closed
  clearTimeout(late)
  app.stop()
}
