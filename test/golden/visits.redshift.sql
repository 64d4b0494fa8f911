-- visits: new events into visits, merged with the neighbours they touch

-- For a session of one’s own: where staging tables are.
set enable_case_sensitive_identifier to true;

-- withdrawn_events: The withdrawn events as they are stored.
drop table if exists "tributary"."staging__withdrawn_events";

create table "tributary"."staging__withdrawn_events" as
select e."event_key", e."occurred_at", e."received_at", e."event_name", e."type", e."excluded_reason", e."group_id", lpad(cast(datediff(microsecond, cast('1970-01-01' as timestamp), e.occurred_at) as varchar), 16, '0') || case when "e".type in ('page', 'screen') then '0' else '1' end || "e".event_key as order_key, coalesce("e".anonymous_id, '') as anonymous_id, coalesce("e".user_id, '') as user_id, "e".is_in_session
from (
    select event_key, occurred_at, received_at, event_name, type, excluded_reason, group_id, anonymous_id, user_id, is_in_session from "tributary"."events"
    where 1 = 0
) as e
join "tributary"."staging__withdrawn" as w
    on w.event_key = e.event_key and w.occurred_at = e.occurred_at and w.received_at = e.received_at;

-- visits_broken: Stored visits that held a withdrawn event.
drop table if exists "tributary"."staging__visits_broken";

create table "tributary"."staging__visits_broken" as
select distinct v.*
from "tributary"."visits" as v
join "tributary"."staging__withdrawn_events" as w
    on w.anonymous_id = v.anonymous_id and w.user_id = v.user_id and w.is_in_session = v.is_in_session
where w.excluded_reason is null and v.started_at <= w.occurred_at and v.ended_at >= w.occurred_at;

-- Asked first: of which times the next statement reads. Here stands one day for what it answers.
select min(started_at) as from_at, max(ended_at) as to_at
from "tributary"."staging__visits_broken"
group by date_trunc('day', started_at)
order by min(started_at);

-- reread: The other events of those visits, to make them anew.
drop table if exists "tributary"."staging__reread";

create table "tributary"."staging__reread" as
select e.*, lpad(cast(datediff(microsecond, cast('1970-01-01' as timestamp), e.occurred_at) as varchar), 16, '0') || case when "e".type in ('page', 'screen') then '0' else '1' end || "e".event_key as order_key
from (
    select event_key, type, event_name, group_id, previous_id, occurred_at, page_url, page_path, referrer, referrer_host, raw_referrer_host, utm_source, utm_medium, utm_campaign, utm_content, utm_term, click_id, properties, is_stripped, received_at, excluded_reason, anonymous_id, user_id, is_in_session from "tributary"."events"
    where occurred_at >= cast('2000-01-01 00:00:00.000000' as timestamp) and occurred_at <= cast('2000-01-01 00:00:00.000000' as timestamp)
) as e
join "tributary"."staging__visits_broken" as v
    on v.anonymous_id = coalesce(e.anonymous_id, '') and v.user_id = coalesce(e.user_id, '') and v.is_in_session = e.is_in_session
left join "tributary"."staging__withdrawn_events" as w
    on w.event_key = e.event_key and w.occurred_at = e.occurred_at and w.received_at = e.received_at
where e.excluded_reason is null and w.event_key is null
    and e.occurred_at >= v.started_at and e.occurred_at <= v.ended_at;

-- reread_keys: Events whose candidates are made anew.
drop table if exists "tributary"."staging__reread_keys";

create table "tributary"."staging__reread_keys" as
select event_key, order_key, occurred_at from "tributary"."staging__reread"
union all
select event_key, order_key, occurred_at from "tributary"."staging__withdrawn_events";

-- pieces: Events of one device and user in one bucket of the gap’s length, added up.
drop table if exists "tributary"."staging__pieces";

