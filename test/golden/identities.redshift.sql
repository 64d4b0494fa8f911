-- identities: owners of new visits; which older visits change owner; who is affected

-- For a session of one’s own: where staging tables are.
set enable_case_sensitive_identifier to true;

-- visits_gone: Visits that leave the table as they are: merged into others, or broken.
drop table if exists "tributary"."staging__visits_gone";

create table "tributary"."staging__visits_gone" as
select * from "tributary"."staging__visits_hit" union all select * from "tributary"."staging__visits_broken";

-- devices: Devices whose visits changed.
drop table if exists "tributary"."staging__devices";

create table "tributary"."staging__devices" as
select anonymous_id from "tributary"."staging__visits_merged" where anonymous_id <> ''
union distinct
select anonymous_id from "tributary"."staging__visits_gone" where anonymous_id <> '';

-- device_pairs: Users of the changed devices: those known, and those of new visits.
drop table if exists "tributary"."staging__device_pairs";

create table "tributary"."staging__device_pairs" as
select k.anonymous_id, k.user_id, k.first_seen_at, k.last_seen_at, k.first_event_key, 0 as is_new
from "tributary"."known_pairs" as k
where k.to_run = 9223372036854775807 and k.anonymous_id in (select anonymous_id from "tributary"."staging__devices")
union all
select
    anonymous_id, user_id, min(started_at) as first_seen_at, max(ended_at) as last_seen_at,
    substr(min(first_key), 18) as first_event_key, 1 as is_new
from "tributary"."staging__visits_merged"
where anonymous_id <> '' and user_id <> ''
group by anonymous_id, user_id;

-- device_users: How many users each of these devices had and has.
drop table if exists "tributary"."staging__device_users";

create table "tributary"."staging__device_users" as
select
    anonymous_id,
    count(distinct user_id) as users,
    count(distinct case when is_new = 0 then user_id end) as users_before,
    min(user_id) as single_user
from "tributary"."staging__device_pairs"
group by anonymous_id;

-- looked_at_devices: Devices whose older visits may change hands.
drop table if exists "tributary"."staging__looked_at_devices";

create table "tributary"."staging__looked_at_devices" as
select anonymous_id from "tributary"."staging__device_users"
where users_before = 0 or (users > 1 and not users_before > 10)
union distinct
-- Two events at one instant: which of them was first only the visits know.
select n.anonymous_id
from "tributary"."staging__device_pairs" as n
join "tributary"."staging__device_pairs" as o on o.anonymous_id = n.anonymous_id and o.user_id = n.user_id
where n.is_new = 1 and o.is_new = 0 and o.first_seen_at = n.first_seen_at and o.first_event_key <> n.first_event_key
union distinct
select anonymous_id from "tributary"."staging__visits_broken" where anonymous_id <> '';

-- device_visits: Every visit of those devices as it will be after the run.
drop table if exists "tributary"."staging__device_visits";

create table "tributary"."staging__device_visits" as
select v.visit_id, v."anonymous_id", v."user_id", v."is_in_session", v."started_at", v."ended_at", v."first_key", v."last_key", v."event_count", v."page_count", v."entry_key", v."page_key", v."page_url", v."blog_key", v."blog_url", v.owner_id, v.person_id, 0 as is_new
from "tributary"."visits" as v
where v.anonymous_id in (select anonymous_id from "tributary"."staging__looked_at_devices")
    and v.visit_id not in (select visit_id from "tributary"."staging__visits_gone")
union all
select v.visit_id, v."anonymous_id", v."user_id", v."is_in_session", v."started_at", v."ended_at", v."first_key", v."last_key", v."event_count", v."page_count", v."entry_key", v."page_key", v."page_url", v."blog_key", v."blog_url", cast(null as varchar) as owner_id, cast(null as varchar) as person_id, 1 as is_new
from "tributary"."staging__visits_merged" as v
where v.anonymous_id in (select anonymous_id from "tributary"."staging__looked_at_devices");

-- owners: Who owns each of these visits.
drop table if exists "tributary"."staging__owners";

create table "tributary"."staging__owners" as
with counted as (
    select anonymous_id, count(distinct nullif(user_id, '')) as users
    from "tributary"."staging__device_visits"
    group by anonymous_id
),

