import { afterAll, beforeAll } from 'vitest'
import { openRedshift } from '../../src/warehouses/redshift.ts'
import type { Warehouse } from '../../src/warehouses/warehouse.ts'
import { type RedshiftStandIn, startRedshift } from '../standins/redshift/start.ts'
import { type PostgresServer, startPostgres } from './postgres.ts'

/** Warehouses of one stand-in for all tests of a file, each in a database of its own. */
export interface RedshiftForTests {
  open(): Promise<Warehouse>
  /** Stand-ins of the warehouses that were opened, in order. */
  readonly standIns: readonly RedshiftStandIn[]
}

/** What finds AWS's own chain of credentials: the stand-in takes any. */
const CREDENTIALS = { AWS_ACCESS_KEY_ID: 'tests-only', AWS_SECRET_ACCESS_KEY: 'tests-only' }

/** How tests reach a stand-in. */
export const targetOf = (standIn: RedshiftStandIn) => ({
  region: 'us-east-1',
  endpoint: standIn.endpoint,
  workgroupName: 'tests',
  database: 'dev',
  schema: 'tributary',
})

/** To be called where tests are declared: starts before them and ends after them. */
export function redshiftForTests(): RedshiftForTests {
  let server: PostgresServer
  const standIns: RedshiftStandIn[] = []
  beforeAll(async () => {
    Object.assign(process.env, CREDENTIALS)
    server = await startPostgres(['max_wal_size=1GB'])
  })
  afterAll(async () => {
    await Promise.all(standIns.map((standIn) => standIn.close()))
    await server?.stop()
  })
  return {
    standIns,
    async open() {
      const standIn = await startRedshift(await server.createDatabase())
      standIns.push(standIn)
      return openRedshift(targetOf(standIn))
    },
  }
}
