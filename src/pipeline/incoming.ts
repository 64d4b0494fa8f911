import { type Sql, sql } from '../warehouses/sql.ts'
import { clickIdParameters } from './channels/tables.ts'
import { orderKey } from './order.ts'
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

/** Each distinct URL and referrer of usable messages, taken apart once. */
export function parseUrls(c: StageContext): Step {
  const { d } = c
  const parameter = (name: string) => sql`${queryParameter(d, sql`query`, name)} as ${sql.id(name)}`
  return {
    into: 'urls',
    select: sql`
with texts as (
    select url from ${sql.staging('checked')} where reason is null and url is not null group by url
    union all
    select from_url as url from ${sql.staging('checked')} where reason is null and from_url is not null group by from_url
),

distinct_texts as (
    select url from texts group by url
),

queried as (
    select url, ${urlQuery(d, sql`url`)} as query from distinct_texts
),

-- Campaign and path are taken from the URL before personal ids are taken out of each.
parsed as (
    select
        url,
        ${urlHost(d, sql`url`)} as host,
        ${urlPath(d, sql`url`)} as raw_path,
        ${withoutPersonalParameters(d, sql`url`)} as bare_url,
        ${sql.join(['utm_source', 'utm_medium', 'utm_campaign', 'utm_content', 'utm_term'].map(parameter), ',\n        ')},
        ${firstParameter(d, sql`query`, clickIdParameters)} as click_id
    from queried
)

select
    url, host, ${withoutEmail(d, 'raw_path')} as path, ${withoutEmail(d, 'bare_url')} as clean_url,
    utm_source, utm_medium, utm_campaign, utm_content, utm_term, click_id
from parsed
`,
  }
}

/** Each distinct name of a track, normalised once. */
export function normaliseNames(c: StageContext): Step {
  return {
    into: 'event_names',
    select: sql`
select raw_event_name, ${eventName(c, sql`raw_event_name`)} as event_name
from ${sql.staging('checked')}
where reason is null and raw_event_name is not null
group by raw_event_name
`,
  }
}

/** Hosts that are outside as referrers: not one of the sites, not on the referral exclusion list, nor below one. */
export function outsideHosts(
  c: StageContext,
  into = 'outside_hosts',
  hosts = sql`select distinct host from ${sql.staging('urls')} where host is not null`,
): Step {
  return {
    into,
    select: sql`
with hosts as (
    ${hosts}
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

/** The branches of a `case` that say which exclusion keeps an event `s` out; its user agent is judged in `s` or another relation. */
export function exclusionReason({ options: { exclude } }: StageContext, bots = 's'): Sql {
  const names = exclude.events.map(normaliseName)
  return sql`when ${exclude.bots ? sql`${sql.id(bots)}.is_bot` : sql`1 = 0`} then 'BOT'
        when ${anyOf(exclude.userIds.map((id) => sql`s.user_id = ${id}`))} then 'USER'
        when ${isUnder('s.page_host', exclude.hosts)} then 'HOST'
        when ${anyOf(exclude.paths.map((pattern) => sql`s.page_path like ${pattern}`))} then 'PATH'
        when ${anyOf(names.map((name) => sql`s.event_name = ${name}`))} then 'EVENT'`
}

/** Usable messages as events, with outside referrers marked and exclusions named. */
export function shapeEvents(c: StageContext): Step {
  const { d } = c
  const converting = Object.values(c.options.conversions).flatMap(({ events }) => events.map(normaliseName))
  const campaign = (column: string, parameter: string) =>
    sql`coalesce(nullif(${d.trim(`k.${column}`)}, ''), u.${sql.id(parameter)}) as ${sql.id(`raw_${parameter}`)}`
  return {
    into: 'incoming',
    // What became of released rows, and what reading all anew would lose, is found out with the messages.
    discards: [...(c.release || c.fromSources ? [] : ['checked']), 'urls', 'event_names', 'outside_hosts', 'agents'],
    select: sql`
with keyed as (
    select *, ${d.rowNumber('m')} as number, ${d.md5(sql`key_source || ${'\u001f'} || event_id`)} as event_key
    from ${sql.staging('checked')} as m
    where reason is null
),

joined as (
    select
        k.*,
        n.event_name,
        u.clean_url as page_url, u.host as page_host, u.path as page_path, u.click_id,
        f.clean_url as referrer, f.host as raw_referrer_host,
        o.host as outside_host,
        b.is_bot,
        ${campaign('campaign_source', 'utm_source')},
        ${campaign('campaign_medium', 'utm_medium')},
        ${campaign('campaign_name', 'utm_campaign')},
        ${campaign('campaign_content', 'utm_content')},
        ${campaign('campaign_term', 'utm_term')}
    from keyed as k
    left join ${sql.staging('urls')} as u on u.url = k.url
    left join ${sql.staging('urls')} as f on f.url = k.from_url
    left join ${sql.staging('event_names')} as n on n.raw_event_name = k.raw_event_name
    left join ${sql.staging('outside_hosts')} as o on o.host = f.host
    left join ${sql.staging('agents')} as b on b.user_agent = k.user_agent
)

select
    source,
    file_number * 1099511627776 + number as row_number_read,
    event_key,
    event_id,
    type,
    name,
    event_name,
    anonymous_id,
    user_id,
    case when type = 'alias' then previous_id end as previous_id,
    ignored_anonymous_id,
    ignored_user_id,
    case when type = 'alias' then ignored_previous_id end as ignored_previous_id,
    group_id,
    occurred_at,
    received_at,
    ${orderKey(d, 's')} as order_key,
    ${isSession('s')} as is_in_session,
    page_url,
    page_host,
    page_path,
    referrer,
    raw_referrer_host,
    case when outside_host <> coalesce(page_host, '') then outside_host end as referrer_host,
    ${withoutEmail(d, 'raw_utm_source')} as utm_source,
    ${withoutEmail(d, 'raw_utm_medium')} as utm_medium,
    ${withoutEmail(d, 'raw_utm_campaign')} as utm_campaign,
    ${withoutEmail(d, 'raw_utm_content')} as utm_content,
    ${withoutEmail(d, 'raw_utm_term')} as utm_term,
    click_id,
    library,
    user_agent,
    case
        when length(raw_properties) <= ${LARGEST_PROPERTIES} or event_name in (${sql.values(converting)}) then raw_properties
    end as properties,
    coalesce(length(raw_properties) > ${LARGEST_PROPERTIES} and coalesce(event_name, '') not in (${sql.values(converting)}), 1 = 0) as is_stripped,
    is_waived = 1 as is_released,
    content_hash,
    case
        ${exclusionReason(c)}
    end as excluded_reason
from joined as s
`,
  }
}
