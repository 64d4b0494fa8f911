-- rollups: deltas of the quick look-ups for what changed

-- For a session of one’s own: where staging tables are.
set timezone = 'UTC';

-- channel_stats_new: What opened and closed touches and credits add to the sums and take away.
drop table if exists "tributary"."staging_channel_stats_new";
create table "tributary"."staging_channel_stats_new" as
with deltas as (
    select
        '' as company_id, (cast('1970-01-01 00:00:00.000000' as timestamp) + cast((((cast((cast(extract(epoch from (touched_at)) * 1000000 as bigint)) as bigint) / cast((900000000) as bigint)) * 900000000)) as double precision) * interval '1 microsecond') as bucket_at, 'touch' as date_by, channel, source, medium, campaign,
        '' as conversion, (cast(null as text) collate "C") as currency,
        1 as touches, case when is_entry then 1 else 0 end as sessions, 0 as "first_touch_credit", 0 as "first_touch_revenue", 0 as "last_touch_credit", 0 as "last_touch_revenue", 0 as "last_non_direct_credit", 0 as "last_non_direct_revenue", 0 as "first_paid_credit", 0 as "first_paid_revenue", 0 as "last_paid_credit", 0 as "last_paid_revenue", 0 as "linear_credit", 0 as "linear_revenue"
    from "tributary"."staging_touches_opened" as r
    union all
    select
        '' as company_id, (cast('1970-01-01 00:00:00.000000' as timestamp) + cast((((cast((cast(extract(epoch from (touched_at)) * 1000000 as bigint)) as bigint) / cast((900000000) as bigint)) * 900000000)) as double precision) * interval '1 microsecond') as bucket_at, 'touch' as date_by, channel, source, medium, campaign,
        '' as conversion, (cast(null as text) collate "C") as currency,
        (-1) as touches, case when is_entry then (-1) else 0 end as sessions, 0 as "first_touch_credit", 0 as "first_touch_revenue", 0 as "last_touch_credit", 0 as "last_touch_revenue", 0 as "last_non_direct_credit", 0 as "last_non_direct_revenue", 0 as "first_paid_credit", 0 as "first_paid_revenue", 0 as "last_paid_credit", 0 as "last_paid_revenue", 0 as "linear_credit", 0 as "linear_revenue"
    from "tributary"."staging_touches_closed" as r
    union all
    select
        '' as company_id, (cast('1970-01-01 00:00:00.000000' as timestamp) + cast((((cast((cast(extract(epoch from (touched_at)) * 1000000 as bigint)) as bigint) / cast((900000000) as bigint)) * 900000000)) as double precision) * interval '1 microsecond') as bucket_at, 'touch' as date_by, channel, source, medium, campaign,
        conversion, currency,
        0 as touches, 0 as sessions, 1 * "first_touch_credit" as "first_touch_credit", 1 * coalesce("first_touch_revenue", 0) as "first_touch_revenue", 1 * "last_touch_credit" as "last_touch_credit", 1 * coalesce("last_touch_revenue", 0) as "last_touch_revenue", 1 * "last_non_direct_credit" as "last_non_direct_credit", 1 * coalesce("last_non_direct_revenue", 0) as "last_non_direct_revenue", 1 * "first_paid_credit" as "first_paid_credit", 1 * coalesce("first_paid_revenue", 0) as "first_paid_revenue", 1 * "last_paid_credit" as "last_paid_credit", 1 * coalesce("last_paid_revenue", 0) as "last_paid_revenue", 1 * "linear_credit" as "linear_credit", 1 * coalesce("linear_revenue", 0) as "linear_revenue"
    from "tributary"."staging_credits_opened" as r
    union all
    select
        '' as company_id, (cast('1970-01-01 00:00:00.000000' as timestamp) + cast((((cast((cast(extract(epoch from (touched_at)) * 1000000 as bigint)) as bigint) / cast((900000000) as bigint)) * 900000000)) as double precision) * interval '1 microsecond') as bucket_at, 'touch' as date_by, channel, source, medium, campaign,
        conversion, currency,
        0 as touches, 0 as sessions, (-1) * "first_touch_credit" as "first_touch_credit", (-1) * coalesce("first_touch_revenue", 0) as "first_touch_revenue", (-1) * "last_touch_credit" as "last_touch_credit", (-1) * coalesce("last_touch_revenue", 0) as "last_touch_revenue", (-1) * "last_non_direct_credit" as "last_non_direct_credit", (-1) * coalesce("last_non_direct_revenue", 0) as "last_non_direct_revenue", (-1) * "first_paid_credit" as "first_paid_credit", (-1) * coalesce("first_paid_revenue", 0) as "first_paid_revenue", (-1) * "last_paid_credit" as "last_paid_credit", (-1) * coalesce("last_paid_revenue", 0) as "last_paid_revenue", (-1) * "linear_credit" as "linear_credit", (-1) * coalesce("linear_revenue", 0) as "linear_revenue"
    from "tributary"."staging_credits_closed" as r
    union all
    select
        '' as company_id, (cast('1970-01-01 00:00:00.000000' as timestamp) + cast((((cast((cast(extract(epoch from (converted_at)) * 1000000 as bigint)) as bigint) / cast((900000000) as bigint)) * 900000000)) as double precision) * interval '1 microsecond') as bucket_at, 'conversion' as date_by, channel, source, medium, campaign,
        conversion, currency,
        0 as touches, 0 as sessions, 1 * "first_touch_credit" as "first_touch_credit", 1 * coalesce("first_touch_revenue", 0) as "first_touch_revenue", 1 * "last_touch_credit" as "last_touch_credit", 1 * coalesce("last_touch_revenue", 0) as "last_touch_revenue", 1 * "last_non_direct_credit" as "last_non_direct_credit", 1 * coalesce("last_non_direct_revenue", 0) as "last_non_direct_revenue", 1 * "first_paid_credit" as "first_paid_credit", 1 * coalesce("first_paid_revenue", 0) as "first_paid_revenue", 1 * "last_paid_credit" as "last_paid_credit", 1 * coalesce("last_paid_revenue", 0) as "last_paid_revenue", 1 * "linear_credit" as "linear_credit", 1 * coalesce("linear_revenue", 0) as "linear_revenue"
    from "tributary"."staging_credits_opened" as r
    union all
    select
        '' as company_id, (cast('1970-01-01 00:00:00.000000' as timestamp) + cast((((cast((cast(extract(epoch from (converted_at)) * 1000000 as bigint)) as bigint) / cast((900000000) as bigint)) * 900000000)) as double precision) * interval '1 microsecond') as bucket_at, 'conversion' as date_by, channel, source, medium, campaign,
        conversion, currency,
        0 as touches, 0 as sessions, (-1) * "first_touch_credit" as "first_touch_credit", (-1) * coalesce("first_touch_revenue", 0) as "first_touch_revenue", (-1) * "last_touch_credit" as "last_touch_credit", (-1) * coalesce("last_touch_revenue", 0) as "last_touch_revenue", (-1) * "last_non_direct_credit" as "last_non_direct_credit", (-1) * coalesce("last_non_direct_revenue", 0) as "last_non_direct_revenue", (-1) * "first_paid_credit" as "first_paid_credit", (-1) * coalesce("first_paid_revenue", 0) as "first_paid_revenue", (-1) * "last_paid_credit" as "last_paid_credit", (-1) * coalesce("last_paid_revenue", 0) as "last_paid_revenue", (-1) * "linear_credit" as "linear_credit", (-1) * coalesce("linear_revenue", 0) as "linear_revenue"
    from "tributary"."staging_credits_closed" as r
)

