-- publish: the promises checked, then everything written in one transaction

-- Must answer 0, or nothing is published: every row read is accepted, seen before, a duplicate,
-- quarantined, excluded or erased.
select count(*) as broken
from `tributary_staging.source_counts`
where rows_read <> accepted + seen_before + duplicates + quarantined + excluded + erased;

-- Must answer 0, or nothing is published: the credit of each conversion of a company sums to one by
-- conversion, and its revenue to its value, under every model.
select count(*) as broken
from (
    select company_id, conversion, currency
    from (
        select company_id, conversion, currency, `first_touch_credit`, `first_touch_revenue`, `last_touch_credit`, `last_touch_revenue`, `last_non_direct_credit`, `last_non_direct_revenue`, `first_paid_credit`, `first_paid_revenue`, `last_paid_credit`, `last_paid_revenue`, `linear_credit`, `linear_revenue` from `tributary_staging.company_credits`
        union all
        select company_id, conversion, currency, 0 as `first_touch_credit`, 0 as `first_touch_revenue`, 0 as `last_touch_credit`, 0 as `last_touch_revenue`, 0 as `last_non_direct_credit`, 0 as `last_non_direct_revenue`, 0 as `first_paid_credit`, 0 as `first_paid_revenue`, 0 as `last_paid_credit`, 0 as `last_paid_revenue`, credit as `linear_credit`, revenue as `linear_revenue` from `tributary_staging.company_equal_by_conversion`
        union all
        select company_id, conversion, currency, (-1000000000) as `first_touch_credit`, -coalesce(value, 0) as `first_touch_revenue`, (-1000000000) as `last_touch_credit`, -coalesce(value, 0) as `last_touch_revenue`, (-1000000000) as `last_non_direct_credit`, -coalesce(value, 0) as `last_non_direct_revenue`, (-1000000000) as `first_paid_credit`, -coalesce(value, 0) as `first_paid_revenue`, (-1000000000) as `last_paid_credit`, -coalesce(value, 0) as `last_paid_revenue`, (-1000000000) as `linear_credit`, -coalesce(value, 0) as `linear_revenue` from `tributary_staging.company_spans`
    ) as k
    group by company_id, conversion, currency
    having sum(k.`first_touch_credit`) <> 0 or sum(k.`first_touch_revenue`) <> 0 or sum(k.`last_touch_credit`) <> 0 or sum(k.`last_touch_revenue`) <> 0 or sum(k.`last_non_direct_credit`) <> 0 or sum(k.`last_non_direct_revenue`) <> 0 or sum(k.`first_paid_credit`) <> 0 or sum(k.`first_paid_revenue`) <> 0 or sum(k.`last_paid_credit`) <> 0 or sum(k.`last_paid_revenue`) <> 0 or sum(k.`linear_credit`) <> 0 or sum(k.`linear_revenue`) <> 0
) as wrong;

