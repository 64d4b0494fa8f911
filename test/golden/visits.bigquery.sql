-- visits: new events into visits, merged with the neighbours they touch

-- withdrawn_events: The withdrawn events as they are stored.
create or replace table `tributary_staging.withdrawn_events` as
select e.`event_key`, e.`occurred_at`, e.`received_at`, e.`event_name`, e.`type`, e.`excluded_reason`, e.`group_id`, lpad(cast(unix_micros(e.occurred_at) as string), 16, '0') || case when `e`.type in ('page', 'screen') then '0' else '1' end || `e`.event_key as order_key, coalesce(`e`.anonymous_id, '') as anonymous_id, coalesce(`e`.user_id, '') as user_id, `e`.is_in_session
from (
    select event_key, occurred_at, received_at, event_name, type, excluded_reason, group_id, anonymous_id, user_id, is_in_session from `tributary.events`
    where 1 = 0
) as e
join `tributary_staging.withdrawn` as w
    on w.event_key = e.event_key and w.occurred_at = e.occurred_at and w.received_at = e.received_at;

-- visits_broken: Stored visits that held a withdrawn event.
create or replace table `tributary_staging.visits_broken` as
select distinct v.*
from `tributary.visits` as v
join `tributary_staging.withdrawn_events` as w
    on w.anonymous_id = v.anonymous_id and w.user_id = v.user_id and w.is_in_session = v.is_in_session
where w.excluded_reason is null and v.started_at <= w.occurred_at and v.ended_at >= w.occurred_at;

-- Asked first: of which times the next statement reads. Here stands one day for what it answers.
select min(started_at) as from_at, max(ended_at) as to_at
from `tributary_staging.visits_broken`
group by timestamp_trunc(started_at, day, 'UTC')
order by min(started_at);

-- reread: The other events of those visits, to make them anew.
create or replace table `tributary_staging.reread` as
select e.*, lpad(cast(unix_micros(e.occurred_at) as string), 16, '0') || case when `e`.type in ('page', 'screen') then '0' else '1' end || `e`.event_key as order_key
from (
    select event_key, type, event_name, group_id, previous_id, occurred_at, page_url, page_path, referrer, referrer_host, raw_referrer_host, utm_source, utm_medium, utm_campaign, utm_content, utm_term, click_id, properties, is_stripped, received_at, excluded_reason, anonymous_id, user_id, is_in_session from `tributary.events`
    where occurred_at >= timestamp('2000-01-01 00:00:00.000000', 'UTC') and occurred_at <= timestamp('2000-01-01 00:00:00.000000', 'UTC')
) as e
join `tributary_staging.visits_broken` as v
    on v.anonymous_id = coalesce(e.anonymous_id, '') and v.user_id = coalesce(e.user_id, '') and v.is_in_session = e.is_in_session
left join `tributary_staging.withdrawn_events` as w
    on w.event_key = e.event_key and w.occurred_at = e.occurred_at and w.received_at = e.received_at
where e.excluded_reason is null and w.event_key is null
    and e.occurred_at >= v.started_at and e.occurred_at <= v.ended_at;

-- reread_keys: Events whose candidates are made anew.
create or replace table `tributary_staging.reread_keys` as
select event_key, order_key, occurred_at from `tributary_staging.reread`
union all
select event_key, order_key, occurred_at from `tributary_staging.withdrawn_events`;

-- pieces: Events of one device and user in one bucket of the gap’s length, added up.
create or replace table `tributary_staging.pieces` as
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
    array_agg(if(case when type = 'page' and page_url is not null then order_key end is null, null, struct(page_url as v)) ignore nulls order by case when type = 'page' and page_url is not null then order_key end limit 1)[safe_offset(0)].v as page_url,
    min(case when type = 'page' and page_path like '/blog/%' then order_key end) as blog_key,
    array_agg(if(case when type = 'page' and page_path like '/blog/%' then order_key end is null, null, struct(page_url as v)) ignore nulls order by case when type = 'page' and page_path like '/blog/%' then order_key end limit 1)[safe_offset(0)].v as blog_url