select company_id, bucket_at, date_by, channel, source, medium, campaign, conversion, currency, sum("touches") as "touches", sum("sessions") as "sessions", sum("first_touch_credit") as "first_touch_credit", sum("first_touch_revenue") as "first_touch_revenue", sum("last_touch_credit") as "last_touch_credit", sum("last_touch_revenue") as "last_touch_revenue", sum("last_non_direct_credit") as "last_non_direct_credit", sum("last_non_direct_revenue") as "last_non_direct_revenue", sum("first_paid_credit") as "first_paid_credit", sum("first_paid_revenue") as "first_paid_revenue", sum("last_paid_credit") as "last_paid_credit", sum("last_paid_revenue") as "last_paid_revenue", sum("linear_credit") as "linear_credit", sum("linear_revenue") as "linear_revenue", 7 as run_id
from deltas as d
group by company_id, bucket_at, date_by, channel, source, medium, campaign, conversion, currency
having sum(d."touches") <> 0 or sum(d."sessions") <> 0 or sum(d."first_touch_credit") <> 0 or sum(d."first_touch_revenue") <> 0 or sum(d."last_touch_credit") <> 0 or sum(d."last_touch_revenue") <> 0 or sum(d."last_non_direct_credit") <> 0 or sum(d."last_non_direct_revenue") <> 0 or sum(d."first_paid_credit") <> 0 or sum(d."first_paid_revenue") <> 0 or sum(d."last_paid_credit") <> 0 or sum(d."last_paid_revenue") <> 0 or sum(d."linear_credit") <> 0 or sum(d."linear_revenue") <> 0;
analyze "tributary"."staging_channel_stats_new";

-- The part of `rollups` in the publish transaction of the run; alone it would leave half a run.
-- `tributary sql publish` has all of it.
insert into "tributary"."channel_stats" (company_id, bucket_at, date_by, channel, source, medium, campaign, conversion, currency, touches, sessions, first_touch_credit, last_touch_credit, last_non_direct_credit, first_paid_credit, last_paid_credit, linear_credit, first_touch_revenue, last_touch_revenue, last_non_direct_revenue, first_paid_revenue, last_paid_revenue, linear_revenue, run_id)
select company_id, bucket_at, date_by, channel, source, medium, campaign, conversion, currency, touches, sessions, first_touch_credit, last_touch_credit, last_non_direct_credit, first_paid_credit, last_paid_credit, linear_credit, first_touch_revenue, last_touch_revenue, last_non_direct_revenue, first_paid_revenue, last_paid_revenue, linear_revenue, run_id from "tributary"."staging_channel_stats_new";