walked as (
    select
        v.*,
        n.users,
        min(case when user_id <> '' then "first_key" || user_id end) over (
            partition by v.anonymous_id
            order by case when user_id <> '' then ended_at else started_at end desc, case when user_id <> '' then 0 else 1 end, visit_id
            rows between unbounded preceding and current row
        ) as next_identified,
        max(case when user_id <> '' then "last_key" || user_id end) over (partition by v.anonymous_id) as last_identified
    from "tributary"."staging__device_visits" as v
    join counted as n on n.anonymous_id = v.anonymous_id
)

select visit_id, is_new, owner_id as old_owner_id, person_id as old_person_id, case
        when user_id <> '' then user_id
        when users = 0 or users > 10 then anonymous_id
        else substr(coalesce(next_identified, last_identified), 50)
    end as owner_id
from walked
union all
select
    v.visit_id, 1 as is_new, cast(null as varchar) as old_owner_id, cast(null as varchar) as old_person_id,
    case when v.user_id <> '' then v.user_id when u.users = 1 then u.single_user else v.anonymous_id end as owner_id
from "tributary"."staging__visits_merged" as v
left join "tributary"."staging__device_users" as u on u.anonymous_id = v.anonymous_id
where v.anonymous_id not in (select anonymous_id from "tributary"."staging__looked_at_devices");

-- links_new: Links that alias messages of the batch make.
drop table if exists "tributary"."staging__links_new";

create table "tributary"."staging__links_new" as
select distinct event_key, occurred_at, previous_id, user_id
from (
select event_key, type, event_name, group_id, previous_id, occurred_at, page_url, page_path, referrer, referrer_host, raw_referrer_host, utm_source, utm_medium, utm_campaign, utm_content, utm_term, click_id, properties, is_stripped, order_key as order_key, coalesce(anonymous_id, '') as anonymous_id, coalesce(user_id, '') as user_id, is_in_session
from (
    select i.*, 7 as run_id
    from "tributary"."staging__incoming" as i
    where i.row_number_read not in (
        select row_number_read from "tributary"."staging__contested_rows" where status in ('seen', 'duplicate')
    )
) as e
where excluded_reason is null
union all
select event_key, type, event_name, group_id, previous_id, occurred_at, page_url, page_path, referrer, referrer_host, raw_referrer_host, utm_source, utm_medium, utm_campaign, utm_content, utm_term, click_id, properties, is_stripped, order_key as order_key, coalesce(anonymous_id, '') as anonymous_id, coalesce(user_id, '') as user_id, is_in_session
from "tributary"."staging__reread" as e
where excluded_reason is null
) as b
where type = 'alias' and previous_id is not null and user_id <> '' and previous_id <> user_id;

-- links_gone: Links that were withdrawn.
drop table if exists "tributary"."staging__links_gone";

create table "tributary"."staging__links_gone" as
select l.*
from (
    select k.event_key, k.occurred_at, k.id as previous_id, k.other_id as user_id
    from "tributary"."alias_links" as k
    where k.kind = 'declared'
) as l
where l.event_key in (
    select event_key from "tributary"."staging__withdrawn_events" where type = 'alias'
    union all
    select event_key from "tributary"."staging__reread" where type = 'alias'
);

-- alias_touched: Ids whose links or visits changed.
drop table if exists "tributary"."staging__alias_touched";

create table "tributary"."staging__alias_touched" as
select previous_id as id from "tributary"."staging__links_new"
union distinct
select user_id from "tributary"."staging__links_new"
union distinct
select previous_id from "tributary"."staging__links_gone"
union distinct
select user_id from "tributary"."staging__links_gone"
union distinct
select member_id from (
    select k.id as member_id, k.other_id as person_id
    from "tributary"."alias_links" as k
    where k.kind = 'person'
) as m where member_id in (
    select "user_id" from "tributary"."staging__visits_merged"
    union all
    select "user_id" from "tributary"."staging__visits_gone")
union distinct
select member_id from (
    select k.id as member_id, k.other_id as person_id
    from "tributary"."alias_links" as k
    where k.kind = 'person'
) as m where member_id in (
    select "anonymous_id" from "tributary"."staging__visits_merged"
    union all
    select "anonymous_id" from "tributary"."staging__visits_gone");

-- alias_seeds: Those, and the other ends of their links.
drop table if exists "tributary"."staging__alias_seeds";

