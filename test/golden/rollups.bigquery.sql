-- rollups: deltas of the quick look-ups for what changed

-- channel_stats_new: What opened and closed touches and credits add to the sums and take away.
create or replace table `tributary_staging.channel_stats_new` as
with deltas as (
    select
        '' as company_id, timestamp_add(timestamp('1970-01-01 00:00:00.000000', 'UTC'), interval ((div(unix_micros(touched_at), 900000000) * 900000000)) microsecond) as bucket_at, 'touch' as date_by, channel, source, medium, campaign,
        '' as conversion, cast(null as string) as currency,
        1 as touches, case when is_entry then 1 else 0 end as sessions, 0 as `first_touch_credit`, 0 as `first_touch_revenue`, 0 as `last_touch_credit`, 0 as `last_touch_revenue`, 0 as `last_non_direct_credit`, 0 as `last_non_direct_revenue`, 0 as `first_paid_credit`, 0 as `first_paid_revenue`, 0 as `last_paid_credit`, 0 as `last_paid_revenue`, 0 as `linear_credit`, 0 as `linear_revenue`
    from `tributary_staging.touches_opened` as r
    union all
    select
        '' as company_id, timestamp_add(timestamp('1970-01-01 00:00:00.000000', 'UTC'), interval ((div(unix_micros(touched_at), 900000000) * 900000000)) microsecond) as bucket_at, 'touch' as date_by, channel, source, medium, campaign,
        '' as conversion, cast(null as string) as currency,
        (-1) as touches, case when is_entry then (-1) else 0 end as sessions, 0 as `first_touch_credit`, 0 as `first_touch_revenue`, 0 as `last_touch_credit`, 0 as `last_touch_revenue`, 0 as `last_non_direct_credit`, 0 as `last_non_direct_revenue`, 0 as `first_paid_credit`, 0 as `first_paid_revenue`, 0 as `last_paid_credit`, 0 as `last_paid_revenue`, 0 as `linear_credit`, 0 as `linear_revenue`
    from `tributary_staging.touches_closed` as r
    union all
    select
        '' as company_id, timestamp_add(timestamp('1970-01-01 00:00:00.000000', 'UTC'), interval ((div(unix_micros(touched_at), 900000000) * 900000000)) microsecond) as bucket_at, 'touch' as date_by, channel, source, medium, campaign,
        conversion, currency,
        0 as touches, 0 as sessions, 1 * `first_touch_credit` as `first_touch_credit`, 1 * coalesce(`first_touch_revenue`, 0) as `first_touch_revenue`, 1 * `last_touch_credit` as `last_touch_credit`, 1 * coalesce(`last_touch_revenue`, 0) as `last_touch_revenue`, 1 * `last_non_direct_credit` as `last_non_direct_credit`, 1 * coalesce(`last_non_direct_revenue`, 0) as `last_non_direct_revenue`, 1 * `first_paid_credit` as `first_paid_credit`, 1 * coalesce(`first_paid_revenue`, 0) as `first_paid_revenue`, 1 * `last_paid_credit` as `last_paid_credit`, 1 * coalesce(`last_paid_revenue`, 0) as `last_paid_revenue`, 1 * `linear_credit` as `linear_credit`, 1 * coalesce(`linear_revenue`, 0) as `linear_revenue`
    from `tributary_staging.credits_opened` as r
    union all
    select
        '' as company_id, timestamp_add(timestamp('1970-01-01 00:00:00.000000', 'UTC'), interval ((div(unix_micros(touched_at), 900000000) * 900000000)) microsecond) as bucket_at, 'touch' as date_by, channel, source, medium, campaign,
        conversion, currency,
        0 as touches, 0 as sessions, (-1) * `first_touch_credit` as `first_touch_credit`, (-1) * coalesce(`first_touch_revenue`, 0) as `first_touch_revenue`, (-1) * `last_touch_credit` as `last_touch_credit`, (-1) * coalesce(`last_touch_revenue`, 0) as `last_touch_revenue`, (-1) * `last_non_direct_credit` as `last_non_direct_credit`, (-1) * coalesce(`last_non_direct_revenue`, 0) as `last_non_direct_revenue`, (-1) * `first_paid_credit` as `first_paid_credit`, (-1) * coalesce(`first_paid_revenue`, 0) as `first_paid_revenue`, (-1) * `last_paid_credit` as `last_paid_credit`, (-1) * coalesce(`last_paid_revenue`, 0) as `last_paid_revenue`, (-1) * `linear_credit` as `linear_credit`, (-1) * coalesce(`linear_revenue`, 0) as `linear_revenue`
    from `tributary_staging.credits_closed` as r
    union all
    select
        '' as company_id, timestamp_add(timestamp('1970-01-01 00:00:00.000000', 'UTC'), interval ((div(unix_micros(converted_at), 900000000) * 900000000)) microsecond) as bucket_at, 'conversion' as date_by, channel, source, medium, campaign,
        conversion, currency,
        0 as touches, 0 as sessions, 1 * `first_touch_credit` as `first_touch_credit`, 1 * coalesce(`first_touch_revenue`, 0) as `first_touch_revenue`, 1 * `last_touch_credit` as `last_touch_credit`, 1 * coalesce(`last_touch_revenue`, 0) as `last_touch_revenue`, 1 * `last_non_direct_credit` as `last_non_direct_credit`, 1 * coalesce(`last_non_direct_revenue`, 0) as `last_non_direct_revenue`, 1 * `first_paid_credit` as `first_paid_credit`, 1 * coalesce(`first_paid_revenue`, 0) as `first_paid_revenue`, 1 * `last_paid_credit` as `last_paid_credit`, 1 * coalesce(`last_paid_revenue`, 0) as `last_paid_revenue`, 1 * `linear_credit` as `linear_credit`, 1 * coalesce(`linear_revenue`, 0) as `linear_revenue`
    from `tributary_staging.credits_opened` as r
    union all
    select
        '' as company_id, timestamp_add(timestamp('1970-01-01 00:00:00.000000', 'UTC'), interval ((div(unix_micros(converted_at), 900000000) * 900000000)) microsecond) as bucket_at, 'conversion' as date_by, channel, source, medium, campaign,
        conversion, currency,
        0 as touches, 0 as sessions, (-1) * `first_touch_credit` as `first_touch_credit`, (-1) * coalesce(`first_touch_revenue`, 0) as `first_touch_revenue`, (-1) * `last_touch_credit` as `last_touch_credit`, (-1) * coalesce(`last_touch_revenue`, 0) as `last_touch_revenue`, (-1) * `last_non_direct_credit` as `last_non_direct_credit`, (-1) * coalesce(`last_non_direct_revenue`, 0) as `last_non_direct_revenue`, (-1) * `first_paid_credit` as `first_paid_credit`, (-1) * coalesce(`first_paid_revenue`, 0) as `first_paid_revenue`, (-1) * `last_paid_credit` as `last_paid_credit`, (-1) * coalesce(`last_paid_revenue`, 0) as `last_paid_revenue`, (-1) * `linear_credit` as `linear_credit`, (-1) * coalesce(`linear_revenue`, 0) as `linear_revenue`
    from `tributary_staging.credits_closed` as r
)