create table "tributary"."staging__pieces" as
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
    case when substring(min(case when type = 'page' and page_url is not null then order_key end || chr(1) || coalesce('1' || page_url, '0')), strpos(min(case when type = 'page' and page_url is not null then order_key end || chr(1) || coalesce('1' || page_url, '0')), chr(1)) + 1) like '1%' then substring(substring(min(case when type = 'page' and page_url is not null then order_key end || chr(1) || coalesce('1' || page_url, '0')), strpos(min(case when type = 'page' and page_url is not null then order_key end || chr(1) || coalesce('1' || page_url, '0')), chr(1)) + 1), 2) end as page_url,
    min(case when type = 'page' and page_path like '/blog/%' then order_key end) as blog_key,
    case when substring(min(case when type = 'page' and page_path like '/blog/%' then order_key end || chr(1) || coalesce('1' || page_url, '0')), strpos(min(case when type = 'page' and page_path like '/blog/%' then order_key end || chr(1) || coalesce('1' || page_url, '0')), chr(1)) + 1) like '1%' then substring(substring(min(case when type = 'page' and page_path like '/blog/%' then order_key end || chr(1) || coalesce('1' || page_url, '0')), strpos(min(case when type = 'page' and page_path like '/blog/%' then order_key end || chr(1) || coalesce('1' || page_url, '0')), chr(1)) + 1), 2) end as blog_url
from (
select event_key, type, event_name, group_id, previous_id, occurred_at, page_url, page_path, referrer, referrer_host, raw_referrer_host, utm_source, utm_medium, utm_campaign, utm_content, utm_term, click_id, properties, is_stripped, order_key as order_key, coalesce(anonymous_id, '') as anonymous_id, coalesce(user_id, '') as user_id, is_in_session
from (
    select i.*, 7 as run_id
    from "tributary"."staging__incoming" as i
    where i.row_number_read not in (
        select row_number_read from "tributary"."staging__contested_rows" where status in ('seen', 'duplicate')
    )
) as e
where excluded_reason is null
union all
select event_key, type, event_name, group_id, previous_id, occurred_at, page_url, page_path, referrer, referrer_host, raw_referrer_host, utm_source, utm_medium, utm_campaign, utm_content, utm_term, click_id, properties, is_stripped, order_key as order_key, coalesce(anonymous_id, '') as anonymous_id, coalesce(user_id, '') as user_id, is_in_session
from "tributary"."staging__reread" as e
where excluded_reason is null
) as b
group by anonymous_id, user_id, is_in_session, (cast((datediff(microsecond, cast('1970-01-01' as timestamp), occurred_at)) as bigint) / cast((1800000000) as bigint));

-- visits_hit: Stored visits that come within the gap of a piece.
drop table if exists "tributary"."staging__visits_hit";

create table "tributary"."staging__visits_hit" as
select distinct v.*
from "tributary"."visits" as v
join "tributary"."staging__pieces" as p
    on p.anonymous_id = v.anonymous_id and p.user_id = v.user_id and p.is_in_session = v.is_in_session
where v.started_at <= dateadd(microsecond, cast(1800000000 as bigint), p.ended_at)
    and v.ended_at >= dateadd(microsecond, cast((-1800000000) as bigint), p.started_at)
    and v.ended_at >= dateadd(microsecond, cast((-1800000000) as bigint), (select min(started_at) from "tributary"."staging__pieces"))
    and v.visit_id not in (select visit_id from "tributary"."staging__visits_broken");

-- visits_merged: Pieces and the visits they touch, merged.
drop table if exists "tributary"."staging__visits_merged";