from (
select event_key, type, event_name, group_id, previous_id, occurred_at, page_url, page_path, referrer, referrer_host, raw_referrer_host, utm_source, utm_medium, utm_campaign, utm_content, utm_term, click_id, properties, is_stripped, order_key as order_key, coalesce(anonymous_id, '') as anonymous_id, coalesce(user_id, '') as user_id, is_in_session
from (
    select i.*, 7 as run_id
    from `tributary_staging.incoming` as i
    where i.row_number_read not in (
        select row_number_read from `tributary_staging.contested_rows` where status in ('seen', 'duplicate')
    )
) as e
where excluded_reason is null
union all
select event_key, type, event_name, group_id, previous_id, occurred_at, page_url, page_path, referrer, referrer_host, raw_referrer_host, utm_source, utm_medium, utm_campaign, utm_content, utm_term, click_id, properties, is_stripped, order_key as order_key, coalesce(anonymous_id, '') as anonymous_id, coalesce(user_id, '') as user_id, is_in_session
from `tributary_staging.reread` as e
where excluded_reason is null
) as b
group by anonymous_id, user_id, is_in_session, div(unix_micros(occurred_at), 1800000000);

-- visits_hit: Stored visits that come within the gap of a piece.
declare bound_1 default (select min(started_at) from `tributary_staging.pieces`);
create or replace table `tributary_staging.visits_hit` as
select distinct v.*
from `tributary.visits` as v
join `tributary_staging.pieces` as p
    on p.anonymous_id = v.anonymous_id and p.user_id = v.user_id and p.is_in_session = v.is_in_session
where v.started_at <= timestamp_add(p.ended_at, interval (1800000000) microsecond)
    and v.ended_at >= timestamp_add(p.started_at, interval ((-1800000000)) microsecond)
    and v.ended_at >= timestamp_add(bound_1, interval ((-1800000000)) microsecond)
    and v.visit_id not in (select visit_id from `tributary_staging.visits_broken`);

