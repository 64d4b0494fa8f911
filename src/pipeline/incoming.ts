import { type Sql, sql } from '../warehouses/sql.ts'
import { clickIdParameters } from './channels/tables.ts'
import { serverLibraries } from './sources/server-libraries.ts'
import { anyOf, asciiLower, type StageContext, type Step } from './stage.ts'
import {
  firstParameter,
  queryParameter,
  urlHost,
  urlPath,
  urlQuery,
  withoutEmail,
  withoutPersonalParameters,
} from './url-sql.ts'

/** Larger properties are not kept, but for events that convert: their value stands in them. */
const LARGEST_PROPERTIES = 65_536

/** Host equals an entry of the list or is below one. */
const isUnder = (host: Sql | string, entries: readonly string[]): Sql => {
  const value = sql.join([host])
  return anyOf(
    entries.map((entry) => sql`(${value} = ${entry} or right(${value}, ${entry.length + 1}) = ${`.${entry}`})`),
  )
}

/** A normalised event name in SQL; `normaliseName` is the same for names of the configuration. */
function eventName(c: StageContext, raw: Sql): Sql {
  const { d } = c
  return sql`nullif(${d.regexpReplace(d.regexpReplace(asciiLower(raw), '[^a-z0-9]+', '_'), '^_+|_+$', '')}, '')`
}

/** `Order Completed` → `order_completed`. */
export function normaliseName(name: string): string {
  return name
    .replace(/[A-Z]/g, (letter) => letter.toLowerCase())
    .replace(/[^a-z0-9]+/g, '_')
    .replace(/^_+|_+$/g, '')
}

/** Usable messages as events, before duplicates and exclusions are looked at. */
export function shapeEvents(c: StageContext): Step {
  const { d } = c
  const campaign = (column: string, parameter: string) =>
    sql`coalesce(nullif(${d.trim(column)}, ''), ${queryParameter(d, sql`query`, parameter)}) as ${sql.id(`raw_${parameter}`)}`
  const converting = Object.values(c.options.conversions).flatMap(({ events }) => events.map(normaliseName))
  /** The text as delivered; null when it is blank. */
  const filled = (column: string) => sql`case when ${d.trim(column)} <> '' then ${sql.id(column)} end`
  const trimmed = (column: string) => sql`nullif(${d.trim(column)}, '')`
  const page = (field: 'url' | 'referrer') =>
    sql`coalesce(${trimmed(`context_${field}`)}, case when type = 'page' then ${trimmed(`properties_${field}`)} end)`
  return {
    into: 'shaped',
    select: sql`
with pages as (
    select
        *,
        ${page('url')} as url,
        ${page('referrer')} as from_url
    from ${sql.staging('checked')}
    where reason is null
),

queried as (
    select *, ${urlQuery(d, sql`url`)} as query from pages
),

-- Campaign and path are taken from the URL before personal ids are taken out of each.
parsed as (
    select
        *,
        ${campaign('campaign_source', 'utm_source')},
        ${campaign('campaign_medium', 'utm_medium')},
        ${campaign('campaign_name', 'utm_campaign')},
        ${campaign('campaign_content', 'utm_content')},
        ${campaign('campaign_term', 'utm_term')},
        case when type = 'track' then ${eventName(c, sql`coalesce(${filled('raw_event_text')}, raw_event)`)} end as normal_name,
        ${urlPath(d, sql`url`)} as raw_path,
        ${withoutPersonalParameters(d, sql`url`)} as bare_url,
        ${withoutPersonalParameters(d, sql`from_url`)} as bare_from_url
    from queried
)

select
    source,
    row_number_read,
    ${d.md5(sql`key_source || ${'\u001f'} || event_id`)} as event_key,
    event_id,
    type,
    case when type = 'track' then coalesce(${filled('raw_event_text')}, ${filled('raw_event')}) when type in ('page', 'screen') then ${filled('raw_name')} end as name,
    normal_name as event_name,
    anonymous_id,
    user_id,
    case when type = 'alias' then previous_id end as previous_id,
    group_id,
    occurred_at,
    received_at,
    lpad(${d.cast(d.epochMicroseconds('occurred_at'), 'string')}, 16, '0')
        || case when type in ('page', 'screen') then '0' else '1' end
        || ${d.md5(sql`key_source || ${'\u001f'} || event_id`)} as order_key,
    ignored_anonymous_id,
    ignored_user_id,
    case when type = 'alias' then ignored_previous_id end as ignored_previous_id,
    ${withoutEmail(d, 'bare_url')} as page_url,
    ${urlHost(d, sql`url`)} as page_host,
    ${withoutEmail(d, 'raw_path')} as page_path,
    ${withoutEmail(d, 'bare_from_url')} as referrer,
    ${urlHost(d, sql`from_url`)} as raw_referrer_host,
    ${withoutEmail(d, 'raw_utm_source')} as utm_source,
    ${withoutEmail(d, 'raw_utm_medium')} as utm_medium,
    ${withoutEmail(d, 'raw_utm_campaign')} as utm_campaign,
    ${withoutEmail(d, 'raw_utm_content')} as utm_content,
    ${withoutEmail(d, 'raw_utm_term')} as utm_term,
    ${firstParameter(d, sql`query`, clickIdParameters)} as click_id,
    nullif(${d.trim('raw_library')}, '') as library,
    nullif(raw_user_agent, '') as user_agent,
    case
        when length(coalesce(raw_properties, raw_traits)) <= ${LARGEST_PROPERTIES} or normal_name in (${sql.values(converting)})
            then coalesce(raw_properties, raw_traits)
    end as properties,
    coalesce(length(coalesce(raw_properties, raw_traits)) > ${LARGEST_PROPERTIES} and coalesce(normal_name, '') not in (${sql.values(converting)}), 1 = 0) as is_stripped,
    content_hash
from parsed
`,
  }
}

