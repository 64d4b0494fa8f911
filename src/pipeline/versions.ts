import { type Sql, sql } from '../warehouses/sql.ts'
import type { TableSpec } from '../warehouses/warehouse.ts'
import { farPeople, nearAndFar } from './reach.ts'
import { byMonth, fedBy, type KeyedStep, keyed, type StageContext, type Step } from './stage.ts'
import { dataColumns, OPEN_RUN } from './tables/table.ts'

/** What a stage computed for part of a versioned table. */
export interface Recomputed {
  readonly spec: TableSpec
  /** Staging table with the rows as they should be now, in the table's data columns. */
  readonly rows: string
  /** Which current rows were recomputed: what follows `from table as t`, a join and a condition or one of them. */
  readonly scope: Scope | SinceScope
  /** Holds for a rebuild too; without it a rebuild recomputes all rows. */
  readonly isScopeKept?: boolean
  /** Columns whose change alone writes no new version. */
  readonly ignoring?: readonly string[]
}

/** Part of a versioned table, called `t`. */
export interface Scope {
  /** Joins that leave at most one row per row of the table. */
  readonly join?: Sql
  readonly where: Sql
  readonly at?: undefined
}

/** Rows of the affected people since a time of each. */
export interface SinceScope extends Omit<Scope, 'at'> {
  /** That time: people who reach far back are read apart from the others. */
  readonly at: Sql
}

/** The rows of the affected people from the time on from which they were recomputed. */
export function sinceAffected(c: StageContext, time: string): Scope | SinceScope {
  if (c.recompute.people) return { where: sql`1 = 1` }
  const at = sql`t.${sql.id(time)}`
  return {
    join: sql`join ${sql.staging('affected_people')} as a on a.person_id = t.person_id`,
    where: sql`${at} >= a.from_at`,
    at,
  }
}

const current = (name: string) => `${name}_current`
const unchanged = (name: string) => `${name}_unchanged`
/** Staging table with the rows a run closes. */
export const closed = (spec: TableSpec) => `${spec.name}_closed`
/** Staging table with the rows a run opens. */
export const opened = (spec: TableSpec) => `${spec.name}_opened`

/** Compares recomputed rows with the current ones: what to close and what to open. Only rows that differ are written. */
export function compareVersions(c: StageContext, recomputed: Recomputed & { readonly scope: Scope }): readonly Step[]
export function compareVersions(c: StageContext, recomputed: Recomputed): readonly (Step | KeyedStep)[]
export function compareVersions(
  c: StageContext,
  { spec, rows, scope, isScopeKept = false, ignoring = [] }: Recomputed,
): readonly (Step | KeyedStep)[] {
  const columns = dataColumns(spec)
  const on = (a: string, b: string) =>
    sql.join(
      spec.key.map((k) => sql`${sql.id(a)}.${sql.id(k)} = ${sql.id(b)}.${sql.id(k)}`),
      ' and ',
    )
  const same = columns
    .filter((name) => !spec.key.includes(name) && !ignoring.includes(name))
    .map((name) => {
      const [n, o] = [sql`n.${sql.id(name)}`, sql`o.${sql.id(name)}`]
      return spec.columns[name]?.nullable ? sql`(${n} = ${o} or (${n} is null and ${o} is null))` : sql`${n} = ${o}`
    })
  const keys = (alias: string) => sql.join(spec.key.map((k) => sql`${sql.id(alias)}.${sql.id(k)}`))
  const first = spec.key[0] ?? ''
  const isWhole = c.isRebuild && !isScopeKept
  const { join = sql.empty, where } = isWhole ? { where: sql`1 = 1` } : scope
  const at = isWhole ? undefined : scope.at
  const read = (also: Sql) => sql`
select ${sql.join(columns.map((name) => sql`t.${sql.id(name)}`))}
from ${sql.table(spec.name)} as t
${join}
where t.to_run = ${OPEN_RUN} and ${where}${also}
`
  return [
    at
      ? keyed(c, {
          into: current(spec.name),
          keys: farPeople,
          select: (keys) =>
            sql.join(
              nearAndFar(c.d, keys, at, sql`t.person_id`).map((part) => read(sql` and ${part}`)),
              'union all',
            ),
        })
      : { into: current(spec.name), select: read(sql.empty) },
    {
      into: unchanged(spec.name),
      select: sql`
select ${keys('n')}
from ${sql.staging(rows)} as n
join ${sql.staging(current(spec.name))} as o on ${on('n', 'o')}
${same.length === 0 ? sql.empty : sql`where ${sql.join(same, '\n    and ')}`}
`,
    },
    {
      into: closed(spec),
      select: sql`
select o.*
from ${sql.staging(current(spec.name))} as o
left join ${sql.staging(unchanged(spec.name))} as u on ${on('o', 'u')}
where u.${sql.id(first)} is null
`,
    },
    {
      into: opened(spec),
      select: sql`
select ${sql.join(columns.map((name) => sql`n.${sql.id(name)}`))}
from ${sql.staging(rows)} as n
left join ${sql.staging(unchanged(spec.name))} as u on ${on('n', 'u')}
where u.${sql.id(first)} is null
`,
    },
  ]
}

/**
 * The two statements that publish what `compareVersions` found. Rows are closed by UPDATE only: a DELETE and INSERT
 * would let a read that begins during COMMIT see both copies.
 */
export function publishVersions(c: StageContext, spec: TableSpec): readonly Sql[] {
  const columns = sql.join(dataColumns(spec))
  const sorted = c.d.storedBy(byMonth(c.d, spec))
  // The plain IN comes first: an engine looks up one column with it before it compares whole keys.
  const first = spec.key[0] ?? ''
  const at = sql.id(spec.partitionBy ?? first)
  const bounds = spec.partitionBy
    ? sql`
    and t.${at} >= (select min(${at}) from ${sql.staging(closed(spec))})
    and t.${at} <= (select max(${at}) from ${sql.staging(closed(spec))})
    `
    : sql.empty
  const update = sql`update ${sql.table(spec.name)} as t
set to_run = ${c.run}
where t.to_run = ${OPEN_RUN}${bounds} and t.${sql.id(first)} in (select ${sql.id(first)} from ${sql.staging(closed(spec))}) and exists (
    select 1 from ${sql.staging(closed(spec))} as s
    where ${sql.join(
      spec.key.map((k) => sql`s.${sql.id(k)} = t.${sql.id(k)}`),
      ' and ',
    )}
)`
  const insert = sql`insert into ${sql.table(spec.name)} (${columns}, from_run, to_run)
select ${columns}, ${c.run}, ${OPEN_RUN}
from ${sql.staging(opened(spec))}${sorted}`
  return [...fedBy(c, closed(spec), update), ...fedBy(c, opened(spec), insert)]
}
