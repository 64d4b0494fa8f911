import type DataLoader from 'dataloader'
import { InputError } from '../errors.ts'
import type { Pins } from '../pipeline/pins.ts'
import { type Sql, sql } from '../warehouses/sql.ts'
import type { Row, RowValue, Warehouse } from '../warehouses/warehouse.ts'

export type { RowValue }

/** A run that readers can see. */
export interface PublishedRun {
  readonly run_id: number
  readonly published_at: string
  readonly data_through: string | null
  readonly config_version: string
}

/** A row, and the run it was read in: everything below it is read in the same run. */
export interface Node {
  readonly run: PublishedRun
  readonly row: Row
}

export type Scope = 'stats' | 'people' | 'admin'

/** What one request knows. */
export interface Context {
  readonly warehouse: Warehouse
  /** Aborts when the client leaves, the time is up or the server stops. */
  readonly signal: AbortSignal
  /** Names of the configured conversions, or null when any name is fine. */
  readonly conversions: readonly string[] | null
  /** Names of the columns of companies that are copied beside the usual ones, or null when any name is fine. */
  readonly dimensions: readonly string[] | null
  /** What the request may see; null for all. Aggregates are `stats`, whatever names people is `people`. */
  readonly scopes: readonly Scope[] | null
  /** Loaders of this request: they remember rows, so they never outlive it. */
  readonly loaders: Map<string, DataLoader<Row, readonly Row[], string>>
  /** Keeps rows of earlier runs from being pruned while this request reads them. */
  readonly pins: Pick<Pins, 'pin'>
  /** Runs looked up by this request. */
  readonly runs: Map<string, Promise<PublishedRun>>
  /** What the answer says about itself. */
  readonly notes: {
    /** The last published run. */
    pinned: PublishedRun | null
    /** The runs that root fields were read in. */
    readonly shown: Map<number, PublishedRun>
    isTruncated: boolean
  }
}

export function createContext(
  options: Pick<Context, 'warehouse' | 'signal'> &
    Partial<Pick<Context, 'conversions' | 'dimensions' | 'pins' | 'scopes'>>,
): Context {
  return {
    warehouse: options.warehouse,
    signal: options.signal,
    conversions: options.conversions ?? null,
    dimensions: options.dimensions ?? null,
    scopes: options.scopes ?? null,
    loaders: new Map(),
    pins: options.pins ?? { pin: () => {} },
    runs: new Map(),
    notes: { pinned: null, shown: new Map(), isTruncated: false },
  }
}

/** Refuses what names people to who may only see aggregates. */
export function needsPeople({ scopes }: Context, what: string): void {
  if (scopes === null || scopes.includes('people')) return
  throw new InputError(
    `Expected the scope \`people\` for ${what}, but got ${scopes.join(', ') || 'none'}.`,
    'FORBIDDEN',
  )
}

/** Runs one statement of a request. */
export function read<R extends Row = Row>(context: Context, label: string, query: Sql): Promise<R[]> {
  return context.warehouse.query<R>(query, { signal: context.signal, label: `api: ${label}` })
}

/** True for rows of a versioned table that the run shows. */
export function visibleIn(run: PublishedRun, alias?: string): Sql {
  const of = (column: string) => (alias ? sql`${sql.id(alias)}.${sql.id(column)}` : sql.id(column))
  return sql`${of('from_run')} <= ${run.run_id} and ${of('to_run')} > ${run.run_id}`
}
