import type { ProductDatabaseInput } from './product-options.ts'

/**
 * What a configuration file may say. docs/configuration.md is printed from the comments here and the values in
 * defaults.ts; what is allowed stands in schema.ts.
 */
export interface ConfigInput {
  /** Where tributary keeps its tables. */
  warehouse?: WarehouseInput
  /** Where events come from: at least one. */
  sources: SourceInput[]
  /** Your own hosts, without scheme, e.g. `acme.com`; subdomains are included. A referrer from one of them is inside. */
  sites?: string[]
  /** Sessions. */
  sessions?: SessionsInput
  /** Who is who. */
  identity?: IdentityInput
  /** Which events are taken. */
  events?: EventsInput
  /** Events that are kept, with the reason, but take no part in anything. */
  exclude?: ExcludeInput
  /** What is worth crediting, by name: lower case letters, digits and `_`. `signup` is always there. */
  conversions?: Record<string, ConversionInput>
  /** Paths of the blog, as a SQL LIKE pattern (`%` any text, `_` any character); null when there is none. */
  blogPattern?: string | null
  /** Your own channel rules. They are tried in order, before the built-in ones; the first that matches wins. */
  channels?: ChannelRuleInput[]
  /** Hosts that are no referrers, such as a payment page, beside the built-in ones; subdomains are included. */
  referralExclusions?: string[]
  /** Companies and their members, copied from your product database by every run. docs/companies.md walks through it. */
  productDatabase?: ProductDatabaseInput
  /** When `serve` runs the pipeline, as cron text: minute, hour, day, month, day of week. null: only by hand. */
  schedule?: string | null
  /** IANA time zone of the schedule, e.g. `Europe/Berlin`. Tables hold UTC. */
  timezone?: string
  /** How long old versions are kept. */
  history?: HistoryInput
  /** What a run may take. */
  limits?: LimitsInput
  /** The server. */
  server?: ServerInput
  /** What is logged. */
  log?: LogInput
}

/** A value that stands in an environment variable: `env('NAME')`, in JSON `{ "env": "NAME" }`. */
export interface EnvVariable {
  env: string
}

export type WarehouseInput = DuckdbInput | PostgresInput | RedshiftInput | BigqueryInput

export interface DuckdbInput {
  /** `duckdb`: an embedded database. */
  kind: 'duckdb'
  /** DuckDB: the database file; made when it is missing. Name it unlike `schema`: DuckDB could not tell them apart. */
  path?: string | EnvVariable
  /** Schema that holds the tables. */
  schema?: string
  /** DuckDB: most memory it may use, e.g. `4GB`. By default DuckDB decides: 80 % of the machine's. */
  memoryLimit?: string
  /** DuckDB: most threads it may use. By default DuckDB decides: one for each processor. */
  threads?: number
}

export interface PostgresInput {
  /** `postgres`: a server, version 16 or newer. */
  kind: 'postgres'
  /** Postgres: `postgres://user:password@host:5432/database?sslmode=require`. It holds a password: better a variable. */
  url: string | EnvVariable
  /** Schema that holds the tables. */
  schema?: string
  /** Postgres: most connections at a time, 10 by default. */
  maxConnections?: number
  /** Postgres: the server ends a statement that takes longer than so many minutes, 120 by default. */
  statementMinutes?: number
}

export interface BigqueryInput {
  /** `bigquery`: Google BigQuery; docs/warehouses/bigquery.md says what it needs and costs. */
  kind: 'bigquery'
  /** BigQuery: the project that holds the datasets and pays for the jobs. */
  project: string
  /** Schema that holds the tables. BigQuery: the dataset. */
  schema?: string
  /** BigQuery: the dataset of staging tables; by default the name of the other with `_staging`. */
  stagingDataset?: string
  /** BigQuery: where the datasets are and jobs run: `EU`, `US`, `europe-west3` … */
  location: string
  /** BigQuery: a key file of a service account. Without it the application default credentials of the machine. */
  keyFile?: string | EnvVariable
  /** BigQuery: a statement that would bill more bytes is refused before it reads any. By default there is no limit. */
  maximumBytesBilled?: number
  /** BigQuery: a statement that takes longer than so many minutes is stopped; BigQuery's own limit is 360. */
  statementMinutes?: number
  /** BigQuery: another address of the API, such as that of a private endpoint. */
  apiEndpoint?: string
}

export interface RedshiftInput {
  /** `redshift`: Amazon Redshift through its Data API; docs/warehouses/redshift.md says what it needs. */
  kind: 'redshift'
  /** Redshift: the database. */
  database: string
  /** Redshift: the provisioned cluster; or else `workgroupName`. */
  clusterIdentifier?: string
  /** Redshift: the serverless workgroup; or else `clusterIdentifier`. */
  workgroupName?: string
  /** Redshift: secret of AWS Secrets Manager with user and password. Without it the IAM identity is the user. */
  secretArn?: string
  /** Redshift: with a cluster, the database user that the IAM identity becomes. */
  dbUser?: string
  /** Redshift: region, such as `eu-central-1`. By default AWS's own settings say. */
  region?: string
  /** Redshift: another address of the Data API, such as that of a VPC endpoint. */
  endpoint?: string
  /** Redshift: bucket of S3 that large loads go through. Without it rows are sent as inserts, which is slow for many. */
  bucket?: BucketInput
  /** Schema that holds the tables. */
  schema?: string
}

