import { afterAll, beforeAll } from 'vitest'
import { openPostgres, type PostgresOptions } from '../../src/warehouses/postgres.ts'
import type { Warehouse } from '../../src/warehouses/warehouse.ts'
import { type PostgresServer, startPostgres } from './postgres.ts'

/**
 * A server for a test file, and how to open an empty warehouse on it: each in a database of its own, which sorts texts
 * as people do, unlike the tables of tributary.
 */
export function postgresFor(settings?: readonly string[]): {
  server: () => PostgresServer
  open: (more?: Partial<PostgresOptions>) => Promise<Warehouse>
} {
  let server: PostgresServer
  beforeAll(async () => {
    server = await startPostgres(settings)
  })
  afterAll(() => server.stop())
  return {
    server: () => server,
    open: async (more) =>
      openPostgres({ url: await server.createDatabase({ locale: 'en-US' }), schema: 'tributary', ...more }),
  }
}