create table "tributary"."staging__visits_merged" as
with parts as (
    select anonymous_id, user_id, is_in_session, started_at, ended_at, first_key, last_key, event_count, page_count, entry_key, page_key, page_url, blog_key, blog_url from "tributary"."staging__pieces"
    union all
    select anonymous_id, user_id, is_in_session, started_at, ended_at, first_key, last_key, event_count, page_count, entry_key, page_key, page_url, blog_key, blog_url from "tributary"."staging__visits_hit"
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
        sum(case when reach is null or datediff(microsecond, reach, started_at) > 1800000000 then 1 else 0 end) over (
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
        case when substring(min(page_key || chr(1) || coalesce('1' || page_url, '0')), strpos(min(page_key || chr(1) || coalesce('1' || page_url, '0')), chr(1)) + 1) like '1%' then substring(substring(min(page_key || chr(1) || coalesce('1' || page_url, '0')), strpos(min(page_key || chr(1) || coalesce('1' || page_url, '0')), chr(1)) + 1), 2) end as page_url,
        min(blog_key) as blog_key,
        case when substring(min(blog_key || chr(1) || coalesce('1' || blog_url, '0')), strpos(min(blog_key || chr(1) || coalesce('1' || blog_url, '0')), chr(1)) + 1) like '1%' then substring(substring(min(blog_key || chr(1) || coalesce('1' || blog_url, '0')), strpos(min(blog_key || chr(1) || coalesce('1' || blog_url, '0')), chr(1)) + 1), 2) end as blog_url
    from numbered
    group by anonymous_id, user_id, is_in_session, visit_number
)

select md5(coalesce(cast(length(cast(anonymous_id as varchar)) as varchar) || ':' || cast(anonymous_id as varchar), 'null') || ',' || coalesce(cast(length(cast(user_id as varchar)) as varchar) || ':' || cast(user_id as varchar), 'null') || ',' || coalesce(cast(length(cast(case when is_in_session then 'true' else 'false' end as varchar)) as varchar) || ':' || cast(case when is_in_session then 'true' else 'false' end as varchar), 'null') || ',' || coalesce(cast(length(cast(first_key as varchar)) as varchar) || ':' || cast(first_key as varchar), 'null')) as visit_id, anonymous_id, user_id, is_in_session, started_at, ended_at, first_key, last_key, event_count, page_count, entry_key, page_key, page_url, blog_key, blog_url
from merged;

-- touch_candidates_new: Pages and screens that touches may be made of.
drop table if exists "tributary"."staging__touch_candidates_new";

create table "tributary"."staging__touch_candidates_new" as
with firsts as (
    select distinct substr(entry_key, 2) as order_key from "tributary"."staging__pieces" where is_in_session
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
    from "tributary"."staging__incoming" as i
    where i.row_number_read not in (
        select row_number_read from "tributary"."staging__contested_rows" where status in ('seen', 'duplicate')
    )
) as e
where excluded_reason is null
union all
select event_key, type, event_name, group_id, previous_id, occurred_at, page_url, page_path, referrer, referrer_host, raw_referrer_host, utm_source, utm_medium, utm_campaign, utm_content, utm_term, click_id, properties, is_stripped, order_key as order_key, coalesce(anonymous_id, '') as anonymous_id, coalesce(user_id, '') as user_id, is_in_session
from "tributary"."staging__reread" as e
where excluded_reason is null
) as b
left join firsts as f on f.order_key = b.order_key
where b.is_in_session and (b.type in ('page', 'screen') or (f.order_key is not null and ((b."utm_source" is not null or b."utm_medium" is not null or b."utm_campaign" is not null or b."utm_content" is not null or b."utm_term" is not null or b."click_id" is not null or b."referrer_host" is not null) or b.page_url is not null or b.referrer is not null or b.group_id is not null)));

-- conversion_candidates_0: Candidates of conversion number 0 of the configuration, counted from 0.
drop table if exists "tributary"."staging__conversion_candidates_0";

