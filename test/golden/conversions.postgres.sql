-- conversions: signups and other conversions of the affected people; the signup session

-- For a session of one’s own: where staging tables are.
set timezone = 'UTC';

-- conversion_candidates_people: Conversion candidates of the affected people.
drop table if exists "tributary"."staging_conversion_candidates_people";
create table "tributary"."staging_conversion_candidates_people" as
with atoms as (
    select distinct anonymous_id, user_id, is_in_session from "tributary"."staging_people_visits"
)

select k."anonymous_id", k."user_id", k."is_in_session", k."order_key", k."event_key", k."occurred_at", k."conversion", k."value", k."currency", k."value_problem", k."company_id"
from "tributary"."conversion_candidates" as k
join atoms as a on a.anonymous_id = k.anonymous_id and a.user_id = k.user_id and a.is_in_session = k.is_in_session
where k.occurred_at >= (select min(from_at) from "tributary"."staging_affected_people")
    and k.order_key not in (select order_key from "tributary"."staging_reread_keys")
union all
select k."anonymous_id", k."user_id", k."is_in_session", k."order_key", k."event_key", k."occurred_at", k."conversion", k."value", k."currency", k."value_problem", k."company_id"
from "tributary"."staging_conversion_candidates_new" as k
join atoms as a on a.anonymous_id = k.anonymous_id and a.user_id = k.user_id and a.is_in_session = k.is_in_session;
analyze "tributary"."staging_conversion_candidates_people";

