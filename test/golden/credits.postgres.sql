-- credits: credit of the affected conversions under each rule model

-- For a session of one’s own: where staging tables are.
set timezone = 'UTC';

-- credited_conversions: The conversions to be credited.
drop table if exists "tributary"."staging_credited_conversions";
create table "tributary"."staging_credited_conversions" as
select t."conversion_id", t."conversion", t."person_id", t."converted_at", t."event_key", t."session_id", t."value", t."currency", t."value_problem", t."company_id"
from "tributary"."staging_conversions_rows" as t;
analyze "tributary"."staging_credited_conversions";

-- attribution_people: People whose attribution row is made anew.
drop table if exists "tributary"."staging_attribution_people";
create table "tributary"."staging_attribution_people" as
select person_id from "tributary"."staging_conversions_rows" where conversion = 'signup'
union distinct
select t.person_id
from "tributary"."attribution" as t
join "tributary"."staging_affected_people" as a on a.person_id = t.person_id
where t.to_run = 9223372036854775807 and (t.signed_up_at >= a.from_at or t.first_page_at is null or t.first_page_at >= a.from_at);
analyze "tributary"."staging_attribution_people";

-- journey_people: How far back the touches of each person are needed.
drop table if exists "tributary"."staging_journey_people";
create table "tributary"."staging_journey_people" as
with needs as (
    select person_id, (converted_at + cast((-(case when conversion = 'purchase' then 7776000000000 else 0 end)) as double precision) * interval '1 microsecond') as earliest_at, case when conversion in ('signup') then 1 else 0 end as is_unlimited
    from "tributary"."staging_credited_conversions"
    union all
    select person_id, cast(null as timestamp) as earliest_at, 1 as is_unlimited
    from "tributary"."staging_attribution_people"
)

select n.person_id, coalesce(a.from_at, cast('9999-12-31 00:00:00.000000' as timestamp)) as from_at, max(n.is_unlimited) as is_unlimited, min(n.earliest_at) as earliest_at
from needs as n
left join "tributary"."staging_affected_people" as a on a.person_id = n.person_id
group by n.person_id, a.from_at;
analyze "tributary"."staging_journey_people";

-- journeys: Their touches.
drop table if exists "tributary"."staging_journeys";
create table "tributary"."staging_journeys" as
select t."person_id", t."touch_id", t."touched_at", t."order_key", t."channel", t."source", t."medium", t."campaign", t."referrer", t."is_paid", t."is_direct"
from "tributary"."staging_touches_rows" as t
where t.person_id in (select person_id from "tributary"."staging_journey_people")
union all
select t."person_id", t."touch_id", t."touched_at", t."order_key", t."channel", t."source", t."medium", t."campaign", t."referrer", t."is_paid", t."is_direct"
from "tributary"."touches" as t
join (select * from "tributary"."staging_journey_people" where is_unlimited = 0) as p on p.person_id = t.person_id
where t.to_run = 9223372036854775807 and t.touched_at < p.from_at and t.touched_at >= p.earliest_at
    and t.touched_at >= (select min(earliest_at) from "tributary"."staging_journey_people" where is_unlimited = 0)
union all
select t."person_id", t."touch_id", t."touched_at", t."order_key", t."channel", t."source", t."medium", t."campaign", t."referrer", t."is_paid", t."is_direct"
from "tributary"."touches" as t
join (select * from "tributary"."staging_journey_people" where is_unlimited = 1) as p on p.person_id = t.person_id
where t.to_run = 9223372036854775807 and t.touched_at < p.from_at;
analyze "tributary"."staging_journeys";

-- eligible: Touches that each conversion may credit.
drop table if exists "tributary"."staging_eligible";
create table "tributary"."staging_eligible" as
with considered as (
    select
        k.conversion_id, k.conversion, k.person_id, k.converted_at, k.value, k.currency,
        t.touch_id, t.touched_at, t.order_key, t.channel, t.source, t.medium, t.campaign, t.is_paid, t.is_direct
    from "tributary"."staging_credited_conversions" as k
    join "tributary"."staging_journeys" as t on t.person_id = k.person_id and t.touched_at <= k.converted_at
    where (k.conversion = 'signup' or (k.conversion = 'purchase' and cast(extract(epoch from (k.converted_at) - (t.touched_at)) * 1000000 as bigint) <= 7776000000000))
),

placed as (
    select
        *,
        row_number() over (partition by conversion_id order by order_key, touch_id) as position,
        count(*) over (partition by conversion_id) as touch_count
    from considered
)

select
    *,
    min(case when not is_direct then position end) over (partition by conversion_id) as first_non_direct,
    max(case when not is_direct then position end) over (partition by conversion_id) as last_non_direct,
    min(case when is_paid then position end) over (partition by conversion_id) as first_paid,
    max(case when is_paid then position end) over (partition by conversion_id) as last_paid
from placed;
analyze "tributary"."staging_eligible";

