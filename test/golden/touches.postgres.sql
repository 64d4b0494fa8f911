-- touches: touches of the affected sessions and their channels

-- For a session of one’s own: where staging tables are.
set timezone = 'UTC';

-- candidates: Touch candidates of the affected sessions.
drop table if exists "tributary"."staging_candidates";
create table "tributary"."staging_candidates" as
with atoms as (
    select distinct anonymous_id, user_id from "tributary"."staging_session_visits"
)

select k.*, 1 = 1 as is_in_session
from (
    select k.anonymous_id, k.user_id, k.event_key, k.occurred_at, k.is_page, k.is_first, k.is_candidate, k.page_url, k.referrer, k.referrer_host, k.raw_referrer_host, k.utm_source, k.utm_medium, k.utm_campaign, k.utm_content, k.utm_term, k.click_id, k.company_id, lpad((cast(cast(extract(epoch from (k.occurred_at)) * 1000000 as bigint) as text) collate "C"), 16, '0') || case when k.is_page then '0' else '1' end || "k".event_key as order_key
    from "tributary"."touch_candidates" as k
    join "atoms" as a on a.anonymous_id = k.anonymous_id and a.user_id = k.user_id
    where k.occurred_at >= (select min(from_at) from "tributary"."staging_affected_people") and (k.is_first or k.is_candidate)
        and k.event_key not in (select event_key from "tributary"."staging_reread_keys")
    union all
    select k.anonymous_id, k.user_id, k.event_key, k.occurred_at, k.is_page, k.is_first, k.is_candidate, k.page_url, k.referrer, k.referrer_host, k.raw_referrer_host, k.utm_source, k.utm_medium, k.utm_campaign, k.utm_content, k.utm_term, k.click_id, k.company_id, k.order_key
    from "tributary"."staging_touch_candidates_new" as k
    join "atoms" as a on a.anonymous_id = k.anonymous_id and a.user_id = k.user_id
    where (k.is_first or k.is_candidate)
) as k;
analyze "tributary"."staging_candidates";

-- visit_candidates: Each in the visit it lies in.
drop table if exists "tributary"."staging_visit_candidates";
create table "tributary"."staging_visit_candidates" as
with marks as (
    select anonymous_id, user_id, is_in_session, first_key as order_key, 0 as kind, first_key || visit_id as mark
    from "tributary"."staging_session_visits" as v
    union all
    select distinct anonymous_id, user_id, is_in_session, order_key, 1 as kind, (cast(null as text) collate "C") as mark
    from "tributary"."staging_candidates" as i
),

carried as (
    select
        *,
        max(mark) over (
            partition by anonymous_id, user_id, is_in_session order by order_key, kind
            rows between unbounded preceding and current row
        ) as latest
    from marks
)

select i.*, v.visit_id
from carried as c
join "tributary"."staging_session_visits" as v on v.visit_id = substr(c.latest, 50) and v.last_key >= c.order_key
join "tributary"."staging_candidates" as i
    on i.anonymous_id = c.anonymous_id and i.user_id = c.user_id and i.is_in_session = c.is_in_session and i.order_key = c.order_key
where c.kind = 1;
analyze "tributary"."staging_visit_candidates";

-- session_candidates: Each in its session, with the referrer of the page before it.
drop table if exists "tributary"."staging_session_candidates";
create table "tributary"."staging_session_candidates" as
with lone as (
    select distinct k.anonymous_id, k.user_id
    from "tributary"."staging_visit_candidates" as k
    join "tributary"."staging_session_visits" as v on v.visit_id = k.visit_id
    where k.order_key <> substr(v.entry_key, 2) and k.is_page and k.is_candidate
        and k.utm_source is null and k.utm_medium is null and k.utm_campaign is null and k.utm_content is null and k.utm_term is null
        and k.click_id is null
),

