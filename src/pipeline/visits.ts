import { sql } from '../warehouses/sql.ts'
import { batch } from './batch.ts'
import { activityOf, touchCandidatesOf } from './candidates.ts'
import {
  defineStage,
  fedBy,
  gapMicroseconds,
  insertByMonth,
  insertByTime,
  insertInto,
  type StageContext,
  type Step,
  stored,
} from './stage.ts'
import { activity, conversionCandidates, touchCandidates } from './tables/events.ts'
import { conversionValues, isDropped } from './values.ts'
import { VISIT_PIECE } from './visit-piece.ts'
import { brokenVisits } from './withdrawals.ts'

/**
 * Visits: runs of events of one atom (anonymous id, user id, in session or not) without a silence longer than the gap.
 *
 * They are a monoid: events of one atom in one bucket of the gap's length are a piece; pieces and the stored visits
 * they come within the gap of merge to new visits. So a late event costs a small merge, not a look at history. Only a
 * withdrawn event has to be taken out of something that was added up: the visit that held it is read again from
 * `events`, between its start and end.
 */
export const visits = defineStage({
  name: 'visits',
  does: 'new events into visits, merged with the neighbours they touch',
  reads: ['events', 'visits', 'touch_candidates'],
  writes: ['touch_candidates', 'conversion_candidates', 'activity'],
  result: 'visits_merged',
  discards: ['pieces'],

  steps: (c) => [
    ...brokenVisits(c),
    pieces(c),
    ...mergeVisits(c),
    touchCandidatesOf(c),
    ...conversionValues(c),
    activityOf(c),
  ],

  publish: (c) => [
    ...(c.isRebuild
      ? [sql`delete from ${sql.table('touch_candidates')} where 1 = 1`]
      : fedBy(
          c,
          'reread_keys',
          sql`delete from ${sql.table('touch_candidates')} where event_key in (select event_key from ${sql.staging('reread_keys')}) and occurred_at in (select occurred_at from ${sql.staging('reread_keys')})`,
        )),
    ...fedBy(c, 'touch_candidates_new', insertByTime(c.d, touchCandidates, 'touch_candidates_new')),
    c.isRebuild
      ? sql`delete from ${sql.table('conversion_candidates')} where 1 = 1`
      : sql`delete from ${sql.table('conversion_candidates')} where ${isDropped(c)}`,
    ...fedBy(c, 'conversion_candidates_new', insertByMonth(c.d, conversionCandidates, 'conversion_candidates_new')),
    ...fedBy(c, 'activity_new', insertInto('activity', Object.keys(activity.columns), 'activity_new')),
  ],
})

/** Events of one atom within one bucket of the gap's length: less than a gap apart, without sorting them. */
function pieces(c: StageContext): Step {
  const { d, options } = c
  const isPage = sql`type in ('page', 'screen')`
  const pageKey = sql`case when type = 'page' and page_url is not null then order_key end`
  const blogKey =
    options.blogPattern === null
      ? sql`${d.cast(sql`null`, 'string')}`
      : sql`case when type = 'page' and page_path like ${options.blogPattern} then order_key end`
  return {
    into: 'pieces',
    select: sql`
select
    anonymous_id,
    user_id,
    is_in_session,
    min(occurred_at) as started_at,
    max(occurred_at) as ended_at,
    min(order_key) as first_key,
    max(order_key) as last_key,
    count(*) as event_count,
    sum(case when ${isPage} then 1 else 0 end) as page_count,
    min(case when ${isPage} then '0' else '1' end || order_key) as entry_key,
    min(${pageKey}) as page_key,
    ${d.firstBy('page_url', pageKey)} as page_url,
    min(${blogKey}) as blog_key,
    ${d.firstBy('page_url', blogKey)} as blog_url
from ${batch(c)} as b
group by anonymous_id, user_id, is_in_session, ${d.integerDivide(d.epochMicroseconds('occurred_at'), sql`${gapMicroseconds(options)}`)}
`,
  }
}

/** Pieces and the stored visits they touch, merged. Stored visits are more than a gap apart, so one look suffices. */
function mergeVisits(c: StageContext): readonly Step[] {
  const { d, options } = c
  const gap = gapMicroseconds(options)
  const columns = sql.join([...VISIT_PIECE])
  const broken = c.isRebuild
    ? sql.empty
    : sql`and v.visit_id not in (select visit_id from ${sql.staging('visits_broken')})`
  return [
    {
      into: 'visits_hit',
      select: sql`
select distinct v.*
from ${stored(c, 'visits')} as v
join ${sql.staging('pieces')} as p
    on p.anonymous_id = v.anonymous_id and p.user_id = v.user_id and p.is_in_session = v.is_in_session
where v.started_at <= ${d.addMicroseconds('p.ended_at', sql`${gap}`)}
    and v.ended_at >= ${d.addMicroseconds('p.started_at', sql`${-gap}`)}
    and v.ended_at >= ${d.addMicroseconds(sql`(select min(started_at) from ${sql.staging('pieces')})`, sql`${-gap}`)}
    ${broken}
`,
    },
    {
      into: 'visits_merged',
      select: sql`
with parts as (
    select ${columns} from ${sql.staging('pieces')}
    union all
    select ${columns} from ${sql.staging('visits_hit')}
),

reached as (
    select
        *,
        max(ended_at) over (
            partition by anonymous_id, user_id, is_in_session order by first_key
            rows between unbounded preceding and 1 preceding
        ) as reach
    from parts
),

numbered as (
    select
        *,
        sum(case when reach is null or ${d.microsecondsBetween('reach', 'started_at')} > ${gap} then 1 else 0 end) over (
            partition by anonymous_id, user_id, is_in_session order by first_key
            rows between unbounded preceding and current row
        ) as visit_number
    from reached
),

merged as (
    select
        anonymous_id,
        user_id,
        is_in_session,
        min(started_at) as started_at,
        max(ended_at) as ended_at,
        min(first_key) as first_key,
        max(last_key) as last_key,
        sum(event_count) as event_count,
        sum(page_count) as page_count,
        min(entry_key) as entry_key,
        min(page_key) as page_key,
        ${d.firstBy('page_url', 'page_key')} as page_url,
        min(blog_key) as blog_key,
        ${d.firstBy('blog_url', 'blog_key')} as blog_url
    from numbered
    group by anonymous_id, user_id, is_in_session, visit_number
)

select ${d.surrogateKey(['anonymous_id', 'user_id', sql`case when is_in_session then 'true' else 'false' end`, 'first_key'])} as visit_id, ${columns}
from merged
`,
    },
  ]
}
