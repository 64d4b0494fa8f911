import { MESSAGES } from './segment-tables.ts'
import { END, type Shape, secondsOf, slicesOf } from './shape.ts'
import { VISITS } from './visits-sql.ts'

const uuid = (text: string) => `cast(cast(md5(${text}) as uuid) as varchar)`
const later = (seconds: string) => `to_microseconds(cast(cast(${seconds} as double) * 1000000 as bigint))`
const draw = (salt: number, of = '') => `bench.random(${of}person, ${of}visit * 128 + ${of}place, ${salt})`
const pick = (salt: number) => `bench.random(person, visit, ${salt})`
const whole = (number: string) => `cast(floor(${number}) as integer)`

/** Messages that become readable in one slice of history, as `MESSAGES`: with all columns of all tables. */
export function messagesSql(shape: Shape, slice: number): string {
  const history = secondsOf(shape)
  const step = history / slicesOf(shape)
  const [from, until] = [slice * step, (slice + 1) * step]
  const begin = `(timestamp '${END}' - ${later(String(history))})`
  const days = shape.lateDays
  // A message may be received late, become readable late, and be sent twice.
  const margin = (2 * days + 2 + 1) * 86_400
  return `
create or replace table ${MESSAGES} as
with visits as (
    select
        *,
        bench.random(person, 0, 16) < 0.005 as is_bot,
        -- One second device in five is also somebody else's first.
        ${uuid(`concat('device', case when device = 2 and person % 5 = 0 then concat(person + 1, '-1') else concat(person, '-', device) end)`)} as anonymous_id,
        ${uuid(`concat('user', person)`)} as known_user_id,
        ${pick(13)} as campaign_draw,
        ${pick(14)} as source_draw,
        case when bench.random(person, device, 17) < 0.02 then (bench.random(person, device, 18) - 0.5) * 7200 else 0 end as skew
    from ${VISITS}
    where starts >= ${from - margin} and starts < ${until}
),

sources as (
    select
        *,
        campaign_draw < 0.2 as has_campaign,
        1 + ${whole('5 * pow(source_draw, 1.5)')} as source_number,
        case
            when campaign_draw < 0.2 and source_draw < 0.5 then 'https://www.google.com/'
            when campaign_draw < 0.2 then 'https://l.facebook.com/'
            when campaign_draw < 0.45 then 'https://www.google.com/'
            when campaign_draw < 0.55 then concat('https://site', ${whole('300 * source_draw')}, '.com/page')
        end as outside_referrer,
        case
            when campaign_draw < 0.2 and source_draw < 0.34 then concat('&gclid=', md5(concat('g', person, '-', visit)), substr(md5(concat('h', person, '-', visit)), 1, 22))
            when campaign_draw < 0.2 and source_draw < 0.54 then concat('&fbclid=', md5(concat('f', person, '-', visit)), substr(md5(concat('e', person, '-', visit)), 1, 28))
            else ''
        end as click,
        case when is_bot then 'Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)'
            else concat('Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/', 90 + (person * 7 + device) % 50, '.0.0.0 Safari/537.36')
        end as agent
    from visits
),

campaigns as (
    select
        *,
        case when has_campaign then ['google', 'facebook', 'linkedin', 'newsletter', 'partner'][source_number] end as utm_source,
        case when has_campaign then ['cpc', 'paid_social', 'paid_social', 'email', 'referral'][source_number] end as utm_medium,
        case when has_campaign then concat('campaign_', ${whole(`200 * pow(${pick(30)}, 2)`)}) end as utm_campaign,
        case when has_campaign then concat('ad_', ${whole(`20 * ${pick(32)}`)}) end as utm_content,
        case when campaign_draw < 0.1 then concat('word ', ${whole(`500 * pow(${pick(31)}, 2)`)}) end as utm_term
    from sources
),

-- Narrow first: when each message happened, was received and became readable. What a person saw follows for those of the slice.
moments as (
    select
        person, visit, place, ${draw(22)} as late_by,
        ${begin} + ${later(`starts + place * 45 + ${draw(20)} * 40`)} as happened_at
    from visits, unnest(range(1, events + 1)) as places(place)
),

received as (
    select
        *,
        happened_at + ${later(`case when ${draw(21)} < ${shape.lateShare / 2} then late_by * ${days * 86_400} else late_by * 2 end`)} as first_received_at
    from moments
),

-- One message in two hundred is sent again within two days.
copied as (
    select *, 0 as copy, first_received_at as received_at
    from received
    union all
    select *, 1 as copy, first_received_at + ${later(`${draw(41)} * 2 * 86400`)} as received_at
    from received
    where ${draw(40)} < 0.005
),

loaded as (
    select
        *,
        received_at + ${later(`case when bench.random(person, visit * 128 + place, 28 + copy) < ${shape.lateShare / 2} then ${draw(33)} * ${days * 86_400} else 60 + ${draw(33)} * 600 end`)} as uuid_ts
    from copied
),

readable as (
    select person, visit, place, late_by, happened_at, received_at, uuid_ts
    from loaded
    where uuid_ts >= ${begin} + ${later(String(from))} and uuid_ts < ${begin} + ${later(String(until))}
),

happened as (
    select
        c.*,
        r.place, r.late_by, r.happened_at, r.received_at, r.uuid_ts,
        (c.events + 1) // 2 as middle,
        ${draw(23, 'r.')} as type_draw, ${draw(24, 'r.')} as event_draw, ${draw(25, 'r.')} as page_draw,
        ${draw(26, 'r.')} as path_draw, ${draw(27, 'r.')} as login_draw
    from readable as r
    join campaigns as c on c.person = r.person and c.visit = r.visit
),

typed as (
    select
        *,
        case
            when state = 1 and place = middle then 'identify'
            when state = 2 and place = 2 and login_draw < 0.3 then 'identify'
            when state = 1 and device = 1 and place = middle + 1 then 'track'
            when place = 1 or type_draw < 0.7 then 'page'
            else 'track'
        end as type,
        case
            when state = 1 and device = 1 and place = middle + 1 then 'Signed Up'
            when state > 0 and place > 1 and event_draw < 0.02 then 'Order Completed'
            else concat('Feature ', ${whole('40 * pow(event_draw, 2)')}, ' Used')
        end as event_name,
        case
            when page_draw < 0.15 then concat('https://www.example.com/blog/post-', ${whole('400 * pow(path_draw, 3)')})
            when state > 0 and page_draw < 0.6 then concat('https://app.example.com/projects/', ${whole('20000 * pow(path_draw, 2)')}, '/review')
            when path_draw < 0.3 then 'https://www.example.com/'
            when path_draw < 0.5 then 'https://www.example.com/pricing'
            else concat('https://www.example.com/features/', ${whole('80 * type_draw')})
        end as page
    from happened
),

-- Half of the orders are told by the server, which knows the user and no device.
told as (
    select *, type = 'track' and event_name = 'Order Completed' and path_draw < 0.5 as is_server from typed
)

select
    ${uuid(`concat('message', person, '-', visit, '-', place)`)} as id,
    case when not is_server then anonymous_id end as anonymous_id,
    case when state = 2 or (state = 1 and place >= middle) then known_user_id end as user_id,
    received_at,
    happened_at + ${later('skew')} + ${later('late_by')} as sent_at,
    happened_at + ${later('skew')} as original_timestamp,
    happened_at as "timestamp",
    uuid_ts,
    case when is_server then 'analytics-node' else 'analytics.js' end as context_library_name,
    case when not is_server then agent end as context_user_agent,
    case when not is_server then
        case when place = 1 and has_campaign
            then concat(page, '?utm_source=', utm_source, '&utm_medium=', utm_medium, '&utm_campaign=', utm_campaign, click)
            else page
        end
    end as context_page_url,
    case when not is_server then case when place = 1 then outside_referrer else 'https://www.example.com/features/1' end end as context_page_referrer,
    case when not is_server then regexp_extract(page, 'com(/.*)', 1) end as context_page_path,
    case when place = 1 then utm_source end as context_campaign_source,
    case when place = 1 then utm_medium end as context_campaign_medium,
    case when place = 1 then utm_campaign end as context_campaign_name,
    case when place = 1 then utm_content end as context_campaign_content,
    case when place = 1 then utm_term end as context_campaign_term,
    type,
    lower(replace(event_name, ' ', '_')) as event,
    event_name as event_text,
    cast(5 + floor(path_draw * 20000) / 100 as decimal(18, 2)) as revenue,
    ['free', 'team', 'business'][1 + person % 3] as plan
from told
`
}