pages as (
    select
        p.anonymous_id, p.user_id, p.order_key,
        lag(p.order_key) over (partition by p.anonymous_id, p.user_id order by p.order_key) as previous_key,
        lag(p.raw_referrer_host) over (partition by p.anonymous_id, p.user_id order by p.order_key) as previous_referrer_host
    from (
    select k.anonymous_id, k.user_id, k.raw_referrer_host, lpad((cast(cast(extract(epoch from (k.occurred_at)) * 1000000 as bigint) as text) collate "C"), 16, '0') || case when k.is_page then '0' else '1' end || "k".event_key as order_key
    from "tributary"."touch_candidates" as k
    join "lone" as a on a.anonymous_id = k.anonymous_id and a.user_id = k.user_id
    where k.occurred_at >= (select min(from_at) from "tributary"."staging_affected_people") and k.is_page
        and k.event_key not in (select event_key from "tributary"."staging_reread_keys")
    union all
    select k.anonymous_id, k.user_id, k.raw_referrer_host, k.order_key
    from "tributary"."staging_touch_candidates_new" as k
    join "lone" as a on a.anonymous_id = k.anonymous_id and a.user_id = k.user_id
    where k.is_page
) as p
)

select
    k.*,
    v.session_id,
    case when p.previous_key >= v.first_key then p.previous_referrer_host end as previous_referrer_host
from "tributary"."staging_visit_candidates" as k
join "tributary"."staging_session_visits" as v on v.visit_id = k.visit_id
left join pages as p on p.anonymous_id = k.anonymous_id and p.user_id = k.user_id and p.order_key = k.order_key;
analyze "tributary"."staging_session_candidates";

-- considered: The entry of each session, and later candidates the single-page rule leaves.
drop table if exists "tributary"."staging_considered";
create table "tributary"."staging_considered" as
select
    s.session_id,
    s.person_id,
    s.started_at as touched_at,
    s.first_key as order_key,
    substr(s.entry_key, 19) as touch_id,
    1 = 1 as is_entry,
    k."utm_source", k."utm_medium", k."utm_campaign", k."utm_content", k."utm_term", k."click_id", k."referrer_host", k."page_url", case when k.referrer_host is not null then k.referrer end as referrer, k.company_id
from "tributary"."staging_sessions_merged" as s
left join "tributary"."staging_session_candidates" as k on k.session_id = s.session_id and k.order_key = substr(s.entry_key, 2)
union all
select
    s.session_id,
    s.person_id,
    k.occurred_at as touched_at,
    k.order_key,
    k.event_key as touch_id,
    1 = 0 as is_entry,
    k."utm_source", k."utm_medium", k."utm_campaign", k."utm_content", k."utm_term", k."click_id", k."referrer_host", k."page_url", case when k.referrer_host is not null then k.referrer end as referrer, k.company_id
from "tributary"."staging_session_candidates" as k
join "tributary"."staging_sessions_merged" as s on s.session_id = k.session_id
where k.is_page and k.is_candidate and k.order_key > substr(s.entry_key, 2)
    and not (k.is_page and k.is_candidate
        and k.utm_source is null and k.utm_medium is null and k.utm_campaign is null and k.utm_content is null and k.utm_term is null
        and k.click_id is null and k.raw_referrer_host = coalesce(k.previous_referrer_host, ''));
analyze "tributary"."staging_considered";

