-- attribution: attribution rows of the affected people

-- For a session of one’s own: where staging tables are.
set enable_case_sensitive_identifier to true;

-- signups: Their signups.
drop table if exists "tributary"."staging__signups";

create table "tributary"."staging__signups" as
select person_id, converted_at as signed_up_at, session_id
from "tributary"."staging__conversions_rows"
where conversion = 'signup'
union all
select t.person_id, t.converted_at as signed_up_at, t.session_id
from "tributary"."conversions" as t
join "tributary"."staging__attribution_people" as p on p.person_id = t.person_id
join "tributary"."staging__affected_people" as a on a.person_id = t.person_id
where t.to_run = 9223372036854775807 and t.conversion = 'signup' and t.converted_at < a.from_at;

-- signup_sessions: Sessions of people whose attribution row is made anew.
drop table if exists "tributary"."staging__signup_sessions";

create table "tributary"."staging__signup_sessions" as
select session_id, person_id, started_at
from "tributary"."staging__sessions_merged"
where person_id in (select person_id from "tributary"."staging__attribution_people")
union all
select t.session_id, t.person_id, t.started_at
from "tributary"."sessions" as t
join "tributary"."staging__attribution_people" as p on p.person_id = t.person_id
join "tributary"."staging__affected_people" as a on a.person_id = t.person_id
where t.to_run = 9223372036854775807 and t.started_at < a.from_at;

-- signup_pages: Their first pages.
drop table if exists "tributary"."staging__signup_pages";

create table "tributary"."staging__signup_pages" as
with visited as (
    select person_id, page_key, page_url, blog_key, blog_url
    from "tributary"."staging__people_visits"
    where is_in_session and person_id in (select person_id from "tributary"."staging__attribution_people")
    union all
    select t.person_id, t.page_key, t.page_url, t.blog_key, t.blog_url
    from "tributary"."visits" as t
join "tributary"."staging__attribution_people" as p on p.person_id = t.person_id
join "tributary"."staging__affected_people" as a on a.person_id = t.person_id
    where t.is_in_session and t.ended_at < a.from_at
)

-- An order key in front carries the page along with the order.
select person_id, min(page_key || page_url) as first_page, min(blog_key || blog_url) as first_blog
from visited
group by person_id;

-- signup_touches: First, last, first paid and last paid touch before each signup.
drop table if exists "tributary"."staging__signup_touches";

create table "tributary"."staging__signup_touches" as
select
    t.person_id,
    min(t.order_key || t.touch_id) as first_key,
    max(t.order_key || t.touch_id) as last_key,
    min(case when t.is_paid then t.order_key || t.touch_id end) as first_paid_key,
    max(case when t.is_paid then t.order_key || t.touch_id end) as last_paid_key
from "tributary"."staging__journeys" as t
join "tributary"."staging__signups" as g on g.person_id = t.person_id
where datediff(microsecond, t.touched_at, g.signed_up_at) >= 0
group by t.person_id;

-- attribution_rows: Attribution rows of the affected people.
drop table if exists "tributary"."staging__attribution_rows";

create table "tributary"."staging__attribution_rows" as
with session_counts as (
    select
        g.person_id,
        sum(case when s.started_at < coalesce(u.started_at, g.signed_up_at) then 1 else 0 end) as earlier_sessions
    from "tributary"."staging__signups" as g
    left join "tributary"."staging__signup_sessions" as u on u.session_id = g.session_id
    left join "tributary"."staging__signup_sessions" as s on s.person_id = g.person_id
    group by g.person_id
)

