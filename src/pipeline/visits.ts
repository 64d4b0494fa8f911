import { sql } from '../warehouses/sql.ts'
import { anyOf, defineStage, gapMicroseconds, insertInto, type StageContext, type Step, stored } from './stage.ts'
import { activityHours, conversionCandidates, touchCandidates } from './tables/events.ts'
import { conversionValues } from './values.ts'

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
  writes: ['touch_candidates', 'conversion_candidates', 'activity_hours'],
  result: 'visits_merged',
  discards: ['pieces'],

  steps: (c) => [
    ...brokenVisits(c),
    batch(c),
    pieces(c),
    ...mergeVisits(c),
    newTouchCandidates(c),
    ...conversionValues(c),
    activity(c),
  ],

  publish: (c) => [
    c.isRebuild
      ? sql`delete from ${sql.table('touch_candidates')} where 1 = 1`
      : sql`delete from ${sql.table('touch_candidates')} where order_key in (select order_key from ${sql.staging('reread_keys')})`,
    insertInto('touch_candidates', Object.keys(touchCandidates.columns), 'touch_candidates_new'),
    c.isRebuild
      ? sql`delete from ${sql.table('conversion_candidates')} where 1 = 1`
      : sql`delete from ${sql.table('conversion_candidates')} where order_key in (select order_key from ${sql.staging('reread_keys')})`,
    insertInto('conversion_candidates', Object.keys(conversionCandidates.columns), 'conversion_candidates_new'),
    ...(c.isRebuild ? [sql`delete from ${sql.table('activity_hours')} where 1 = 1`] : []),
    insertInto('activity_hours', Object.keys(activityHours.columns), 'activity_new'),
  ],
})

/** An absent id in state tables: empty, so that atoms compare by equality. */
const atom = (alias = '') => {
  const p = alias === '' ? sql.empty : sql`${sql.id(alias)}.`
  return sql`coalesce(${p}anonymous_id, '') as anonymous_id, coalesce(${p}user_id, '') as user_id, ${p}is_in_session`
}

/** Stored visits that held a withdrawn event, and the events to make them anew from. */
function brokenVisits(c: StageContext): readonly Step[] {
  if (c.isRebuild) return []
  return [
    {
      into: 'withdrawn_events',
      select: sql`
select e.event_key, e.occurred_at, e.received_at, e.order_key, e.event_name, e.type, e.excluded_reason, ${atom('e')}
from ${sql.table('events')} as e
join ${sql.staging('withdrawn')} as w
    on w.event_key = e.event_key and w.occurred_at = e.occurred_at and w.received_at = e.received_at
`,
    },
    {
      into: 'visits_broken',
      select: sql`
select distinct v.*
from ${sql.table('visits')} as v
join ${sql.staging('withdrawn_events')} as w
    on w.anonymous_id = v.anonymous_id and w.user_id = v.user_id and w.is_in_session = v.is_in_session
where w.excluded_reason is null and v.started_at <= w.occurred_at and v.ended_at >= w.occurred_at
`,
    },
    {
      into: 'reread',
      select: sql`
select e.*
from ${sql.table('events')} as e
join ${sql.staging('visits_broken')} as v
    on v.anonymous_id = coalesce(e.anonymous_id, '') and v.user_id = coalesce(e.user_id, '') and v.is_in_session = e.is_in_session
left join ${sql.staging('withdrawn_events')} as w
    on w.event_key = e.event_key and w.occurred_at = e.occurred_at and w.received_at = e.received_at
where e.excluded_reason is null and w.event_key is null
    and e.occurred_at >= v.started_at and e.occurred_at <= v.ended_at
`,
    },
    {
      into: 'reread_keys',
      select: sql`
select order_key from ${sql.staging('reread')}
union all
select order_key from ${sql.staging('withdrawn_events')}
`,
    },
  ]
}

/** The columns of `events` that visits and candidates are made of. */
const BATCH = [
  'event_key',
  'type',
  'event_name',
  'previous_id',
  'occurred_at',
  'order_key',
  'page_url',
  'page_path',
  'referrer',
  'referrer_host',
  'raw_referrer_host',
  'utm_source',
  'utm_medium',
  'utm_campaign',
  'utm_content',
  'utm_term',
  'click_id',
  'properties',
]