/** Referrer hosts of some events that are outside: not one of the sites, not on the referral exclusion list, nor below one. */
export function outsideHosts(c: StageContext, into = 'outside_hosts', from = sql.staging('shaped')): Step {
  return {
    into,
    select: sql`
with hosts as (
    select distinct raw_referrer_host as host
    from ${from} as e
    where raw_referrer_host is not null
),

excluded as (
    select distinct h.host
    from hosts as h
    join ${sql.table('referral_exclusions')} as x on h.host = x.host or right(h.host, length(x.host) + 1) = '.' || x.host
)

select h.host
from hosts as h
left join excluded as x on x.host = h.host
where x.host is null and not ${isUnder('h.host', [...c.options.sites, ...c.options.referralExclusions])}
`,
  }
}

/** Of an event `s` and the outside host `o` of its referrer. */
export const outsideReferrer = sql`case when o.host <> coalesce(s.page_host, '') then o.host end`

/** It has a device and does not come from a server library. */
export const isSession = (alias: string): Sql => {
  const event = sql.id(alias)
  return sql`(${event}.anonymous_id is not null and coalesce(${asciiLower(sql`${event}.library`)}, '') not in (${sql.values(serverLibraries)}))`
}

/** The branches of a `case` that say which exclusion keeps an event `s` out, its user agent judged in `b`. */
export function exclusionReason({ options: { exclude } }: StageContext): Sql {
  const names = exclude.events.map(normaliseName)
  return sql`when ${exclude.bots ? sql`b.is_bot` : sql`1 = 0`} then 'BOT'
        when ${anyOf(exclude.userIds.map((id) => sql`s.user_id = ${id}`))} then 'USER'
        when ${isUnder('s.page_host', exclude.hosts)} then 'HOST'
        when ${anyOf(exclude.paths.map((pattern) => sql`s.page_path like ${pattern}`))} then 'PATH'
        when ${anyOf(names.map((name) => sql`s.event_name = ${name}`))} then 'EVENT'`
}

/** Shaped events with outside referrers marked and exclusions named. */
export function applyExclusions(c: StageContext): Step {
  return {
    into: 'incoming',
    select: sql`
select
    s.*,
    ${isSession('s')} as is_in_session,
    ${outsideReferrer} as referrer_host,
    case
        ${exclusionReason(c)}
    end as excluded_reason
from ${sql.staging('shaped')} as s
left join ${sql.staging('outside_hosts')} as o on o.host = s.raw_referrer_host
left join ${sql.staging('agents')} as b on b.user_agent = s.user_agent
`,
  }
}