-- Must answer 0, or nothing is published: the credit of each conversion of a company sums to one by
-- touch, and its revenue to its value, under every model.
select count(*) as broken
from (
    select company_id, conversion, currency
    from (
        select company_id, conversion, currency, `first_touch_credit`, `first_touch_revenue`, `last_touch_credit`, `last_touch_revenue`, `last_non_direct_credit`, `last_non_direct_revenue`, `first_paid_credit`, `first_paid_revenue`, `last_paid_credit`, `last_paid_revenue`, `linear_credit`, `linear_revenue` from `tributary_staging.company_credits`
        union all
        select company_id, conversion, currency, 0 as `first_touch_credit`, 0 as `first_touch_revenue`, 0 as `last_touch_credit`, 0 as `last_touch_revenue`, 0 as `last_non_direct_credit`, 0 as `last_non_direct_revenue`, 0 as `first_paid_credit`, 0 as `first_paid_revenue`, 0 as `last_paid_credit`, 0 as `last_paid_revenue`, credit as `linear_credit`, revenue as `linear_revenue` from `tributary_staging.company_equal_by_touch`
        union all
        select company_id, conversion, currency, (-1000000000) as `first_touch_credit`, -coalesce(value, 0) as `first_touch_revenue`, (-1000000000) as `last_touch_credit`, -coalesce(value, 0) as `last_touch_revenue`, (-1000000000) as `last_non_direct_credit`, -coalesce(value, 0) as `last_non_direct_revenue`, (-1000000000) as `first_paid_credit`, -coalesce(value, 0) as `first_paid_revenue`, (-1000000000) as `last_paid_credit`, -coalesce(value, 0) as `last_paid_revenue`, (-1000000000) as `linear_credit`, -coalesce(value, 0) as `linear_revenue` from `tributary_staging.company_spans`
    ) as k
    group by company_id, conversion, currency
    having sum(k.`first_touch_credit`) <> 0 or sum(k.`first_touch_revenue`) <> 0 or sum(k.`last_touch_credit`) <> 0 or sum(k.`last_touch_revenue`) <> 0 or sum(k.`last_non_direct_credit`) <> 0 or sum(k.`last_non_direct_revenue`) <> 0 or sum(k.`first_paid_credit`) <> 0 or sum(k.`first_paid_revenue`) <> 0 or sum(k.`last_paid_credit`) <> 0 or sum(k.`last_paid_revenue`) <> 0 or sum(k.`linear_credit`) <> 0 or sum(k.`linear_revenue`) <> 0
) as wrong;

-- Must answer 0, or nothing is published: the credit of each conversion sums to one, and its
-- revenue to its value, under every model.
select count(*) as broken
from (
    select v.conversion_id
    from `tributary_staging.credited_conversions` as v
    left join `tributary_staging.credits_rows` as k on k.conversion_id = v.conversion_id
    group by v.conversion_id
    having count(k.conversion_id) = 0 or sum(k.`first_touch_credit`) <> 1000000000 or sum(k.`last_touch_credit`) <> 1000000000 or sum(k.`last_non_direct_credit`) <> 1000000000 or sum(k.`first_paid_credit`) <> 1000000000 or sum(k.`last_paid_credit`) <> 1000000000 or sum(k.`linear_credit`) <> 1000000000 or coalesce(sum(k.`first_touch_revenue`), 0) <> coalesce(max(v.value), 0) or coalesce(sum(k.`last_touch_revenue`), 0) <> coalesce(max(v.value), 0) or coalesce(sum(k.`last_non_direct_revenue`), 0) <> coalesce(max(v.value), 0) or coalesce(sum(k.`first_paid_revenue`), 0) <> coalesce(max(v.value), 0) or coalesce(sum(k.`last_paid_revenue`), 0) <> coalesce(max(v.value), 0) or coalesce(sum(k.`linear_revenue`), 0) <> coalesce(max(v.value), 0)
) as wrong;

-- Must answer 0, or nothing is published: every session has exactly one entry touch.
select count(*) as broken
from (
    select s.session_id
    from `tributary_staging.sessions_merged` as s
    left join `tributary_staging.touches_rows` as t on t.session_id = s.session_id and t.is_entry
    group by s.session_id
    having count(t.touch_id) <> 1
) as wrong;

-- Must answer 0, or nothing is published: every in-session event of the batch lies in a visit with
-- an owner.
select count(*) as broken
from `tributary_staging.visits_merged` as v
left join `tributary_staging.visits_in` as o on o.visit_id = v.visit_id and cast(o.person_id as string) <> ''
where o.visit_id is null;

-- All or nothing. The first two statements: the lock must still be this run’s, whose name and token
-- stand here as stand-ins, and the run at work; so does, in the last, the number of rows read.
begin transaction;

update `tributary.lease` set expires_at = timestamp_add(current_timestamp(), interval (60000000) microsecond) where name = 'pipeline' and owner = '<host>:<process>:<number>' and token = 0;

select if((select count(*) from `tributary.lease` where name = 'pipeline' and owner = '<host>:<process>:<number>' and token = 0) >= 1 and (select count(*) from `tributary.runs` where run_id = 7 and state = 'running') >= 1, 1, error('The lease of this run was taken over, or the run is not at work any more; nothing was published.'));

