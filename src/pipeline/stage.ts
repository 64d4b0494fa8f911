import type { Dialect } from '../warehouses/dialect.ts'
import { type Sql, sql } from '../warehouses/sql.ts'
import type { PipelineOptions } from './options.ts'

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
}

/** One staging table and the query that fills it. */
export interface Step {
  readonly into: string
  readonly select: Sql
  /** Staging tables that nothing after the step reads: dropped at once. */
  readonly discards?: readonly string[]
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
  readonly steps: (c: StageContext) => readonly (Step | Loop)[]
  /** Its part of the publish transaction: only DELETE, UPDATE and INSERT … SELECT. */
  readonly publish: (c: StageContext) => readonly Sql[]
  /** The staging table whose rows count as the stage's result. */
  readonly result: string
  /** Staging tables that nothing after the stage reads: dropped at its end, so that a large run does not hold them all. */
  readonly discards?: readonly string[]
}

/** Returns its argument; a place for the type. */
export const defineStage = (stage: Stage): Stage => stage

/** A stored table as this run sees it: empty for a rebuild. */
export function stored(c: StageContext, name: string): Sql {
  return c.isRebuild ? sql`(select * from ${sql.table(name)} where 1 = 0)` : sql.table(name)
}

/** Inserts a staging table into a table, column by column. */
export function insertInto(name: string, columns: readonly string[], from: string): Sql {
  const list = sql.join(columns)
  return sql`insert into ${sql.table(name)} (${list})
select ${list} from ${sql.staging(from)}`
}

/** ASCII letters in lower case, the same on every engine. */
export const asciiLower = (value: Sql | string): Sql =>
  sql`translate(${typeof value === 'string' ? sql.join([value]) : value}, 'ABCDEFGHIJKLMNOPQRSTUVWXYZ', 'abcdefghijklmnopqrstuvwxyz')`

/** The gap in microseconds. */
export const gapMicroseconds = (options: PipelineOptions): number =>
  Math.round(options.sessions.gapMinutes * 60_000_000)

/** A condition that holds when any of the pieces holds; never when there are none. */
export const anyOf = (conditions: readonly Sql[]): Sql =>
  conditions.length === 0 ? sql`1 = 0` : sql`(${sql.join(conditions, ' or ')})`

/** An absent id in state tables: empty, so that atoms compare by equality. */
export const atomColumns = (alias = ''): Sql => {
  const p = alias === '' ? sql.empty : sql`${sql.id(alias)}.`
  return sql`coalesce(${p}anonymous_id, '') as anonymous_id, coalesce(${p}user_id, '') as user_id, ${p}is_in_session`
}
