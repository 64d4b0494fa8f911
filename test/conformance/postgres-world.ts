import { readFileSync } from 'node:fs'
import pg from 'pg'
import { afterAll, afterEach, beforeAll, beforeEach } from 'vitest'
import { openPostgres, type PostgresOptions } from '../../src/warehouses/postgres.ts'
import type { Warehouse } from '../../src/warehouses/warehouse.ts'
import { optionsFor, temporaryFolder } from '../harness/pipeline.ts'
import { type PostgresServer, startPostgres } from '../harness/postgres.ts'

const fixture = (name: string) => readFileSync(new URL(`../fixtures/hand-worked/${name}`, import.meta.url), 'utf8')

/** A server with a new database for each test, and the hand-worked events in a folder; to be asked for within a test. */
export function usePostgresServer() {
  let server: PostgresServer
  let url: string
  /** Somebody else who may do anything. */
  let admin: pg.Client
  const opened: Warehouse[] = []
  const open = async (more: Partial<PostgresOptions> = {}) => {
    const warehouse = await openPostgres({ url, schema: 'tributary', ...more })
    opened.push(warehouse)
    return warehouse
  }
  const folder = temporaryFolder()
  const options = optionsFor(folder.path)

  beforeAll(async () => {
    server = await startPostgres()
    for (const name of ['1.jsonl', '2.jsonl', '3.jsonl']) folder.write(name, fixture(name))
  })
  afterAll(async () => {
    await server.stop()
    folder.remove()
  })
  beforeEach(async () => {
    url = await server.createDatabase({ locale: 'en-US' })
    admin = new pg.Client({ connectionString: url })
    await admin.connect()
  })
  afterEach(async () => {
    for (const warehouse of opened.splice(0)) await warehouse.close()
    await admin.end()
  })

  return () => ({ url, admin, open, folder, options })
}
