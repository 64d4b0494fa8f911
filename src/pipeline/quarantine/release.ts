import { type Sql, sql } from '../../warehouses/sql.ts'
import type { Row, Warehouse } from '../../warehouses/warehouse.ts'
import type { ReleaseFilter, ReleaseReport } from '../report.ts'
import type { StageContext, Step } from '../stage.ts'
import { OPEN_RUN } from '../tables/table.ts'
import { isWaiting, isWhole } from '../waiting.ts'

/** One name for a content of a source, over columns that both have. */
const content = (alias: string) => sql`${sql.id(alias)}.source || ${'\u001f'} || ${sql.id(alias)}.content_hash`

/**
 * The open rows of quarantine that a release names, as the staging table `release_matches`; and further rows of the
 * same content, so that a release of one copy settles all.
 */
export function matchReleased({ d }: Pick<StageContext, 'd'>, filter: ReleaseFilter): Step {
  const conditions = [
    ...(filter.ids ? [sql`quarantine_id in (${sql.values(filter.ids)})`] : []),
    ...(filter.source === undefined ? [] : [sql`source = ${filter.source}`]),
    ...(filter.reason === undefined ? [] : [sql`reason = ${filter.reason}`]),
  ]
  return {
    into: 'release_matches',
    select: sql`
with open_rows as (
    select
        quarantine_id, source, file, line, reason,
        ${d.md5(sql`coalesce(text, '')`)} as content_hash,
        case when ${isWhole} then 1 else 0 end as is_whole,
        case when ${conditions.length === 0 ? sql`1 = 1` : sql.join(conditions, ' and ')} then 1 else 0 end as is_asked
    from ${sql.table('quarantine')}
    where to_run = ${OPEN_RUN}
)

select o.quarantine_id, o.source, o.file, o.line, o.reason, o.content_hash, o.is_whole
from open_rows as o
where o.is_asked = 1 or (o.is_whole = 1 and ${content('o')} in (
    select ${content('a')} from open_rows as a where a.is_asked = 1 and a.is_whole = 1
))
`,
  }
}

/** Rows of quarantine whose text this run takes in again, over the table's columns: those that wait, and those released. */
export const isRetried = (c: Pick<StageContext, 'release' | 'fromSources' | 'recompute'>): Sql => {
  if (c.fromSources) return sql`1 = 0`
  return c.release
    ? sql`((${isWaiting(c.recompute)}) or (to_run = ${OPEN_RUN} and quarantine_id in (
    select quarantine_id from ${sql.staging('release_matches')} where is_whole = 1
)))`
    : sql`(${isWaiting(c.recompute)})`
}

/** What may come from any time, `(source, content_hash)`: what was ever released, so that a file may be read again. */
export function waivers(c: StageContext): Sql {
  const earlier = sql`select source, content_hash from ${sql.table('releases')}`
  return c.release
    ? sql`(
    select source, content_hash
    from (
        ${earlier}
        union all
        select source, content_hash from ${sql.staging('release_matches')} where is_whole = 1
    ) as released
    group by source, content_hash
)`
    : sql`(${earlier})`
}

/** What a release has to remember, and what became of each row it named. After the lines were judged. */
export function followReleased(c: StageContext): readonly Step[] {
  if (!c.release) return []
  return [
    {
      into: 'releases_new',
      select: sql`
select j.source, j.message_hash as content_hash, ${c.run} as run_id
from ${sql.staging('checked')} as j
left join ${sql.table('releases')} as r on r.source = j.source and r.content_hash = j.message_hash
where j.is_waived = 1 and r.content_hash is null
group by j.source, j.message_hash
`,
    },
    {
      into: 'release_outcomes',
      select: sql`
select
    m.quarantine_id,
    case
        when m.is_whole = 0 then 'NOT_WHOLE'
        when r.reason is not null then r.reason
        when ${content('m')} in (
            select i.source || ${'\u001f'} || i.message_hash from ${sql.staging('checked')} as i where i.reason is null
        ) then 'IN'
        when m.source not in (${sql.values(c.options.sources.map((s) => s.name))}) then 'NO_SOURCE'
        else 'FILE_CHANGED'
    end as outcome
from ${sql.staging('release_matches')} as m
left join ${sql.staging('refused')} as r on r.quarantine_id = m.quarantine_id
`,
    },
  ]
}

/** The statement that remembers what was released. */
export const publishReleased = (c: StageContext): readonly Sql[] =>
  c.release
    ? [
        sql`insert into ${sql.table('releases')} (source, content_hash, run_id)
select source, content_hash, run_id from ${sql.staging('releases_new')}`,
      ]
    : []

/** What became of the rows that a release named; null when the run released nothing. */
export async function readReleased(warehouse: Warehouse, c: StageContext): Promise<ReleaseReport | null> {
  if (!c.release) return null
  const rows = await warehouse.query<Row & { outcome: string; n: number }>(
    sql`select outcome, count(*) as n from ${sql.staging('release_outcomes')} group by outcome order by outcome`,
  )
  const stayed = rows.filter((r) => r.outcome !== 'IN')
  return {
    released: rows.find((r) => r.outcome === 'IN')?.n ?? 0,
    stayed: Object.fromEntries(stayed.map((r) => [r.outcome, r.n])),
  }
}
