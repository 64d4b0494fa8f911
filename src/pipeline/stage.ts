import type { Dialect } from '../warehouses/dialect.ts'
import { type Expr, expr, type Sql, sql } from '../warehouses/sql.ts'
import type { TableSpec } from '../warehouses/warehouse.ts'
import type { PipelineOptions } from './options.ts'
import { PLACEHOLDER_RANGE, type TimeRange } from './ranges.ts'
import type { Recompute } from './recompute.ts'
import type { ReleaseFilter } from './report.ts'

/** What a stage may know: the engine's words, the options, and which run this is. */
export interface StageContext {
  readonly d: Dialect
  readonly options: PipelineOptions
  readonly run: number
  /** When the run began, by the warehouse's clock. */
  readonly startedAt: string
  /** A rebuild computes everything from `events`; what is stored counts as empty, and as affected. */
  readonly isRebuild: boolean
  /** New rows of the sources are taken in. False only for a rebuild on demand. */
  readonly readsSources: boolean
  /** What is computed anew beside what is new. */
  readonly recompute: Recompute
  /** Where in time the withdrawn events lie: known once `ingest` is done. */
  readonly withdrawnRanges: readonly TimeRange[]
  /** All that is known of the sources is forgotten with this run, and they are read from their beginning. */
  readonly fromSources?: { readonly acceptsLoss: boolean }
  /** Rows of quarantine that are taken in again in this run. */
  readonly release?: ReleaseFilter
  /** No event is new or withdrawn: only `ingest` ran before, and only companies can have changed. */
  readonly isQuiet?: boolean
  /** Whether a relation over staging tables has rows: known once all is computed, to publish only what there is. */
  readonly hasRows?: (rows: Sql) => boolean
  /** The copy of the product database that this run takes; absent when it takes none. */
  readonly copy?: ProductCopy
}

/** A copy of the product database, on its way. */
export interface ProductCopy {
  /** The rows read, in the columns of the copy; `members` as well. */
  readonly companies: Sql | null
  readonly members: Sql
  /** When this copy is said to be taken: after the one before. */
  readonly at: string
  /** When the one before was taken; null for the first. */
  readonly previousAt: string | null
  /** History begins anew with this copy. */
  readonly isAnew: boolean
  /** Since which copy each table and each of its columns has been copied, by `SeenItem`: this one's for those that are new. */
  readonly since: ReadonlyMap<string, string>
}

/** One staging table and the query that fills it. */
export interface Step {
  readonly into: string
  readonly select: Sql
  /** Staging tables that nothing after the step reads: dropped at once. */
  readonly discards?: readonly string[]
}

/** A step that first asks a small question, so that its text names times as literals and an engine reads only those. */
export interface RangedStep {
  readonly into: string
  /** `from_at` and `to_at`, one row for each range, in order. */
  readonly ranges: Sql
  readonly select: (ranges: readonly TimeRange[]) => Sql
}

/** A step that first asks whom it is about, so that its text names a few ids as literals and an engine reads only their rows. */
export interface KeyedStep {
  readonly into: string
  /** One column, `id`; each once. */
  readonly keys: Sql
  /** `keys` is null when they are more than a statement should name. */
  readonly select: (keys: readonly string[] | null) => Sql
}

/** The step for an engine that gains from it; for others the same without asking. */
export const keyed = (c: StageContext, step: KeyedStep): KeyedStep | Step =>
  c.d.narrowsByLiterals ? step : { into: step.into, select: step.select(null) }

/** Ids that a statement names at most: an engine compares each row with all of them. */
export const MOST_KEYS = 128

/** What it asks, with one more than a statement may name. */
export const keysAsked = (step: KeyedStep): Sql => sql`${step.keys}
limit ${MOST_KEYS + 1}`

/** Any step that is run once. */
export type SingleStep = Step | RangedStep | KeyedStep

/** The query of a step without running anything: one that asks first has a placeholder for the answer. */
export function queryOf(step: SingleStep): Sql {
  if ('ranges' in step) return step.select([PLACEHOLDER_RANGE])
  return 'keys' in step ? step.select(['<id>']) : step.select
}

/** Steps that are repeated until a query answers 0: for what no single statement can do. */
export interface Loop {
  readonly repeat: readonly Step[]
  /** One row, one column: how much is left. */
  readonly remaining: Sql
}