-- conversion_visits: Each in the visit it lies in.
drop table if exists "tributary"."staging_conversion_visits";
create table "tributary"."staging_conversion_visits" as
with marks as (
    select anonymous_id, user_id, is_in_session, first_key as order_key, 0 as kind, first_key || visit_id as mark
    from "tributary"."staging_people_visits" as v
    union all
    select distinct anonymous_id, user_id, is_in_session, order_key, 1 as kind, (cast(null as text) collate "C") as mark
    from "tributary"."staging_conversion_candidates_people" as i
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
join "tributary"."staging_people_visits" as v on v.visit_id = substr(c.latest, 50) and v.last_key >= c.order_key
join "tributary"."staging_conversion_candidates_people" as i
    on i.anonymous_id = c.anonymous_id and i.user_id = c.user_id and i.is_in_session = c.is_in_session and i.order_key = c.order_key
where c.kind = 1;
analyze "tributary"."staging_conversion_visits";

-- conversions_counting: Those that count: every one, or the person’s first.
drop table if exists "tributary"."staging_conversions_counting";
create table "tributary"."staging_conversions_counting" as
with earlier as (
    select distinct t.person_id, t.conversion
    from "tributary"."conversions" as t
    join "tributary"."staging_affected_people" as a on a.person_id = t.person_id
    where t.to_run = 9223372036854775807 and t.converted_at < a.from_at
),

numbered as (
    select
        k.*,
        v.person_id,
        row_number() over (partition by v.person_id, k.conversion order by k.order_key, k.anonymous_id, k.user_id) as place,
        row_number() over (partition by k.conversion, k.event_key order by k.order_key, k.anonymous_id, k.user_id) as copy_number
    from "tributary"."staging_conversion_visits" as k
    join "tributary"."staging_people_visits" as v on v.visit_id = k.visit_id
    join "tributary"."staging_affected_people" as a on a.person_id = v.person_id
    where k.occurred_at >= a.from_at
)

select
    md5(n.conversion || e'\x1f' || n.event_key) as conversion_id,
    n.conversion, n.person_id, n.occurred_at as converted_at, n.order_key, n.event_key, n.value, n.currency, n.value_problem, n.company_id
from numbered as n
left join earlier as e on e.person_id = n.person_id and e.conversion = n.conversion
where n.copy_number = 1
    and ((n.place = 1 and e.person_id is null) or n.conversion in ('purchase'));
analyze "tributary"."staging_conversions_counting";

-- conversions_rows: Conversions with the session they fall in.
drop table if exists "tributary"."staging_conversions_rows";
create table "tributary"."staging_conversions_rows" as
with marks as (
    select person_id, started_at as marked_at, 0 as kind, session_id, (cast(null as text) collate "C") as conversion_id
    from "tributary"."staging_sessions_merged"
    where person_id in (select person_id from "tributary"."staging_conversions_counting")
    union all
    select person_id, converted_at as marked_at, 1 as kind, null as session_id, conversion_id
    from "tributary"."staging_conversions_counting"
),

-- A person's sessions never overlap: the one that began last is found by counting beginnings.
carried as (
    select
        *,
        sum(case when kind = 0 then 1 else 0 end) over (
            partition by person_id order by marked_at, kind, conversion_id
            rows between unbounded preceding and current row
        ) as session_number
    from marks
),

latest as (
    select k.conversion_id, s.session_id
    from carried as k
    join carried as s on s.person_id = k.person_id and s.session_number = k.session_number and s.kind = 0
    where k.kind = 1
)

select
    k.conversion_id,
    k.conversion,
    k.person_id,
    k.converted_at,
    k.event_key,
    case when cast(extract(epoch from (k.converted_at) - (s.ended_at)) * 1000000 as bigint) <= 1800000000 then s.session_id end as session_id,
    k.value,
    k.currency,
    k.value_problem,
    k.company_id
from "tributary"."staging_conversions_counting" as k
left join latest as l on l.conversion_id = k.conversion_id
left join "tributary"."staging_sessions_merged" as s on s.session_id = l.session_id;
analyze "tributary"."staging_conversions_rows";

-- conversions_current: Current rows of conversions that were computed anew.
drop table if exists "tributary"."staging_conversions_current";
create table "tributary"."staging_conversions_current" as
select t."conversion_id", t."conversion", t."person_id", t."converted_at", t."event_key", t."session_id", t."value", t."currency", t."value_problem", t."company_id"
from "tributary"."conversions" as t
join "tributary"."staging_affected_people" as a on a.person_id = t.person_id
where t.to_run = 9223372036854775807 and t."converted_at" >= a.from_at and t."converted_at" >= (select min(from_at) from "tributary"."staging_affected_people");
analyze "tributary"."staging_conversions_current";

-- conversions_unchanged: Keys of conversions whose row is as it was.
drop table if exists "tributary"."staging_conversions_unchanged";
create table "tributary"."staging_conversions_unchanged" as
select "n"."conversion_id"
from "tributary"."staging_conversions_rows" as n
join "tributary"."staging_conversions_current" as o on "n"."conversion_id" = "o"."conversion_id"
where n."conversion" = o."conversion"
    and n."person_id" = o."person_id"
    and n."converted_at" = o."converted_at"
    and n."event_key" = o."event_key"
    and (n."session_id" = o."session_id" or (n."session_id" is null and o."session_id" is null))
    and (n."value" = o."value" or (n."value" is null and o."value" is null))
    and (n."currency" = o."currency" or (n."currency" is null and o."currency" is null))
    and (n."value_problem" = o."value_problem" or (n."value_problem" is null and o."value_problem" is null))
    and (n."company_id" = o."company_id" or (n."company_id" is null and o."company_id" is null));
analyze "tributary"."staging_conversions_unchanged";

-- conversions_closed: Rows of conversions this run closes: replaced, or gone.
drop table if exists "tributary"."staging_conversions_closed";
create table "tributary"."staging_conversions_closed" as
select o.*
from "tributary"."staging_conversions_current" as o
left join "tributary"."staging_conversions_unchanged" as u on "o"."conversion_id" = "u"."conversion_id"
where u."conversion_id" is null;
analyze "tributary"."staging_conversions_closed";

-- conversions_opened: Rows of conversions this run opens: new, or changed.
drop table if exists "tributary"."staging_conversions_opened";
create table "tributary"."staging_conversions_opened" as
select n."conversion_id", n."conversion", n."person_id", n."converted_at", n."event_key", n."session_id", n."value", n."currency", n."value_problem", n."company_id"
from "tributary"."staging_conversions_rows" as n
left join "tributary"."staging_conversions_unchanged" as u on "n"."conversion_id" = "u"."conversion_id"
where u."conversion_id" is null;
analyze "tributary"."staging_conversions_opened";

-- sessions_rows: Sessions as readers see them.
drop table if exists "tributary"."staging_sessions_rows";
create table "tributary"."staging_sessions_rows" as
with counted as (
    select
        session_id,
        count(*) as touch_count,
        max(case when is_entry then page_url end) as landing_page
    from "tributary"."staging_touches_rows"
    group by session_id
),

signups as (
    select distinct session_id from "tributary"."staging_conversions_rows" where conversion = 'signup' and session_id is not null
)

select
    s.session_id,
    s.person_id,
    s.started_at,
    s.ended_at,
    s.event_count,
    s.page_count,
    s.device_count,
    t.landing_page,
    k.referrer,
    t.touch_count,
    case when g.session_id is null then 1 else 0 end = 0 as is_signup_session
from "tributary"."staging_sessions_merged" as s
join counted as t on t.session_id = s.session_id
left join "tributary"."staging_session_candidates" as k on k.session_id = s.session_id and k.order_key = substr(s.entry_key, 2)
left join signups as g on g.session_id = s.session_id;
analyze "tributary"."staging_sessions_rows";

-- sessions_current: Current rows of sessions that were computed anew.
drop table if exists "tributary"."staging_sessions_current";
create table "tributary"."staging_sessions_current" as
select t."session_id", t."person_id", t."started_at", t."ended_at", t."event_count", t."page_count", t."device_count", t."landing_page", t."referrer", t."touch_count", t."is_signup_session"
from "tributary"."sessions" as t
join "tributary"."staging_affected_people" as a on a.person_id = t.person_id
where t.to_run = 9223372036854775807 and t."started_at" >= a.from_at and t."started_at" >= (select min(from_at) from "tributary"."staging_affected_people");
analyze "tributary"."staging_sessions_current";

-- sessions_unchanged: Keys of sessions whose row is as it was.
drop table if exists "tributary"."staging_sessions_unchanged";
create table "tributary"."staging_sessions_unchanged" as
select "n"."session_id"
from "tributary"."staging_sessions_rows" as n
join "tributary"."staging_sessions_current" as o on "n"."session_id" = "o"."session_id"
where n."person_id" = o."person_id"
    and n."started_at" = o."started_at"
    and n."ended_at" = o."ended_at"
    and n."event_count" = o."event_count"
    and n."page_count" = o."page_count"
    and n."device_count" = o."device_count"
    and (n."landing_page" = o."landing_page" or (n."landing_page" is null and o."landing_page" is null))
    and (n."referrer" = o."referrer" or (n."referrer" is null and o."referrer" is null))
    and n."touch_count" = o."touch_count"
    and n."is_signup_session" = o."is_signup_session";
analyze "tributary"."staging_sessions_unchanged";

-- sessions_closed: Rows of sessions this run closes: replaced, or gone.
drop table if exists "tributary"."staging_sessions_closed";
create table "tributary"."staging_sessions_closed" as
select o.*
from "tributary"."staging_sessions_current" as o
left join "tributary"."staging_sessions_unchanged" as u on "o"."session_id" = "u"."session_id"
where u."session_id" is null;
analyze "tributary"."staging_sessions_closed";

-- sessions_opened: Rows of sessions this run opens: new, or changed.
drop table if exists "tributary"."staging_sessions_opened";
create table "tributary"."staging_sessions_opened" as
select n."session_id", n."person_id", n."started_at", n."ended_at", n."event_count", n."page_count", n."device_count", n."landing_page", n."referrer", n."touch_count", n."is_signup_session"
from "tributary"."staging_sessions_rows" as n
left join "tributary"."staging_sessions_unchanged" as u on "n"."session_id" = "u"."session_id"
where u."session_id" is null;
analyze "tributary"."staging_sessions_opened";

-- The part of `conversions` in the publish transaction of the run; alone it would leave half a run.
-- `tributary sql publish` has all of it.
update "tributary"."conversions" as t
set to_run = 7
where t.to_run = 9223372036854775807
    and t."converted_at" >= (select min("converted_at") from "tributary"."staging_conversions_closed")
    and t."converted_at" <= (select max("converted_at") from "tributary"."staging_conversions_closed")
     and t."conversion_id" in (select "conversion_id" from "tributary"."staging_conversions_closed") and exists (
    select 1 from "tributary"."staging_conversions_closed" as s
    where s."conversion_id" = t."conversion_id"
);

insert into "tributary"."conversions" (conversion_id, conversion, person_id, converted_at, event_key, session_id, value, currency, value_problem, company_id, from_run, to_run)
select conversion_id, conversion, person_id, converted_at, event_key, session_id, value, currency, value_problem, company_id, 7, 9223372036854775807
from "tributary"."staging_conversions_opened"
order by date_trunc('month', converted_at), "person_id";

update "tributary"."sessions" as t
set to_run = 7
where t.to_run = 9223372036854775807
    and t."started_at" >= (select min("started_at") from "tributary"."staging_sessions_closed")
    and t."started_at" <= (select max("started_at") from "tributary"."staging_sessions_closed")
     and t."session_id" in (select "session_id" from "tributary"."staging_sessions_closed") and exists (
    select 1 from "tributary"."staging_sessions_closed" as s
    where s."session_id" = t."session_id"
);

insert into "tributary"."sessions" (session_id, person_id, started_at, ended_at, event_count, page_count, device_count, landing_page, referrer, touch_count, is_signup_session, from_run, to_run)
select session_id, person_id, started_at, ended_at, event_count, page_count, device_count, landing_page, referrer, touch_count, is_signup_session, 7, 9223372036854775807
from "tributary"."staging_sessions_opened"
order by date_trunc('month', started_at), "person_id";