-- classified: Those with channel, normalised source, and the rule that fired.
drop table if exists "tributary"."staging_classified";
create table "tributary"."staging_classified" as
with channel_given as (
    select t.session_id, t.person_id, t.touched_at, t.order_key, t.touch_id, t.is_entry, t.click_id, t.referrer, t.referrer_host, t.page_url, t.company_id,
        case when case when t.utm_source = lower(t.utm_source) then t.utm_source else translate(t.utm_source, 'ABCDEFGHIJKLMNOPQRSTUVWXYZ', 'abcdefghijklmnopqrstuvwxyz') end not in ('', '(direct)', '(none)', '(not set)') then case when t.utm_source = lower(t.utm_source) then t.utm_source else translate(t.utm_source, 'ABCDEFGHIJKLMNOPQRSTUVWXYZ', 'abcdefghijklmnopqrstuvwxyz') end end as c_given_source,
        case when case when t.utm_medium = lower(t.utm_medium) then t.utm_medium else translate(t.utm_medium, 'ABCDEFGHIJKLMNOPQRSTUVWXYZ', 'abcdefghijklmnopqrstuvwxyz') end not in ('', '(none)', '(not set)') then case when t.utm_medium = lower(t.utm_medium) then t.utm_medium else translate(t.utm_medium, 'ABCDEFGHIJKLMNOPQRSTUVWXYZ', 'abcdefghijklmnopqrstuvwxyz') end end as c_medium,
        case when case when t.utm_campaign = lower(t.utm_campaign) then t.utm_campaign else translate(t.utm_campaign, 'ABCDEFGHIJKLMNOPQRSTUVWXYZ', 'abcdefghijklmnopqrstuvwxyz') end not in ('', '(direct)', '(none)', '(not set)') then t.utm_campaign end as c_campaign_given,
        case when case when t.utm_content = lower(t.utm_content) then t.utm_content else translate(t.utm_content, 'ABCDEFGHIJKLMNOPQRSTUVWXYZ', 'abcdefghijklmnopqrstuvwxyz') end not in ('', '(direct)', '(none)', '(not set)') then t.utm_content end as c_content,
        case when case when t.utm_term = lower(t.utm_term) then t.utm_term else translate(t.utm_term, 'ABCDEFGHIJKLMNOPQRSTUVWXYZ', 'abcdefghijklmnopqrstuvwxyz') end not in ('', '(direct)', '(none)', '(not set)') then t.utm_term end as c_term,
        case when case when t.click_id = lower(t.click_id) then t.click_id else translate(t.click_id, 'ABCDEFGHIJKLMNOPQRSTUVWXYZ', 'abcdefghijklmnopqrstuvwxyz') end not in ('') then case when t.click_id = lower(t.click_id) then t.click_id else translate(t.click_id, 'ABCDEFGHIJKLMNOPQRSTUVWXYZ', 'abcdefghijklmnopqrstuvwxyz') end end as c_click_id,
        case when case when t.referrer_host = lower(t.referrer_host) then t.referrer_host else translate(t.referrer_host, 'ABCDEFGHIJKLMNOPQRSTUVWXYZ', 'abcdefghijklmnopqrstuvwxyz') end not in ('') then case when t.referrer_host = lower(t.referrer_host) then t.referrer_host else translate(t.referrer_host, 'ABCDEFGHIJKLMNOPQRSTUVWXYZ', 'abcdefghijklmnopqrstuvwxyz') end end as c_referrer,
        (cast(null as text) collate "C") as c_path
    from "tributary"."staging_considered" t
),
channel_hosted as (
    select t.*,
        case when t.c_given_source like 'www.%' then substr(t.c_given_source, 5) else t.c_given_source end as c_source_host,
        case when t.c_referrer like 'www.%' then substr(t.c_referrer, 5) else t.c_referrer end as c_referrer_bare
    from channel_given t
),
channel_named as (
    select t.*,
        coalesce(s1.name, s2.name, t.c_given_source) as c_utm_source,
        coalesce(r1.name, r2.name, t.c_referrer_bare) as c_referrer_name,
        coalesce(r1.kind, r2.kind) as c_referrer_kind,
        k.source as c_click_source,
        k.channel as c_click_channel,
        coalesce(s1.name, s2.name, t.c_given_source, k.source, r1.name, r2.name, t.c_referrer_bare) as c_source,
        case when t.c_campaign_given = lower(t.c_campaign_given) then t.c_campaign_given else translate(t.c_campaign_given, 'ABCDEFGHIJKLMNOPQRSTUVWXYZ', 'abcdefghijklmnopqrstuvwxyz') end as c_campaign
    from channel_hosted t
    left join "tributary"."channel_hosts" s1 on s1.host = t.c_source_host
    left join "tributary"."channel_hosts" s2 on s2.host = '*.' || substr(t.c_source_host, strpos(t.c_source_host, '.') + 1)
    left join "tributary"."channel_hosts" r1 on r1.host = t.c_referrer_bare
    left join "tributary"."channel_hosts" r2 on r2.host = '*.' || substr(t.c_referrer_bare, strpos(t.c_referrer_bare, '.') + 1)
    left join "tributary"."channel_click_ids" k on k.click_id = t.c_click_id
),
channel_facts as (
    select t.*,
        s.kind as c_kind,
        coalesce(c_medium like '%cp%' or c_medium in ('ppc', 'retargeting') or c_medium like 'paid%', false) as is_paid_medium,
        coalesce((c_campaign ~ '(^|[^a-df-z])shop|shopping'), false) as is_shop_campaign,
        c_utm_source is null and c_medium is null as is_untagged,
        c_click_source is not null and c_medium is null and (
            c_utm_source is null or c_utm_source = c_click_source or (c_utm_source = 'youtube' and c_click_source = 'google')
        ) as is_click_alone
    from channel_named t
    left join "tributary"."channel_sources" s on s.source = t.c_source
),
channel_ruled as (
    select t.*, case
        when coalesce(c_source, c_medium, c_campaign, c_content, c_term, c_click_id, c_referrer) is null then 'default/direct'
        when c_campaign like '%cross-network%' then 'default/cross-network'
        when is_paid_medium and (c_kind = 'SHOPPING' or is_shop_campaign) then 'default/paid-shopping'
        when is_paid_medium and c_kind = 'SEARCH' then 'default/paid-search'
        when is_paid_medium and c_kind = 'SOCIAL' then 'default/paid-social'
        when is_paid_medium and c_kind = 'VIDEO' then 'default/paid-video'
        when c_medium in ('display', 'banner', 'expandable', 'interstitial', 'cpm') then 'default/display'
        when is_paid_medium then 'default/paid-other'
        when is_click_alone and c_click_source = 'google' and c_click_channel = 'Paid Search' and (c_utm_source = 'youtube' or c_referrer_name = 'youtube') then 'default/click-id-paid-video'
        when is_click_alone and c_click_source = 'google' and c_click_channel = 'Paid Search' and c_referrer_kind = 'ADS' then 'default/click-id-on-other-sites'
        when is_click_alone and c_click_channel = 'Paid Search' then 'default/click-id-paid-search'
        when is_click_alone and c_click_channel = 'Paid Social' then 'default/click-id-paid-social'
        when is_click_alone and c_click_channel = 'Display' then 'default/click-id-display'
        when is_click_alone and c_click_channel = 'Paid Other' then 'default/click-id-paid-other'
        when c_kind = 'AI' or c_medium = 'ai-assistant' or (is_untagged and c_referrer_kind = 'AI') then 'default/ai-assistant'
        when is_click_alone and c_click_channel = 'Organic Shopping' then 'default/click-id-organic-shopping'
        when is_click_alone and c_click_channel = 'Organic Social' then 'default/click-id-organic-social'
        when is_click_alone and c_click_channel = 'Email' then 'default/click-id-email'
        when is_click_alone and c_click_channel = 'Affiliates' then 'default/click-id-affiliates'
        when c_kind = 'SHOPPING' or is_shop_campaign then 'default/organic-shopping'
        when c_kind = 'SOCIAL' or c_medium in ('social', 'social-network', 'social-media', 'sm', 'social network', 'social media') then 'default/organic-social'
        when c_kind = 'VIDEO' or c_medium like '%video%' then 'default/organic-video'
        when c_kind = 'SEARCH' or c_medium = 'organic' then 'default/organic-search'
        when c_medium in ('referral', 'app', 'link') then 'default/referral'
        when c_kind = 'EMAIL' or c_medium in ('email', 'e-mail', 'e_mail', 'e mail') then 'default/email'
        when c_medium = 'affiliate' then 'default/affiliates'
        when c_medium = 'audio' then 'default/audio'
        when c_source = 'sms' or c_medium = 'sms' then 'default/sms'
        when c_medium like '%push' or c_medium like '%mobile%' or c_medium like '%notification%' or c_source = 'firebase' then 'default/push'
        when is_untagged and c_referrer is not null then 'default/referral-host'
        when 1 = 1 then 'default/unassigned'
    end as c_rule
    from channel_facts t
)
select session_id, person_id, touched_at, order_key, touch_id, is_entry, click_id, referrer, referrer_host, page_url, company_id,
    c_source as source,
    c_medium as medium,
    c_campaign_given as campaign,
    c_content as content,
    c_term as term,
    case
        when c_rule in ('default/direct') then 'Direct'
        when c_rule in ('default/cross-network') then 'Cross-network'
        when c_rule in ('default/paid-shopping') then 'Paid Shopping'
        when c_rule in ('default/paid-search', 'default/click-id-paid-search') then 'Paid Search'
        when c_rule in ('default/paid-social', 'default/click-id-paid-social') then 'Paid Social'
        when c_rule in ('default/paid-video', 'default/click-id-paid-video') then 'Paid Video'
        when c_rule in ('default/display', 'default/click-id-on-other-sites', 'default/click-id-display') then 'Display'
        when c_rule in ('default/paid-other', 'default/click-id-paid-other') then 'Paid Other'
        when c_rule in ('default/ai-assistant') then 'AI Assistant'
        when c_rule in ('default/click-id-organic-shopping', 'default/organic-shopping') then 'Organic Shopping'
        when c_rule in ('default/click-id-organic-social', 'default/organic-social') then 'Organic Social'
        when c_rule in ('default/click-id-email', 'default/email') then 'Email'
        when c_rule in ('default/click-id-affiliates', 'default/affiliates') then 'Affiliates'
        when c_rule in ('default/organic-video') then 'Organic Video'
        when c_rule in ('default/organic-search') then 'Organic Search'
        when c_rule in ('default/referral', 'default/referral-host') then 'Referral'
        when c_rule in ('default/audio') then 'Audio'
        when c_rule in ('default/sms') then 'SMS'
        when c_rule in ('default/push') then 'Mobile Push Notifications'
        when c_rule in ('default/unassigned') then 'Unassigned'
    end as channel,
    c_rule as rule_id,
    case
        when c_rule in ('default/direct') then 'nothing known'
        when c_rule in ('default/cross-network') then substr(coalesce(', campaign=' || c_campaign_given, ''), 3)
        when c_rule in ('default/paid-shopping') then substr(coalesce(', medium=' || c_medium, '') || coalesce(', source=' || c_source || coalesce(' (' || c_kind || ')', ''), '') || coalesce(', campaign=' || c_campaign_given, ''), 3)
        when c_rule in ('default/paid-search', 'default/paid-social', 'default/paid-video', 'default/display', 'default/paid-other', 'default/referral', 'default/email', 'default/affiliates', 'default/audio', 'default/sms', 'default/push') then substr(coalesce(', medium=' || c_medium, '') || coalesce(', source=' || c_source || coalesce(' (' || c_kind || ')', ''), ''), 3)
        when c_rule in ('default/click-id-paid-video', 'default/click-id-on-other-sites') then substr(coalesce(', click_id=' || c_click_id, '') || coalesce(', source=' || c_source || coalesce(' (' || c_kind || ')', ''), '') || coalesce(', referrer=' || c_referrer, ''), 3)
        when c_rule in ('default/click-id-paid-search', 'default/click-id-paid-social', 'default/click-id-display', 'default/click-id-paid-other', 'default/click-id-organic-shopping', 'default/click-id-organic-social', 'default/click-id-email', 'default/click-id-affiliates') then substr(coalesce(', click_id=' || c_click_id, '') || coalesce(', source=' || c_source || coalesce(' (' || c_kind || ')', ''), ''), 3)
        when c_rule in ('default/ai-assistant') then substr(coalesce(', source=' || c_source || coalesce(' (' || c_kind || ')', ''), '') || coalesce(', medium=' || c_medium, '') || coalesce(', referrer=' || c_referrer, ''), 3)
        when c_rule in ('default/organic-shopping') then substr(coalesce(', source=' || c_source || coalesce(' (' || c_kind || ')', ''), '') || coalesce(', campaign=' || c_campaign_given, ''), 3)
        when c_rule in ('default/organic-social', 'default/organic-video', 'default/organic-search') then substr(coalesce(', source=' || c_source || coalesce(' (' || c_kind || ')', ''), '') || coalesce(', medium=' || c_medium, ''), 3)
        when c_rule in ('default/referral-host') then substr(coalesce(', source=' || c_source || coalesce(' (' || c_kind || ')', ''), '') || coalesce(', referrer=' || c_referrer, ''), 3)
        when c_rule in ('default/unassigned') then substr(coalesce(', source=' || c_source || coalesce(' (' || c_kind || ')', ''), '') || coalesce(', medium=' || c_medium, '') || coalesce(', campaign=' || c_campaign_given, '') || coalesce(', content=' || c_content, '') || coalesce(', term=' || c_term, '') || coalesce(', click_id=' || c_click_id, '') || coalesce(', referrer=' || c_referrer, ''), 3)
    end as evidence,
    c_rule in ('default/cross-network', 'default/paid-shopping', 'default/paid-search', 'default/paid-social', 'default/paid-video', 'default/display', 'default/paid-other', 'default/click-id-paid-video', 'default/click-id-on-other-sites', 'default/click-id-paid-search', 'default/click-id-paid-social', 'default/click-id-display', 'default/click-id-paid-other') as is_paid,
    c_rule in ('default/direct') as is_direct