-- credits_rows: Credit and revenue of each touch under each rule model.
drop table if exists "tributary"."staging_credits_rows";
create table "tributary"."staging_credits_rows" as
select
    conversion_id, touch_id, conversion, person_id, converted_at, touched_at, channel, source, medium, campaign,
    position, touch_count, currency,
    (case when position = 1 then 1000000000 when 1000000000 is not null then 0 end) as "first_touch_credit",
    case when value < 0 then -(case when position = 1 then -value when -value is not null then 0 end) else (case when position = 1 then value when value is not null then 0 end) end as "first_touch_revenue",
    (case when position = touch_count then 1000000000 when 1000000000 is not null then 0 end) as "last_touch_credit",
    case when value < 0 then -(case when position = touch_count then -value when -value is not null then 0 end) else (case when position = touch_count then value when value is not null then 0 end) end as "last_touch_revenue",
    (case when position = coalesce(last_non_direct, touch_count) then 1000000000 when 1000000000 is not null then 0 end) as "last_non_direct_credit",
    case when value < 0 then -(case when position = coalesce(last_non_direct, touch_count) then -value when -value is not null then 0 end) else (case when position = coalesce(last_non_direct, touch_count) then value when value is not null then 0 end) end as "last_non_direct_revenue",
    (case when position = coalesce(first_paid, first_non_direct, 1) then 1000000000 when 1000000000 is not null then 0 end) as "first_paid_credit",
    case when value < 0 then -(case when position = coalesce(first_paid, first_non_direct, 1) then -value when -value is not null then 0 end) else (case when position = coalesce(first_paid, first_non_direct, 1) then value when value is not null then 0 end) end as "first_paid_revenue",
    (case when position = coalesce(last_paid, last_non_direct, touch_count) then 1000000000 when 1000000000 is not null then 0 end) as "last_paid_credit",
    case when value < 0 then -(case when position = coalesce(last_paid, last_non_direct, touch_count) then -value when -value is not null then 0 end) else (case when position = coalesce(last_paid, last_non_direct, touch_count) then value when value is not null then 0 end) end as "last_paid_revenue",
    ((cast(((1000000000)) as bigint) / cast((touch_count) as bigint)) + case when position = touch_count then 1000000000 - (cast(((1000000000)) as bigint) / cast((touch_count) as bigint)) * touch_count else 0 end) as "linear_credit",
    case when value < 0 then -((cast(((-value)) as bigint) / cast((touch_count) as bigint)) + case when position = touch_count then -value - (cast(((-value)) as bigint) / cast((touch_count) as bigint)) * touch_count else 0 end) else ((cast(((value)) as bigint) / cast((touch_count) as bigint)) + case when position = touch_count then value - (cast(((value)) as bigint) / cast((touch_count) as bigint)) * touch_count else 0 end) end as "linear_revenue"
from "tributary"."staging_eligible"
union all
select
    k.conversion_id, '' as touch_id, k.conversion, k.person_id, k.converted_at, k.converted_at as touched_at,
    'Unattributed' as channel, null as source, null as medium, null as campaign,
    0 as position, 0 as touch_count, k.currency,
    1000000000 as "first_touch_credit",
    k.value as "first_touch_revenue",
    1000000000 as "last_touch_credit",
    k.value as "last_touch_revenue",
    1000000000 as "last_non_direct_credit",
    k.value as "last_non_direct_revenue",
    1000000000 as "first_paid_credit",
    k.value as "first_paid_revenue",
    1000000000 as "last_paid_credit",
    k.value as "last_paid_revenue",
    1000000000 as "linear_credit",
    k.value as "linear_revenue"
from "tributary"."staging_credited_conversions" as k
where k.conversion_id not in (select conversion_id from "tributary"."staging_eligible");
analyze "tributary"."staging_credits_rows";

-- credits_current: Current rows of credits that were computed anew.
drop table if exists "tributary"."staging_credits_current";
create table "tributary"."staging_credits_current" as
select t."conversion_id", t."touch_id", t."conversion", t."person_id", t."converted_at", t."touched_at", t."channel", t."source", t."medium", t."campaign", t."position", t."touch_count", t."currency", t."first_touch_credit", t."last_touch_credit", t."last_non_direct_credit", t."first_paid_credit", t."last_paid_credit", t."linear_credit", t."first_touch_revenue", t."last_touch_revenue", t."last_non_direct_revenue", t."first_paid_revenue", t."last_paid_revenue", t."linear_revenue"
from "tributary"."credits" as t
join "tributary"."staging_affected_people" as a on a.person_id = t.person_id
where t.to_run = 9223372036854775807 and t."converted_at" >= a.from_at and t."converted_at" >= (select min(from_at) from "tributary"."staging_affected_people");
analyze "tributary"."staging_credits_current";

