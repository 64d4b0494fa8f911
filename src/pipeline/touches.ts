import { type Sql, sql } from '../warehouses/sql.ts'
import { classifyTouches } from './channels/classify.ts'
import { orderKey, withVisit } from './order.ts'
import { farDevices, nearAndFar } from './reach.ts'
import { defineStage, type KeyedStep, keyed, type StageContext, type Step, stored } from './stage.ts'
import { touchCandidates } from './tables/events.ts'
import { touches as touchesTable } from './tables/people.ts'
import { compareVersions, publishVersions, sinceAffected } from './versions.ts'

/** Touches of the affected people: the entry of each session, and later candidates that bring something new. */
export const touches = defineStage({
  name: 'touches',
  does: 'touches of the affected sessions and their channels',
  reads: ['touch_candidates', 'channel_hosts', 'channel_sources', 'channel_click_ids', 'touches'],
  writes: ['touches'],
  result: 'touches_rows',
  discards: ['candidates', 'visit_candidates', 'considered', 'classified'],

  steps: (c) => [
    ...candidates(c),
    considered,
    classified(c),
    kept(c),
    ...compareVersions(c, {
      spec: touchesTable,
      rows: 'touches_rows',
      scope: sinceAffected(c, 'touched_at'),
    }),
  ],
  publish: (c) => publishVersions(c, touchesTable),
})

/** What the affected sessions may be credited for, each in its visit and with the referrer of the page before it. */
function candidates(c: StageContext): readonly (Step | KeyedStep)[] {
  const columns = Object.keys(touchCandidates.columns)
  return [
    keyed(c, {
      into: 'candidates',
      keys: farDevices,
      select: (far) => sql`
with atoms as (
    select distinct anonymous_id, user_id from ${sql.staging('session_visits')}
)

select k.*, 1 = 1 as is_in_session
from ${candidatesOf(c, far, 'atoms', columns, sql`(k.is_first or k.is_candidate)`)} as k
`,
    }),
    {
      into: 'visit_candidates',
      select: withVisit(c.d, sql.staging('candidates'), sql.staging('session_visits')),
    },
    keyed(c, {
      into: 'session_candidates',
      keys: farDevices,
      // The first page of a visit has none before it: only for others the pages between are looked at.
      select: (far) => sql`
with lone as (
    select distinct k.anonymous_id, k.user_id
    from ${sql.staging('visit_candidates')} as k
    join ${sql.staging('session_visits')} as v on v.visit_id = k.visit_id
    where k.order_key <> substr(v.entry_key, 2) and ${isLone}
),

pages as (
    select
        p.anonymous_id, p.user_id, p.order_key,
        lag(p.order_key) over (partition by p.anonymous_id, p.user_id order by p.order_key) as previous_key,
        lag(p.raw_referrer_host) over (partition by p.anonymous_id, p.user_id order by p.order_key) as previous_referrer_host
    from ${candidatesOf(c, far, 'lone', ['anonymous_id', 'user_id', 'raw_referrer_host'], sql`k.is_page`)} as p
)

select
    k.*,
    v.session_id,
    case when p.previous_key >= v.first_key then p.previous_referrer_host end as previous_referrer_host
from ${sql.staging('visit_candidates')} as k
join ${sql.staging('session_visits')} as v on v.visit_id = k.visit_id
left join pages as p on p.anonymous_id = k.anonymous_id and p.user_id = k.user_id and p.order_key = k.order_key
`,
    }),
  ]
}

/**
 * Candidates of some atoms after the run, as far back as anybody's sessions are made anew: some of their columns, and the
 * order key. The join stands within: a key is made only for rows of these atoms.
 */