create table "tributary"."staging__alias_seeds" as
select id from "tributary"."staging__alias_touched"
union distinct
select l.user_id from (
    select previous_id, user_id from (
    select k.event_key, k.occurred_at, k.id as previous_id, k.other_id as user_id
    from "tributary"."alias_links" as k
    where k.kind = 'declared'
) as k
    where event_key not in (select event_key from "tributary"."staging__links_gone")
    union all
    select previous_id, user_id from "tributary"."staging__links_new"
) as l where l.previous_id in (select id from "tributary"."staging__alias_touched")
union distinct
select l.previous_id from (
    select previous_id, user_id from (
    select k.event_key, k.occurred_at, k.id as previous_id, k.other_id as user_id
    from "tributary"."alias_links" as k
    where k.kind = 'declared'
) as k
    where event_key not in (select event_key from "tributary"."staging__links_gone")
    union all
    select previous_id, user_id from "tributary"."staging__links_new"
) as l where l.user_id in (select id from "tributary"."staging__alias_touched");

-- alias_nodes: All members of the components they lie in.
drop table if exists "tributary"."staging__alias_nodes";

create table "tributary"."staging__alias_nodes" as
select id from "tributary"."staging__alias_seeds"
union distinct
select m.member_id
from (
    select k.id as member_id, k.other_id as person_id
    from "tributary"."alias_links" as k
    where k.kind = 'person'
) as m
where m.person_id in (
    select o.person_id from (
    select k.id as member_id, k.other_id as person_id
    from "tributary"."alias_links" as k
    where k.kind = 'person'
) as o
    where o.member_id in (select id from "tributary"."staging__alias_seeds")
);

-- alias_edges: Links among these ids that count, in both directions.
drop table if exists "tributary"."staging__alias_edges";

create table "tributary"."staging__alias_edges" as
with shared as (
    select v.anonymous_id as id
    from (
    select anonymous_id, user_id, first_key from "tributary"."visits"
    where "anonymous_id" in (select id from "tributary"."staging__alias_nodes")
        and visit_id not in (select visit_id from "tributary"."staging__visits_gone")
    union all
    select anonymous_id, user_id, first_key from "tributary"."staging__visits_merged"
    where "anonymous_id" in (select id from "tributary"."staging__alias_nodes")
) as v
    where v.anonymous_id <> ''
    group by v.anonymous_id
    having count(distinct nullif(v.user_id, '')) > 10
),

counting as (
    select l.previous_id, l.user_id
    from (
    select previous_id, user_id from (
    select k.event_key, k.occurred_at, k.id as previous_id, k.other_id as user_id
    from "tributary"."alias_links" as k
    where k.kind = 'declared'
) as k
    where event_key not in (select event_key from "tributary"."staging__links_gone")
    union all
    select previous_id, user_id from "tributary"."staging__links_new"
) as l
    where l.previous_id in (select id from "tributary"."staging__alias_nodes")
        and l.user_id in (select id from "tributary"."staging__alias_nodes")
        and l.previous_id not in (select id from shared)
        and l.user_id not in (select id from shared)
)

select previous_id as id, user_id as other_id from counting
union distinct
select user_id, previous_id from counting;

-- alias_labels: Each id with the smallest id it can reach so far.
drop table if exists "tributary"."staging__alias_labels";

create table "tributary"."staging__alias_labels" as
select id, id as label from "tributary"."staging__alias_nodes";

-- Until this answers 0, the next 2 are repeated.
select count(*) as remaining
from "tributary"."staging__alias_edges" as e
join "tributary"."staging__alias_labels" as a on a.id = e.id
join "tributary"."staging__alias_labels" as b on b.id = e.other_id
where a.label <> b.label;

-- alias_hooked: Each label takes over the smallest label next to it.
drop table if exists "tributary"."staging__alias_hooked";

create table "tributary"."staging__alias_hooked" as
with smallest as (
    select a.label, min(b.label) as neighbour
    from "tributary"."staging__alias_edges" as e
    join "tributary"."staging__alias_labels" as a on a.id = e.id
    join "tributary"."staging__alias_labels" as b on b.id = e.other_id
    group by a.label
)

select l.id, case when s.neighbour < l.label then s.neighbour else l.label end as label
from "tributary"."staging__alias_labels" as l
left join smallest as s on s.label = l.label;