select company_id, bucket_at, date_by, channel, source, medium, campaign, conversion, currency, sum(`touches`) as `touches`, sum(`sessions`) as `sessions`, sum(`first_touch_credit`) as `first_touch_credit`, sum(`first_touch_revenue`) as `first_touch_revenue`, sum(`last_touch_credit`) as `last_touch_credit`, sum(`last_touch_revenue`) as `last_touch_revenue`, sum(`last_non_direct_credit`) as `last_non_direct_credit`, sum(`last_non_direct_revenue`) as `last_non_direct_revenue`, sum(`first_paid_credit`) as `first_paid_credit`, sum(`first_paid_revenue`) as `first_paid_revenue`, sum(`last_paid_credit`) as `last_paid_credit`, sum(`last_paid_revenue`) as `last_paid_revenue`, sum(`linear_credit`) as `linear_credit`, sum(`linear_revenue`) as `linear_revenue`, 7 as run_id
from deltas as d
group by company_id, bucket_at, date_by, channel, source, medium, campaign, conversion, currency
having sum(d.`touches`) <> 0 or sum(d.`sessions`) <> 0 or sum(d.`first_touch_credit`) <> 0 or sum(d.`first_touch_revenue`) <> 0 or sum(d.`last_touch_credit`) <> 0 or sum(d.`last_touch_revenue`) <> 0 or sum(d.`last_non_direct_credit`) <> 0 or sum(d.`last_non_direct_revenue`) <> 0 or sum(d.`first_paid_credit`) <> 0 or sum(d.`first_paid_revenue`) <> 0 or sum(d.`last_paid_credit`) <> 0 or sum(d.`last_paid_revenue`) <> 0 or sum(d.`linear_credit`) <> 0 or sum(d.`linear_revenue`) <> 0;

-- The part of `rollups` in the publish transaction of the run; alone it would leave half a run.
-- `tributary sql publish` has all of it.
insert into `tributary.channel_stats` (company_id, bucket_at, date_by, channel, source, medium, campaign, conversion, currency, touches, sessions, first_touch_credit, last_touch_credit, last_non_direct_credit, first_paid_credit, last_paid_credit, linear_credit, first_touch_revenue, last_touch_revenue, last_non_direct_revenue, first_paid_revenue, last_paid_revenue, linear_revenue, run_id)
select company_id, bucket_at, date_by, channel, source, medium, campaign, conversion, currency, touches, sessions, first_touch_credit, last_touch_credit, last_non_direct_credit, first_paid_credit, last_paid_credit, linear_credit, first_touch_revenue, last_touch_revenue, last_non_direct_revenue, first_paid_revenue, last_paid_revenue, linear_revenue, run_id from `tributary_staging.channel_stats_new`;