select
    g.person_id,
    g.signed_up_at,
    n.earlier_sessions as session_count_before_signup,
    g.session_id as signup_session_id,
    case when g.session_id is not null then n.earlier_sessions + 1 end as signup_session_number,
    case when substr(p.first_blog, 1, 16) <= lpad(cast(datediff(microsecond, cast('1970-01-01' as timestamp), g.signed_up_at) as varchar), 16, '0') then substr(p.first_blog, 50) end as blog_url,
    substr(p.first_page, 50) as first_page_ever_visited,
    dateadd(microsecond, cast(cast(substr(p.first_page, 1, 16) as bigint) as bigint), cast('1970-01-01 00:00:00.000000' as timestamp)) as first_page_at,
    "t0"."touched_at" as "first_touch_at", "t0"."channel" as "first_touch_channel", "t0"."source" as "first_touch_source", "t0"."medium" as "first_touch_medium", "t0"."campaign" as "first_touch_campaign", "t0"."referrer" as "first_touch_referrer",
    "t1"."touched_at" as "last_touch_at", "t1"."channel" as "last_touch_channel", "t1"."source" as "last_touch_source", "t1"."medium" as "last_touch_medium", "t1"."campaign" as "last_touch_campaign", "t1"."referrer" as "last_touch_referrer",
    "t2"."touched_at" as "first_paid_touch_at", "t2"."channel" as "first_paid_touch_channel", "t2"."source" as "first_paid_touch_source", "t2"."medium" as "first_paid_touch_medium", "t2"."campaign" as "first_paid_touch_campaign", "t2"."referrer" as "first_paid_touch_referrer",
    "t3"."touched_at" as "last_paid_touch_at", "t3"."channel" as "last_paid_touch_channel", "t3"."source" as "last_paid_touch_source", "t3"."medium" as "last_paid_touch_medium", "t3"."campaign" as "last_paid_touch_campaign", "t3"."referrer" as "last_paid_touch_referrer"
from "tributary"."staging__signups" as g
join session_counts as n on n.person_id = g.person_id
left join "tributary"."staging__signup_pages" as p on p.person_id = g.person_id
left join "tributary"."staging__signup_touches" as k on k.person_id = g.person_id
left join "tributary"."staging__journeys" as "t0"
    on "t0".person_id = g.person_id and "t0".order_key || "t0".touch_id = k."first_key"
left join "tributary"."staging__journeys" as "t1"
    on "t1".person_id = g.person_id and "t1".order_key || "t1".touch_id = k."last_key"
left join "tributary"."staging__journeys" as "t2"
    on "t2".person_id = g.person_id and "t2".order_key || "t2".touch_id = k."first_paid_key"
left join "tributary"."staging__journeys" as "t3"
    on "t3".person_id = g.person_id and "t3".order_key || "t3".touch_id = k."last_paid_key";

-- attribution_current: Current rows of attribution that were computed anew.
drop table if exists "tributary"."staging__attribution_current";

create table "tributary"."staging__attribution_current" as
select t."person_id", t."signed_up_at", t."session_count_before_signup", t."signup_session_id", t."signup_session_number", t."blog_url", t."first_page_ever_visited", t."first_page_at", t."first_touch_at", t."first_touch_channel", t."first_touch_source", t."first_touch_medium", t."first_touch_campaign", t."first_touch_referrer", t."last_touch_at", t."last_touch_channel", t."last_touch_source", t."last_touch_medium", t."last_touch_campaign", t."last_touch_referrer", t."first_paid_touch_at", t."first_paid_touch_channel", t."first_paid_touch_source", t."first_paid_touch_medium", t."first_paid_touch_campaign", t."first_paid_touch_referrer", t."last_paid_touch_at", t."last_paid_touch_channel", t."last_paid_touch_source", t."last_paid_touch_medium", t."last_paid_touch_campaign", t."last_paid_touch_referrer"
from "tributary"."attribution" as t

where t.to_run = 9223372036854775807 and t.person_id in (select person_id from "tributary"."staging__attribution_people");

-- attribution_unchanged: Keys of attribution whose row is as it was.
drop table if exists "tributary"."staging__attribution_unchanged";

