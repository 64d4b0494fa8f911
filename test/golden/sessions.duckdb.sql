-- sessions: sessions of the affected people, merged from visits

-- For a session of one’s own: where staging tables are.
attach if not exists ':memory:' as staging;

-- people_visits: All visits of the affected people.
create or replace table staging.main."people_visits" as
select v.*
from "tributary"."visits" as v
where v.person_id in (select person_id from staging.main."affected_people")
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

-- This stage writes nothing when the run is published: later stages read its staging tables.