create table "tributary"."staging__conversion_candidates_0" as
with delivered as (
    select e.*, cast(null as varchar) as written, 'USD' as code
    from (
    select * exclude ("json_document")
    from (
        select parsed.*
        from (
            select *, json_parse(case when strpos(properties, replace('~u0000', '~', chr(92))) = 0 then properties end) as "json_document"
            from (
    select *
    from (
select event_key, type, event_name, group_id, previous_id, occurred_at, page_url, page_path, referrer, referrer_host, raw_referrer_host, utm_source, utm_medium, utm_campaign, utm_content, utm_term, click_id, properties, is_stripped, order_key as order_key, coalesce(anonymous_id, '') as anonymous_id, coalesce(user_id, '') as user_id, is_in_session
from (
    select i.*, 7 as run_id
    from "tributary"."staging__incoming" as i
    where i.row_number_read not in (
        select row_number_read from "tributary"."staging__contested_rows" where status in ('seen', 'duplicate')
    )
) as e
where excluded_reason is null
union all
select event_key, type, event_name, group_id, previous_id, occurred_at, page_url, page_path, referrer, referrer_host, raw_referrer_host, utm_source, utm_medium, utm_campaign, utm_content, utm_term, click_id, properties, is_stripped, order_key as order_key, coalesce(anonymous_id, '') as anonymous_id, coalesce(user_id, '') as user_id, is_in_session
from "tributary"."staging__reread" as e
where excluded_reason is null
) as b
    where type = 'track' and event_name in ('signed_up', 'sign_up', 'signup', 'user_signed_up', 'account_created')
) as documents
        ) as parsed
    ) as fields
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
    case when amount is not null and value_problem is null then ((cast('0' || split_part(ltrim(amount, '+-'), '.', 1) || substring(split_part(ltrim(amount, '+-'), '.', 2) || '0000', 1, cast(case when code in ('BIF', 'CLP', 'DJF', 'GNF', 'ISK', 'JPY', 'KMF', 'KRW', 'PYG', 'RWF', 'UGX', 'UYI', 'VND', 'VUV', 'XAF', 'XOF', 'XPF') then 0 when code in ('BHD', 'IQD', 'JOD', 'KWD', 'LYD', 'OMR', 'TND') then 3 when code in ('CLF', 'UYW') then 4 else 2 end as integer)) as bigint) + case when substring(split_part(ltrim(amount, '+-'), '.', 2), cast(case when code in ('BIF', 'CLP', 'DJF', 'GNF', 'ISK', 'JPY', 'KMF', 'KRW', 'PYG', 'RWF', 'UGX', 'UYI', 'VND', 'VUV', 'XAF', 'XOF', 'XPF') then 0 when code in ('BHD', 'IQD', 'JOD', 'KWD', 'LYD', 'OMR', 'TND') then 3 when code in ('CLF', 'UYW') then 4 else 2 end as integer) + 1, 1) >= '5' then 1 else 0 end) * case when amount like '-%' then -1 else 1 end) end as value,
    case when amount is not null and value_problem is null then code end as currency,
    value_problem,
    group_id as company_id
from judged;

-- conversion_candidates_1: Candidates of conversion number 1 of the configuration, counted from 0.
drop table if exists "tributary"."staging__conversion_candidates_1";

create table "tributary"."staging__conversion_candidates_1" as
with delivered as (
    select e.*, nullif(btrim(raw_value_0, (' ' || chr(9) || chr(10) || chr(11) || chr(12) || chr(13))), '') as written, coalesce(nullif(upper(btrim(raw_currency_0, (' ' || chr(9) || chr(10) || chr(11) || chr(12) || chr(13)))), ''), 'USD') as code
    from (
    select * exclude ("json_document")
    from (
        select parsed.*,
            case
            when json_typeof(parsed."json_document"."revenue") = 'number' then case
                when cast(parsed."json_document"."revenue" as varchar) ~ '^-?[0-9]{1,15}([.][0-9]{1,15})?[eE][+-]?[0-9]{1,2}$' then case
                    when cast(cast(parsed."json_document"."revenue" as varchar) as double precision) = 0 or abs(cast(cast(parsed."json_document"."revenue" as varchar) as double precision)) between 1e-6 and 9e19 then cast(cast(cast(cast(parsed."json_document"."revenue" as varchar) as double precision) as decimal(38, 18)) as varchar)
                    else cast(parsed."json_document"."revenue" as varchar)
                end
                else cast(parsed."json_document"."revenue" as varchar)
            end
            else case
            when json_typeof(parsed."json_document"."revenue") in ('object', 'array') then json_serialize(parsed."json_document"."revenue")
            else cast(parsed."json_document"."revenue" as varchar)
        end
        end as "raw_value_0",
            case
            when json_typeof(parsed."json_document"."currency") in ('object', 'array') then json_serialize(parsed."json_document"."currency")
            else cast(parsed."json_document"."currency" as varchar)
        end as "raw_currency_0"
        from (
            select *, json_parse(case when strpos(properties, replace('~u0000', '~', chr(92))) = 0 then properties end) as "json_document"
            from (
    select *
    from (
select event_key, type, event_name, group_id, previous_id, occurred_at, page_url, page_path, referrer, referrer_host, raw_referrer_host, utm_source, utm_medium, utm_campaign, utm_content, utm_term, click_id, properties, is_stripped, order_key as order_key, coalesce(anonymous_id, '') as anonymous_id, coalesce(user_id, '') as user_id, is_in_session
from (
    select i.*, 7 as run_id
    from "tributary"."staging__incoming" as i
    where i.row_number_read not in (
        select row_number_read from "tributary"."staging__contested_rows" where status in ('seen', 'duplicate')
    )
) as e
where excluded_reason is null
union all
select event_key, type, event_name, group_id, previous_id, occurred_at, page_url, page_path, referrer, referrer_host, raw_referrer_host, utm_source, utm_medium, utm_campaign, utm_content, utm_term, click_id, properties, is_stripped, order_key as order_key, coalesce(anonymous_id, '') as anonymous_id, coalesce(user_id, '') as user_id, is_in_session
from "tributary"."staging__reread" as e
where excluded_reason is null
) as b
    where type = 'track' and event_name in ('order_completed')
) as documents
        ) as parsed
    ) as fields
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
    case when amount is not null and value_problem is null then ((cast('0' || split_part(ltrim(amount, '+-'), '.', 1) || substring(split_part(ltrim(amount, '+-'), '.', 2) || '0000', 1, cast(case when code in ('BIF', 'CLP', 'DJF', 'GNF', 'ISK', 'JPY', 'KMF', 'KRW', 'PYG', 'RWF', 'UGX', 'UYI', 'VND', 'VUV', 'XAF', 'XOF', 'XPF') then 0 when code in ('BHD', 'IQD', 'JOD', 'KWD', 'LYD', 'OMR', 'TND') then 3 when code in ('CLF', 'UYW') then 4 else 2 end as integer)) as bigint) + case when substring(split_part(ltrim(amount, '+-'), '.', 2), cast(case when code in ('BIF', 'CLP', 'DJF', 'GNF', 'ISK', 'JPY', 'KMF', 'KRW', 'PYG', 'RWF', 'UGX', 'UYI', 'VND', 'VUV', 'XAF', 'XOF', 'XPF') then 0 when code in ('BHD', 'IQD', 'JOD', 'KWD', 'LYD', 'OMR', 'TND') then 3 when code in ('CLF', 'UYW') then 4 else 2 end as integer) + 1, 1) >= '5' then 1 else 0 end) * case when amount like '-%' then -1 else 1 end) end as value,
    case when amount is not null and value_problem is null then code end as currency,
    value_problem,
    group_id as company_id
from judged;

-- conversion_candidates_new: Events that some conversion names, with their value in minor units.
drop table if exists "tributary"."staging__conversion_candidates_new";

create table "tributary"."staging__conversion_candidates_new" as
select anonymous_id, user_id, is_in_session, order_key, event_key, occurred_at, conversion, value, currency, value_problem, company_id
from "tributary"."staging__conversion_candidates_0"
union all
select anonymous_id, user_id, is_in_session, order_key, event_key, occurred_at, conversion, value, currency, value_problem, company_id
from "tributary"."staging__conversion_candidates_1";

-- activity_new: Hours of use that the batch adds and withdrawals take back.
drop table if exists "tributary"."staging__activity_new";

create table "tributary"."staging__activity_new" as
with deltas as (
    select coalesce(anonymous_id, '') as anonymous_id, coalesce(user_id, '') as user_id, is_in_session, coalesce(group_id, '') as company_id, dateadd(microsecond, cast(((cast((datediff(microsecond, cast('1970-01-01' as timestamp), occurred_at)) as bigint) / cast((900000000) as bigint)) * 900000000) as bigint), cast('1970-01-01 00:00:00.000000' as timestamp)) as bucket_at, coalesce(event_name, type) as event_name, 1 as n
    from (select * from (
    select i.*, 7 as run_id
    from "tributary"."staging__incoming" as i
    where i.row_number_read not in (
        select row_number_read from "tributary"."staging__contested_rows" where status in ('seen', 'duplicate')
    )
) as u where excluded_reason is null) as e
    union all
    select coalesce(anonymous_id, '') as anonymous_id, coalesce(user_id, '') as user_id, is_in_session, coalesce(group_id, '') as company_id, dateadd(microsecond, cast(((cast((datediff(microsecond, cast('1970-01-01' as timestamp), occurred_at)) as bigint) / cast((900000000) as bigint)) * 900000000) as bigint), cast('1970-01-01 00:00:00.000000' as timestamp)) as bucket_at, coalesce(event_name, type) as event_name, (-1) as n
    from (select * from "tributary"."staging__withdrawn_events" as u where excluded_reason is null) as e
)

select anonymous_id, user_id, is_in_session, company_id, bucket_at, event_name, sum(n) as event_count, 7 as run_id
from deltas
group by anonymous_id, user_id, is_in_session, company_id, bucket_at, event_name
having sum(n) <> 0;

-- Nothing after this stage reads these.
drop table if exists "tributary"."staging__pieces";

-- The part of `visits` in the publish transaction of the run; alone it would leave half a run.
-- `tributary sql publish` has all of it.
delete from "tributary"."touch_candidates" where event_key in (select event_key from "tributary"."staging__reread_keys") and occurred_at in (select occurred_at from "tributary"."staging__reread_keys");

insert into "tributary"."touch_candidates" (anonymous_id, user_id, event_key, occurred_at, is_page, is_first, is_candidate, page_url, referrer, referrer_host, raw_referrer_host, utm_source, utm_medium, utm_campaign, utm_content, utm_term, click_id, company_id)
select anonymous_id, user_id, event_key, occurred_at, is_page, is_first, is_candidate, page_url, referrer, referrer_host, raw_referrer_host, utm_source, utm_medium, utm_campaign, utm_content, utm_term, click_id, company_id from "tributary"."staging__touch_candidates_new"
order by occurred_at;

delete from "tributary"."conversion_candidates" where order_key in (select order_key from "tributary"."staging__reread_keys");

insert into "tributary"."conversion_candidates" (anonymous_id, user_id, is_in_session, order_key, event_key, occurred_at, conversion, value, currency, value_problem, company_id)
select anonymous_id, user_id, is_in_session, order_key, event_key, occurred_at, conversion, value, currency, value_problem, company_id from "tributary"."staging__conversion_candidates_new"
order by date_trunc('month', occurred_at), "user_id";

insert into "tributary"."activity" (anonymous_id, user_id, is_in_session, company_id, bucket_at, event_name, event_count, run_id)
select anonymous_id, user_id, is_in_session, company_id, bucket_at, event_name, event_count, run_id from "tributary"."staging__activity_new";
