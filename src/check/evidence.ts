import { normaliseName } from '../pipeline/incoming.ts'
import type { PipelineOptions } from '../pipeline/options.ts'
import { type Sql, sql } from '../warehouses/sql.ts'
import type { Row, Warehouse } from '../warehouses/warehouse.ts'
import type { Counted } from './report.ts'

/** Names and hosts beyond these say nothing more. */
const MOST_NAMES = 2000
const MOST_HOSTS = 500

/** Where events are looked at: the table, or the shaped messages of a sample. Both have the same columns. */
export interface Events {
  readonly warehouse: Warehouse
  readonly relation: Sql
}

/** What occurs in the events, as far as the configuration has to fit it. */
export interface Evidence {
  readonly count: number
  /** Pages and screens. */
  readonly pages: number
  /** Events with a user id. */
  readonly identified: number
  readonly inSession: number
  /** Track events, most frequent first: the name as it came last in the alphabet, by the normalised one. */
  readonly names: readonly (Counted & { readonly name: string })[]
  readonly pageHosts: readonly Counted[]
  /** Hosts of referrers that are not the page’s own. */
  readonly referrerHosts: readonly Counted[]
}

/** Counts what occurs. Names of the configuration are among the names, however rare. */
export async function readEvidence(
  { warehouse, relation }: Events,
  { conversions, exclude }: PipelineOptions,
): Promise<Evidence> {
  const configured = [...Object.values(conversions).flatMap(({ events }) => events), ...exclude.events]
  const wanted = sql.values([...configured.map(normaliseName), ''])
  const [totals] = await warehouse.query<Row & Record<'events' | 'pages' | 'identified' | 'in_session', number>>(sql`
select
    count(*) as events,
    coalesce(sum(case when type in ('page', 'screen') then 1 else 0 end), 0) as pages,
    count(user_id) as identified,
    coalesce(sum(case when is_in_session then 1 else 0 end), 0) as in_session
from ${relation} as e
`)
  const names = await warehouse.query<Row & { value: string; name: string; occurs: number }>(sql`
select event_name as value, max(name) as name, count(*) as occurs
from ${relation} as e
where type = 'track' and event_name is not null
group by event_name
order by case when event_name in (${wanted}) then 0 else 1 end, occurs desc, event_name
limit ${MOST_NAMES}
`)
  const hosts = (column: string, condition: Sql) =>
    warehouse.query<Row & { value: string; occurs: number }>(sql`
select ${sql.id(column)} as value, count(*) as occurs
from ${relation} as e
where ${sql.id(column)} is not null and ${condition}
group by ${sql.id(column)}
order by occurs desc, value
limit ${MOST_HOSTS}
`)
  const isOther = sql`raw_referrer_host <> coalesce(page_host, '')`
  return {
    count: totals?.events ?? 0,
    pages: totals?.pages ?? 0,
    identified: totals?.identified ?? 0,
    inSession: totals?.in_session ?? 0,
    names: names
      .map(({ value, name, occurs }) => ({ value, name, count: occurs }))
      .sort((a, b) => b.count - a.count || (a.value < b.value ? -1 : 1)),
    pageHosts: (await hosts('page_host', sql`1 = 1`)).map(toCounted),
    referrerHosts: (await hosts('raw_referrer_host', isOther)).map(toCounted),
  }
}

const toCounted = ({ value, occurs }: { value: string; occurs: number }): Counted => ({ value, count: occurs })