from channel_ruled;
analyze "tributary"."staging_classified";

-- touches_rows: Touches: candidates that differ from the one before them.
drop table if exists "tributary"."staging_touches_rows";
create table "tributary"."staging_touches_rows" as
with keyed as (
    select *, (md5(coalesce(length(cast(channel as text)) || ':' || cast(channel as text), 'null') || ',' || coalesce(length(cast(source as text)) || ':' || cast(source as text), 'null') || ',' || coalesce(length(cast(medium as text)) || ':' || cast(medium as text), 'null') || ',' || coalesce(length(cast(campaign as text)) || ':' || cast(campaign as text), 'null') || ',' || coalesce(length(cast(content as text)) || ':' || cast(content as text), 'null') || ',' || coalesce(length(cast(term as text)) || ':' || cast(term as text), 'null')) collate "C") as origin from "tributary"."staging_classified"
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
where is_entry or origin <> previous_origin;
analyze "tributary"."staging_touches_rows";

-- touches_current: Current rows of touches that were computed anew.
drop table if exists "tributary"."staging_touches_current";
create table "tributary"."staging_touches_current" as
select t."touch_id", t."session_id", t."person_id", t."touched_at", t."order_key", t."is_entry", t."channel", t."source", t."medium", t."campaign", t."content", t."term", t."click_id", t."referrer", t."referrer_host", t."page_url", t."rule_id", t."evidence", t."is_paid", t."is_direct", t."company_id"
from "tributary"."touches" as t
join "tributary"."staging_affected_people" as a on a.person_id = t.person_id
where t.to_run = 9223372036854775807 and t."touched_at" >= a.from_at and t."touched_at" >= (select min(from_at) from "tributary"."staging_affected_people");
analyze "tributary"."staging_touches_current";

-- touches_unchanged: Keys of touches whose row is as it was.
drop table if exists "tributary"."staging_touches_unchanged";
create table "tributary"."staging_touches_unchanged" as
select "n"."touch_id", "n"."session_id"
from "tributary"."staging_touches_rows" as n
join "tributary"."staging_touches_current" as o on "n"."touch_id" = "o"."touch_id" and "n"."session_id" = "o"."session_id"
where n."person_id" = o."person_id"
    and n."touched_at" = o."touched_at"
    and n."order_key" = o."order_key"
    and n."is_entry" = o."is_entry"
    and n."channel" = o."channel"
    and (n."source" = o."source" or (n."source" is null and o."source" is null))
    and (n."medium" = o."medium" or (n."medium" is null and o."medium" is null))
    and (n."campaign" = o."campaign" or (n."campaign" is null and o."campaign" is null))
    and (n."content" = o."content" or (n."content" is null and o."content" is null))
    and (n."term" = o."term" or (n."term" is null and o."term" is null))
    and (n."click_id" = o."click_id" or (n."click_id" is null and o."click_id" is null))
    and (n."referrer" = o."referrer" or (n."referrer" is null and o."referrer" is null))
    and (n."referrer_host" = o."referrer_host" or (n."referrer_host" is null and o."referrer_host" is null))
    and (n."page_url" = o."page_url" or (n."page_url" is null and o."page_url" is null))
    and n."rule_id" = o."rule_id"
    and n."evidence" = o."evidence"
    and n."is_paid" = o."is_paid"
    and n."is_direct" = o."is_direct"
    and (n."company_id" = o."company_id" or (n."company_id" is null and o."company_id" is null));
analyze "tributary"."staging_touches_unchanged";

-- touches_closed: Rows of touches this run closes: replaced, or gone.
drop table if exists "tributary"."staging_touches_closed";
create table "tributary"."staging_touches_closed" as
select o.*
from "tributary"."staging_touches_current" as o
left join "tributary"."staging_touches_unchanged" as u on "o"."touch_id" = "u"."touch_id" and "o"."session_id" = "u"."session_id"
where u."touch_id" is null;
analyze "tributary"."staging_touches_closed";

-- touches_opened: Rows of touches this run opens: new, or changed.
drop table if exists "tributary"."staging_touches_opened";
create table "tributary"."staging_touches_opened" as
select n."touch_id", n."session_id", n."person_id", n."touched_at", n."order_key", n."is_entry", n."channel", n."source", n."medium", n."campaign", n."content", n."term", n."click_id", n."referrer", n."referrer_host", n."page_url", n."rule_id", n."evidence", n."is_paid", n."is_direct", n."company_id"
from "tributary"."staging_touches_rows" as n
left join "tributary"."staging_touches_unchanged" as u on "n"."touch_id" = "u"."touch_id" and "n"."session_id" = "u"."session_id"
where u."touch_id" is null;
analyze "tributary"."staging_touches_opened";

-- Nothing after this stage reads these.
drop table if exists "tributary"."staging_candidates";
drop table if exists "tributary"."staging_visit_candidates";
drop table if exists "tributary"."staging_considered";
drop table if exists "tributary"."staging_classified";

-- The part of `touches` in the publish transaction of the run; alone it would leave half a run.
-- `tributary sql publish` has all of it.
update "tributary"."touches" as t
set to_run = 7
where t.to_run = 9223372036854775807
    and t."touched_at" >= (select min("touched_at") from "tributary"."staging_touches_closed")
    and t."touched_at" <= (select max("touched_at") from "tributary"."staging_touches_closed")
     and t."touch_id" in (select "touch_id" from "tributary"."staging_touches_closed") and exists (
    select 1 from "tributary"."staging_touches_closed" as s
    where s."touch_id" = t."touch_id" and s."session_id" = t."session_id"
);

insert into "tributary"."touches" (touch_id, session_id, person_id, touched_at, order_key, is_entry, channel, source, medium, campaign, content, term, click_id, referrer, referrer_host, page_url, rule_id, evidence, is_paid, is_direct, company_id, from_run, to_run)
select touch_id, session_id, person_id, touched_at, order_key, is_entry, channel, source, medium, campaign, content, term, click_id, referrer, referrer_host, page_url, rule_id, evidence, is_paid, is_direct, company_id, 7, 9223372036854775807
from "tributary"."staging_touches_opened"
order by date_trunc('month', touched_at), "person_id";
