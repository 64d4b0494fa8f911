import { randomBytes } from 'node:crypto'
import pg from 'pg'
import { openRedshift, type RedshiftOptions } from '../../src/warehouses/redshift.ts'
import type { RedshiftBucket } from '../../src/warehouses/redshift-bucket.ts'
import { sql } from '../../src/warehouses/sql.ts'
import { type RedshiftStandIn, startRedshift } from '../standins/redshift/start.ts'
import { type S3StandIn, startS3 } from '../standins/s3/server.ts'
import { configuredPlace } from './configured.ts'
import type { TestEngine } from './engines.ts'
import { startPostgres } from './postgres.ts'

/** A stand-in, or the database of the configuration. */
export async function redshiftEngine(): Promise<TestEngine> {
  const place = await configuredPlace('redshift')
  return place ? configured(place) : standInEngine()
}

/** Stand-ins that tests can look into. */
export interface RedshiftStandIns extends TestEngine {
  /** Those of the warehouses that were opened, in order. */
  readonly standIns: readonly RedshiftStandIn[]
  /** What their large loads go through. */
  readonly s3: S3StandIn
}

/** How a stand-in of S3 is reached. */
export const bucketOf = (s3: S3StandIn): RedshiftBucket => ({
  name: s3.bucket,
  prefix: 'tributary/',
  endpoint: s3.endpoint,
})

/** How a warehouse of a stand-in is reached. */
export const targetOf = (standIn: RedshiftStandIn): RedshiftOptions => ({
  region: 'us-east-1',
  endpoint: standIn.endpoint,
  workgroupName: 'tests',
  database: 'dev',
  schema: 'tributary',
})

/** Does something in the database beneath a stand-in, as its owner. */
export async function beneath(standIn: RedshiftStandIn, work: (client: pg.Client) => Promise<unknown>): Promise<void> {
  const client = new pg.Client({ connectionString: standIn.url })
  await client.connect()
  try {
    await work(client)
  } finally {
    await client.end()
  }
}

/** Each warehouse has a stand-in and a database of its own; large loads go through a bucket. */
export async function standInEngine(): Promise<RedshiftStandIns> {
  // Where AWS's own chain of credentials looks first; a stand-in takes any.
  Object.assign(process.env, { AWS_ACCESS_KEY_ID: 'tests-only', AWS_SECRET_ACCESS_KEY: 'tests-only' })
  const server = await startPostgres(['max_wal_size=1GB'])
  const s3 = await startS3()
  const standIns: RedshiftStandIn[] = []
  return {
    standIns,
    s3,
    async open() {
      const standIn = await startRedshift(await server.createDatabase())
      standIn.reads(s3.objects)
      standIns.push(standIn)
      return openRedshift({ ...targetOf(standIn), bucket: bucketOf(s3) })
    },
    async stop() {
      await Promise.all(standIns.map((standIn) => standIn.close()))
      await s3.close()
      await server.stop()
    },
  }
}

/** Each warehouse in a schema of its own, dropped at the end. */
function configured(place: RedshiftOptions): TestEngine {
  const schemas: string[] = []
  return {
    async open() {
      const schema = `tributary_test_${randomBytes(4).toString('hex')}`
      schemas.push(schema)
      return openRedshift({ ...place, schema })
    },
    async stop() {
      const warehouse = await openRedshift(place)
      for (const schema of schemas) await warehouse.execute(sql`drop schema if exists ${sql.id(schema)} cascade`)
      await warehouse.close()
    },
  }
}