export interface BucketInput {
  /** Name of the bucket. */
  name: string
  /** What the keys of our files begin with. */
  prefix?: string
  /** Its region, when that is not where the database is. */
  region?: string
  /** The role with which the database reads it. By default the one that is the default of the database. */
  roleArn?: string
  /** Another address of S3, such as that of a VPC endpoint. */
  endpoint?: string
}

export type SourceInput = FilesSourceInput | TableSourceInput

export interface FilesSourceInput {
  /** `files`: messages as JSON lines, or rows as CSV or Parquet; docs/sources.md says what is read. */
  kind: 'files'
  /** Of files: a file, a folder, or a glob such as `./events/*.jsonl.gz`. */
  path: string | EnvVariable
  /** Name in tables and messages, unique. Part of the identity of each event: do not change it later. By default the last part of `path`, or the schema. */
  name?: string
  /** Sources that can deliver the same message share a value here; each message then counts once. By default the name. */
  deduplicateAs?: string
}

export interface TableSourceInput {
  /** `segment` and `rudderstack`: the tables that these load into the warehouse. */
  kind: 'segment' | 'rudderstack'
  /** Of tables: the schema they are in, e.g. `segment_prod`. */
  schema: string
  /** Name in tables and messages, unique. Part of the identity of each event: do not change it later. By default the last part of `path`, or the schema. */
  name?: string
  /** Sources that can deliver the same message share a value here; each message then counts once. By default the name. */
  deduplicateAs?: string
  /** Of tables: the column with the time a row became readable; by default `loaded_at` or `uuid_ts`, whichever there is. null when no column says it: rows are then counted by the day they were received. */
  readableAt?: string | null
}

export interface SessionsInput {
  /** A silence longer than this ends a session. Above 0, at most 1440. */
  gapMinutes?: number
}

export interface IdentityInput {
  /** A device with more distinct users than this is shared: its anonymous visits belong to the device itself. */
  maxUsersPerDevice?: number
  /** Whose the anonymous visits of a device are: `next-user`, the next one identified there; `last-user`, all the last one's. */
  sharedDevices?: 'next-user' | 'last-user'
  /** Ids that count as absent, beside the built-in ones (`null`, `test`, `unknown` …); compared without case. */
  ignoreIds?: string[]
}

export interface EventsInput {
  /** Events before this date or time go to quarantine. */
  notBefore?: string
  /** Has no effect yet: copies of a message count once, however far apart they were received. */
  deduplicateDays?: number
}

export interface ExcludeInput {
  /** Bots that say so in their user agent. */
  bots?: boolean
  /** User ids, e.g. of your own staff. */
  userIds?: string[]
  /** Hosts of pages, e.g. `staging.acme.com`; subdomains are included. */
  hosts?: string[]
  /** Paths of pages, as SQL LIKE patterns, e.g. `/internal/%`. */
  paths?: string[]
  /** Names of track events; case and punctuation do not matter. */
  events?: string[]
}

export interface ConversionInput {
  /** Name of the track event; case and punctuation do not matter. */
  event?: string
  /** The same for several events. One of `event` and `events` is needed, except for `signup`. */
  events?: string[]
  /** Property with the value, as a decimal number. */
  value?: string
  /** Property with the currency of the value. */
  currency?: string
  /** Currency when the event names none, ISO 4217. */
  defaultCurrency?: string
  /** Every matching event converts, not only the person's first. Never for `signup`. */
  every?: boolean
  /** Touches older than this get no credit; null for no limit. `signup` has none by default. */
  lookbackDays?: number | null
}

export interface ChannelRuleInput {
  /** The channel, e.g. `Partner`. */
  channel: string
  /** Money was spent for touches of this rule. */
  paid?: boolean
  /** All that is given must hold; a list means any of. Compared without case. */
  when: ChannelConditionsInput
}

export interface ChannelConditionsInput {
  /** Sources, e.g. `bestlists`. */
  source?: string[]
  /** Media, e.g. `partner`. */
  medium?: string[]
  /** Campaigns. */
  campaign?: string[]
  /** Outside referrer hosts; subdomains are included. */
  referrerHost?: string[]
  /** Click id parameters, e.g. `gclid`. */
  clickId?: string[]
  /** Paths of the landing page, as SQL LIKE patterns. */
  landingPath?: string[]
}

export interface HistoryInput {
  /** Answers can be asked again as of runs up to so many days old. */
  keepDays?: number
}

export interface LimitsInput {
  /** Bytes that a run may read because settings changed; above it, it asks for `--accept-recompute`. null for no limit. Only where the warehouse can estimate: DuckDB cannot. */
  bytesPerRun?: number | null
  /** For how many minutes a statement is sent again that fails for a reason that may pass: a lost connection, throttling, a conflict. Also opening the product database. */
  retryMinutes?: number
  /** About how many rows of the sources one run reads; a first load of more is done by several runs, one after the other. More need more memory. */
  rowsPerRun?: number
}

export interface ServerInput {
  /** Address to listen on. */
  host?: string
  /** Port to listen on; 0 for any that is free. The environment variable `PORT` overrides it. */
  port?: number
}

export interface LogInput {
  /** Least severe level that is logged: `trace`, `debug`, `info`, `warn`, `error`, `fatal` or `silent`. */
  level?: 'trace' | 'debug' | 'info' | 'warn' | 'error' | 'fatal' | 'silent'
}
