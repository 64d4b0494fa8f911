import { pino } from 'pino'
import { expect } from 'vitest'
import { tables } from '../../src/pipeline/tables/tables.ts'
import { type App, type AppOptions, createApp } from '../../src/server/app.ts'
import { compile, type Sql } from '../../src/warehouses/sql.ts'
import type { Warehouse } from '../../src/warehouses/warehouse.ts'
import { openTested } from '../harness/engines.ts'
import { emptyCheck, emptyQuarantine, emptyStatus, importReport, reportOf } from './reports.ts'
import { worldRows } from './world.ts'

/** A served world: the app, the statements it sent and the lines it logged. */
export interface Served extends AsyncDisposable {
  readonly app: App
  readonly warehouse: Warehouse
  /** Text of the statements since the last `clear`. */
  readonly statements: { text: string; label: string; values: readonly unknown[] }[]
  readonly log: string[]
  ask(query: string, variables?: Record<string, unknown>): Promise<Answer>
  fetch(path: string, init?: RequestInit, connection?: { isLoopback: boolean }): Promise<Response>
}

/** An answer; tests know its shape. */
// biome-ignore lint/suspicious/noExplicitAny: answers are asserted by value
type Json = any

export interface Answer {
  readonly status: number
  readonly data: Json
  readonly errors?: readonly { readonly message: string; readonly path?: Json; readonly extensions: Json }[]
  readonly extensions: Json
}

/** What fields of the query answer when nothing is wrong with them. */
export async function dataOf(served: Served, fields: string): Promise<Json> {
  const { data, errors } = await served.ask(`{ ${fields} }`)
  expect(errors, served.log.at(-1)).toBeUndefined()
  return data
}

export async function openWorld(which: Parameters<typeof worldRows>[0] = {}): Promise<Warehouse> {
  const warehouse = await openTested()
  await warehouse.createTables(tables)
  for (const [table, rows] of worldRows(which)) await warehouse.load(table, rows)
  return warehouse
}

/** Serves a warehouse without a port. */
export function serve(inner: Warehouse, options: Partial<AppOptions> = {}): Served {
  const statements: Served['statements'] = []
  const warehouse: Warehouse = {
    ...inner,
    query: (query: Sql, o) => {
      statements.push({ ...compile(query, inner.writer), label: o?.label ?? '' })
      return inner.query(query, o)
    },
  }
  const log: string[] = []
  const app = createApp({
    warehouse,
    configVersion: 'v1',
    conversions: ['signup', 'purchase'],
    runPipeline: async () => reportOf(3),
    readStatus: async () => emptyStatus,
    readQuarantine: async () => emptyQuarantine,
    importSpend: async () => importReport,
    check: async () => emptyCheck,
    logger: pino({ level: 'debug' }, { write: (line: string) => void log.push(line) }),
    ...options,
  })
  const fetch: Served['fetch'] = (path, init = {}, connection = { isLoopback: true }) => {
    const headers = new Headers({ host: 'localhost:4000', ...(init.headers as Record<string, string>) })
    return app.fetch(new Request(`http://localhost:4000${path}`, { ...init, headers }), connection)
  }
  return {
    app,
    warehouse,
    statements,
    log,
    fetch,
    async ask(query, variables) {
      statements.length = 0
      const body = JSON.stringify({ query, variables })
      const response = await fetch('/graphql', {
        method: 'POST',
        body,
        headers: { 'content-type': 'application/json' },
      })
      return { status: response.status, ...((await response.json()) as Omit<Answer, 'status'>) }
    },
    async [Symbol.asyncDispose]() {
      app.stop()
      await inner.close()
    },
  }
}

export async function serveWorld(
  which: Parameters<typeof worldRows>[0] = {},
  options: Partial<AppOptions> = {},
): Promise<Served> {
  return serve(await openWorld(which), options)
}