-- visits_merged: Pieces and the visits they touch, merged.
create or replace table `tributary_staging.visits_merged` as
with parts as (
    select anonymous_id, user_id, is_in_session, started_at, ended_at, first_key, last_key, event_count, page_count, entry_key, page_key, page_url, blog_key, blog_url from `tributary_staging.pieces`
    union all
    select anonymous_id, user_id, is_in_session, started_at, ended_at, first_key, last_key, event_count, page_count, entry_key, page_key, page_url, blog_key, blog_url from `tributary_staging.visits_hit`
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
        sum(case when reach is null or timestamp_diff(started_at, reach, microsecond) > 1800000000 then 1 else 0 end) over (
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
        array_agg(if(page_key is null, null, struct(page_url as v)) ignore nulls order by page_key limit 1)[safe_offset(0)].v as page_url,
        min(blog_key) as blog_key,
        array_agg(if(blog_key is null, null, struct(blog_url as v)) ignore nulls order by blog_key limit 1)[safe_offset(0)].v as blog_url
    from numbered
    group by anonymous_id, user_id, is_in_session, visit_number
)

select to_hex(md5(coalesce(cast(length(cast(anonymous_id as string)) as string) || ':' || cast(anonymous_id as string), 'null') || ',' || coalesce(cast(length(cast(user_id as string)) as string) || ':' || cast(user_id as string), 'null') || ',' || coalesce(cast(length(cast(case when is_in_session then 'true' else 'false' end as string)) as string) || ':' || cast(case when is_in_session then 'true' else 'false' end as string), 'null') || ',' || coalesce(cast(length(cast(first_key as string)) as string) || ':' || cast(first_key as string), 'null'))) as visit_id, anonymous_id, user_id, is_in_session, started_at, ended_at, first_key, last_key, event_count, page_count, entry_key, page_key, page_url, blog_key, blog_url
from merged;

-- touch_candidates_new: Pages and screens that touches may be made of.
create or replace table `tributary_staging.touch_candidates_new` as
with firsts as (
    select distinct substr(entry_key, 2) as order_key from `tributary_staging.pieces` where is_in_session
)

select
    b.anonymous_id, b.user_id, b.order_key, b.event_key, b.occurred_at,
    b.type in ('page', 'screen') as is_page,
    f.order_key is not null as is_first,
    (b.`utm_source` is not null or b.`utm_medium` is not null or b.`utm_campaign` is not null or b.`utm_content` is not null or b.`utm_term` is not null or b.`click_id` is not null or b.`referrer_host` is not null) as is_candidate,
    case when (f.order_key is not null or (b.`utm_source` is not null or b.`utm_medium` is not null or b.`utm_campaign` is not null or b.`utm_content` is not null or b.`utm_term` is not null or b.`click_id` is not null or b.`referrer_host` is not null)) then b.`page_url` end as `page_url`,
    case when (f.order_key is not null or (b.`utm_source` is not null or b.`utm_medium` is not null or b.`utm_campaign` is not null or b.`utm_content` is not null or b.`utm_term` is not null or b.`click_id` is not null or b.`referrer_host` is not null)) then b.`referrer` end as `referrer`,
    b.referrer_host, b.raw_referrer_host,
    b.utm_source, b.utm_medium, b.utm_campaign, b.utm_content, b.utm_term, b.click_id, b.group_id as company_id
from (
select event_key, type, event_name, group_id, previous_id, occurred_at, page_url, page_path, referrer, referrer_host, raw_referrer_host, utm_source, utm_medium, utm_campaign, utm_content, utm_term, click_id, properties, is_stripped, order_key as order_key, coalesce(anonymous_id, '') as anonymous_id, coalesce(user_id, '') as user_id, is_in_session
from (
    select i.*, 7 as run_id
    from `tributary_staging.incoming` as i
    where i.row_number_read not in (
        select row_number_read from `tributary_staging.contested_rows` where status in ('seen', 'duplicate')
    )
) as e
where excluded_reason is null
union all
select event_key, type, event_name, group_id, previous_id, occurred_at, page_url, page_path, referrer, referrer_host, raw_referrer_host, utm_source, utm_medium, utm_campaign, utm_content, utm_term, click_id, properties, is_stripped, order_key as order_key, coalesce(anonymous_id, '') as anonymous_id, coalesce(user_id, '') as user_id, is_in_session
from `tributary_staging.reread` as e
where excluded_reason is null
) as b
left join firsts as f on f.order_key = b.order_key
where b.is_in_session and (b.type in ('page', 'screen') or (f.order_key is not null and ((b.`utm_source` is not null or b.`utm_medium` is not null or b.`utm_campaign` is not null or b.`utm_content` is not null or b.`utm_term` is not null or b.`click_id` is not null or b.`referrer_host` is not null) or b.page_url is not null or b.referrer is not null or b.group_id is not null)));

-- conversion_candidates_0: Candidates of conversion number 0 of the configuration, counted from 0.
create or replace table `tributary_staging.conversion_candidates_0` as
with delivered as (
    select e.*, cast(null as string) as written, 'USD' as code
    from (
    select * except (json_plain)
    from (select *, if(strpos(lower(properties), '\\ud') > 0, to_json_string(safe.parse_json(properties, wide_number_mode => 'round')), properties) as json_plain from (
    select *
    from (
select event_key, type, event_name, group_id, previous_id, occurred_at, page_url, page_path, referrer, referrer_host, raw_referrer_host, utm_source, utm_medium, utm_campaign, utm_content, utm_term, click_id, properties, is_stripped, order_key as order_key, coalesce(anonymous_id, '') as anonymous_id, coalesce(user_id, '') as user_id, is_in_session
from (
    select i.*, 7 as run_id
    from `tributary_staging.incoming` as i
    where i.row_number_read not in (
        select row_number_read from `tributary_staging.contested_rows` where status in ('seen', 'duplicate')
    )
) as e
where excluded_reason is null
union all
select event_key, type, event_name, group_id, previous_id, occurred_at, page_url, page_path, referrer, referrer_host, raw_referrer_host, utm_source, utm_medium, utm_campaign, utm_content, utm_term, click_id, properties, is_stripped, order_key as order_key, coalesce(anonymous_id, '') as anonymous_id, coalesce(user_id, '') as user_id, is_in_session
from `tributary_staging.reread` as e
where excluded_reason is null
) as b
    where type = 'track' and event_name in ('signed_up', 'sign_up', 'signup', 'user_signed_up', 'account_created')
))
) as e
),

rounded as (
    select *, case when regexp_contains(written, '^[+-]?[0-9]([.][0-9]*)?[eE]-0*([7-9]|[1-9][0-9]+)$') then '0' else written end as amount
    from delivered
),

judged as (
    select
        *,
        case
            
            when amount is null then null
            when regexp_contains(amount, '^[+-]?[0-9]([.][0-9]*)?[eE][+]?0*(1[5-9]|[2-9][0-9]|[1-9][0-9][0-9]+)$') then 'OUT_OF_RANGE'
            when not regexp_contains(amount, '^[+-]?([0-9]+([.][0-9]*)?|[.][0-9]+)$') then 'NOT_A_NUMBER'
            when not regexp_contains(amount, '^[+-]?[0-9]{0,15}([.][0-9]{0,18})?$') then 'OUT_OF_RANGE'
            when case when code in ('BIF', 'CLP', 'DJF', 'GNF', 'ISK', 'JPY', 'KMF', 'KRW', 'PYG', 'RWF', 'UGX', 'UYI', 'VND', 'VUV', 'XAF', 'XOF', 'XPF') then 0 when code in ('BHD', 'IQD', 'JOD', 'KWD', 'LYD', 'OMR', 'TND') then 3 when code in ('CLF', 'UYW') then 4 else 2 end = 4 and not regexp_contains(amount, '^[+-]?[0-9]{0,14}([.][0-9]{0,18})?$') then 'OUT_OF_RANGE'
            when code not in ('AED', 'AFN', 'ALL', 'AMD', 'AOA', 'ARS', 'AUD', 'AWG', 'AZN', 'BAM', 'BBD', 'BDT', 'BGN', 'BMD', 'BND', 'BOB', 'BOV', 'BRL', 'BSD', 'BTN', 'BWP', 'BYN', 'BZD', 'CAD', 'CDF', 'CHE', 'CHF', 'CHW', 'CNY', 'COP', 'COU', 'CRC', 'CUP', 'CVE', 'CZK', 'DKK', 'DOP', 'DZD', 'EGP', 'ERN', 'ETB', 'EUR', 'FJD', 'FKP', 'GBP', 'GEL', 'GHS', 'GIP', 'GMD', 'GTQ', 'GYD', 'HKD', 'HNL', 'HTG', 'HUF', 'IDR', 'ILS', 'INR', 'IRR', 'JMD', 'KES', 'KGS', 'KHR', 'KPW', 'KYD', 'KZT', 'LAK', 'LBP', 'LKR', 'LRD', 'LSL', 'MAD', 'MDL', 'MGA', 'MKD', 'MMK', 'MNT', 'MOP', 'MRU', 'MUR', 'MVR', 'MWK', 'MXN', 'MXV', 'MYR', 'MZN', 'NAD', 'NGN', 'NIO', 'NOK', 'NPR', 'NZD', 'PAB', 'PEN', 'PGK', 'PHP', 'PKR', 'PLN', 'QAR', 'RON', 'RSD', 'RUB', 'SAR', 'SBD', 'SCR', 'SDG', 'SEK', 'SGD', 'SHP', 'SLE', 'SOS', 'SRD', 'SSP', 'STN', 'SVC', 'SYP', 'SZL', 'THB', 'TJS', 'TMT', 'TOP', 'TRY', 'TTD', 'TWD', 'TZS', 'UAH', 'USD', 'USN', 'UYU', 'UZS', 'VED', 'VES', 'WST', 'XCD', 'XCG', 'YER', 'ZAR', 'ZMW', 'ZWG', 'BIF', 'CLP', 'DJF', 'GNF', 'ISK', 'JPY', 'KMF', 'KRW', 'PYG', 'RWF', 'UGX', 'UYI', 'VND', 'VUV', 'XAF', 'XOF', 'XPF', 'BHD', 'IQD', 'JOD', 'KWD', 'LYD', 'OMR', 'TND', 'CLF', 'UYW') then 'UNKNOWN_CURRENCY'
        end as value_problem
    from rounded
)

select
    anonymous_id, user_id, is_in_session, order_key, event_key, occurred_at,
    'signup' as conversion,
    case when amount is not null and value_problem is null then cast(round(cast(amount as bignumeric) * cast(power(10, case when code in ('BIF', 'CLP', 'DJF', 'GNF', 'ISK', 'JPY', 'KMF', 'KRW', 'PYG', 'RWF', 'UGX', 'UYI', 'VND', 'VUV', 'XAF', 'XOF', 'XPF') then 0 when code in ('BHD', 'IQD', 'JOD', 'KWD', 'LYD', 'OMR', 'TND') then 3 when code in ('CLF', 'UYW') then 4 else 2 end) as bignumeric)) as int64) end as value,
    case when amount is not null and value_problem is null then code end as currency,
    value_problem,
    group_id as company_id
from judged;

-- conversion_candidates_1: Candidates of conversion number 1 of the configuration, counted from 0.
create or replace table `tributary_staging.conversion_candidates_1` as
with delivered as (
    select e.*, nullif(trim(raw_value_0, ' \t\n\u000b\u000c\r'), '') as written, coalesce(nullif(upper(trim(raw_currency_0, ' \t\n\u000b\u000c\r')), ''), 'USD') as code
    from (
    select * except (json_plain), coalesce(if(strpos(lower(nullif(json_query(json_plain, '$."revenue"'), 'null')), 'e') > 0 and (abs(safe_cast(nullif(json_query(json_plain, '$."revenue"'), 'null') as float64)) = 0 or abs(safe_cast(nullif(json_query(json_plain, '$."revenue"'), 'null') as float64)) between 1e-6 and 1e20), cast(safe_cast(nullif(json_query(json_plain, '$."revenue"'), 'null') as bignumeric) as string), null), json_value(json_plain, '$."revenue"'), nullif(json_query(json_plain, '$."revenue"'), 'null')) as `raw_value_0`, coalesce(json_value(json_plain, '$."currency"'), nullif(json_query(json_plain, '$."currency"'), 'null')) as `raw_currency_0`
    from (select *, if(strpos(lower(properties), '\\ud') > 0, to_json_string(safe.parse_json(properties, wide_number_mode => 'round')), properties) as json_plain from (
    select *
    from (
select event_key, type, event_name, group_id, previous_id, occurred_at, page_url, page_path, referrer, referrer_host, raw_referrer_host, utm_source, utm_medium, utm_campaign, utm_content, utm_term, click_id, properties, is_stripped, order_key as order_key, coalesce(anonymous_id, '') as anonymous_id, coalesce(user_id, '') as user_id, is_in_session
from (
    select i.*, 7 as run_id
    from `tributary_staging.incoming` as i
    where i.row_number_read not in (
        select row_number_read from `tributary_staging.contested_rows` where status in ('seen', 'duplicate')
    )
) as e
where excluded_reason is null
union all
select event_key, type, event_name, group_id, previous_id, occurred_at, page_url, page_path, referrer, referrer_host, raw_referrer_host, utm_source, utm_medium, utm_campaign, utm_content, utm_term, click_id, properties, is_stripped, order_key as order_key, coalesce(anonymous_id, '') as anonymous_id, coalesce(user_id, '') as user_id, is_in_session
from `tributary_staging.reread` as e
where excluded_reason is null
) as b
    where type = 'track' and event_name in ('order_completed')
))
) as e
),

rounded as (
    select *, case when regexp_contains(written, '^[+-]?[0-9]([.][0-9]*)?[eE]-0*([7-9]|[1-9][0-9]+)$') then '0' else written end as amount
    from delivered
),

judged as (
    select
        *,
        case
            when is_stripped then 'PROPERTIES_NOT_KEPT'
            when amount is null then null
            when regexp_contains(amount, '^[+-]?[0-9]([.][0-9]*)?[eE][+]?0*(1[5-9]|[2-9][0-9]|[1-9][0-9][0-9]+)$') then 'OUT_OF_RANGE'
            when not regexp_contains(amount, '^[+-]?([0-9]+([.][0-9]*)?|[.][0-9]+)$') then 'NOT_A_NUMBER'
            when not regexp_contains(amount, '^[+-]?[0-9]{0,15}([.][0-9]{0,18})?$') then 'OUT_OF_RANGE'
            when case when code in ('BIF', 'CLP', 'DJF', 'GNF', 'ISK', 'JPY', 'KMF', 'KRW', 'PYG', 'RWF', 'UGX', 'UYI', 'VND', 'VUV', 'XAF', 'XOF', 'XPF') then 0 when code in ('BHD', 'IQD', 'JOD', 'KWD', 'LYD', 'OMR', 'TND') then 3 when code in ('CLF', 'UYW') then 4 else 2 end = 4 and not regexp_contains(amount, '^[+-]?[0-9]{0,14}([.][0-9]{0,18})?$') then 'OUT_OF_RANGE'
            when code not in ('AED', 'AFN', 'ALL', 'AMD', 'AOA', 'ARS', 'AUD', 'AWG', 'AZN', 'BAM', 'BBD', 'BDT', 'BGN', 'BMD', 'BND', 'BOB', 'BOV', 'BRL', 'BSD', 'BTN', 'BWP', 'BYN', 'BZD', 'CAD', 'CDF', 'CHE', 'CHF', 'CHW', 'CNY', 'COP', 'COU', 'CRC', 'CUP', 'CVE', 'CZK', 'DKK', 'DOP', 'DZD', 'EGP', 'ERN', 'ETB', 'EUR', 'FJD', 'FKP', 'GBP', 'GEL', 'GHS', 'GIP', 'GMD', 'GTQ', 'GYD', 'HKD', 'HNL', 'HTG', 'HUF', 'IDR', 'ILS', 'INR', 'IRR', 'JMD', 'KES', 'KGS', 'KHR', 'KPW', 'KYD', 'KZT', 'LAK', 'LBP', 'LKR', 'LRD', 'LSL', 'MAD', 'MDL', 'MGA', 'MKD', 'MMK', 'MNT', 'MOP', 'MRU', 'MUR', 'MVR', 'MWK', 'MXN', 'MXV', 'MYR', 'MZN', 'NAD', 'NGN', 'NIO', 'NOK', 'NPR', 'NZD', 'PAB', 'PEN', 'PGK', 'PHP', 'PKR', 'PLN', 'QAR', 'RON', 'RSD', 'RUB', 'SAR', 'SBD', 'SCR', 'SDG', 'SEK', 'SGD', 'SHP', 'SLE', 'SOS', 'SRD', 'SSP', 'STN', 'SVC', 'SYP', 'SZL', 'THB', 'TJS', 'TMT', 'TOP', 'TRY', 'TTD', 'TWD', 'TZS', 'UAH', 'USD', 'USN', 'UYU', 'UZS', 'VED', 'VES', 'WST', 'XCD', 'XCG', 'YER', 'ZAR', 'ZMW', 'ZWG', 'BIF', 'CLP', 'DJF', 'GNF', 'ISK', 'JPY', 'KMF', 'KRW', 'PYG', 'RWF', 'UGX', 'UYI', 'VND', 'VUV', 'XAF', 'XOF', 'XPF', 'BHD', 'IQD', 'JOD', 'KWD', 'LYD', 'OMR', 'TND', 'CLF', 'UYW') then 'UNKNOWN_CURRENCY'
        end as value_problem
    from rounded
)

select
    anonymous_id, user_id, is_in_session, order_key, event_key, occurred_at,
    'purchase' as conversion,
    case when amount is not null and value_problem is null then cast(round(cast(amount as bignumeric) * cast(power(10, case when code in ('BIF', 'CLP', 'DJF', 'GNF', 'ISK', 'JPY', 'KMF', 'KRW', 'PYG', 'RWF', 'UGX', 'UYI', 'VND', 'VUV', 'XAF', 'XOF', 'XPF') then 0 when code in ('BHD', 'IQD', 'JOD', 'KWD', 'LYD', 'OMR', 'TND') then 3 when code in ('CLF', 'UYW') then 4 else 2 end) as bignumeric)) as int64) end as value,
    case when amount is not null and value_problem is null then code end as currency,
    value_problem,
    group_id as company_id
from judged;

-- conversion_candidates_new: Events that some conversion names, with their value in minor units.
create or replace table `tributary_staging.conversion_candidates_new` as
select anonymous_id, user_id, is_in_session, order_key, event_key, occurred_at, conversion, value, currency, value_problem, company_id
from `tributary_staging.conversion_candidates_0`
union all
select anonymous_id, user_id, is_in_session, order_key, event_key, occurred_at, conversion, value, currency, value_problem, company_id
from `tributary_staging.conversion_candidates_1`;

-- activity_new: Hours of use that the batch adds and withdrawals take back.
create or replace table `tributary_staging.activity_new` as
with deltas as (
    select coalesce(anonymous_id, '') as anonymous_id, coalesce(user_id, '') as user_id, is_in_session, coalesce(group_id, '') as company_id, timestamp_add(timestamp('1970-01-01 00:00:00.000000', 'UTC'), interval ((div(unix_micros(occurred_at), 900000000) * 900000000)) microsecond) as bucket_at, coalesce(event_name, type) as event_name, 1 as n
    from (select * from (
    select i.*, 7 as run_id
    from `tributary_staging.incoming` as i
    where i.row_number_read not in (
        select row_number_read from `tributary_staging.contested_rows` where status in ('seen', 'duplicate')
    )
) as u where excluded_reason is null) as e
    union all
    select coalesce(anonymous_id, '') as anonymous_id, coalesce(user_id, '') as user_id, is_in_session, coalesce(group_id, '') as company_id, timestamp_add(timestamp('1970-01-01 00:00:00.000000', 'UTC'), interval ((div(unix_micros(occurred_at), 900000000) * 900000000)) microsecond) as bucket_at, coalesce(event_name, type) as event_name, (-1) as n
    from (select * from `tributary_staging.withdrawn_events` as u where excluded_reason is null) as e
)

select anonymous_id, user_id, is_in_session, company_id, bucket_at, event_name, sum(n) as event_count, 7 as run_id
from deltas
group by anonymous_id, user_id, is_in_session, company_id, bucket_at, event_name
having sum(n) <> 0;

-- Nothing after this stage reads these.
drop table if exists `tributary_staging.pieces`;

-- The part of `visits` in the publish transaction of the run; alone it would leave half a run.
-- `tributary sql publish` has all of it.
delete from `tributary.touch_candidates` where event_key in (select event_key from `tributary_staging.reread_keys`) and occurred_at in (select occurred_at from `tributary_staging.reread_keys`);

insert into `tributary.touch_candidates` (anonymous_id, user_id, event_key, occurred_at, is_page, is_first, is_candidate, page_url, referrer, referrer_host, raw_referrer_host, utm_source, utm_medium, utm_campaign, utm_content, utm_term, click_id, company_id)
select anonymous_id, user_id, event_key, occurred_at, is_page, is_first, is_candidate, page_url, referrer, referrer_host, raw_referrer_host, utm_source, utm_medium, utm_campaign, utm_content, utm_term, click_id, company_id from `tributary_staging.touch_candidates_new`;

delete from `tributary.conversion_candidates` where order_key in (select order_key from `tributary_staging.reread_keys`);

insert into `tributary.conversion_candidates` (anonymous_id, user_id, is_in_session, order_key, event_key, occurred_at, conversion, value, currency, value_problem, company_id)
select anonymous_id, user_id, is_in_session, order_key, event_key, occurred_at, conversion, value, currency, value_problem, company_id from `tributary_staging.conversion_candidates_new`;

insert into `tributary.activity` (anonymous_id, user_id, is_in_session, company_id, bucket_at, event_name, event_count, run_id)
select anonymous_id, user_id, is_in_session, company_id, bucket_at, event_name, event_count, run_id from `tributary_staging.activity_new`;
