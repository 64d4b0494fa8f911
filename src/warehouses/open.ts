import type { BigqueryOptions } from './bigquery.ts'
import type { RedshiftOptions } from './redshift.ts'
import type { Warehouse } from './warehouse.ts'

/** An embedded DuckDB. */
export interface DuckdbPlace {
  readonly kind: 'duckdb'
  readonly path: string
  readonly schema: string
  readonly memoryLimit?: string
  readonly threads?: number
}

/** A Postgres server. */
export interface PostgresPlace {
  readonly kind: 'postgres'
  /** `postgres://user:password@host:port/database` with the parameters of the driver, such as `sslmode`. */
  readonly url: string
  readonly schema: string
  readonly maxConnections?: number
  /** The server ends a statement that takes longer. */
  readonly statementMinutes?: number
}

/** A database of Amazon Redshift: of a cluster or of a serverless workgroup. */
export interface RedshiftPlace extends RedshiftOptions {
  readonly kind: 'redshift'
}

/** A dataset of Google BigQuery. */
export interface BigqueryPlace extends BigqueryOptions {
  readonly kind: 'bigquery'
}

/** Which warehouse, and how to reach it. */
export type WarehouseOptions = DuckdbPlace | PostgresPlace | RedshiftPlace | BigqueryPlace

/** How each kind is opened; its driver is loaded only then. */
const openers: {
  [K in WarehouseOptions['kind']]: (options: Extract<WarehouseOptions, { kind: K }>) => Promise<Warehouse>
} = {
  duckdb: async (options) => (await import('./duckdb.ts')).openDuckdb(options),
  postgres: async (options) => (await import('./postgres.ts')).openPostgres(options),
  redshift: async (options) => (await import('./redshift.ts')).openRedshift(options),
  bigquery: async (options) => (await import('./bigquery.ts')).openBigquery(options),
}

/** Opens the configured warehouse. */
export function openWarehouse(options: WarehouseOptions): Promise<Warehouse> {
  return (openers[options.kind] as (options: WarehouseOptions) => Promise<Warehouse>)(options)
}