insert into `tributary.events` (source, event_key, event_id, type, name, event_name, anonymous_id, user_id, previous_id, ignored_anonymous_id, ignored_user_id, ignored_previous_id, group_id, occurred_at, received_at, is_in_session, excluded_reason, page_url, page_host, page_path, referrer, referrer_host, raw_referrer_host, utm_source, utm_medium, utm_campaign, utm_content, utm_term, click_id, library, user_agent, properties, is_released, is_stripped, run_id)
select source, event_key, event_id, type, name, event_name, anonymous_id, user_id, previous_id, ignored_anonymous_id, ignored_user_id, ignored_previous_id, group_id, occurred_at, received_at, is_in_session, excluded_reason, page_url, page_host, page_path, referrer, referrer_host, raw_referrer_host, utm_source, utm_medium, utm_campaign, utm_content, utm_term, click_id, library, user_agent, properties, is_released, is_stripped, run_id from (
    select i.*, 7 as run_id
    from `tributary_staging.incoming` as i
    where i.row_number_read not in (
        select row_number_read from `tributary_staging.contested_rows` where status in ('seen', 'duplicate')
    )
) as s;

delete from `tributary.event_ledger`
where key_hash in (select key_hash from `tributary_staging.ledger_changes` where is_old = 1)
    and received_at >= (select min(received_at) from `tributary_staging.ledger_changes` where is_old = 1)
    and received_at <= (select max(received_at) from `tributary_staging.ledger_changes` where is_old = 1)
    and received_at in (select received_at from `tributary_staging.ledger_changes` where is_old = 1)
    and exists (
    select 1 from `tributary_staging.ledger_changes` as s
    where s.is_old = 1 and s.event_key = event_ledger.event_key and s.received_at = event_ledger.received_at
);

insert into `tributary.event_ledger` (key_hash, event_key, received_at, last_received_at, content_hash, occurred_at)
select key_hash, event_key, received_at, last_received_at, content_hash, occurred_at
from `tributary_staging.ledger_changes`
where is_old = 0;

update `tributary.quarantine` as t
set to_run = 7
where t.to_run = 9223372036854775807 and t.`quarantine_id` in (select `quarantine_id` from `tributary_staging.quarantine_closed`) and exists (
    select 1 from `tributary_staging.quarantine_closed` as s
    where s.`quarantine_id` = t.`quarantine_id`
);

insert into `tributary.quarantine` (quarantine_id, source, file, line, reason, detail, text, quarantined_at, from_run, to_run)
select quarantine_id, source, file, line, reason, detail, text, quarantined_at, 7, 9223372036854775807
from `tributary_staging.quarantine_opened`;

delete from `tributary.touch_candidates` where event_key in (select event_key from `tributary_staging.reread_keys`) and occurred_at in (select occurred_at from `tributary_staging.reread_keys`);

insert into `tributary.touch_candidates` (anonymous_id, user_id, event_key, occurred_at, is_page, is_first, is_candidate, page_url, referrer, referrer_host, raw_referrer_host, utm_source, utm_medium, utm_campaign, utm_content, utm_term, click_id, company_id)
select anonymous_id, user_id, event_key, occurred_at, is_page, is_first, is_candidate, page_url, referrer, referrer_host, raw_referrer_host, utm_source, utm_medium, utm_campaign, utm_content, utm_term, click_id, company_id from `tributary_staging.touch_candidates_new`;

delete from `tributary.conversion_candidates` where order_key in (select order_key from `tributary_staging.reread_keys`);

insert into `tributary.conversion_candidates` (anonymous_id, user_id, is_in_session, order_key, event_key, occurred_at, conversion, value, currency, value_problem, company_id)
select anonymous_id, user_id, is_in_session, order_key, event_key, occurred_at, conversion, value, currency, value_problem, company_id from `tributary_staging.conversion_candidates_new`;

insert into `tributary.activity` (anonymous_id, user_id, is_in_session, company_id, bucket_at, event_name, event_count, run_id)
select anonymous_id, user_id, is_in_session, company_id, bucket_at, event_name, event_count, run_id from `tributary_staging.activity_new`;

