import { randomBytes } from 'node:crypto'
import pg from 'pg'
import { openPostgres } from '../../src/warehouses/postgres.ts'
import { configuredPlace } from './configured.ts'
import type { TestEngine } from './engines.ts'
import { startPostgres } from './postgres.ts'

/** A server of our own, or that of the configuration. */
export async function postgresEngine(): Promise<TestEngine> {
  const place = await configuredPlace('postgres')
  return place ? configured(place.url) : standIn()
}

/** Each warehouse in a database of its own, which sorts texts as people do, unlike the tables of tributary. */
async function standIn(): Promise<TestEngine> {
  const server = await startPostgres()
  return {
    open: async () => openPostgres({ url: await server.createDatabase({ locale: 'en-US' }), schema: 'tributary' }),
    stop: () => server.stop(),
  }
}

/** Each warehouse in a schema of its own, dropped at the end. */
function configured(url: string): TestEngine {
  const schemas: string[] = []
  return {
    async open() {
      const schema = `tributary_test_${randomBytes(4).toString('hex')}`
      schemas.push(schema)
      return openPostgres({ url, schema })
    },
    async stop() {
      const client = new pg.Client({ connectionString: url })
      await client.connect()
      try {
        for (const schema of schemas) await client.query(`drop schema if exists ${schema} cascade`)
      } finally {
        await client.end()
      }
    },
  }
}