/** The events that make visits in this run. */
function batch(c: StageContext): Step {
  const from = (events: ReturnType<typeof sql>) => sql`
select ${sql.join(BATCH)}, ${atom()}
from ${events}
where excluded_reason is null`
  const both = (other: ReturnType<typeof sql>) => sql`${from(sql.staging('new_events'))}
union all${from(other)}
`
  const left = sql`(
    select e.*
    from ${sql.table('events')} as e
    left join ${sql.staging('withdrawn')} as w
        on w.event_key = e.event_key and w.occurred_at = e.occurred_at and w.received_at = e.received_at
    where w.event_key is null
) as kept`
  return {
    into: 'batch',
    select: !c.isRebuild ? both(sql.staging('reread')) : c.readsSources ? both(left) : from(sql.table('events')),
  }
}

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
from ${sql.staging('batch')}
group by anonymous_id, user_id, is_in_session, ${d.integerDivide(d.epochMicroseconds('occurred_at'), sql`${gapMicroseconds(options)}`)}
`,
  }
}

/** Columns of a visit that merge: all but its name and its owner. */
export const VISIT_PIECE = [
  'anonymous_id',
  'user_id',
  'is_in_session',
  'started_at',
  'ended_at',
  'first_key',
  'last_key',
  'event_count',
  'page_count',
  'entry_key',
  'page_key',
  'page_url',
  'blog_key',
  'blog_url',
] as const

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

select ${d.surrogateKey(['anonymous_id', 'user_id', 'is_in_session', 'first_key'])} as visit_id, ${columns}
from merged
`,
    },
  ]
}

/** In-session pages and screens; of pieces without one their first event, should it tell where the session came from. */
function newTouchCandidates(_c: StageContext): Step {
  const isPage = sql`b.type in ('page', 'screen')`
  const marks = ['utm_source', 'utm_medium', 'utm_campaign', 'utm_content', 'utm_term', 'click_id', 'referrer_host']
  const isCandidate = anyOf(marks.map((m) => sql`b.${sql.id(m)} is not null`))
  return {
    into: 'touch_candidates_new',
    select: sql`
with first_events as (
    select first_key from ${sql.staging('pieces')} where page_count = 0 and is_in_session
)

select
    b.anonymous_id, b.user_id, b.order_key, b.event_key, b.occurred_at,
    ${isPage} as is_page,
    ${isCandidate} as is_candidate,
    b.page_url, b.referrer, b.referrer_host, b.raw_referrer_host,
    b.utm_source, b.utm_medium, b.utm_campaign, b.utm_content, b.utm_term, b.click_id
from ${sql.staging('batch')} as b
left join first_events as f on f.first_key = b.order_key
where b.is_in_session and (${isPage} or (f.first_key is not null and (${isCandidate} or b.page_url is not null or b.referrer is not null)))
`,
  }
}

/** Hours of use: what the batch adds, what withdrawals take back. */
function activity(c: StageContext): Step {
  const hour = c.d.dateTrunc('hour', 'occurred_at')
  const group = sql`anonymous_id, user_id, is_in_session, hour_at, event_name`
  const part = (from: ReturnType<typeof sql>, sign: number) => sql`
    select ${atom()}, ${hour} as hour_at, coalesce(event_name, type) as event_name, ${sign} as n
    from ${from} as e`
  return {
    into: 'activity_new',
    select: sql`
with deltas as (${part(c.isRebuild ? sql.staging('batch') : sql`(select * from ${sql.staging('new_events')} where excluded_reason is null)`, 1)}${
      c.isRebuild
        ? sql.empty
        : sql`
    union all${part(sql`(select * from ${sql.staging('withdrawn_events')} where excluded_reason is null)`, -1)}`
    }
)

select ${group}, sum(n) as event_count, ${c.run} as run_id
from deltas
group by ${group}
having sum(n) <> 0
`,
  }
}
