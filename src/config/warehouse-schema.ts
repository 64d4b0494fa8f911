import { z } from 'zod'
import * as is from './leaves.ts'
import { ENCODE, isPostgresAddress } from './postgres-address.ts'

/** What is allowed for each kind of warehouse. What the options mean stands in options.ts. */

/** The schema of the tables, where the engine calls it so. */
export const schemaName = is.text('a name of lower case letters, digits and _', (v) =>
  /^[a-z_][a-z0-9_]{0,62}$/.test(v),
)

export const duckdb = is.object({
  kind: z.literal('duckdb'),
  path: is.text('the path of a database file', (v) => v !== ':memory:').optional(),
  schema: schemaName.optional(),
  memoryLimit: is.text('an amount of memory such as 4GB', (v) => /^\d+(\.\d+)? ?[KMGT]i?B$/.test(v)).optional(),
  threads: is.whole('a number of threads', 1, 1024).optional(),
})

export const postgres = is.object({
  kind: z.literal('postgres'),
  // What is said about an address never repeats it: it may hold a password.
  url: z.string('is no address of a database').refine(
    // A host and a database must be named: what the driver would fill in depends on who runs it.
    isPostgresAddress,
    `is no address of a database, such as postgres://user@host:5432/database. ${ENCODE}`,
  ),
  schema: schemaName.optional(),
  maxConnections: is.whole('a number of connections', 3, 1000).optional(),
  statementMinutes: is.whole('a number of minutes', 1, 10_080).optional(),
})

const awsName = (what: string) => is.text(what, (v) => /^[a-z0-9][a-z0-9-]{0,127}$/.test(v))

const region = is.text('a region such as eu-central-1', (v) => /^[a-z]{2}(-[a-z]+)+-[0-9]$/.test(v))

const bucket = is.object({
  name: is.text('the name of a bucket of S3', (v) => /^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/.test(v)),
  prefix: is.text('a prefix such as tributary/', (v) => /^[A-Za-z0-9!_.*()/-]{1,500}$/.test(v)).optional(),
  region: region.optional(),
  roleArn: is.text('the ARN of a role', (v) => /^arn:aws[a-z-]*:iam::\d{12}:role\/\S+$/.test(v)).optional(),
  endpoint: is.text('the address of S3', (v) => URL.canParse(v) && /^https?:/.test(v)).optional(),
})

export const redshift = is
  .object({
    kind: z.literal('redshift'),
    database: is.text('the name of a database', (v) => /^[^\s"']{1,127}$/.test(v)),
    clusterIdentifier: awsName('the name of a cluster').optional(),
    workgroupName: awsName('the name of a serverless workgroup').optional(),
    secretArn: is.text('the ARN of a secret', (v) => /^arn:aws[a-z-]*:secretsmanager:/.test(v)).optional(),
    dbUser: is.text('the name of a database user', (v) => /^[^\s"']{1,127}$/.test(v)).optional(),
    region: region.optional(),
    endpoint: is.text('the address of the Data API', (v) => URL.canParse(v) && /^https?:/.test(v)).optional(),
    bucket: bucket.optional(),
    schema: schemaName.optional(),
  })
  .superRefine((value, context) => {
    const problem = (path: string, message: string) => context.addIssue({ code: 'custom', path: [path], message })
    if ((value.clusterIdentifier === undefined) === (value.workgroupName === undefined))
      problem('clusterIdentifier', 'expected either a cluster here or a serverless workgroup in `workgroupName`')
    if (value.dbUser !== undefined && value.clusterIdentifier === undefined)
      problem(
        'dbUser',
        'is taken with `clusterIdentifier` only: of a workgroup the IAM identity is the user, or `secretArn` names one',
      )
    if (value.dbUser !== undefined && value.secretArn !== undefined)
      problem('dbUser', 'expected either `dbUser` or `secretArn`')
  })

export const bigquery = is.object({
  kind: z.literal('bigquery'),
  project: is.text('the id of a project', (v) => /^([a-z0-9.-]+:)?[a-z][a-z0-9-]{4,28}[a-z0-9]$/.test(v)),
  schema: schemaName.optional(),
  stagingDataset: schemaName.optional(),
  location: is.text('a location such as EU, US or europe-west3', (v) => /^[A-Za-z0-9-]{2,40}$/.test(v)),
  keyFile: is.text('the path of a key file').optional(),
  maximumBytesBilled: is.whole('a number of bytes from 10 MB up', 10_485_760, Number.MAX_SAFE_INTEGER).optional(),
  statementMinutes: is.whole('a number of minutes', 1, 360).optional(),
  apiEndpoint: is.text('the address of the API', (v) => URL.canParse(v) && /^https?:/.test(v)).optional(),
})

const kinds = [duckdb, postgres, redshift, bigquery].map((schema) => `'${schema.shape.kind.value}'`)

/** Which kinds there are. */
export const kindError = (issue: { code?: string }): string =>
  issue.code === 'invalid_union'
    ? `expected ${kinds.slice(0, -1).join(', ')} or ${kinds.at(-1)}`
    : `expected an object with a kind, such as { kind: ${kinds[0]}, … }`