-- alias_labels: Each id with the smallest id it can reach so far.
drop table if exists "tributary"."staging__alias_labels";

create table "tributary"."staging__alias_labels" as
select h.id, n.label
from "tributary"."staging__alias_hooked" as h
join "tributary"."staging__alias_hooked" as n on n.id = h.label;

-- End of what is repeated.

-- members_new: The person of each of these ids.
drop table if exists "tributary"."staging__members_new";

create table "tributary"."staging__members_new" as
with seen as (
    select v.user_id as id, min(v.first_key) as first_key
    from (
    select anonymous_id, user_id, first_key from "tributary"."visits"
    where "user_id" in (select id from "tributary"."staging__alias_nodes")
        and visit_id not in (select visit_id from "tributary"."staging__visits_gone")
    union all
    select anonymous_id, user_id, first_key from "tributary"."staging__visits_merged"
    where "user_id" in (select id from "tributary"."staging__alias_nodes")
) as v
    group by v.user_id
),

named as (
    select l.label, case when substring(min(coalesce(s.first_key, '~') || l.id || chr(1) || coalesce('1' || l.id, '0')), strpos(min(coalesce(s.first_key, '~') || l.id || chr(1) || coalesce('1' || l.id, '0')), chr(1)) + 1) like '1%' then substring(substring(min(coalesce(s.first_key, '~') || l.id || chr(1) || coalesce('1' || l.id, '0')), strpos(min(coalesce(s.first_key, '~') || l.id || chr(1) || coalesce('1' || l.id, '0')), chr(1)) + 1), 2) end as person_id
    from "tributary"."staging__alias_labels" as l
    left join seen as s on s.id = l.id
    group by l.label
)

select l.id as member_id, n.person_id
from "tributary"."staging__alias_labels" as l
join named as n on n.label = l.label;

-- owned: The visits with owner and person after aliases.
drop table if exists "tributary"."staging__owned";

create table "tributary"."staging__owned" as
select o.visit_id, o.is_new, o.old_owner_id, o.old_person_id, o.owner_id, coalesce(n.person_id, m.person_id, o.owner_id) as person_id
from "tributary"."staging__owners" as o
left join "tributary"."staging__members_new" as n on n.member_id = o.owner_id
left join (
    select k.id as member_id, k.other_id as person_id
    from "tributary"."alias_links" as k
    where k.kind = 'person'
) as m on m.member_id = o.owner_id;

-- moved: Older visits that change hands.
drop table if exists "tributary"."staging__moved";

create table "tributary"."staging__moved" as
select v.visit_id, v."anonymous_id", v."user_id", v."is_in_session", v."started_at", v."ended_at", v."first_key", v."last_key", v."event_count", v."page_count", v."entry_key", v."page_key", v."page_url", v."blog_key", v."blog_url", o.owner_id, o.person_id, v.person_id as old_person_id
from "tributary"."staging__device_visits" as v
join "tributary"."staging__owned" as o on o.visit_id = v.visit_id and o.is_new = 0
where v.is_new = 0 and (o.owner_id <> o.old_owner_id or o.person_id <> o.old_person_id)
union all
select v.visit_id, v."anonymous_id", v."user_id", v."is_in_session", v."started_at", v."ended_at", v."first_key", v."last_key", v."event_count", v."page_count", v."entry_key", v."page_key", v."page_url", v."blog_key", v."blog_url", v.owner_id, n.person_id, v.person_id as old_person_id
from "tributary"."visits" as v
join "tributary"."staging__members_new" as n on n.member_id = v.owner_id
where v.person_id <> n.person_id
    and v.visit_id not in (select visit_id from "tributary"."staging__owned")
    and v.visit_id not in (select visit_id from "tributary"."staging__visits_gone");

-- visits_out: Rows that leave visits.
drop table if exists "tributary"."staging__visits_out";

create table "tributary"."staging__visits_out" as
select visit_id, anonymous_id, user_id, started_at, person_id from "tributary"."staging__visits_gone"
union all
select visit_id, anonymous_id, user_id, started_at, old_person_id as person_id from "tributary"."staging__moved";

-- visits_in: Rows that come into visits.
drop table if exists "tributary"."staging__visits_in";

