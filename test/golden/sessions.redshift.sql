-- sessions: sessions of the affected people, merged from visits

-- For a session of one’s own: where staging tables are.
set enable_case_sensitive_identifier to true;

-- affected_people: Everyone whose visits changed: the rest of the run is about them.
drop table if exists "tributary"."staging__affected_people";

create table "tributary"."staging__affected_people" as
with reached as (
    select s.person_id, min(s.started_at) as started_at
    from "tributary"."sessions" as s
    join "tributary"."staging__changed_people" as p on p.person_id = s.person_id
    where s.to_run = 9223372036854775807 and s.ended_at >= dateadd(microsecond, cast((-1800000000) as bigint), p.since)
        and s.ended_at >= dateadd(microsecond, cast((-1800000000) as bigint), (select min(since) from "tributary"."staging__changed_people"))
    group by s.person_id
)

select p.person_id, case when r.started_at < p.since then r.started_at else p.since end as from_at
from "tributary"."staging__changed_people" as p
left join reached as r on r.person_id = p.person_id;

-- people_visits: All visits of the affected people.
drop table if exists "tributary"."staging__people_visits";

create table "tributary"."staging__people_visits" as
select v.*
from "tributary"."visits" as v
join "tributary"."staging__affected_people" as a on a.person_id = v.person_id
where v.ended_at >= a.from_at and v.ended_at >= (select min(from_at) from "tributary"."staging__affected_people")
    and v.visit_id not in (select visit_id from "tributary"."staging__visits_out")
union all
select * from "tributary"."staging__visits_in";

-- session_visits: Their in-session visits, each with the session it lies in.
drop table if exists "tributary"."staging__session_visits";

create table "tributary"."staging__session_visits" as
with reached as (
    select
        *,
        max(ended_at) over (
            partition by person_id order by first_key, visit_id
            rows between unbounded preceding and 1 preceding
        ) as reach
    from "tributary"."staging__people_visits"
    where is_in_session
),

numbered as (
    select
        *,
        sum(case when reach is null or datediff(microsecond, reach, started_at) > 1800000000 then 1 else 0 end) over (
            partition by person_id order by first_key, visit_id
            rows between unbounded preceding and current row
        ) as session_number
    from reached
)

select
    *,
    substr(min(first_key) over (partition by person_id, session_number), 18) as session_id
from numbered;

-- sessions_merged: Their sessions: visits of all their devices, merged.
drop table if exists "tributary"."staging__sessions_merged";

create table "tributary"."staging__sessions_merged" as
select
    session_id,
    person_id,
    min(started_at) as started_at,
    max(ended_at) as ended_at,
    min(first_key) as first_key,
    min(entry_key) as entry_key,
    sum(event_count) as event_count,
    sum(page_count) as page_count,
    count(distinct anonymous_id) as device_count
from "tributary"."staging__session_visits"
group by session_id, person_id;

-- This stage writes nothing when the run is published: later stages read its staging tables.
