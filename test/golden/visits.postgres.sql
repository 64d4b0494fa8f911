-- visits: new events into visits, merged with the neighbours they touch

-- For a session of one’s own: where staging tables are.
set timezone = 'UTC';

-- withdrawn_events: The withdrawn events as they are stored.
drop table if exists "tributary"."staging_withdrawn_events";
create table "tributary"."staging_withdrawn_events" as
select e."event_key", e."occurred_at", e."received_at", e."event_name", e."type", e."excluded_reason", e."group_id", lpad((cast(cast(extract(epoch from (e.occurred_at)) * 1000000 as bigint) as text) collate "C"), 16, '0') || case when "e".type in ('page', 'screen') then '0' else '1' end || "e".event_key as order_key, coalesce("e".anonymous_id, '') as anonymous_id, coalesce("e".user_id, '') as user_id, "e".is_in_session
from (
    select event_key, occurred_at, received_at, event_name, type, excluded_reason, group_id, anonymous_id, user_id, is_in_session from "tributary"."events"
    where 1 = 0
) as e
join "tributary"."staging_withdrawn" as w
    on w.event_key = e.event_key and w.occurred_at = e.occurred_at and w.received_at = e.received_at;
analyze "tributary"."staging_withdrawn_events";

-- visits_broken: Stored visits that held a withdrawn event.
drop table if exists "tributary"."staging_visits_broken";
create table "tributary"."staging_visits_broken" as
select distinct v.*
from "tributary"."visits" as v
join "tributary"."staging_withdrawn_events" as w
    on w.anonymous_id = v.anonymous_id and w.user_id = v.user_id and w.is_in_session = v.is_in_session
where w.excluded_reason is null and v.started_at <= w.occurred_at and v.ended_at >= w.occurred_at;
analyze "tributary"."staging_visits_broken";

-- Asked first: of which times the next statement reads. Here stands one day for what it answers.
select min(started_at) as from_at, max(ended_at) as to_at
from "tributary"."staging_visits_broken"
group by date_trunc('day', started_at)
order by min(started_at);

-- reread: The other events of those visits, to make them anew.
drop table if exists "tributary"."staging_reread";
create table "tributary"."staging_reread" as
select e.*, lpad((cast(cast(extract(epoch from (e.occurred_at)) * 1000000 as bigint) as text) collate "C"), 16, '0') || case when "e".type in ('page', 'screen') then '0' else '1' end || "e".event_key as order_key
from (
    select event_key, type, event_name, group_id, previous_id, occurred_at, page_url, page_path, referrer, referrer_host, raw_referrer_host, utm_source, utm_medium, utm_campaign, utm_content, utm_term, click_id, properties, is_stripped, received_at, excluded_reason, anonymous_id, user_id, is_in_session from "tributary"."events"
    where occurred_at >= cast('2000-01-01 00:00:00.000000' as timestamp) and occurred_at <= cast('2000-01-01 00:00:00.000000' as timestamp)
) as e
join "tributary"."staging_visits_broken" as v
    on v.anonymous_id = coalesce(e.anonymous_id, '') and v.user_id = coalesce(e.user_id, '') and v.is_in_session = e.is_in_session
left join "tributary"."staging_withdrawn_events" as w
    on w.event_key = e.event_key and w.occurred_at = e.occurred_at and w.received_at = e.received_at
where e.excluded_reason is null and w.event_key is null
    and e.occurred_at >= v.started_at and e.occurred_at <= v.ended_at;
analyze "tributary"."staging_reread";

-- reread_keys: Events whose candidates are made anew.
drop table if exists "tributary"."staging_reread_keys";
create table "tributary"."staging_reread_keys" as
select event_key, order_key, occurred_at from "tributary"."staging_reread"
union all
select event_key, order_key, occurred_at from "tributary"."staging_withdrawn_events";
analyze "tributary"."staging_reread_keys";