create table "tributary"."staging__visits_in" as
select v.visit_id, v."anonymous_id", v."user_id", v."is_in_session", v."started_at", v."ended_at", v."first_key", v."last_key", v."event_count", v."page_count", v."entry_key", v."page_key", v."page_url", v."blog_key", v."blog_url", o.owner_id, o.person_id
from "tributary"."staging__visits_merged" as v
join "tributary"."staging__owned" as o on o.visit_id = v.visit_id and o.is_new = 1
union all
select v.visit_id, v."anonymous_id", v."user_id", v."is_in_session", v."started_at", v."ended_at", v."first_key", v."last_key", v."event_count", v."page_count", v."entry_key", v."page_key", v."page_url", v."blog_key", v."blog_url", v.owner_id, v.person_id
from "tributary"."staging__moved" as v;

-- changed_people: People whose visits changed, and since when.
drop table if exists "tributary"."staging__changed_people";

create table "tributary"."staging__changed_people" as
select person_id, min(started_at) as since
from (
    select person_id, started_at from "tributary"."staging__visits_out"
    union all
    select person_id, started_at from "tributary"."staging__visits_in"
) as changes
group by person_id;

-- paired_devices: Devices whose known pairs are made anew.
drop table if exists "tributary"."staging__paired_devices";

create table "tributary"."staging__paired_devices" as
select anonymous_id from "tributary"."staging__looked_at_devices"
union distinct
select anonymous_id from "tributary"."staging__device_pairs" where is_new = 1;

-- known_pairs_rows: Pairs of device and user of the changed devices.
drop table if exists "tributary"."staging__known_pairs_rows";

create table "tributary"."staging__known_pairs_rows" as
select
    anonymous_id,
    user_id,
    min(started_at) as first_seen_at,
    max(ended_at) as last_seen_at,
    substr(min(first_key), 18) as first_event_key
from "tributary"."staging__device_visits"
where user_id <> ''
group by anonymous_id, user_id
union all
select
    anonymous_id,
    user_id,
    min(first_seen_at) as first_seen_at,
    max(last_seen_at) as last_seen_at,
    case when substring(min(lpad(cast(datediff(microsecond, cast('1970-01-01' as timestamp), first_seen_at) as varchar), 16, '0') || first_event_key || chr(1) || coalesce('1' || first_event_key, '0')), strpos(min(lpad(cast(datediff(microsecond, cast('1970-01-01' as timestamp), first_seen_at) as varchar), 16, '0') || first_event_key || chr(1) || coalesce('1' || first_event_key, '0')), chr(1)) + 1) like '1%' then substring(substring(min(lpad(cast(datediff(microsecond, cast('1970-01-01' as timestamp), first_seen_at) as varchar), 16, '0') || first_event_key || chr(1) || coalesce('1' || first_event_key, '0')), strpos(min(lpad(cast(datediff(microsecond, cast('1970-01-01' as timestamp), first_seen_at) as varchar), 16, '0') || first_event_key || chr(1) || coalesce('1' || first_event_key, '0')), chr(1)) + 1), 2) end as first_event_key
from "tributary"."staging__device_pairs"
where anonymous_id in (select anonymous_id from "tributary"."staging__paired_devices")
    and anonymous_id not in (select anonymous_id from "tributary"."staging__looked_at_devices")
group by anonymous_id, user_id;

-- known_pairs_current: Current rows of known_pairs that were computed anew.
drop table if exists "tributary"."staging__known_pairs_current";

create table "tributary"."staging__known_pairs_current" as
select t."anonymous_id", t."user_id", t."first_seen_at", t."last_seen_at", t."first_event_key"
from "tributary"."known_pairs" as t

where t.to_run = 9223372036854775807 and t.anonymous_id in (select anonymous_id from "tributary"."staging__paired_devices");

-- known_pairs_unchanged: Keys of known_pairs whose row is as it was.
drop table if exists "tributary"."staging__known_pairs_unchanged";

create table "tributary"."staging__known_pairs_unchanged" as
select "n"."anonymous_id", "n"."user_id"
from "tributary"."staging__known_pairs_rows" as n
join "tributary"."staging__known_pairs_current" as o on "n"."anonymous_id" = "o"."anonymous_id" and "n"."user_id" = "o"."user_id"
where n."first_seen_at" = o."first_seen_at"
    and n."last_seen_at" = o."last_seen_at"
    and n."first_event_key" = o."first_event_key";

