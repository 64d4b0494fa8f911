import { sql } from '../src/warehouses/sql.ts'
import type { Row, Warehouse } from '../src/warehouses/warehouse.ts'
import { READABLE } from './segment-tables.ts'

/** One statement of the rebuild, and the table of the step before that nothing reads after it. */
interface Step {
  readonly name: string
  readonly select: string
  readonly drop?: string
}

/** The name under which the file with Segment's tables is attached. */
export const SOURCE = 'source'

const columns = [
  'id',
  'anonymous_id',
  'user_id',
  'received_at',
  '"timestamp" as happened_at',
  'context_page_url as url',
  'context_page_referrer as referrer',
  'context_campaign_source as source',
  'context_campaign_medium as medium',
  'context_campaign_name as campaign',
  'context_campaign_content as content',
  'context_campaign_term as term',
].join(', ')

const part = (table: string, type: string, event: string, revenue: string, where = '') =>
  `select ${columns}, ${type} as type, ${event} as event, ${revenue} as revenue from ${SOURCE}.${READABLE}.${table}${where}`

/** All messages with the columns that the rebuild needs: what is sorted, and what is rebuilt. */
export const leanEvents = [
  part('pages', `'page'`, 'null', 'null'),
  part('identifies', `'identify'`, 'null', 'null'),
  part('tracks', `'track'`, 'event', 'null', ` where event <> 'order_completed'`),
  part('order_completed', `'track'`, 'event', 'revenue'),
].join('\nunion all\n')

// Ties are broken by the id: the baseline, too, has to give the same answer twice.
const order = '{happened_at: happened_at, id: id}'
const touch = `{source: source, medium: medium, campaign: campaign, content: content, term: term,
    click: case when strpos(url, 'gclid=') > 0 then 'gclid' when strpos(url, 'fbclid=') > 0 then 'fbclid' end,
    host: split_part(referrer, '/', 3)}`
const isOutside = `(source is not null or medium is not null or (referrer is not null and referrer not like 'https://www.example.com/%'))`
const isPaid = `(medium in ('cpc', 'paid_social') or strpos(url, 'gclid=') > 0 or strpos(url, 'fbclid=') > 0)`
const isPage = `type = 'page'`
const isBlog = `type = 'page' and url like 'https://www.example.com/blog/%'`

const firstOf = (value: string, where: string, name: string) =>
  `arg_min(${value}, ${order}) filter (${where}) as ${name}, min(${order}) filter (${where}) as ${name}_order`

/**
 * A rebuild of all history as the article does it every night, as lean as that can be: each step reads the whole table of
 * the step before. No quarantine, no bots, no channels, no models, no versions, and only the columns that it needs.
 */
const steps: readonly Step[] = [
  {
    name: 'deduplicate',
    select: `select * exclude (copy)
from (select *, row_number() over (partition by id order by received_at) as copy from (${leanEvents}) as events)
where copy = 1`,
  },
  {
    name: 'aliases',
    select: `select anonymous_id, arg_min(user_id, ${order}) as user_id
from lean.deduplicate
where user_id is not null and anonymous_id is not null
group by anonymous_id`,
  },
  {
    name: 'realiased',
    select: `select
    coalesce(e.user_id, a.user_id, e.anonymous_id) as person,
    coalesce(e.user_id, a.user_id) is not null as is_user,
    e.*
from lean.deduplicate as e
left join lean.aliases as a on a.anonymous_id = e.anonymous_id`,
    drop: 'deduplicate',
  },
  {
    name: 'sessionized',
    select: `select *, sum(begins) over (partition by person order by happened_at, id rows unbounded preceding) as session
from (
    select *,
        case
            when happened_at - lag(happened_at) over (partition by person order by happened_at, id) <= interval 30 minute then 0
            else 1
        end as begins
    from lean.realiased
)`,
    drop: 'realiased',
  },
  {
    name: 'sessions',
    select: `select
    person, is_user, session,
    min(happened_at) as started_at, max(happened_at) as ended_at,
    count(*) as events, count(*) filter (${isPage}) as pages,
    ${firstOf('url', isPage, 'entry')},
    ${firstOf(touch, isOutside, 'touch')},
    ${firstOf(touch, isPaid, 'paid')},
    ${firstOf('url', isBlog, 'blog')},
    min(${order}) filter (event = 'signed_up') as signup_order,
    count(*) filter (event = 'order_completed') as orders,
    sum(revenue) as revenue
from lean.sessionized
group by person, is_user, session`,
    drop: 'sessionized',
  },
  {
    name: 'attribution',
    select: `with signups as (
    select person, min(signup_order) as signup
    from lean.sessions
    where signup_order is not null and is_user
    group by person
)

select
    s.person, u.signup,
    arg_min(touch, touch_order) filter (touch_order <= signup) as first_touch,
    arg_max(touch, touch_order) filter (touch_order <= signup) as last_touch,
    arg_min(paid, paid_order) filter (paid_order <= signup) as first_paid_touch,
    arg_max(paid, paid_order) filter (paid_order <= signup) as last_paid_touch,
    count(*) filter (started_at <= signup.happened_at) as sessions_before_signup,
    arg_min(entry, entry_order) filter (entry_order <= signup) as first_page,
    arg_min(blog, blog_order) filter (blog_order <= signup) as blog_url
from lean.sessions as s
join signups as u on u.person = s.person
group by s.person, u.signup`,
  },
]

/** What the rebuild made, to see that it did its work. */
export interface LeanResult {
  readonly sessions: number
  readonly attributed: number
  readonly stages: readonly { readonly stage: string; readonly milliseconds: number }[]
}

/** Rebuilds all history in the schema `lean` of a warehouse to which the source is attached. */
export async function rebuildLean(warehouse: Warehouse): Promise<LeanResult> {
  const execute = (text: string) => warehouse.execute(sql.raw(text))
  const stages: { stage: string; milliseconds: number }[] = []
  for (const { name, select, drop } of steps) {
    const began = performance.now()
    await execute(`create table lean.${name} as\n${select}`)
    if (drop) await execute(`drop table lean.${drop}`)
    stages.push({ stage: name, milliseconds: Math.round(performance.now() - began) })
  }
  await execute('checkpoint')
  const [made] = await warehouse.query<Row & { sessions: number; attributed: number }>(
    sql.raw(
      'select (select count(*) from lean.sessions) as sessions, (select count(*) from lean.attribution) as attributed',
    ),
  )
  return { sessions: made?.sessions ?? 0, attributed: made?.attributed ?? 0, stages }
}