delete from `tributary.visits`
where visit_id in (select visit_id from `tributary_staging.visits_out`)
    and started_at >= (select min(started_at) from `tributary_staging.visits_out`)
    and started_at <= (select max(started_at) from `tributary_staging.visits_out`)
    and started_at in (select started_at from `tributary_staging.visits_out`);

insert into `tributary.visits` (visit_id, anonymous_id, user_id, is_in_session, started_at, ended_at, first_key, last_key, event_count, page_count, entry_key, page_key, page_url, blog_key, blog_url, owner_id, person_id)
select visit_id, anonymous_id, user_id, is_in_session, started_at, ended_at, first_key, last_key, event_count, page_count, entry_key, page_key, page_url, blog_key, blog_url, owner_id, person_id from `tributary_staging.visits_in`;

delete from `tributary.alias_links`
where (kind = 'declared' and event_key in (select event_key from `tributary_staging.links_gone`))
    or (kind = 'person' and id in (select id from `tributary_staging.alias_nodes`));

insert into `tributary.alias_links` (kind, event_key, occurred_at, id, other_id)
select 'declared', event_key, occurred_at, previous_id, user_id
from `tributary_staging.links_new`
union all
select 'person', '', cast(null as timestamp), member_id, person_id
from `tributary_staging.members_new`;

update `tributary.known_pairs` as t
set to_run = 7
where t.to_run = 9223372036854775807 and t.`anonymous_id` in (select `anonymous_id` from `tributary_staging.known_pairs_closed`) and exists (
    select 1 from `tributary_staging.known_pairs_closed` as s
    where s.`anonymous_id` = t.`anonymous_id` and s.`user_id` = t.`user_id`
);

insert into `tributary.known_pairs` (anonymous_id, user_id, first_seen_at, last_seen_at, first_event_key, from_run, to_run)
select anonymous_id, user_id, first_seen_at, last_seen_at, first_event_key, 7, 9223372036854775807
from `tributary_staging.known_pairs_opened`;

update `tributary.aliases` as t
set to_run = 7
where t.to_run = 9223372036854775807 and t.`id` in (select `id` from `tributary_staging.aliases_closed`) and exists (
    select 1 from `tributary_staging.aliases_closed` as s
    where s.`id` = t.`id` and s.`person_id` = t.`person_id`
);

insert into `tributary.aliases` (id, person_id, is_anonymous_id, is_user_id, first_seen_at, last_seen_at, is_latest, from_run, to_run)
select id, person_id, is_anonymous_id, is_user_id, first_seen_at, last_seen_at, is_latest, 7, 9223372036854775807
from `tributary_staging.aliases_opened`;

update `tributary.touches` as t
set to_run = 7
where t.to_run = 9223372036854775807
    and t.`touched_at` >= (select min(`touched_at`) from `tributary_staging.touches_closed`)
    and t.`touched_at` <= (select max(`touched_at`) from `tributary_staging.touches_closed`)
     and t.`touch_id` in (select `touch_id` from `tributary_staging.touches_closed`) and exists (
    select 1 from `tributary_staging.touches_closed` as s
    where s.`touch_id` = t.`touch_id` and s.`session_id` = t.`session_id`
);

insert into `tributary.touches` (touch_id, session_id, person_id, touched_at, order_key, is_entry, channel, source, medium, campaign, content, term, click_id, referrer, referrer_host, page_url, rule_id, evidence, is_paid, is_direct, company_id, from_run, to_run)
select touch_id, session_id, person_id, touched_at, order_key, is_entry, channel, source, medium, campaign, content, term, click_id, referrer, referrer_host, page_url, rule_id, evidence, is_paid, is_direct, company_id, 7, 9223372036854775807
from `tributary_staging.touches_opened`;