-- known_pairs_closed: Rows of known_pairs this run closes: replaced, or gone.
drop table if exists "tributary"."staging__known_pairs_closed";

create table "tributary"."staging__known_pairs_closed" as
select o.*
from "tributary"."staging__known_pairs_current" as o
left join "tributary"."staging__known_pairs_unchanged" as u on "o"."anonymous_id" = "u"."anonymous_id" and "o"."user_id" = "u"."user_id"
where u."anonymous_id" is null;

-- known_pairs_opened: Rows of known_pairs this run opens: new, or changed.
drop table if exists "tributary"."staging__known_pairs_opened";

create table "tributary"."staging__known_pairs_opened" as
select n."anonymous_id", n."user_id", n."first_seen_at", n."last_seen_at", n."first_event_key"
from "tributary"."staging__known_pairs_rows" as n
left join "tributary"."staging__known_pairs_unchanged" as u on "n"."anonymous_id" = "u"."anonymous_id" and "n"."user_id" = "u"."user_id"
where u."anonymous_id" is null;

-- alias_ids: Ids whose visits changed.
drop table if exists "tributary"."staging__alias_ids";

create table "tributary"."staging__alias_ids" as
select anonymous_id as id from "tributary"."staging__visits_out" where anonymous_id <> ''
union distinct
select user_id from "tributary"."staging__visits_out" where user_id <> ''
union distinct
select anonymous_id from "tributary"."staging__visits_in" where anonymous_id <> ''
union distinct
select user_id from "tributary"."staging__visits_in" where user_id <> '';

-- alias_widened: What is known of ids whose visits changed, with the visits that came in.
drop table if exists "tributary"."staging__alias_widened";

create table "tributary"."staging__alias_widened" as
with seen as (
    select
        k.id, k.person_id,
        case when k.is_anonymous_id then 1 else 0 end as was_anonymous,
        case when k.is_user_id then 1 else 0 end as was_user,
        k.first_seen_at, k.last_seen_at
    from "tributary"."aliases" as k
    where k.to_run = 9223372036854775807 and k.id in (select id from "tributary"."staging__alias_ids")
    union all
    select "anonymous_id" as id, person_id, 1 as was_anonymous, 0 as was_user, started_at as first_seen_at, ended_at as last_seen_at
    from "tributary"."staging__visits_in"
    where "anonymous_id" <> ''
    union all
    select "user_id" as id, person_id, 0 as was_anonymous, 1 as was_user, started_at as first_seen_at, ended_at as last_seen_at
    from "tributary"."staging__visits_in"
    where "user_id" <> ''
)

select
    id,
    person_id,
    max(was_anonymous) as was_anonymous,
    max(was_user) as was_user,
    min(first_seen_at) as first_seen_at,
    max(last_seen_at) as last_seen_at
from seen
group by id, person_id;

-- looked_at_ids: Ids whose visits have to be looked at.
drop table if exists "tributary"."staging__looked_at_ids";

create table "tributary"."staging__looked_at_ids" as
select w.id
from "tributary"."staging__alias_widened" as w
join "tributary"."staging__alias_widened" as o on o.id = w.id
where o.person_id <> w.person_id and o.last_seen_at = w.last_seen_at
union distinct
select anonymous_id from "tributary"."staging__moved" where anonymous_id <> ''
union distinct
select user_id from "tributary"."staging__moved" where user_id <> ''
union distinct
select anonymous_id from "tributary"."staging__visits_broken" where anonymous_id <> ''
union distinct
select user_id from "tributary"."staging__visits_broken" where user_id <> ''
union distinct
select h."anonymous_id"
from "tributary"."staging__visits_hit" as h
join "tributary"."staging__visits_in" as v
    on v.anonymous_id = h.anonymous_id and v.user_id = h.user_id and v.is_in_session = h.is_in_session
where v.first_key <= h.first_key and h.first_key <= v.last_key and v.person_id <> h.person_id and h."anonymous_id" <> ''
union distinct
select h."user_id"
from "tributary"."staging__visits_hit" as h
join "tributary"."staging__visits_in" as v
    on v.anonymous_id = h.anonymous_id and v.user_id = h.user_id and v.is_in_session = h.is_in_session