-- pieces: Events of one device and user in one bucket of the gap’s length, added up.
drop table if exists "tributary"."staging_pieces";
create table "tributary"."staging_pieces" as
select
    anonymous_id,
    user_id,
    is_in_session,
    min(occurred_at) as started_at,
    max(occurred_at) as ended_at,
    min(order_key) as first_key,
    max(order_key) as last_key,
    count(*) as event_count,
    sum(case when type in ('page', 'screen') then 1 else 0 end) as page_count,
    min(case when type in ('page', 'screen') then '0' else '1' end || order_key) as entry_key,
    min(case when type = 'page' and page_url is not null then order_key end) as page_key,
    (array_agg(page_url order by case when type = 'page' and page_url is not null then order_key end collate "C") filter (where case when type = 'page' and page_url is not null then order_key end is not null))[1] as page_url,
    min(case when type = 'page' and page_path like '/blog/%' then order_key end) as blog_key,
    (array_agg(page_url order by case when type = 'page' and page_path like '/blog/%' then order_key end collate "C") filter (where case when type = 'page' and page_path like '/blog/%' then order_key end is not null))[1] as blog_url
from (
select event_key, type, event_name, group_id, previous_id, occurred_at, page_url, page_path, referrer, referrer_host, raw_referrer_host, utm_source, utm_medium, utm_campaign, utm_content, utm_term, click_id, properties, is_stripped, order_key as order_key, coalesce(anonymous_id, '') as anonymous_id, coalesce(user_id, '') as user_id, is_in_session
from (
    select i.*, 7 as run_id
    from "tributary"."staging_incoming" as i
    where i.row_number_read not in (
        select row_number_read from "tributary"."staging_contested_rows" where status in ('seen', 'duplicate')
    )
) as e
where excluded_reason is null
union all
select event_key, type, event_name, group_id, previous_id, occurred_at, page_url, page_path, referrer, referrer_host, raw_referrer_host, utm_source, utm_medium, utm_campaign, utm_content, utm_term, click_id, properties, is_stripped, order_key as order_key, coalesce(anonymous_id, '') as anonymous_id, coalesce(user_id, '') as user_id, is_in_session
from "tributary"."staging_reread" as e
where excluded_reason is null
) as b
group by anonymous_id, user_id, is_in_session, (cast((cast(extract(epoch from (occurred_at)) * 1000000 as bigint)) as bigint) / cast((1800000000) as bigint));
analyze "tributary"."staging_pieces";

-- visits_hit: Stored visits that come within the gap of a piece.
drop table if exists "tributary"."staging_visits_hit";
create table "tributary"."staging_visits_hit" as
select distinct v.*
from "tributary"."visits" as v
join "tributary"."staging_pieces" as p
    on p.anonymous_id = v.anonymous_id and p.user_id = v.user_id and p.is_in_session = v.is_in_session
where v.started_at <= (p.ended_at + cast((1800000000) as double precision) * interval '1 microsecond')
    and v.ended_at >= (p.started_at + cast(((-1800000000)) as double precision) * interval '1 microsecond')
    and v.ended_at >= ((select min(started_at) from "tributary"."staging_pieces") + cast(((-1800000000)) as double precision) * interval '1 microsecond')
    and v.visit_id not in (select visit_id from "tributary"."staging_visits_broken");
analyze "tributary"."staging_visits_hit";