-- credits_unchanged: Keys of credits whose row is as it was.
drop table if exists "tributary"."staging_credits_unchanged";
create table "tributary"."staging_credits_unchanged" as
select "n"."conversion_id", "n"."touch_id"
from "tributary"."staging_credits_rows" as n
join "tributary"."staging_credits_current" as o on "n"."conversion_id" = "o"."conversion_id" and "n"."touch_id" = "o"."touch_id"
where n."conversion" = o."conversion"
    and n."person_id" = o."person_id"
    and n."converted_at" = o."converted_at"
    and n."touched_at" = o."touched_at"
    and n."channel" = o."channel"
    and (n."source" = o."source" or (n."source" is null and o."source" is null))
    and (n."medium" = o."medium" or (n."medium" is null and o."medium" is null))
    and (n."campaign" = o."campaign" or (n."campaign" is null and o."campaign" is null))
    and n."position" = o."position"
    and n."touch_count" = o."touch_count"
    and (n."currency" = o."currency" or (n."currency" is null and o."currency" is null))
    and n."first_touch_credit" = o."first_touch_credit"
    and n."last_touch_credit" = o."last_touch_credit"
    and n."last_non_direct_credit" = o."last_non_direct_credit"
    and n."first_paid_credit" = o."first_paid_credit"
    and n."last_paid_credit" = o."last_paid_credit"
    and n."linear_credit" = o."linear_credit"
    and (n."first_touch_revenue" = o."first_touch_revenue" or (n."first_touch_revenue" is null and o."first_touch_revenue" is null))
    and (n."last_touch_revenue" = o."last_touch_revenue" or (n."last_touch_revenue" is null and o."last_touch_revenue" is null))
    and (n."last_non_direct_revenue" = o."last_non_direct_revenue" or (n."last_non_direct_revenue" is null and o."last_non_direct_revenue" is null))
    and (n."first_paid_revenue" = o."first_paid_revenue" or (n."first_paid_revenue" is null and o."first_paid_revenue" is null))
    and (n."last_paid_revenue" = o."last_paid_revenue" or (n."last_paid_revenue" is null and o."last_paid_revenue" is null))
    and (n."linear_revenue" = o."linear_revenue" or (n."linear_revenue" is null and o."linear_revenue" is null));
analyze "tributary"."staging_credits_unchanged";

-- credits_closed: Rows of credits this run closes: replaced, or gone.
drop table if exists "tributary"."staging_credits_closed";
create table "tributary"."staging_credits_closed" as
select o.*
from "tributary"."staging_credits_current" as o
left join "tributary"."staging_credits_unchanged" as u on "o"."conversion_id" = "u"."conversion_id" and "o"."touch_id" = "u"."touch_id"
where u."conversion_id" is null;
analyze "tributary"."staging_credits_closed";

-- credits_opened: Rows of credits this run opens: new, or changed.
drop table if exists "tributary"."staging_credits_opened";
create table "tributary"."staging_credits_opened" as
select n."conversion_id", n."touch_id", n."conversion", n."person_id", n."converted_at", n."touched_at", n."channel", n."source", n."medium", n."campaign", n."position", n."touch_count", n."currency", n."first_touch_credit", n."last_touch_credit", n."last_non_direct_credit", n."first_paid_credit", n."last_paid_credit", n."linear_credit", n."first_touch_revenue", n."last_touch_revenue", n."last_non_direct_revenue", n."first_paid_revenue", n."last_paid_revenue", n."linear_revenue"
from "tributary"."staging_credits_rows" as n
left join "tributary"."staging_credits_unchanged" as u on "n"."conversion_id" = "u"."conversion_id" and "n"."touch_id" = "u"."touch_id"
where u."conversion_id" is null;
analyze "tributary"."staging_credits_opened";

-- Nothing after this stage reads these.
drop table if exists "tributary"."staging_eligible";

-- The part of `credits` in the publish transaction of the run; alone it would leave half a run.
-- `tributary sql publish` has all of it.
update "tributary"."credits" as t
set to_run = 7
where t.to_run = 9223372036854775807
    and t."converted_at" >= (select min("converted_at") from "tributary"."staging_credits_closed")
    and t."converted_at" <= (select max("converted_at") from "tributary"."staging_credits_closed")
     and t."conversion_id" in (select "conversion_id" from "tributary"."staging_credits_closed") and exists (
    select 1 from "tributary"."staging_credits_closed" as s
    where s."conversion_id" = t."conversion_id" and s."touch_id" = t."touch_id"
);

insert into "tributary"."credits" (conversion_id, touch_id, conversion, person_id, converted_at, touched_at, channel, source, medium, campaign, position, touch_count, currency, first_touch_credit, last_touch_credit, last_non_direct_credit, first_paid_credit, last_paid_credit, linear_credit, first_touch_revenue, last_touch_revenue, last_non_direct_revenue, first_paid_revenue, last_paid_revenue, linear_revenue, from_run, to_run)
select conversion_id, touch_id, conversion, person_id, converted_at, touched_at, channel, source, medium, campaign, position, touch_count, currency, first_touch_credit, last_touch_credit, last_non_direct_credit, first_paid_credit, last_paid_credit, linear_credit, first_touch_revenue, last_touch_revenue, last_non_direct_revenue, first_paid_revenue, last_paid_revenue, linear_revenue, 7, 9223372036854775807
from "tributary"."staging_credits_opened"
order by date_trunc('month', converted_at), "person_id";