where v.first_key <= h.first_key and h.first_key <= v.last_key and v.person_id <> h.person_id and h."user_id" <> '';

-- alias_visits: Their visits after the run.
drop table if exists "tributary"."staging__alias_visits";

create table "tributary"."staging__alias_visits" as
select v."anonymous_id" as id, 1 as was_anonymous, 0 as was_user, v.person_id, v.started_at, v.ended_at, v.last_key
from "tributary"."visits" as v
where v."anonymous_id" in (select id from "tributary"."staging__looked_at_ids")
    and v.visit_id not in (select visit_id from "tributary"."staging__visits_out")
union all
select v."anonymous_id" as id, 1 as was_anonymous, 0 as was_user, v.person_id, v.started_at, v.ended_at, v.last_key
from "tributary"."staging__visits_in" as v
where v."anonymous_id" in (select id from "tributary"."staging__looked_at_ids")
union all
select v."user_id" as id, 0 as was_anonymous, 1 as was_user, v.person_id, v.started_at, v.ended_at, v.last_key
from "tributary"."visits" as v
where v."user_id" in (select id from "tributary"."staging__looked_at_ids")
    and v.visit_id not in (select visit_id from "tributary"."staging__visits_out")
union all
select v."user_id" as id, 0 as was_anonymous, 1 as was_user, v.person_id, v.started_at, v.ended_at, v.last_key
from "tributary"."staging__visits_in" as v
where v."user_id" in (select id from "tributary"."staging__looked_at_ids");

-- aliases_rows: Which persons own visits of each id.
drop table if exists "tributary"."staging__aliases_rows";

create table "tributary"."staging__aliases_rows" as
with latest as (
    select id, case when substring(max(last_key || chr(1) || coalesce('1' || person_id, '0')), strpos(max(last_key || chr(1) || coalesce('1' || person_id, '0')), chr(1)) + 1) like '1%' then substring(substring(max(last_key || chr(1) || coalesce('1' || person_id, '0')), strpos(max(last_key || chr(1) || coalesce('1' || person_id, '0')), chr(1)) + 1), 2) end as person_id
    from "tributary"."staging__alias_visits"
    group by id
),

looked_at as (
    select
        id,
        person_id,
        max(was_anonymous) as was_anonymous,
        max(was_user) as was_user,
        min(started_at) as first_seen_at,
        max(ended_at) as last_seen_at
    from "tributary"."staging__alias_visits"
    group by id, person_id
),

widest as (
    select *, max(last_seen_at) over (partition by id) as id_last_seen_at
    from "tributary"."staging__alias_widened"
    where id not in (select id from "tributary"."staging__looked_at_ids")
)

select
    o.id,
    o.person_id,
    o.was_anonymous = 1 as is_anonymous_id,
    o.was_user = 1 as is_user_id,
    o.first_seen_at,
    o.last_seen_at,
    o.person_id = l.person_id as is_latest
from looked_at as o
join latest as l on l.id = o.id
union all
select
    id,
    person_id,
    was_anonymous = 1 as is_anonymous_id,
    was_user = 1 as is_user_id,
    first_seen_at,
    last_seen_at,
    last_seen_at = id_last_seen_at as is_latest
from widest;

-- aliases_current: Current rows of aliases that were computed anew.
drop table if exists "tributary"."staging__aliases_current";

create table "tributary"."staging__aliases_current" as
select t."id", t."person_id", t."is_anonymous_id", t."is_user_id", t."first_seen_at", t."last_seen_at", t."is_latest"
from "tributary"."aliases" as t

where t.to_run = 9223372036854775807 and t.id in (select id from "tributary"."staging__alias_ids");

-- aliases_unchanged: Keys of aliases whose row is as it was.
drop table if exists "tributary"."staging__aliases_unchanged";

create table "tributary"."staging__aliases_unchanged" as
select "n"."id", "n"."person_id"
from "tributary"."staging__aliases_rows" as n
join "tributary"."staging__aliases_current" as o on "n"."id" = "o"."id" and "n"."person_id" = "o"."person_id"
where n."is_anonymous_id" = o."is_anonymous_id"
    and n."is_user_id" = o."is_user_id"
    and n."first_seen_at" = o."first_seen_at"
    and n."last_seen_at" = o."last_seen_at"
    and n."is_latest" = o."is_latest";