/** One stage of the pipeline: a pure description. Nothing is written but staging tables until `publish`. */
export interface Stage {
  readonly name: string
  /** What it does, in a line. */
  readonly does: string
  /** Tables of the schema it reads. */
  readonly reads: readonly string[]
  /** Tables of the schema it writes, in the publish transaction. */
  readonly writes: readonly string[]
  readonly steps: (c: StageContext) => readonly (SingleStep | Loop)[]
  /** Its part of the publish transaction: only DELETE, UPDATE and INSERT … SELECT. */
  readonly publish: (c: StageContext) => readonly Sql[]
  /** The staging table, or relation, whose rows count as the stage's result. */
  readonly result: string | ((c: StageContext) => Sql)
  /** Staging tables that nothing after the stage reads: dropped at its end, so that a large run does not hold them all. */
  readonly discards?: readonly string[]
}

/** Returns its argument; a place for the type. */
export const defineStage = (stage: Stage): Stage => stage

/** A stored table as this run sees it: empty for a rebuild. */
export function stored(c: StageContext, name: string): Sql {
  return c.isRebuild ? sql`(select * from ${sql.table(name)} where 1 = 0)` : sql.table(name)
}

/** A statement that writes nothing unless these rows are there: left out when they are known not to be. */
export function fedBy(c: StageContext, rows: string | Sql, statement: Sql): readonly Sql[] {
  const isThere = c.hasRows?.(typeof rows === 'string' ? sql.staging(rows) : rows) ?? true
  return isThere ? [statement] : []
}

/** Inserts a staging table or a relation into a table, column by column. */
export function insertInto(name: string, columns: readonly string[], from: string | Sql): Sql {
  const list = sql.join(columns)
  return sql`insert into ${sql.table(name)} (${list})
select ${list} from ${typeof from === 'string' ? sql.staging(from) : sql`${from} as s`}`
}

/** The same with the rows of a month together: reads that are bounded in time then skip the rest of the table. */
export function insertByMonth(d: Dialect, spec: TableSpec, from: string): Sql {
  return sql`${insertInto(spec.name, Object.keys(spec.columns), from)}${d.storedBy(byMonth(d, spec))}`
}

/** The same in the order of time, which costs less: for rows that are read in bounds of time alone. */
export function insertByTime(d: Dialect, spec: TableSpec, from: string): Sql {
  const order = d.storedBy(spec.partitionBy ? [spec.partitionBy] : [...spec.key])
  return sql`${insertInto(spec.name, Object.keys(spec.columns), from)}${order}`
}

/** Month, then what keeps rows together. */
export const byMonth = (d: Dialect, spec: TableSpec): readonly Sql[] => [
  ...(spec.partitionBy ? [d.dateTrunc('month', spec.partitionBy)] : []),
  ...(spec.clusterBy ?? []).map((name) => sql.id(name)),
]

/**
 * ASCII letters in lower case, the same on every engine. Letter by letter is slow, and `lower` folds others as well: what
 * `lower` leaves as it is has none to fold.
 */
export function asciiLower(value: Expr): Sql {
  const text = expr(value)
  const folded = sql`translate(${text}, 'ABCDEFGHIJKLMNOPQRSTUVWXYZ', 'abcdefghijklmnopqrstuvwxyz')`
  return isColumn(text) ? sql`case when ${text} = lower(${text}) then ${text} else ${folded} end` : folded
}

const isColumn = ({ parts }: Sql): boolean =>
  parts.every((part) => part.kind === 'id' || (part.kind === 'text' && /^[a-z_0-9.]*$/.test(part.text)))

/** The gap in microseconds. */
export const gapMicroseconds = (options: PipelineOptions): number =>
  Math.round(options.sessions.gapMinutes * 60_000_000)

/** A condition that holds when any of the pieces holds; never when there are none. */
export const anyOf = (conditions: readonly Sql[]): Sql =>
  conditions.length === 0 ? sql`1 = 0` : sql`(${sql.join(conditions, ' or ')})`

/** Quarter hours: every time zone's days begin at one. */
const QUARTER_HOUR = 900_000_000

/** The start of the quarter hour a time lies in. */
export function quarterHour(d: Dialect, time: string): Sql {
  const start = sql`${d.integerDivide(d.epochMicroseconds(time), sql`${QUARTER_HOUR}`)} * ${QUARTER_HOUR}`
  return d.addMicroseconds(sql.timestamp('1970-01-01T00:00:00Z'), sql`(${start})`)
}

/** An absent id in state tables: empty, so that atoms compare by equality. */
export const atomColumns = (alias = ''): Sql => {
  const p = alias === '' ? sql.empty : sql`${sql.id(alias)}.`
  return sql`coalesce(${p}anonymous_id, '') as anonymous_id, coalesce(${p}user_id, '') as user_id, ${p}is_in_session`
}
