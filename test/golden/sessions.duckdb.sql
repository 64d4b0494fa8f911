-- sessions: sessions of the affected people, merged from visits

-- For a session of one’s own: where staging tables are.
attach if not exists ':memory:' as staging;

-- affected_people: Everyone whose visits changed: the rest of the run is about them.
create or replace table staging.main."affected_people" as
with reached as (
    select s.person_id, min(s.started_at) as started_at
    from "tributary"."sessions" as s
    join staging.main."changed_people" as p on p.person_id = s.person_id
    where s.to_run = 9223372036854775807 and s.ended_at >= (p.since + to_microseconds((-1800000000)))
        and s.ended_at >= ((select min(since) from staging.main."changed_people") + to_microseconds((-1800000000)))
    group by s.person_id
)

select p.person_id, case when r.started_at < p.since then r.started_at else p.since end as from_at
from staging.main."changed_people" as p
left join reached as r on r.person_id = p.person_id;

-- far_people: Of them the few who are affected from long before the others: their rows are read
-- apart.
create or replace table staging.main."far_people" as
select person_id
from staging.main."affected_people"
where from_at < ((select max(from_at) from staging.main."affected_people") + to_microseconds((-1209600000000)))
order by from_at, person_id
limit 64;

-- near_people: The others.
create or replace table staging.main."near_people" as
select a.person_id, a.from_at
from staging.main."affected_people" as a
left join staging.main."far_people" as f on f.person_id = a.person_id
where f.person_id is null;

-- Asked first: whom the next statement is about. Here stands one id for what it answers; when they
-- are many, none are named.
select person_id as id from staging.main."far_people" order by person_id
limit 129;

-- people_visits: All visits of the affected people.
create or replace table staging.main."people_visits" as
select v.*
from "tributary"."visits" as v
join staging.main."affected_people" as a on a.person_id = v.person_id
where v.ended_at >= a.from_at and v.ended_at >= (select min(from_at) from staging.main."near_people")
    and v.visit_id not in (select visit_id from staging.main."visits_out")
union all
select v.*
from "tributary"."visits" as v
join staging.main."affected_people" as a on a.person_id = v.person_id
where v.ended_at >= a.from_at and v.ended_at < (select min(from_at) from staging.main."near_people") and v.ended_at >= (select min(from_at) from staging.main."affected_people") and list_contains(['<id>'], v.person_id)
    and v.visit_id not in (select visit_id from staging.main."visits_out")
union all
select * from staging.main."visits_in";

-- session_visits: Their in-session visits, each with the session it lies in.
create or replace table staging.main."session_visits" as
with reached as (
    select
        *,
        max(ended_at) over (
            partition by person_id order by first_key, visit_id
            rows between unbounded preceding and 1 preceding
        ) as reach
    from staging.main."people_visits"
    where is_in_session
),

numbered as (
    select
        *,
        sum(case when reach is null or (epoch_us(started_at) - epoch_us(reach)) > 1800000000 then 1 else 0 end) over (
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
create or replace table staging.main."sessions_merged" as
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
from staging.main."session_visits"
group by session_id, person_id;

-- far_devices: Devices with such a visit from before most people are affected.
create or replace table staging.main."far_devices" as
select distinct anonymous_id
from staging.main."session_visits"
where started_at < (select min(from_at) from staging.main."near_people");

-- This stage writes nothing when the run is published: later stages read its staging tables.