-- visits_merged: Pieces and the visits they touch, merged.
drop table if exists "tributary"."staging_visits_merged";
create table "tributary"."staging_visits_merged" as
with parts as (
    select anonymous_id, user_id, is_in_session, started_at, ended_at, first_key, last_key, event_count, page_count, entry_key, page_key, page_url, blog_key, blog_url from "tributary"."staging_pieces"
    union all
    select anonymous_id, user_id, is_in_session, started_at, ended_at, first_key, last_key, event_count, page_count, entry_key, page_key, page_url, blog_key, blog_url from "tributary"."staging_visits_hit"
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
        sum(case when reach is null or cast(extract(epoch from (started_at) - (reach)) * 1000000 as bigint) > 1800000000 then 1 else 0 end) over (
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
        (array_agg(page_url order by page_key collate "C") filter (where page_key is not null))[1] as page_url,
        min(blog_key) as blog_key,
        (array_agg(blog_url order by blog_key collate "C") filter (where blog_key is not null))[1] as blog_url
    from numbered
    group by anonymous_id, user_id, is_in_session, visit_number
)

select (md5(coalesce(length(cast(anonymous_id as text)) || ':' || cast(anonymous_id as text), 'null') || ',' || coalesce(length(cast(user_id as text)) || ':' || cast(user_id as text), 'null') || ',' || coalesce(length(cast(case when is_in_session then 'true' else 'false' end as text)) || ':' || cast(case when is_in_session then 'true' else 'false' end as text), 'null') || ',' || coalesce(length(cast(first_key as text)) || ':' || cast(first_key as text), 'null')) collate "C") as visit_id, anonymous_id, user_id, is_in_session, started_at, ended_at, first_key, last_key, event_count, page_count, entry_key, page_key, page_url, blog_key, blog_url
from merged;
analyze "tributary"."staging_visits_merged";

-- touch_candidates_new: Pages and screens that touches may be made of.
drop table if exists "tributary"."staging_touch_candidates_new";
create table "tributary"."staging_touch_candidates_new" as
with firsts as (
    select distinct substr(entry_key, 2) as order_key from "tributary"."staging_pieces" where is_in_session
)

select
    b.anonymous_id, b.user_id, b.order_key, b.event_key, b.occurred_at,
    b.type in ('page', 'screen') as is_page,
    f.order_key is not null as is_first,
    (b."utm_source" is not null or b."utm_medium" is not null or b."utm_campaign" is not null or b."utm_content" is not null or b."utm_term" is not null or b."click_id" is not null or b."referrer_host" is not null) as is_candidate,
    case when (f.order_key is not null or (b."utm_source" is not null or b."utm_medium" is not null or b."utm_campaign" is not null or b."utm_content" is not null or b."utm_term" is not null or b."click_id" is not null or b."referrer_host" is not null)) then b."page_url" end as "page_url",
    case when (f.order_key is not null or (b."utm_source" is not null or b."utm_medium" is not null or b."utm_campaign" is not null or b."utm_content" is not null or b."utm_term" is not null or b."click_id" is not null or b."referrer_host" is not null)) then b."referrer" end as "referrer",
    b.referrer_host, b.raw_referrer_host,
    b.utm_source, b.utm_medium, b.utm_campaign, b.utm_content, b.utm_term, b.click_id, b.group_id as company_id
from (
select event_key, type, event_name, group_id, previous_id, occurred_at, page_url, page_path, referrer, referrer_host, raw_referrer_host, utm_source, utm_medium, utm_campaign, utm_content, utm_term, click_id, properties, is_stripped, order_key as order_key, coalesce(anonymous_id, '') as anonymous_id, coalesce(user_id, '') as user_id, is_in_session
from (
    select i.*, 7 as run_id
    from "tributary"."staging_incoming" as i
    where i.row_number_read not in (
        select row_number_read from "tributary"."staging_contested_rows" where status in ('seen', 'duplicate')
    )
) as e
where excluded_reason is null
union all
select event_key, type, event_name, group_id, previous_id, occurred_at, page_url, page_path, referrer, referrer_host, raw_referrer_host, utm_source, utm_medium, utm_campaign, utm_content, utm_term, click_id, properties, is_stripped, order_key as order_key, coalesce(anonymous_id, '') as anonymous_id, coalesce(user_id, '') as user_id, is_in_session
from "tributary"."staging_reread" as e
where excluded_reason is null
) as b
left join firsts as f on f.order_key = b.order_key
where b.is_in_session and (b.type in ('page', 'screen') or (f.order_key is not null and ((b."utm_source" is not null or b."utm_medium" is not null or b."utm_campaign" is not null or b."utm_content" is not null or b."utm_term" is not null or b."click_id" is not null or b."referrer_host" is not null) or b.page_url is not null or b.referrer is not null or b.group_id is not null)));
analyze "tributary"."staging_touch_candidates_new";

-- conversion_candidates_0: Candidates of conversion number 0 of the configuration, counted from 0.
drop table if exists "tributary"."staging_conversion_candidates_0";
create table "tributary"."staging_conversion_candidates_0" as
with delivered as (
    select e.*, (cast(null as text) collate "C") as written, 'USD' as code
    from (select * from (
    select *
    from (
select event_key, type, event_name, group_id, previous_id, occurred_at, page_url, page_path, referrer, referrer_host, raw_referrer_host, utm_source, utm_medium, utm_campaign, utm_content, utm_term, click_id, properties, is_stripped, order_key as order_key, coalesce(anonymous_id, '') as anonymous_id, coalesce(user_id, '') as user_id, is_in_session
from (
    select i.*, 7 as run_id
    from "tributary"."staging_incoming" as i
    where i.row_number_read not in (
        select row_number_read from "tributary"."staging_contested_rows" where status in ('seen', 'duplicate')
    )
) as e
where excluded_reason is null
union all
select event_key, type, event_name, group_id, previous_id, occurred_at, page_url, page_path, referrer, referrer_host, raw_referrer_host, utm_source, utm_medium, utm_campaign, utm_content, utm_term, click_id, properties, is_stripped, order_key as order_key, coalesce(anonymous_id, '') as anonymous_id, coalesce(user_id, '') as user_id, is_in_session
from "tributary"."staging_reread" as e
where excluded_reason is null
) as b
    where type = 'track' and event_name in ('signed_up', 'sign_up', 'signup', 'user_signed_up', 'account_created')
) as json_rows) as e
),

rounded as (
    select *, case when (written ~ '^[+-]?[0-9]([.][0-9]*)?[eE]-0*([7-9]|[1-9][0-9]+)$') then '0' else written end as amount
    from delivered
),

judged as (
    select
        *,
        case
            
            when amount is null then null
            when (amount ~ '^[+-]?[0-9]([.][0-9]*)?[eE][+]?0*(1[5-9]|[2-9][0-9]|[1-9][0-9][0-9]+)$') then 'OUT_OF_RANGE'
            when not (amount ~ '^[+-]?([0-9]+([.][0-9]*)?|[.][0-9]+)$') then 'NOT_A_NUMBER'
            when not (amount ~ '^[+-]?[0-9]{0,15}([.][0-9]{0,18})?$') then 'OUT_OF_RANGE'
            when case when code in ('BIF', 'CLP', 'DJF', 'GNF', 'ISK', 'JPY', 'KMF', 'KRW', 'PYG', 'RWF', 'UGX', 'UYI', 'VND', 'VUV', 'XAF', 'XOF', 'XPF') then 0 when code in ('BHD', 'IQD', 'JOD', 'KWD', 'LYD', 'OMR', 'TND') then 3 when code in ('CLF', 'UYW') then 4 else 2 end = 4 and not (amount ~ '^[+-]?[0-9]{0,14}([.][0-9]{0,18})?$') then 'OUT_OF_RANGE'
            when code not in ('AED', 'AFN', 'ALL', 'AMD', 'AOA', 'ARS', 'AUD', 'AWG', 'AZN', 'BAM', 'BBD', 'BDT', 'BGN', 'BMD', 'BND', 'BOB', 'BOV', 'BRL', 'BSD', 'BTN', 'BWP', 'BYN', 'BZD', 'CAD', 'CDF', 'CHE', 'CHF', 'CHW', 'CNY', 'COP', 'COU', 'CRC', 'CUP', 'CVE', 'CZK', 'DKK', 'DOP', 'DZD', 'EGP', 'ERN', 'ETB', 'EUR', 'FJD', 'FKP', 'GBP', 'GEL', 'GHS', 'GIP', 'GMD', 'GTQ', 'GYD', 'HKD', 'HNL', 'HTG', 'HUF', 'IDR', 'ILS', 'INR', 'IRR', 'JMD', 'KES', 'KGS', 'KHR', 'KPW', 'KYD', 'KZT', 'LAK', 'LBP', 'LKR', 'LRD', 'LSL', 'MAD', 'MDL', 'MGA', 'MKD', 'MMK', 'MNT', 'MOP', 'MRU', 'MUR', 'MVR', 'MWK', 'MXN', 'MXV', 'MYR', 'MZN', 'NAD', 'NGN', 'NIO', 'NOK', 'NPR', 'NZD', 'PAB', 'PEN', 'PGK', 'PHP', 'PKR', 'PLN', 'QAR', 'RON', 'RSD', 'RUB', 'SAR', 'SBD', 'SCR', 'SDG', 'SEK', 'SGD', 'SHP', 'SLE', 'SOS', 'SRD', 'SSP', 'STN', 'SVC', 'SYP', 'SZL', 'THB', 'TJS', 'TMT', 'TOP', 'TRY', 'TTD', 'TWD', 'TZS', 'UAH', 'USD', 'USN', 'UYU', 'UZS', 'VED', 'VES', 'WST', 'XCD', 'XCG', 'YER', 'ZAR', 'ZMW', 'ZWG', 'BIF', 'CLP', 'DJF', 'GNF', 'ISK', 'JPY', 'KMF', 'KRW', 'PYG', 'RWF', 'UGX', 'UYI', 'VND', 'VUV', 'XAF', 'XOF', 'XPF', 'BHD', 'IQD', 'JOD', 'KWD', 'LYD', 'OMR', 'TND', 'CLF', 'UYW') then 'UNKNOWN_CURRENCY'
        end as value_problem
    from rounded
)

select
    anonymous_id, user_id, is_in_session, order_key, event_key, occurred_at,
    'signup' as conversion,
    case when amount is not null and value_problem is null then cast(round(cast(amount as numeric) * power(cast(10 as numeric), case when code in ('BIF', 'CLP', 'DJF', 'GNF', 'ISK', 'JPY', 'KMF', 'KRW', 'PYG', 'RWF', 'UGX', 'UYI', 'VND', 'VUV', 'XAF', 'XOF', 'XPF') then 0 when code in ('BHD', 'IQD', 'JOD', 'KWD', 'LYD', 'OMR', 'TND') then 3 when code in ('CLF', 'UYW') then 4 else 2 end)) as bigint) end as value,
    case when amount is not null and value_problem is null then code end as currency,
    value_problem,
    group_id as company_id
from judged;
analyze "tributary"."staging_conversion_candidates_0";

-- conversion_candidates_1: Candidates of conversion number 1 of the configuration, counted from 0.
drop table if exists "tributary"."staging_conversion_candidates_1";
create table "tributary"."staging_conversion_candidates_1" as
with delivered as (
    select e.*, nullif(btrim(raw_value_0, e' \t\n\x0b\x0c\r'), '') as written, coalesce(nullif(upper(btrim(raw_currency_0, e' \t\n\x0b\x0c\r')), ''), 'USD') as code
    from (
    select json_rows.*, json_picked.*
    from (
    select *
    from (
select event_key, type, event_name, group_id, previous_id, occurred_at, page_url, page_path, referrer, referrer_host, raw_referrer_host, utm_source, utm_medium, utm_campaign, utm_content, utm_term, click_id, properties, is_stripped, order_key as order_key, coalesce(anonymous_id, '') as anonymous_id, coalesce(user_id, '') as user_id, is_in_session
from (
    select i.*, 7 as run_id
    from "tributary"."staging_incoming" as i
    where i.row_number_read not in (
        select row_number_read from "tributary"."staging_contested_rows" where status in ('seen', 'duplicate')
    )
) as e
where excluded_reason is null
union all
select event_key, type, event_name, group_id, previous_id, occurred_at, page_url, page_path, referrer, referrer_host, raw_referrer_host, utm_source, utm_medium, utm_campaign, utm_content, utm_term, click_id, properties, is_stripped, order_key as order_key, coalesce(anonymous_id, '') as anonymous_id, coalesce(user_id, '') as user_id, is_in_session
from "tributary"."staging_reread" as e
where excluded_reason is null
) as b
    where type = 'track' and event_name in ('order_completed')
) as json_rows
    cross join lateral (
        select (case when jsonb_typeof(json_read.json_binary #> array['revenue']) in ('object', 'array') or (case when jsonb_typeof(json_read.json_binary #> array['revenue']) = 'number' then abs(cast(json_read.json_binary #> array['revenue'] as numeric)) > 1e20 or (abs(cast(json_read.json_binary #> array['revenue'] as numeric)) > 0 and abs(cast(json_read.json_binary #> array['revenue'] as numeric)) < 1e-6) end) then cast(json_read.json_text as json) #>> array['revenue']
        else json_read.json_binary #>> array['revenue'] end) collate "C" as "raw_value_0", (case when jsonb_typeof(json_read.json_binary #> array['currency']) in ('object', 'array', 'number') then cast(json_read.json_text as json) #>> array['currency']
        else json_read.json_binary #>> array['currency'] end) collate "C" as "raw_currency_0"
        from (
            select
                case when strpos(properties, '\u0000') = 0 then cast(properties as jsonb) end as json_binary,
                properties as json_text
            offset 0
        ) as json_read
    ) as json_picked
) as e
),

rounded as (
    select *, case when (written ~ '^[+-]?[0-9]([.][0-9]*)?[eE]-0*([7-9]|[1-9][0-9]+)$') then '0' else written end as amount
    from delivered
),

judged as (
    select
        *,
        case
            when is_stripped then 'PROPERTIES_NOT_KEPT'
            when amount is null then null
            when (amount ~ '^[+-]?[0-9]([.][0-9]*)?[eE][+]?0*(1[5-9]|[2-9][0-9]|[1-9][0-9][0-9]+)$') then 'OUT_OF_RANGE'
            when not (amount ~ '^[+-]?([0-9]+([.][0-9]*)?|[.][0-9]+)$') then 'NOT_A_NUMBER'
            when not (amount ~ '^[+-]?[0-9]{0,15}([.][0-9]{0,18})?$') then 'OUT_OF_RANGE'
            when case when code in ('BIF', 'CLP', 'DJF', 'GNF', 'ISK', 'JPY', 'KMF', 'KRW', 'PYG', 'RWF', 'UGX', 'UYI', 'VND', 'VUV', 'XAF', 'XOF', 'XPF') then 0 when code in ('BHD', 'IQD', 'JOD', 'KWD', 'LYD', 'OMR', 'TND') then 3 when code in ('CLF', 'UYW') then 4 else 2 end = 4 and not (amount ~ '^[+-]?[0-9]{0,14}([.][0-9]{0,18})?$') then 'OUT_OF_RANGE'
            when code not in ('AED', 'AFN', 'ALL', 'AMD', 'AOA', 'ARS', 'AUD', 'AWG', 'AZN', 'BAM', 'BBD', 'BDT', 'BGN', 'BMD', 'BND', 'BOB', 'BOV', 'BRL', 'BSD', 'BTN', 'BWP', 'BYN', 'BZD', 'CAD', 'CDF', 'CHE', 'CHF', 'CHW', 'CNY', 'COP', 'COU', 'CRC', 'CUP', 'CVE', 'CZK', 'DKK', 'DOP', 'DZD', 'EGP', 'ERN', 'ETB', 'EUR', 'FJD', 'FKP', 'GBP', 'GEL', 'GHS', 'GIP', 'GMD', 'GTQ', 'GYD', 'HKD', 'HNL', 'HTG', 'HUF', 'IDR', 'ILS', 'INR', 'IRR', 'JMD', 'KES', 'KGS', 'KHR', 'KPW', 'KYD', 'KZT', 'LAK', 'LBP', 'LKR', 'LRD', 'LSL', 'MAD', 'MDL', 'MGA', 'MKD', 'MMK', 'MNT', 'MOP', 'MRU', 'MUR', 'MVR', 'MWK', 'MXN', 'MXV', 'MYR', 'MZN', 'NAD', 'NGN', 'NIO', 'NOK', 'NPR', 'NZD', 'PAB', 'PEN', 'PGK', 'PHP', 'PKR', 'PLN', 'QAR', 'RON', 'RSD', 'RUB', 'SAR', 'SBD', 'SCR', 'SDG', 'SEK', 'SGD', 'SHP', 'SLE', 'SOS', 'SRD', 'SSP', 'STN', 'SVC', 'SYP', 'SZL', 'THB', 'TJS', 'TMT', 'TOP', 'TRY', 'TTD', 'TWD', 'TZS', 'UAH', 'USD', 'USN', 'UYU', 'UZS', 'VED', 'VES', 'WST', 'XCD', 'XCG', 'YER', 'ZAR', 'ZMW', 'ZWG', 'BIF', 'CLP', 'DJF', 'GNF', 'ISK', 'JPY', 'KMF', 'KRW', 'PYG', 'RWF', 'UGX', 'UYI', 'VND', 'VUV', 'XAF', 'XOF', 'XPF', 'BHD', 'IQD', 'JOD', 'KWD', 'LYD', 'OMR', 'TND', 'CLF', 'UYW') then 'UNKNOWN_CURRENCY'
        end as value_problem
    from rounded
)

select
    anonymous_id, user_id, is_in_session, order_key, event_key, occurred_at,
    'purchase' as conversion,
    case when amount is not null and value_problem is null then cast(round(cast(amount as numeric) * power(cast(10 as numeric), case when code in ('BIF', 'CLP', 'DJF', 'GNF', 'ISK', 'JPY', 'KMF', 'KRW', 'PYG', 'RWF', 'UGX', 'UYI', 'VND', 'VUV', 'XAF', 'XOF', 'XPF') then 0 when code in ('BHD', 'IQD', 'JOD', 'KWD', 'LYD', 'OMR', 'TND') then 3 when code in ('CLF', 'UYW') then 4 else 2 end)) as bigint) end as value,
    case when amount is not null and value_problem is null then code end as currency,
    value_problem,
    group_id as company_id
from judged;
analyze "tributary"."staging_conversion_candidates_1";

-- conversion_candidates_new: Events that some conversion names, with their value in minor units.
drop table if exists "tributary"."staging_conversion_candidates_new";
create table "tributary"."staging_conversion_candidates_new" as
select anonymous_id, user_id, is_in_session, order_key, event_key, occurred_at, conversion, value, currency, value_problem, company_id
from "tributary"."staging_conversion_candidates_0"
union all
select anonymous_id, user_id, is_in_session, order_key, event_key, occurred_at, conversion, value, currency, value_problem, company_id
from "tributary"."staging_conversion_candidates_1";
analyze "tributary"."staging_conversion_candidates_new";

-- activity_new: Hours of use that the batch adds and withdrawals take back.
drop table if exists "tributary"."staging_activity_new";
create table "tributary"."staging_activity_new" as
with deltas as (
    select coalesce(anonymous_id, '') as anonymous_id, coalesce(user_id, '') as user_id, is_in_session, coalesce(group_id, '') as company_id, (cast('1970-01-01 00:00:00.000000' as timestamp) + cast((((cast((cast(extract(epoch from (occurred_at)) * 1000000 as bigint)) as bigint) / cast((900000000) as bigint)) * 900000000)) as double precision) * interval '1 microsecond') as bucket_at, coalesce(event_name, type) as event_name, 1 as n
    from (select * from (
    select i.*, 7 as run_id
    from "tributary"."staging_incoming" as i
    where i.row_number_read not in (
        select row_number_read from "tributary"."staging_contested_rows" where status in ('seen', 'duplicate')
    )
) as u where excluded_reason is null) as e
    union all
    select coalesce(anonymous_id, '') as anonymous_id, coalesce(user_id, '') as user_id, is_in_session, coalesce(group_id, '') as company_id, (cast('1970-01-01 00:00:00.000000' as timestamp) + cast((((cast((cast(extract(epoch from (occurred_at)) * 1000000 as bigint)) as bigint) / cast((900000000) as bigint)) * 900000000)) as double precision) * interval '1 microsecond') as bucket_at, coalesce(event_name, type) as event_name, (-1) as n
    from (select * from "tributary"."staging_withdrawn_events" as u where excluded_reason is null) as e
)

select anonymous_id, user_id, is_in_session, company_id, bucket_at, event_name, sum(n) as event_count, 7 as run_id
from deltas
group by anonymous_id, user_id, is_in_session, company_id, bucket_at, event_name
having sum(n) <> 0;
analyze "tributary"."staging_activity_new";

-- Nothing after this stage reads these.
drop table if exists "tributary"."staging_pieces";

-- The part of `visits` in the publish transaction of the run; alone it would leave half a run.
-- `tributary sql publish` has all of it.
delete from "tributary"."touch_candidates" where event_key in (select event_key from "tributary"."staging_reread_keys") and occurred_at in (select occurred_at from "tributary"."staging_reread_keys");

insert into "tributary"."touch_candidates" (anonymous_id, user_id, event_key, occurred_at, is_page, is_first, is_candidate, page_url, referrer, referrer_host, raw_referrer_host, utm_source, utm_medium, utm_campaign, utm_content, utm_term, click_id, company_id)
select anonymous_id, user_id, event_key, occurred_at, is_page, is_first, is_candidate, page_url, referrer, referrer_host, raw_referrer_host, utm_source, utm_medium, utm_campaign, utm_content, utm_term, click_id, company_id from "tributary"."staging_touch_candidates_new"
order by occurred_at;

delete from "tributary"."conversion_candidates" where order_key in (select order_key from "tributary"."staging_reread_keys");

insert into "tributary"."conversion_candidates" (anonymous_id, user_id, is_in_session, order_key, event_key, occurred_at, conversion, value, currency, value_problem, company_id)
select anonymous_id, user_id, is_in_session, order_key, event_key, occurred_at, conversion, value, currency, value_problem, company_id from "tributary"."staging_conversion_candidates_new"
order by date_trunc('month', occurred_at), "user_id";

insert into "tributary"."activity" (anonymous_id, user_id, is_in_session, company_id, bucket_at, event_name, event_count, run_id)
select anonymous_id, user_id, is_in_session, company_id, bucket_at, event_name, event_count, run_id from "tributary"."staging_activity_new";