create table "tributary"."staging__attribution_unchanged" as
select "n"."person_id"
from "tributary"."staging__attribution_rows" as n
join "tributary"."staging__attribution_current" as o on "n"."person_id" = "o"."person_id"
where n."signed_up_at" = o."signed_up_at"
    and n."session_count_before_signup" = o."session_count_before_signup"
    and (n."signup_session_id" = o."signup_session_id" or (n."signup_session_id" is null and o."signup_session_id" is null))
    and (n."signup_session_number" = o."signup_session_number" or (n."signup_session_number" is null and o."signup_session_number" is null))
    and (n."blog_url" = o."blog_url" or (n."blog_url" is null and o."blog_url" is null))
    and (n."first_page_ever_visited" = o."first_page_ever_visited" or (n."first_page_ever_visited" is null and o."first_page_ever_visited" is null))
    and (n."first_page_at" = o."first_page_at" or (n."first_page_at" is null and o."first_page_at" is null))
    and (n."first_touch_at" = o."first_touch_at" or (n."first_touch_at" is null and o."first_touch_at" is null))
    and (n."first_touch_channel" = o."first_touch_channel" or (n."first_touch_channel" is null and o."first_touch_channel" is null))
    and (n."first_touch_source" = o."first_touch_source" or (n."first_touch_source" is null and o."first_touch_source" is null))
    and (n."first_touch_medium" = o."first_touch_medium" or (n."first_touch_medium" is null and o."first_touch_medium" is null))
    and (n."first_touch_campaign" = o."first_touch_campaign" or (n."first_touch_campaign" is null and o."first_touch_campaign" is null))
    and (n."first_touch_referrer" = o."first_touch_referrer" or (n."first_touch_referrer" is null and o."first_touch_referrer" is null))
    and (n."last_touch_at" = o."last_touch_at" or (n."last_touch_at" is null and o."last_touch_at" is null))
    and (n."last_touch_channel" = o."last_touch_channel" or (n."last_touch_channel" is null and o."last_touch_channel" is null))
    and (n."last_touch_source" = o."last_touch_source" or (n."last_touch_source" is null and o."last_touch_source" is null))
    and (n."last_touch_medium" = o."last_touch_medium" or (n."last_touch_medium" is null and o."last_touch_medium" is null))
    and (n."last_touch_campaign" = o."last_touch_campaign" or (n."last_touch_campaign" is null and o."last_touch_campaign" is null))
    and (n."last_touch_referrer" = o."last_touch_referrer" or (n."last_touch_referrer" is null and o."last_touch_referrer" is null))
    and (n."first_paid_touch_at" = o."first_paid_touch_at" or (n."first_paid_touch_at" is null and o."first_paid_touch_at" is null))
    and (n."first_paid_touch_channel" = o."first_paid_touch_channel" or (n."first_paid_touch_channel" is null and o."first_paid_touch_channel" is null))
    and (n."first_paid_touch_source" = o."first_paid_touch_source" or (n."first_paid_touch_source" is null and o."first_paid_touch_source" is null))
    and (n."first_paid_touch_medium" = o."first_paid_touch_medium" or (n."first_paid_touch_medium" is null and o."first_paid_touch_medium" is null))
    and (n."first_paid_touch_campaign" = o."first_paid_touch_campaign" or (n."first_paid_touch_campaign" is null and o."first_paid_touch_campaign" is null))
    and (n."first_paid_touch_referrer" = o."first_paid_touch_referrer" or (n."first_paid_touch_referrer" is null and o."first_paid_touch_referrer" is null))
    and (n."last_paid_touch_at" = o."last_paid_touch_at" or (n."last_paid_touch_at" is null and o."last_paid_touch_at" is null))
    and (n."last_paid_touch_channel" = o."last_paid_touch_channel" or (n."last_paid_touch_channel" is null and o."last_paid_touch_channel" is null))
    and (n."last_paid_touch_source" = o."last_paid_touch_source" or (n."last_paid_touch_source" is null and o."last_paid_touch_source" is null))
    and (n."last_paid_touch_medium" = o."last_paid_touch_medium" or (n."last_paid_touch_medium" is null and o."last_paid_touch_medium" is null))
    and (n."last_paid_touch_campaign" = o."last_paid_touch_campaign" or (n."last_paid_touch_campaign" is null and o."last_paid_touch_campaign" is null))
    and (n."last_paid_touch_referrer" = o."last_paid_touch_referrer" or (n."last_paid_touch_referrer" is null and o."last_paid_touch_referrer" is null));

