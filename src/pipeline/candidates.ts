import { type Sql, sql } from '../warehouses/sql.ts'
import { batch } from './batch.ts'
import { newEvents } from './new-events.ts'
import { anyOf, atomColumns, quarterHour, type StageContext, type Step } from './stage.ts'

/**
 * In-session pages and screens; of pieces without one their first event, should it tell where the session came from.
 * The first page of a visit is the first of some piece, so only those and pages with a campaign, click id or outside
 * referrer can become touches: of all others just what the single-page rule asks of the page before is kept.
 */
export function touchCandidatesOf(c: StageContext): Step {
  const isPage = sql`b.type in ('page', 'screen')`
  const marks = ['utm_source', 'utm_medium', 'utm_campaign', 'utm_content', 'utm_term', 'click_id', 'referrer_host']
  const isCandidate = anyOf(marks.map((m) => sql`b.${sql.id(m)} is not null`))
  const isUsed = sql`(f.order_key is not null or ${isCandidate})`
  const used = (name: string) => sql`case when ${isUsed} then b.${sql.id(name)} end as ${sql.id(name)}`
  return {
    into: 'touch_candidates_new',
    select: sql`
with firsts as (
    select distinct substr(entry_key, 2) as order_key from ${sql.staging('pieces')} where is_in_session
)

select
    b.anonymous_id, b.user_id, b.order_key, b.event_key, b.occurred_at,
    ${isPage} as is_page,
    f.order_key is not null as is_first,
    ${isCandidate} as is_candidate,
    ${used('page_url')},
    ${used('referrer')},
    b.referrer_host, b.raw_referrer_host,
    b.utm_source, b.utm_medium, b.utm_campaign, b.utm_content, b.utm_term, b.click_id, b.group_id as company_id
from ${batch(c)} as b
left join firsts as f on f.order_key = b.order_key
where b.is_in_session and (${isPage} or (f.order_key is not null and (${isCandidate} or b.page_url is not null or b.referrer is not null or b.group_id is not null)))
`,
  }
}

/** Quarter hours of use: what the batch adds, what withdrawals take back; of a rebuild, what differs from the stored sums. */
export function activityOf(c: StageContext): Step {
  const group = sql`anonymous_id, user_id, is_in_session, company_id, bucket_at, event_name`
  const part = (from: Sql, sign: number) => sql`
    select ${atomColumns()}, coalesce(group_id, '') as company_id, ${quarterHour(c.d, 'occurred_at')} as bucket_at, coalesce(event_name, type) as event_name, ${sign} as n
    from ${from} as e`
  const usable = (events: Sql) => sql`(select * from ${events} as u where excluded_reason is null)`
  const stored = sql`
    select ${group}, -event_count as n
    from ${sql.table('activity')}`
  return {
    into: 'activity_new',
    select: sql`
with deltas as (${part(c.isRebuild ? batch(c) : usable(newEvents(c)), 1)}
    union all${c.isRebuild ? stored : part(usable(sql.staging('withdrawn_events')), -1)}
)

select ${group}, sum(n) as event_count, ${c.run} as run_id
from deltas
group by ${group}
having sum(n) <> 0
`,
  }
}