-- aliases_closed: Rows of aliases this run closes: replaced, or gone.
drop table if exists "tributary"."staging__aliases_closed";

create table "tributary"."staging__aliases_closed" as
select o.*
from "tributary"."staging__aliases_current" as o
left join "tributary"."staging__aliases_unchanged" as u on "o"."id" = "u"."id" and "o"."person_id" = "u"."person_id"
where u."id" is null;

-- aliases_opened: Rows of aliases this run opens: new, or changed.
drop table if exists "tributary"."staging__aliases_opened";

create table "tributary"."staging__aliases_opened" as
select n."id", n."person_id", n."is_anonymous_id", n."is_user_id", n."first_seen_at", n."last_seen_at", n."is_latest"
from "tributary"."staging__aliases_rows" as n
left join "tributary"."staging__aliases_unchanged" as u on "n"."id" = "u"."id" and "n"."person_id" = "u"."person_id"
where u."id" is null;

-- Nothing after this stage reads these.
drop table if exists "tributary"."staging__visits_hit";
drop table if exists "tributary"."staging__device_pairs";
drop table if exists "tributary"."staging__device_visits";
drop table if exists "tributary"."staging__owners";
drop table if exists "tributary"."staging__owned";
drop table if exists "tributary"."staging__moved";
drop table if exists "tributary"."staging__alias_visits";
drop table if exists "tributary"."staging__alias_labels";
drop table if exists "tributary"."staging__alias_hooked";

-- The part of `identities` in the publish transaction of the run; alone it would leave half a run.
-- `tributary sql publish` has all of it.
delete from "tributary"."visits"
where visit_id in (select visit_id from "tributary"."staging__visits_out")
    and started_at >= (select min(started_at) from "tributary"."staging__visits_out")
    and started_at <= (select max(started_at) from "tributary"."staging__visits_out")
    and started_at in (select started_at from "tributary"."staging__visits_out");

insert into "tributary"."visits" (visit_id, anonymous_id, user_id, is_in_session, started_at, ended_at, first_key, last_key, event_count, page_count, entry_key, page_key, page_url, blog_key, blog_url, owner_id, person_id)
select visit_id, anonymous_id, user_id, is_in_session, started_at, ended_at, first_key, last_key, event_count, page_count, entry_key, page_key, page_url, blog_key, blog_url, owner_id, person_id from "tributary"."staging__visits_in"
order by date_trunc('month', started_at), "anonymous_id";

delete from "tributary"."alias_links"
where (kind = 'declared' and event_key in (select event_key from "tributary"."staging__links_gone"))
    or (kind = 'person' and id in (select id from "tributary"."staging__alias_nodes"));

insert into "tributary"."alias_links" (kind, event_key, occurred_at, id, other_id)
select 'declared', event_key, occurred_at, previous_id, user_id
from "tributary"."staging__links_new"
union all
select 'person', '', cast(null as timestamp), member_id, person_id
from "tributary"."staging__members_new";

update "tributary"."known_pairs" as t
set to_run = 7
where t.to_run = 9223372036854775807 and t."anonymous_id" in (select "anonymous_id" from "tributary"."staging__known_pairs_closed") and exists (
    select 1 from "tributary"."staging__known_pairs_closed" as s
    where s."anonymous_id" = t."anonymous_id" and s."user_id" = t."user_id"
);

insert into "tributary"."known_pairs" (anonymous_id, user_id, first_seen_at, last_seen_at, first_event_key, from_run, to_run)
select anonymous_id, user_id, first_seen_at, last_seen_at, first_event_key, 7, 9223372036854775807
from "tributary"."staging__known_pairs_opened"
order by "anonymous_id";

update "tributary"."aliases" as t
set to_run = 7
where t.to_run = 9223372036854775807 and t."id" in (select "id" from "tributary"."staging__aliases_closed") and exists (
    select 1 from "tributary"."staging__aliases_closed" as s
    where s."id" = t."id" and s."person_id" = t."person_id"
);

insert into "tributary"."aliases" (id, person_id, is_anonymous_id, is_user_id, first_seen_at, last_seen_at, is_latest, from_run, to_run)
select id, person_id, is_anonymous_id, is_user_id, first_seen_at, last_seen_at, is_latest, 7, 9223372036854775807
from "tributary"."staging__aliases_opened"
order by "id";