update `tributary.conversions` as t
set to_run = 7
where t.to_run = 9223372036854775807
    and t.`converted_at` >= (select min(`converted_at`) from `tributary_staging.conversions_closed`)
    and t.`converted_at` <= (select max(`converted_at`) from `tributary_staging.conversions_closed`)
     and t.`conversion_id` in (select `conversion_id` from `tributary_staging.conversions_closed`) and exists (
    select 1 from `tributary_staging.conversions_closed` as s
    where s.`conversion_id` = t.`conversion_id`
);

insert into `tributary.conversions` (conversion_id, conversion, person_id, converted_at, event_key, session_id, value, currency, value_problem, company_id, from_run, to_run)
select conversion_id, conversion, person_id, converted_at, event_key, session_id, value, currency, value_problem, company_id, 7, 9223372036854775807
from `tributary_staging.conversions_opened`;

update `tributary.sessions` as t
set to_run = 7
where t.to_run = 9223372036854775807
    and t.`started_at` >= (select min(`started_at`) from `tributary_staging.sessions_closed`)
    and t.`started_at` <= (select max(`started_at`) from `tributary_staging.sessions_closed`)
     and t.`session_id` in (select `session_id` from `tributary_staging.sessions_closed`) and exists (
    select 1 from `tributary_staging.sessions_closed` as s
    where s.`session_id` = t.`session_id`
);

insert into `tributary.sessions` (session_id, person_id, started_at, ended_at, event_count, page_count, device_count, landing_page, referrer, touch_count, is_signup_session, from_run, to_run)
select session_id, person_id, started_at, ended_at, event_count, page_count, device_count, landing_page, referrer, touch_count, is_signup_session, 7, 9223372036854775807
from `tributary_staging.sessions_opened`;

update `tributary.credits` as t
set to_run = 7
where t.to_run = 9223372036854775807
    and t.`converted_at` >= (select min(`converted_at`) from `tributary_staging.credits_closed`)
    and t.`converted_at` <= (select max(`converted_at`) from `tributary_staging.credits_closed`)
     and t.`conversion_id` in (select `conversion_id` from `tributary_staging.credits_closed`) and exists (
    select 1 from `tributary_staging.credits_closed` as s
    where s.`conversion_id` = t.`conversion_id` and s.`touch_id` = t.`touch_id`
);

insert into `tributary.credits` (conversion_id, touch_id, conversion, person_id, converted_at, touched_at, channel, source, medium, campaign, position, touch_count, currency, first_touch_credit, last_touch_credit, last_non_direct_credit, first_paid_credit, last_paid_credit, linear_credit, first_touch_revenue, last_touch_revenue, last_non_direct_revenue, first_paid_revenue, last_paid_revenue, linear_revenue, from_run, to_run)
select conversion_id, touch_id, conversion, person_id, converted_at, touched_at, channel, source, medium, campaign, position, touch_count, currency, first_touch_credit, last_touch_credit, last_non_direct_credit, first_paid_credit, last_paid_credit, linear_credit, first_touch_revenue, last_touch_revenue, last_non_direct_revenue, first_paid_revenue, last_paid_revenue, linear_revenue, 7, 9223372036854775807
from `tributary_staging.credits_opened`;

update `tributary.attribution` as t
set to_run = 7
where t.to_run = 9223372036854775807 and t.`person_id` in (select `person_id` from `tributary_staging.attribution_closed`) and exists (
    select 1 from `tributary_staging.attribution_closed` as s
    where s.`person_id` = t.`person_id`
);

