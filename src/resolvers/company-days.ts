import { normaliseName } from '../pipeline/incoming.ts'
import { activity } from '../pipeline/tables/events.ts'
import type { Dialect } from '../warehouses/dialect.ts'
import { type Expr, expr, type Sql, sql } from '../warehouses/sql.ts'
import { type PublishedRun, visibleIn } from './context.ts'
import { type RangeArgs, reportRange } from './ranges.ts'
import { addDays, dayOf, startOfDay } from './timezones.ts'

/** Whole local days. */
export interface Days {
  readonly timezone: string
  /** The first and the last day; of an empty range the last is before the first. */
  readonly first: string
  readonly last: string
  /** The moments when they begin and end. */
  readonly from: string
  readonly to: string
}

/** The days that a range touches: what companies do is counted by whole days. */
export function daysOf(args: RangeArgs, run: PublishedRun): Days {
  const { from, to, timezone } = reportRange(args, run)
  const first = dayOf(from, timezone)
  if (from >= to) {
    const begin = startOfDay(first, timezone)
    return { timezone, first, last: addDays(first, -1), from: begin, to: begin }
  }
  const end = dayOf(to, timezone)
  // A range that ends as a day begins does not touch it.
  const last = startOfDay(end, timezone) >= to && end > first ? addDays(end, -1) : end
  return {
    timezone,
    first,
    last,
    from: startOfDay(first, timezone),
    to: startOfDay(addDays(last, 1), timezone),
  }
}

const DAY = 86_400_000_000

/** A local day as a value of the engine. */
export const dayValue = (day: string): Sql => sql.timestamp(`${day}T00:00:00Z`)
/** A time on the local clock. */
export const local = (d: Dialect, time: Expr, timezone: string): Sql =>
  timezone === 'UTC' ? expr(time) : d.localTime(time, sql`${timezone}`)
/** The local day a time lies in. */
export const localDay = (d: Dialect, time: Expr, timezone: string): Sql => d.dateTrunc('day', local(d, time, timezone))

/** Days since 1970 of a local day, which begins at midnight. */
const dayNumber = (d: Dialect, day: Expr): Sql => d.integerDivide(d.epochMicroseconds(day), sql`${DAY}`)

/** True from Monday to Friday. The first of January 1970 was a Thursday. */
export function isWeekday(d: Dialect, day: Expr): Sql {
  const n = sql`(${dayNumber(d, day)} + 3)`
  return sql`(${n} - ${d.integerDivide(n, sql`7`)} * 7) < 5`
}

const endOfDay = (d: Dialect, day: Expr): Sql => d.addMicroseconds(day, sql`${DAY}`)

/** The rows of a history that hold at the end of a local day: seen by then, or taken to have held; not gone yet. */
export function holdsOn(d: Dialect, alias: string, day: Expr, timezone: string): Sql {
  const end = endOfDay(d, day)
  const at = (name: string) => local(d, sql`${sql.id(alias)}.${sql.id(name)}`, timezone)
  return sql`(${sql.id(alias)}.since_at is null or ${at('since_at')} < ${end})
        and (${sql.id(alias)}.until_at is null or ${at('until_at')} >= ${end})`
}

/** What counts as use: any event of a session, or every event of one name. */
export function used(event?: string | null): Sql {
  return event ? sql`event_name = ${normaliseName(event)}` : sql`is_in_session`
}

/**
 * One row for each company and local day on which it was used: `company_id, day, uses, was_admin, assumed` (the last when
 * it rests on a membership that no copy had seen by then). An event that names a company
 * is its alone; others are those of every company the account was a member of at the end of the day. Administrators are who was one then.
 */
export function companyDays(
  d: Dialect,
  run: PublishedRun,
  days: Days,
  event?: string | null,
  only: Sql = sql.empty,
): Sql {
  const { timezone } = days
  const isAssumed = sql`case when ${local(d, 'm.first_seen_at', timezone)} >= ${endOfDay(d, 'u.day')} then 1 else 0 end as assumed`
  const members = (alias: string) =>
    sql`(select * from ${sql.table('company_members')} where ${visibleIn(run)} ${only}) as ${sql.id(alias)}`
  return sql`(
    with usage as (
        select company_id, user_id, day, sum(event_count) as uses
        from (
            select company_id, user_id, event_count, ${localDay(d, 'bucket_at', timezone)} as day
            from ${sql.table(activity.name)}
            where run_id <= ${run.run_id} and (user_id <> '' or company_id <> '') and ${used(event)}
                and bucket_at >= ${sql.timestamp(days.from)} and bucket_at < ${sql.timestamp(days.to)}
        ) as e
        group by company_id, user_id, day
        having sum(event_count) > 0
    ),

    named as (
        select * from usage where company_id <> '' ${only}
    ),

    -- Inner joins only: DuckDB compares all with all in an outer one with conditions on times.
    by_company as (
        select company_id, day, uses, 0 as was_admin, 0 as assumed
        from named
        union all
        select u.company_id, u.day, 0 as uses, 1 as was_admin, ${isAssumed}
        from named as u
        join ${members('m')} on m.company_id = u.company_id and m.user_id = u.user_id
        where m.is_admin and ${holdsOn(d, 'm', 'u.day', timezone)}
        union all
        select m.company_id, u.day, u.uses, case when m.is_admin then 1 else 0 end as was_admin, ${isAssumed}
        from usage as u
        join ${members('m')} on m.user_id = u.user_id
        where u.company_id = '' and ${holdsOn(d, 'm', 'u.day', timezone)}
    )

    select company_id, day, sum(uses) as uses, max(was_admin) as was_admin, max(assumed) as assumed
    from by_company
    group by company_id, day
)`
}

/** How companies used the product over some days: columns of a query over `companyDays` as `u`. */
export function usageColumns(d: Dialect): Readonly<Record<string, Sql>> {
  const weekday = isWeekday(d, 'u.day')
  return {
    active_days: sql`count(u.day)`,
    admin_active_days: sql`coalesce(sum(u.was_admin), 0)`,
    admin_active_weekdays: sql`coalesce(sum(case when ${weekday} then u.was_admin else 0 end), 0)`,
    uses: sql`coalesce(sum(u.uses), 0)`,
    assumed: sql`max(u.assumed)`,
  }
}

/** How many days, or days from Monday to Friday, lie from one to another. */
export function countDays(first: string, last: string, which: 'all' | 'weekdays'): number {
  let n = 0
  for (let day = first; day <= last; day = addDays(day, 1)) {
    const weekday = new Date(`${day}T00:00:00Z`).getUTCDay()
    if (which === 'all' || (weekday !== 0 && weekday !== 6)) n++
  }
  return n
}