-- attribution_closed: Rows of attribution this run closes: replaced, or gone.
drop table if exists "tributary"."staging__attribution_closed";

create table "tributary"."staging__attribution_closed" as
select o.*
from "tributary"."staging__attribution_current" as o
left join "tributary"."staging__attribution_unchanged" as u on "o"."person_id" = "u"."person_id"
where u."person_id" is null;

-- attribution_opened: Rows of attribution this run opens: new, or changed.
drop table if exists "tributary"."staging__attribution_opened";

create table "tributary"."staging__attribution_opened" as
select n."person_id", n."signed_up_at", n."session_count_before_signup", n."signup_session_id", n."signup_session_number", n."blog_url", n."first_page_ever_visited", n."first_page_at", n."first_touch_at", n."first_touch_channel", n."first_touch_source", n."first_touch_medium", n."first_touch_campaign", n."first_touch_referrer", n."last_touch_at", n."last_touch_channel", n."last_touch_source", n."last_touch_medium", n."last_touch_campaign", n."last_touch_referrer", n."first_paid_touch_at", n."first_paid_touch_channel", n."first_paid_touch_source", n."first_paid_touch_medium", n."first_paid_touch_campaign", n."first_paid_touch_referrer", n."last_paid_touch_at", n."last_paid_touch_channel", n."last_paid_touch_source", n."last_paid_touch_medium", n."last_paid_touch_campaign", n."last_paid_touch_referrer"
from "tributary"."staging__attribution_rows" as n
left join "tributary"."staging__attribution_unchanged" as u on "n"."person_id" = "u"."person_id"
where u."person_id" is null;

-- The part of `attribution` in the publish transaction of the run; alone it would leave half a run.
-- `tributary sql publish` has all of it.
update "tributary"."attribution" as t
set to_run = 7
where t.to_run = 9223372036854775807 and t."person_id" in (select "person_id" from "tributary"."staging__attribution_closed") and exists (
    select 1 from "tributary"."staging__attribution_closed" as s
    where s."person_id" = t."person_id"
);

insert into "tributary"."attribution" (person_id, signed_up_at, session_count_before_signup, signup_session_id, signup_session_number, blog_url, first_page_ever_visited, first_page_at, first_touch_at, first_touch_channel, first_touch_source, first_touch_medium, first_touch_campaign, first_touch_referrer, last_touch_at, last_touch_channel, last_touch_source, last_touch_medium, last_touch_campaign, last_touch_referrer, first_paid_touch_at, first_paid_touch_channel, first_paid_touch_source, first_paid_touch_medium, first_paid_touch_campaign, first_paid_touch_referrer, last_paid_touch_at, last_paid_touch_channel, last_paid_touch_source, last_paid_touch_medium, last_paid_touch_campaign, last_paid_touch_referrer, from_run, to_run)
select person_id, signed_up_at, session_count_before_signup, signup_session_id, signup_session_number, blog_url, first_page_ever_visited, first_page_at, first_touch_at, first_touch_channel, first_touch_source, first_touch_medium, first_touch_campaign, first_touch_referrer, last_touch_at, last_touch_channel, last_touch_source, last_touch_medium, last_touch_campaign, last_touch_referrer, first_paid_touch_at, first_paid_touch_channel, first_paid_touch_source, first_paid_touch_medium, first_paid_touch_campaign, first_paid_touch_referrer, last_paid_touch_at, last_paid_touch_channel, last_paid_touch_source, last_paid_touch_medium, last_paid_touch_campaign, last_paid_touch_referrer, 7, 9223372036854775807
from "tributary"."staging__attribution_opened"
order by "person_id";