insert into `tributary.attribution` (person_id, signed_up_at, session_count_before_signup, signup_session_id, signup_session_number, blog_url, first_page_ever_visited, first_page_at, first_touch_at, first_touch_channel, first_touch_source, first_touch_medium, first_touch_campaign, first_touch_referrer, last_touch_at, last_touch_channel, last_touch_source, last_touch_medium, last_touch_campaign, last_touch_referrer, first_paid_touch_at, first_paid_touch_channel, first_paid_touch_source, first_paid_touch_medium, first_paid_touch_campaign, first_paid_touch_referrer, last_paid_touch_at, last_paid_touch_channel, last_paid_touch_source, last_paid_touch_medium, last_paid_touch_campaign, last_paid_touch_referrer, from_run, to_run)
select person_id, signed_up_at, session_count_before_signup, signup_session_id, signup_session_number, blog_url, first_page_ever_visited, first_page_at, first_touch_at, first_touch_channel, first_touch_source, first_touch_medium, first_touch_campaign, first_touch_referrer, last_touch_at, last_touch_channel, last_touch_source, last_touch_medium, last_touch_campaign, last_touch_referrer, first_paid_touch_at, first_paid_touch_channel, first_paid_touch_source, first_paid_touch_medium, first_paid_touch_campaign, first_paid_touch_referrer, last_paid_touch_at, last_paid_touch_channel, last_paid_touch_source, last_paid_touch_medium, last_paid_touch_campaign, last_paid_touch_referrer, 7, 9223372036854775807
from `tributary_staging.attribution_opened`;

insert into `tributary.channel_stats` (company_id, bucket_at, date_by, channel, source, medium, campaign, conversion, currency, touches, sessions, first_touch_credit, last_touch_credit, last_non_direct_credit, first_paid_credit, last_paid_credit, linear_credit, first_touch_revenue, last_touch_revenue, last_non_direct_revenue, first_paid_revenue, last_paid_revenue, linear_revenue, run_id)
select company_id, bucket_at, date_by, channel, source, medium, campaign, conversion, currency, touches, sessions, first_touch_credit, last_touch_credit, last_non_direct_credit, first_paid_credit, last_paid_credit, linear_credit, first_touch_revenue, last_touch_revenue, last_non_direct_revenue, first_paid_revenue, last_paid_revenue, linear_revenue, run_id from `tributary_staging.channel_stats_new`;

insert into `tributary.watermarks` (source, item, position, bytes, modified_at, rows_read, run_id)
select * from (select source, item, position, bytes, modified_at, rows_read, run_id from `tributary_staging.watermarks_new`) as n;

insert into `tributary.run_sources` (run_id, source, files, rows_read, accepted, seen_before, duplicates, quarantined, excluded, erased)
select run_id, source, files, rows_read, accepted, seen_before, duplicates, quarantined, excluded, erased from `tributary_staging.run_sources_new`;

update `tributary.runs`
set
    state = 'written',
    finished_at = current_timestamp(),
    data_through = (select max(known_at) from (
    select data_through as known_at from `tributary.runs`
    union all
    select received_at as known_at from (
    select i.*, 7 as run_id
    from `tributary_staging.incoming` as i
    where i.row_number_read not in (
        select row_number_read from `tributary_staging.contested_rows` where status in ('seen', 'duplicate')
    )
) as s where received_at <= timestamp_add(timestamp('2025-06-01 05:00:00.000000', 'UTC'), interval (86400000000) microsecond)
    ) as known),
    rows_read = 0,
    rows_written = (select count(*) from `tributary_staging.quarantine_opened`) + (select count(*) from `tributary_staging.quarantine_closed`) + (select count(*) from `tributary_staging.known_pairs_opened`) + (select count(*) from `tributary_staging.known_pairs_closed`) + (select count(*) from `tributary_staging.aliases_opened`) + (select count(*) from `tributary_staging.aliases_closed`) + (select count(*) from `tributary_staging.sessions_opened`) + (select count(*) from `tributary_staging.sessions_closed`) + (select count(*) from `tributary_staging.touches_opened`) + (select count(*) from `tributary_staging.touches_closed`) + (select count(*) from `tributary_staging.conversions_opened`) + (select count(*) from `tributary_staging.conversions_closed`) + (select count(*) from `tributary_staging.credits_opened`) + (select count(*) from `tributary_staging.credits_closed`) + (select count(*) from `tributary_staging.attribution_opened`) + (select count(*) from `tributary_staging.attribution_closed`)
where run_id = 7 and state = 'running';

commit transaction;

-- Readers see the run from here on.
begin transaction;
update `tributary.runs` set state = 'published', published_at = current_timestamp() where state = 'written';
commit transaction;

-- A run in which no event is new or withdrawn ends after `ingest`: it publishes what that stage and
-- the records write.