function candidatesOf(
  c: StageContext,
  far: readonly string[] | null,
  atoms: string,
  columns: readonly string[],
  where: Sql,
): Sql {
  const list = sql.join(columns.map((name) => `k.${name}`))
  const join = sql`join ${sql.id(atoms)} as a on a.anonymous_id = k.anonymous_id and a.user_id = k.user_id`
  const isKept = c.isRebuild
    ? sql.empty
    : sql`
        and k.event_key not in (select event_key from ${sql.staging('reread_keys')})`
  const reads = nearAndFar(c.d, far, sql`k.occurred_at`, sql`k.anonymous_id`).map(
    (part) => sql`
    select ${list}, ${orderKey(c.d, 'k', sql`k.is_page`)} as order_key
    from ${stored(c, 'touch_candidates')} as k
    ${join}
    where ${part} and ${where}${isKept}
    union all`,
  )
  return sql`(${sql.join(reads, '')}
    select ${list}, k.order_key
    from ${sql.staging('touch_candidates_new')} as k
    ${join}
    where ${where}
)`
}

/** A referrer is all it has: no news on a single-page app, which repeats `document.referrer` on every page. */
const isLone = sql`k.is_page and k.is_candidate
        and k.utm_source is null and k.utm_medium is null and k.utm_campaign is null and k.utm_content is null and k.utm_term is null
        and k.click_id is null`

const FIELDS = [
  ...[
    'utm_source',
    'utm_medium',
    'utm_campaign',
    'utm_content',
    'utm_term',
    'click_id',
    'referrer_host',
    'page_url',
  ].map((name) => sql`k.${sql.id(name)}`),
  // An inside referrer says nothing about where somebody came from.
  sql`case when k.referrer_host is not null then k.referrer end as referrer`,
  sql`k.company_id`,
]

/** The entry of each session, and the later candidates that the single-page rule leaves. */
const considered: Step = {
  into: 'considered',
  select: sql`
select
    s.session_id,
    s.person_id,
    s.started_at as touched_at,
    s.first_key as order_key,
    substr(s.entry_key, 19) as touch_id,
    1 = 1 as is_entry,
    ${sql.join(FIELDS)}
from ${sql.staging('sessions_merged')} as s
left join ${sql.staging('session_candidates')} as k on k.session_id = s.session_id and k.order_key = substr(s.entry_key, 2)
union all
select
    s.session_id,
    s.person_id,
    k.occurred_at as touched_at,
    k.order_key,
    k.event_key as touch_id,
    1 = 0 as is_entry,
    ${sql.join(FIELDS)}
from ${sql.staging('session_candidates')} as k
join ${sql.staging('sessions_merged')} as s on s.session_id = k.session_id
where k.is_page and k.is_candidate and k.order_key > substr(s.entry_key, 2)
    and not (${isLone} and k.raw_referrer_host = coalesce(k.previous_referrer_host, ''))
`,
}

/** With channel, normalised source and so on, and the rule that fired. */
function classified(c: StageContext): Step {
  return {
    into: 'classified',
    select: classifyTouches(
      c.d,
      sql.staging('considered'),
      [
        'session_id',
        'person_id',
        'touched_at',
        'order_key',
        'touch_id',
        'is_entry',
        'click_id',
        'referrer',
        'referrer_host',
        'page_url',
        'company_id',
      ],
      c.options.channels,
      {
        hosts: sql.table('channel_hosts'),
        sources: sql.table('channel_sources'),
        clickIds: sql.table('channel_click_ids'),
      },
    ),
  }
}

/** Candidates that differ from the one before them, or from the entry. */
function kept(c: StageContext): Step {
  const tuple = ['channel', 'source', 'medium', 'campaign', 'content', 'term']
  return {
    into: 'touches_rows',
    select: sql`
with keyed as (
    select *, ${c.d.surrogateKey(tuple)} as origin from ${sql.staging('classified')}
),

followed as (
    select
        *,
        lag(origin) over (partition by session_id order by case when is_entry then 0 else 1 end, order_key, touch_id) as previous_origin
    from keyed
)

select
    touch_id, session_id, person_id, touched_at, order_key, is_entry,
    channel, source, medium, campaign, content, term, click_id,
    referrer, referrer_host, page_url, rule_id, evidence, is_paid, is_direct, company_id
from followed
where is_entry or origin <> previous_origin
`,
  }
}
