-- sessions: sessions of the affected people, merged from visits

-- affected_people: Everyone whose visits changed: the rest of the run is about them.
declare bound_1 default (select min(since) from `tributary_staging.changed_people`);
create or replace table `tributary_staging.affected_people` as
with reached as (
    select s.person_id, min(s.started_at) as started_at
    from `tributary.sessions` as s
    join `tributary_staging.changed_people` as p on p.person_id = s.person_id
    where s.to_run = 9223372036854775807 and s.ended_at >= timestamp_add(p.since, interval ((-1800000000)) microsecond)
        and s.ended_at >= timestamp_add(bound_1, interval ((-1800000000)) microsecond)
    group by s.person_id
)

select p.person_id, case when r.started_at < p.since then r.started_at else p.since end as from_at
from `tributary_staging.changed_people` as p
left join reached as r on r.person_id = p.person_id;

-- far_people: Of them the few who are affected from long before the others: their rows are read
-- apart.
declare bound_1 default (select max(from_at) from `tributary_staging.affected_people`);
create or replace table `tributary_staging.far_people` as
select person_id
from `tributary_staging.affected_people`
where from_at < timestamp_add(bound_1, interval ((-1209600000000)) microsecond)
order by from_at, person_id
limit 64;

-- near_people: The others.
create or replace table `tributary_staging.near_people` as
select a.person_id, a.from_at
from `tributary_staging.affected_people` as a
left join `tributary_staging.far_people` as f on f.person_id = a.person_id
where f.person_id is null;

-- Asked first: whom the next statement is about. Here stands one id for what it answers; when they
-- are many, none are named.
select person_id as id from `tributary_staging.far_people` order by person_id
limit 129;

-- people_visits: All visits of the affected people.
declare bound_1 default (select min(from_at) from `tributary_staging.near_people`);
declare bound_2 default (select min(from_at) from `tributary_staging.affected_people`);
create or replace table `tributary_staging.people_visits` as
select v.*
from `tributary.visits` as v
join `tributary_staging.affected_people` as a on a.person_id = v.person_id
where v.ended_at >= a.from_at and v.ended_at >= bound_1
    and v.visit_id not in (select visit_id from `tributary_staging.visits_out`)
union all
select v.*
from `tributary.visits` as v
join `tributary_staging.affected_people` as a on a.person_id = v.person_id
where v.ended_at >= a.from_at and v.ended_at < bound_1 and v.ended_at >= bound_2 and v.person_id in ('<id>')
    and v.visit_id not in (select visit_id from `tributary_staging.visits_out`)
union all
select * from `tributary_staging.visits_in`;

-- session_visits: Their in-session visits, each with the session it lies in.
create or replace table `tributary_staging.session_visits` as
with reached as (
    select
        *,
        max(ended_at) over (
            partition by person_id order by first_key, visit_id
            rows between unbounded preceding and 1 preceding
        ) as reach
    from `tributary_staging.people_visits`
    where is_in_session
),

numbered as (
    select
        *,
        sum(case when reach is null or timestamp_diff(started_at, reach, microsecond) > 1800000000 then 1 else 0 end) over (
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
create or replace table `tributary_staging.sessions_merged` as
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
from `tributary_staging.session_visits`
group by session_id, person_id;

-- far_devices: Devices with such a visit from before most people are affected.
declare bound_1 default (select min(from_at) from `tributary_staging.near_people`);
create or replace table `tributary_staging.far_devices` as
select distinct anonymous_id
from `tributary_staging.session_visits`
where started_at < bound_1;

-- This stage writes nothing when the run is published: later stages read its staging tables.
