-- companies: companies and memberships of the product database; what the people of the affected
-- companies did

-- For a session of one’s own: where staging tables are.
attach if not exists ':memory:' as staging;

-- Before: tributary reads the listed columns of the product database into `product_companies_read`
-- and `product_members_read`; tables of the warehouse are read where they are. Its times of this
-- copy and the one before stand here as one.

-- product_members: Memberships as copied, whether they can be used and how often each comes.
create or replace table staging.main."product_members" as
with judged as (
    select
        m.company_id, m.user_id, m.role, m.created_at, m.latest_at, m.unread_times,
        case when m.company_id is null or m.user_id is null then 0 when m.company_id in (select company_id from (select s."company_id", s."name", s."plan", s."created_at", s."given_paid_at", s."latest_at", s."unread_times", concat('{"industry":', coalesce(case when cast(to_json(s."dimension_0") as varchar) not in ('NaN', 'Infinity', '-Infinity') then cast(to_json(s."dimension_0") as varchar) end, 'null'), ',"plan":', coalesce(case when cast(to_json(s."dimension_1") as varchar) not in ('NaN', 'Infinity', '-Infinity') then cast(to_json(s."dimension_1") as varchar) end, 'null'), '}') as dimensions, concat('{"industry":', coalesce(case when cast(to_json(s."dimension_0") as varchar) not in ('NaN', 'Infinity', '-Infinity') then cast(to_json(s."dimension_0") as varchar) end, 'null'), ',"plan":', coalesce(case when cast(to_json(s."dimension_1") as varchar) not in ('NaN', 'Infinity', '-Infinity') then cast(to_json(s."dimension_1") as varchar) end, 'null'), '}') as former_dimensions from (select nullif(trim(("company_id"), e' \t\n\x0b\x0c\r'), '') as "company_id", nullif(trim(("name"), e' \t\n\x0b\x0c\r'), '') as "name", nullif(trim(("plan"), e' \t\n\x0b\x0c\r'), '') as "plan", case
      when not regexp_matches(upper(trim(case when regexp_matches(case when regexp_matches("created_at", e'[ \t\n\x0b\x0c\r]') then trim("created_at", e' \t\n\x0b\x0c\r') else "created_at" end, '^[0-9]{4}-[0-9]{2}-[0-9]{2}$') then concat(case when regexp_matches("created_at", e'[ \t\n\x0b\x0c\r]') then trim("created_at", e' \t\n\x0b\x0c\r') else "created_at" end, 'T00:00:00Z') else "created_at" end, e' \t\n\x0b\x0c\r')), '^[0-9]{4}-[0-9]{2}-[0-9]{2}[T ]([01][0-9]|2[0-3]):[0-5][0-9](:[0-5][0-9]([.][0-9]+)?)?(Z|[+-]([01][0-9]|2[0-3])(:?[0-5][0-9])?)?$') or regexp_matches(upper(trim(case when regexp_matches(case when regexp_matches("created_at", e'[ \t\n\x0b\x0c\r]') then trim("created_at", e' \t\n\x0b\x0c\r') else "created_at" end, '^[0-9]{4}-[0-9]{2}-[0-9]{2}$') then concat(case when regexp_matches("created_at", e'[ \t\n\x0b\x0c\r]') then trim("created_at", e' \t\n\x0b\x0c\r') else "created_at" end, 'T00:00:00Z') else "created_at" end, e' \t\n\x0b\x0c\r')), '^(0000|9999-12-31.*-[0-9:]+$|0001-01-01.*[+])') then null
      when not regexp_matches(substr(upper(trim(case when regexp_matches(case when regexp_matches("created_at", e'[ \t\n\x0b\x0c\r]') then trim("created_at", e' \t\n\x0b\x0c\r') else "created_at" end, '^[0-9]{4}-[0-9]{2}-[0-9]{2}$') then concat(case when regexp_matches("created_at", e'[ \t\n\x0b\x0c\r]') then trim("created_at", e' \t\n\x0b\x0c\r') else "created_at" end, 'T00:00:00Z') else "created_at" end, e' \t\n\x0b\x0c\r')), 11), '[+-]') then try_cast(replace(upper(trim(case when regexp_matches(case when regexp_matches("created_at", e'[ \t\n\x0b\x0c\r]') then trim("created_at", e' \t\n\x0b\x0c\r') else "created_at" end, '^[0-9]{4}-[0-9]{2}-[0-9]{2}$') then concat(case when regexp_matches("created_at", e'[ \t\n\x0b\x0c\r]') then trim("created_at", e' \t\n\x0b\x0c\r') else "created_at" end, 'T00:00:00Z') else "created_at" end, e' \t\n\x0b\x0c\r')), 'Z', '') as timestamp)
      else try_cast(substr(upper(trim(case when regexp_matches(case when regexp_matches("created_at", e'[ \t\n\x0b\x0c\r]') then trim("created_at", e' \t\n\x0b\x0c\r') else "created_at" end, '^[0-9]{4}-[0-9]{2}-[0-9]{2}$') then concat(case when regexp_matches("created_at", e'[ \t\n\x0b\x0c\r]') then trim("created_at", e' \t\n\x0b\x0c\r') else "created_at" end, 'T00:00:00Z') else "created_at" end, e' \t\n\x0b\x0c\r')), 1, length(upper(trim(case when regexp_matches(case when regexp_matches("created_at", e'[ \t\n\x0b\x0c\r]') then trim("created_at", e' \t\n\x0b\x0c\r') else "created_at" end, '^[0-9]{4}-[0-9]{2}-[0-9]{2}$') then concat(case when regexp_matches("created_at", e'[ \t\n\x0b\x0c\r]') then trim("created_at", e' \t\n\x0b\x0c\r') else "created_at" end, 'T00:00:00Z') else "created_at" end, e' \t\n\x0b\x0c\r'))) - length(regexp_extract(substr(upper(trim(case when regexp_matches(case when regexp_matches("created_at", e'[ \t\n\x0b\x0c\r]') then trim("created_at", e' \t\n\x0b\x0c\r') else "created_at" end, '^[0-9]{4}-[0-9]{2}-[0-9]{2}$') then concat(case when regexp_matches("created_at", e'[ \t\n\x0b\x0c\r]') then trim("created_at", e' \t\n\x0b\x0c\r') else "created_at" end, 'T00:00:00Z') else "created_at" end, e' \t\n\x0b\x0c\r')), 11), '[+-].*$'))) as timestamp) - to_minutes(case when regexp_extract(substr(upper(trim(case when regexp_matches(case when regexp_matches("created_at", e'[ \t\n\x0b\x0c\r]') then trim("created_at", e' \t\n\x0b\x0c\r') else "created_at" end, '^[0-9]{4}-[0-9]{2}-[0-9]{2}$') then concat(case when regexp_matches("created_at", e'[ \t\n\x0b\x0c\r]') then trim("created_at", e' \t\n\x0b\x0c\r') else "created_at" end, 'T00:00:00Z') else "created_at" end, e' \t\n\x0b\x0c\r')), 11), '[+-].*$') like '-%' then -1 else 1 end * (cast(substr(regexp_extract(substr(upper(trim(case when regexp_matches(case when regexp_matches("created_at", e'[ \t\n\x0b\x0c\r]') then trim("created_at", e' \t\n\x0b\x0c\r') else "created_at" end, '^[0-9]{4}-[0-9]{2}-[0-9]{2}$') then concat(case when regexp_matches("created_at", e'[ \t\n\x0b\x0c\r]') then trim("created_at", e' \t\n\x0b\x0c\r') else "created_at" end, 'T00:00:00Z') else "created_at" end, e' \t\n\x0b\x0c\r')), 11), '[+-].*$'), 2, 2) as bigint) * 60 + coalesce(try_cast(right(substr(regexp_extract(substr(upper(trim(case when regexp_matches(case when regexp_matches("created_at", e'[ \t\n\x0b\x0c\r]') then trim("created_at", e' \t\n\x0b\x0c\r') else "created_at" end, '^[0-9]{4}-[0-9]{2}-[0-9]{2}$') then concat(case when regexp_matches("created_at", e'[ \t\n\x0b\x0c\r]') then trim("created_at", e' \t\n\x0b\x0c\r') else "created_at" end, 'T00:00:00Z') else "created_at" end, e' \t\n\x0b\x0c\r')), 11), '[+-].*$'), 4), 2) as bigint), 0)))
  end as "created_at", cast(null as timestamp) as "given_paid_at", cast(null as timestamp) as "latest_at", nullif(trim(("dimension_0"), e' \t\n\x0b\x0c\r'), '') as "dimension_0", nullif(trim(("dimension_1"), e' \t\n\x0b\x0c\r'), '') as "dimension_1", (case when "created_at" is not null and case
      when not regexp_matches(upper(trim(case when regexp_matches(case when regexp_matches("created_at", e'[ \t\n\x0b\x0c\r]') then trim("created_at", e' \t\n\x0b\x0c\r') else "created_at" end, '^[0-9]{4}-[0-9]{2}-[0-9]{2}$') then concat(case when regexp_matches("created_at", e'[ \t\n\x0b\x0c\r]') then trim("created_at", e' \t\n\x0b\x0c\r') else "created_at" end, 'T00:00:00Z') else "created_at" end, e' \t\n\x0b\x0c\r')), '^[0-9]{4}-[0-9]{2}-[0-9]{2}[T ]([01][0-9]|2[0-3]):[0-5][0-9](:[0-5][0-9]([.][0-9]+)?)?(Z|[+-]([01][0-9]|2[0-3])(:?[0-5][0-9])?)?$') or regexp_matches(upper(trim(case when regexp_matches(case when regexp_matches("created_at", e'[ \t\n\x0b\x0c\r]') then trim("created_at", e' \t\n\x0b\x0c\r') else "created_at" end, '^[0-9]{4}-[0-9]{2}-[0-9]{2}$') then concat(case when regexp_matches("created_at", e'[ \t\n\x0b\x0c\r]') then trim("created_at", e' \t\n\x0b\x0c\r') else "created_at" end, 'T00:00:00Z') else "created_at" end, e' \t\n\x0b\x0c\r')), '^(0000|9999-12-31.*-[0-9:]+$|0001-01-01.*[+])') then null
      when not regexp_matches(substr(upper(trim(case when regexp_matches(case when regexp_matches("created_at", e'[ \t\n\x0b\x0c\r]') then trim("created_at", e' \t\n\x0b\x0c\r') else "created_at" end, '^[0-9]{4}-[0-9]{2}-[0-9]{2}$') then concat(case when regexp_matches("created_at", e'[ \t\n\x0b\x0c\r]') then trim("created_at", e' \t\n\x0b\x0c\r') else "created_at" end, 'T00:00:00Z') else "created_at" end, e' \t\n\x0b\x0c\r')), 11), '[+-]') then try_cast(replace(upper(trim(case when regexp_matches(case when regexp_matches("created_at", e'[ \t\n\x0b\x0c\r]') then trim("created_at", e' \t\n\x0b\x0c\r') else "created_at" end, '^[0-9]{4}-[0-9]{2}-[0-9]{2}$') then concat(case when regexp_matches("created_at", e'[ \t\n\x0b\x0c\r]') then trim("created_at", e' \t\n\x0b\x0c\r') else "created_at" end, 'T00:00:00Z') else "created_at" end, e' \t\n\x0b\x0c\r')), 'Z', '') as timestamp)
      else try_cast(substr(upper(trim(case when regexp_matches(case when regexp_matches("created_at", e'[ \t\n\x0b\x0c\r]') then trim("created_at", e' \t\n\x0b\x0c\r') else "created_at" end, '^[0-9]{4}-[0-9]{2}-[0-9]{2}$') then concat(case when regexp_matches("created_at", e'[ \t\n\x0b\x0c\r]') then trim("created_at", e' \t\n\x0b\x0c\r') else "created_at" end, 'T00:00:00Z') else "created_at" end, e' \t\n\x0b\x0c\r')), 1, length(upper(trim(case when regexp_matches(case when regexp_matches("created_at", e'[ \t\n\x0b\x0c\r]') then trim("created_at", e' \t\n\x0b\x0c\r') else "created_at" end, '^[0-9]{4}-[0-9]{2}-[0-9]{2}$') then concat(case when regexp_matches("created_at", e'[ \t\n\x0b\x0c\r]') then trim("created_at", e' \t\n\x0b\x0c\r') else "created_at" end, 'T00:00:00Z') else "created_at" end, e' \t\n\x0b\x0c\r'))) - length(regexp_extract(substr(upper(trim(case when regexp_matches(case when regexp_matches("created_at", e'[ \t\n\x0b\x0c\r]') then trim("created_at", e' \t\n\x0b\x0c\r') else "created_at" end, '^[0-9]{4}-[0-9]{2}-[0-9]{2}$') then concat(case when regexp_matches("created_at", e'[ \t\n\x0b\x0c\r]') then trim("created_at", e' \t\n\x0b\x0c\r') else "created_at" end, 'T00:00:00Z') else "created_at" end, e' \t\n\x0b\x0c\r')), 11), '[+-].*$'))) as timestamp) - to_minutes(case when regexp_extract(substr(upper(trim(case when regexp_matches(case when regexp_matches("created_at", e'[ \t\n\x0b\x0c\r]') then trim("created_at", e' \t\n\x0b\x0c\r') else "created_at" end, '^[0-9]{4}-[0-9]{2}-[0-9]{2}$') then concat(case when regexp_matches("created_at", e'[ \t\n\x0b\x0c\r]') then trim("created_at", e' \t\n\x0b\x0c\r') else "created_at" end, 'T00:00:00Z') else "created_at" end, e' \t\n\x0b\x0c\r')), 11), '[+-].*$') like '-%' then -1 else 1 end * (cast(substr(regexp_extract(substr(upper(trim(case when regexp_matches(case when regexp_matches("created_at", e'[ \t\n\x0b\x0c\r]') then trim("created_at", e' \t\n\x0b\x0c\r') else "created_at" end, '^[0-9]{4}-[0-9]{2}-[0-9]{2}$') then concat(case when regexp_matches("created_at", e'[ \t\n\x0b\x0c\r]') then trim("created_at", e' \t\n\x0b\x0c\r') else "created_at" end, 'T00:00:00Z') else "created_at" end, e' \t\n\x0b\x0c\r')), 11), '[+-].*$'), 2, 2) as bigint) * 60 + coalesce(try_cast(right(substr(regexp_extract(substr(upper(trim(case when regexp_matches(case when regexp_matches("created_at", e'[ \t\n\x0b\x0c\r]') then trim("created_at", e' \t\n\x0b\x0c\r') else "created_at" end, '^[0-9]{4}-[0-9]{2}-[0-9]{2}$') then concat(case when regexp_matches("created_at", e'[ \t\n\x0b\x0c\r]') then trim("created_at", e' \t\n\x0b\x0c\r') else "created_at" end, 'T00:00:00Z') else "created_at" end, e' \t\n\x0b\x0c\r')), 11), '[+-].*$'), 4), 2) as bigint), 0)))
  end is null then 1 else 0 end) as unread_times from staging.main."product_companies_read" as r) as s) as k where company_id is not null) then 1 else 0 end as is_usable,
        case when coalesce(case when m.role = lower(m.role) then m.role else translate(m.role, 'ABCDEFGHIJKLMNOPQRSTUVWXYZ', 'abcdefghijklmnopqrstuvwxyz') end, '') in ('admin', 'owner') then 1 else 0 end as is_admin
    from (select s."company_id", s."user_id", s."role", s."created_at", s."latest_at", s."unread_times" from (select nullif(trim(("company_id"), e' \t\n\x0b\x0c\r'), '') as "company_id", nullif(trim(("user_id"), e' \t\n\x0b\x0c\r'), '') as "user_id", nullif(trim(("role"), e' \t\n\x0b\x0c\r'), '') as "role", cast(null as timestamp) as "created_at", cast(null as timestamp) as "latest_at", 0 as unread_times from staging.main."product_members_read" as r) as s) as m
)

select
    company_id, user_id, role, created_at, unread_times, is_usable,
    row_number() over (
        partition by company_id, user_id, is_usable
        order by case when latest_at is null then 1 else 0 end, latest_at desc, is_admin desc, md5(coalesce(length(cast(role as varchar)) || ':' || cast(role as varchar), 'null') || ',' || coalesce(length(cast(created_at as varchar)) || ':' || cast(created_at as varchar), 'null'))
    ) as copy_number
from judged;

-- product_companies: Companies as copied, likewise.
create or replace table staging.main."product_companies" as
select
    company_id, name, plan, created_at, given_paid_at, dimensions, former_dimensions, unread_times,
    case when company_id is null then 0 else 1 end as is_usable,
    row_number() over (partition by company_id order by case when latest_at is null then 1 else 0 end, latest_at desc, md5(coalesce(length(cast(name as varchar)) || ':' || cast(name as varchar), 'null') || ',' || coalesce(length(cast(plan as varchar)) || ':' || cast(plan as varchar), 'null') || ',' || coalesce(length(cast(created_at as varchar)) || ':' || cast(created_at as varchar), 'null') || ',' || coalesce(length(cast(given_paid_at as varchar)) || ':' || cast(given_paid_at as varchar), 'null') || ',' || coalesce(length(cast(dimensions as varchar)) || ':' || cast(dimensions as varchar), 'null'))) as copy_number
from (select s."company_id", s."name", s."plan", s."created_at", s."given_paid_at", s."latest_at", s."unread_times", concat('{"industry":', coalesce(case when cast(to_json(s."dimension_0") as varchar) not in ('NaN', 'Infinity', '-Infinity') then cast(to_json(s."dimension_0") as varchar) end, 'null'), ',"plan":', coalesce(case when cast(to_json(s."dimension_1") as varchar) not in ('NaN', 'Infinity', '-Infinity') then cast(to_json(s."dimension_1") as varchar) end, 'null'), '}') as dimensions, concat('{"industry":', coalesce(case when cast(to_json(s."dimension_0") as varchar) not in ('NaN', 'Infinity', '-Infinity') then cast(to_json(s."dimension_0") as varchar) end, 'null'), ',"plan":', coalesce(case when cast(to_json(s."dimension_1") as varchar) not in ('NaN', 'Infinity', '-Infinity') then cast(to_json(s."dimension_1") as varchar) end, 'null'), '}') as former_dimensions from (select nullif(trim(("company_id"), e' \t\n\x0b\x0c\r'), '') as "company_id", nullif(trim(("name"), e' \t\n\x0b\x0c\r'), '') as "name", nullif(trim(("plan"), e' \t\n\x0b\x0c\r'), '') as "plan", case
      when not regexp_matches(upper(trim(case when regexp_matches(case when regexp_matches("created_at", e'[ \t\n\x0b\x0c\r]') then trim("created_at", e' \t\n\x0b\x0c\r') else "created_at" end, '^[0-9]{4}-[0-9]{2}-[0-9]{2}$') then concat(case when regexp_matches("created_at", e'[ \t\n\x0b\x0c\r]') then trim("created_at", e' \t\n\x0b\x0c\r') else "created_at" end, 'T00:00:00Z') else "created_at" end, e' \t\n\x0b\x0c\r')), '^[0-9]{4}-[0-9]{2}-[0-9]{2}[T ]([01][0-9]|2[0-3]):[0-5][0-9](:[0-5][0-9]([.][0-9]+)?)?(Z|[+-]([01][0-9]|2[0-3])(:?[0-5][0-9])?)?$') or regexp_matches(upper(trim(case when regexp_matches(case when regexp_matches("created_at", e'[ \t\n\x0b\x0c\r]') then trim("created_at", e' \t\n\x0b\x0c\r') else "created_at" end, '^[0-9]{4}-[0-9]{2}-[0-9]{2}$') then concat(case when regexp_matches("created_at", e'[ \t\n\x0b\x0c\r]') then trim("created_at", e' \t\n\x0b\x0c\r') else "created_at" end, 'T00:00:00Z') else "created_at" end, e' \t\n\x0b\x0c\r')), '^(0000|9999-12-31.*-[0-9:]+$|0001-01-01.*[+])') then null
      when not regexp_matches(substr(upper(trim(case when regexp_matches(case when regexp_matches("created_at", e'[ \t\n\x0b\x0c\r]') then trim("created_at", e' \t\n\x0b\x0c\r') else "created_at" end, '^[0-9]{4}-[0-9]{2}-[0-9]{2}$') then concat(case when regexp_matches("created_at", e'[ \t\n\x0b\x0c\r]') then trim("created_at", e' \t\n\x0b\x0c\r') else "created_at" end, 'T00:00:00Z') else "created_at" end, e' \t\n\x0b\x0c\r')), 11), '[+-]') then try_cast(replace(upper(trim(case when regexp_matches(case when regexp_matches("created_at", e'[ \t\n\x0b\x0c\r]') then trim("created_at", e' \t\n\x0b\x0c\r') else "created_at" end, '^[0-9]{4}-[0-9]{2}-[0-9]{2}$') then concat(case when regexp_matches("created_at", e'[ \t\n\x0b\x0c\r]') then trim("created_at", e' \t\n\x0b\x0c\r') else "created_at" end, 'T00:00:00Z') else "created_at" end, e' \t\n\x0b\x0c\r')), 'Z', '') as timestamp)
      else try_cast(substr(upper(trim(case when regexp_matches(case when regexp_matches("created_at", e'[ \t\n\x0b\x0c\r]') then trim("created_at", e' \t\n\x0b\x0c\r') else "created_at" end, '^[0-9]{4}-[0-9]{2}-[0-9]{2}$') then concat(case when regexp_matches("created_at", e'[ \t\n\x0b\x0c\r]') then trim("created_at", e' \t\n\x0b\x0c\r') else "created_at" end, 'T00:00:00Z') else "created_at" end, e' \t\n\x0b\x0c\r')), 1, length(upper(trim(case when regexp_matches(case when regexp_matches("created_at", e'[ \t\n\x0b\x0c\r]') then trim("created_at", e' \t\n\x0b\x0c\r') else "created_at" end, '^[0-9]{4}-[0-9]{2}-[0-9]{2}$') then concat(case when regexp_matches("created_at", e'[ \t\n\x0b\x0c\r]') then trim("created_at", e' \t\n\x0b\x0c\r') else "created_at" end, 'T00:00:00Z') else "created_at" end, e' \t\n\x0b\x0c\r'))) - length(regexp_extract(substr(upper(trim(case when regexp_matches(case when regexp_matches("created_at", e'[ \t\n\x0b\x0c\r]') then trim("created_at", e' \t\n\x0b\x0c\r') else "created_at" end, '^[0-9]{4}-[0-9]{2}-[0-9]{2}$') then concat(case when regexp_matches("created_at", e'[ \t\n\x0b\x0c\r]') then trim("created_at", e' \t\n\x0b\x0c\r') else "created_at" end, 'T00:00:00Z') else "created_at" end, e' \t\n\x0b\x0c\r')), 11), '[+-].*$'))) as timestamp) - to_minutes(case when regexp_extract(substr(upper(trim(case when regexp_matches(case when regexp_matches("created_at", e'[ \t\n\x0b\x0c\r]') then trim("created_at", e' \t\n\x0b\x0c\r') else "created_at" end, '^[0-9]{4}-[0-9]{2}-[0-9]{2}$') then concat(case when regexp_matches("created_at", e'[ \t\n\x0b\x0c\r]') then trim("created_at", e' \t\n\x0b\x0c\r') else "created_at" end, 'T00:00:00Z') else "created_at" end, e' \t\n\x0b\x0c\r')), 11), '[+-].*$') like '-%' then -1 else 1 end * (cast(substr(regexp_extract(substr(upper(trim(case when regexp_matches(case when regexp_matches("created_at", e'[ \t\n\x0b\x0c\r]') then trim("created_at", e' \t\n\x0b\x0c\r') else "created_at" end, '^[0-9]{4}-[0-9]{2}-[0-9]{2}$') then concat(case when regexp_matches("created_at", e'[ \t\n\x0b\x0c\r]') then trim("created_at", e' \t\n\x0b\x0c\r') else "created_at" end, 'T00:00:00Z') else "created_at" end, e' \t\n\x0b\x0c\r')), 11), '[+-].*$'), 2, 2) as bigint) * 60 + coalesce(try_cast(right(substr(regexp_extract(substr(upper(trim(case when regexp_matches(case when regexp_matches("created_at", e'[ \t\n\x0b\x0c\r]') then trim("created_at", e' \t\n\x0b\x0c\r') else "created_at" end, '^[0-9]{4}-[0-9]{2}-[0-9]{2}$') then concat(case when regexp_matches("created_at", e'[ \t\n\x0b\x0c\r]') then trim("created_at", e' \t\n\x0b\x0c\r') else "created_at" end, 'T00:00:00Z') else "created_at" end, e' \t\n\x0b\x0c\r')), 11), '[+-].*$'), 4), 2) as bigint), 0)))
  end as "created_at", cast(null as timestamp) as "given_paid_at", cast(null as timestamp) as "latest_at", nullif(trim(("dimension_0"), e' \t\n\x0b\x0c\r'), '') as "dimension_0", nullif(trim(("dimension_1"), e' \t\n\x0b\x0c\r'), '') as "dimension_1", (case when "created_at" is not null and case
      when not regexp_matches(upper(trim(case when regexp_matches(case when regexp_matches("created_at", e'[ \t\n\x0b\x0c\r]') then trim("created_at", e' \t\n\x0b\x0c\r') else "created_at" end, '^[0-9]{4}-[0-9]{2}-[0-9]{2}$') then concat(case when regexp_matches("created_at", e'[ \t\n\x0b\x0c\r]') then trim("created_at", e' \t\n\x0b\x0c\r') else "created_at" end, 'T00:00:00Z') else "created_at" end, e' \t\n\x0b\x0c\r')), '^[0-9]{4}-[0-9]{2}-[0-9]{2}[T ]([01][0-9]|2[0-3]):[0-5][0-9](:[0-5][0-9]([.][0-9]+)?)?(Z|[+-]([01][0-9]|2[0-3])(:?[0-5][0-9])?)?$') or regexp_matches(upper(trim(case when regexp_matches(case when regexp_matches("created_at", e'[ \t\n\x0b\x0c\r]') then trim("created_at", e' \t\n\x0b\x0c\r') else "created_at" end, '^[0-9]{4}-[0-9]{2}-[0-9]{2}$') then concat(case when regexp_matches("created_at", e'[ \t\n\x0b\x0c\r]') then trim("created_at", e' \t\n\x0b\x0c\r') else "created_at" end, 'T00:00:00Z') else "created_at" end, e' \t\n\x0b\x0c\r')), '^(0000|9999-12-31.*-[0-9:]+$|0001-01-01.*[+])') then null
      when not regexp_matches(substr(upper(trim(case when regexp_matches(case when regexp_matches("created_at", e'[ \t\n\x0b\x0c\r]') then trim("created_at", e' \t\n\x0b\x0c\r') else "created_at" end, '^[0-9]{4}-[0-9]{2}-[0-9]{2}$') then concat(case when regexp_matches("created_at", e'[ \t\n\x0b\x0c\r]') then trim("created_at", e' \t\n\x0b\x0c\r') else "created_at" end, 'T00:00:00Z') else "created_at" end, e' \t\n\x0b\x0c\r')), 11), '[+-]') then try_cast(replace(upper(trim(case when regexp_matches(case when regexp_matches("created_at", e'[ \t\n\x0b\x0c\r]') then trim("created_at", e' \t\n\x0b\x0c\r') else "created_at" end, '^[0-9]{4}-[0-9]{2}-[0-9]{2}$') then concat(case when regexp_matches("created_at", e'[ \t\n\x0b\x0c\r]') then trim("created_at", e' \t\n\x0b\x0c\r') else "created_at" end, 'T00:00:00Z') else "created_at" end, e' \t\n\x0b\x0c\r')), 'Z', '') as timestamp)
      else try_cast(substr(upper(trim(case when regexp_matches(case when regexp_matches("created_at", e'[ \t\n\x0b\x0c\r]') then trim("created_at", e' \t\n\x0b\x0c\r') else "created_at" end, '^[0-9]{4}-[0-9]{2}-[0-9]{2}$') then concat(case when regexp_matches("created_at", e'[ \t\n\x0b\x0c\r]') then trim("created_at", e' \t\n\x0b\x0c\r') else "created_at" end, 'T00:00:00Z') else "created_at" end, e' \t\n\x0b\x0c\r')), 1, length(upper(trim(case when regexp_matches(case when regexp_matches("created_at", e'[ \t\n\x0b\x0c\r]') then trim("created_at", e' \t\n\x0b\x0c\r') else "created_at" end, '^[0-9]{4}-[0-9]{2}-[0-9]{2}$') then concat(case when regexp_matches("created_at", e'[ \t\n\x0b\x0c\r]') then trim("created_at", e' \t\n\x0b\x0c\r') else "created_at" end, 'T00:00:00Z') else "created_at" end, e' \t\n\x0b\x0c\r'))) - length(regexp_extract(substr(upper(trim(case when regexp_matches(case when regexp_matches("created_at", e'[ \t\n\x0b\x0c\r]') then trim("created_at", e' \t\n\x0b\x0c\r') else "created_at" end, '^[0-9]{4}-[0-9]{2}-[0-9]{2}$') then concat(case when regexp_matches("created_at", e'[ \t\n\x0b\x0c\r]') then trim("created_at", e' \t\n\x0b\x0c\r') else "created_at" end, 'T00:00:00Z') else "created_at" end, e' \t\n\x0b\x0c\r')), 11), '[+-].*$'))) as timestamp) - to_minutes(case when regexp_extract(substr(upper(trim(case when regexp_matches(case when regexp_matches("created_at", e'[ \t\n\x0b\x0c\r]') then trim("created_at", e' \t\n\x0b\x0c\r') else "created_at" end, '^[0-9]{4}-[0-9]{2}-[0-9]{2}$') then concat(case when regexp_matches("created_at", e'[ \t\n\x0b\x0c\r]') then trim("created_at", e' \t\n\x0b\x0c\r') else "created_at" end, 'T00:00:00Z') else "created_at" end, e' \t\n\x0b\x0c\r')), 11), '[+-].*$') like '-%' then -1 else 1 end * (cast(substr(regexp_extract(substr(upper(trim(case when regexp_matches(case when regexp_matches("created_at", e'[ \t\n\x0b\x0c\r]') then trim("created_at", e' \t\n\x0b\x0c\r') else "created_at" end, '^[0-9]{4}-[0-9]{2}-[0-9]{2}$') then concat(case when regexp_matches("created_at", e'[ \t\n\x0b\x0c\r]') then trim("created_at", e' \t\n\x0b\x0c\r') else "created_at" end, 'T00:00:00Z') else "created_at" end, e' \t\n\x0b\x0c\r')), 11), '[+-].*$'), 2, 2) as bigint) * 60 + coalesce(try_cast(right(substr(regexp_extract(substr(upper(trim(case when regexp_matches(case when regexp_matches("created_at", e'[ \t\n\x0b\x0c\r]') then trim("created_at", e' \t\n\x0b\x0c\r') else "created_at" end, '^[0-9]{4}-[0-9]{2}-[0-9]{2}$') then concat(case when regexp_matches("created_at", e'[ \t\n\x0b\x0c\r]') then trim("created_at", e' \t\n\x0b\x0c\r') else "created_at" end, 'T00:00:00Z') else "created_at" end, e' \t\n\x0b\x0c\r')), 11), '[+-].*$'), 4), 2) as bigint), 0)))
  end is null then 1 else 0 end) as unread_times from staging.main."product_companies_read" as r) as s) as k;

-- company_copied_again: Companies that the copy has as the last one had them.
create or replace table staging.main."company_copied_again" as
select "n"."company_id"
from (select * from staging.main."product_companies" where is_usable = 1 and copy_number = 1) as n
join (select * from "tributary"."companies" where to_run = 9223372036854775807 and until_at is null) as o on "o"."company_id" = "n"."company_id"
where ((n."name" = o."name" or (n."name" is null and o."name" is null)) and (n."plan" = o."plan" or (n."plan" is null and o."plan" is null)) and (n."created_at" = o."created_at" or (n."created_at" is null and o."created_at" is null)) and (n."given_paid_at" = o."given_paid_at" or (n."given_paid_at" is null and o."given_paid_at" is null)) and (n."dimensions" = o."dimensions" or (n."dimensions" is null and o."dimensions" is null)));

-- company_changes: Companies that the copy has otherwise than the last one.
create or replace table staging.main."company_changes" as
select "f"."company_id", max(f.is_in_copy) as is_in_copy
from (
    select "r"."company_id", 1 as is_in_copy
    from (select * from staging.main."product_companies" where is_usable = 1 and copy_number = 1) as r
    left join staging.main."company_copied_again" as u on "u"."company_id" = "r"."company_id"
    where u."company_id" is null union all 
    select "r"."company_id", 0 as is_in_copy
    from (select * from "tributary"."companies" where to_run = 9223372036854775807 and until_at is null) as r
    left join staging.main."company_copied_again" as u on "u"."company_id" = "r"."company_id"
    where u."company_id" is null union all 
    select "o"."company_id", 0 as is_in_copy
    from (select * from "tributary"."companies" where to_run = 9223372036854775807) as o where 1 = 0
) as f
group by "f"."company_id";

-- company_states: Former and present states of those companies.
create or replace table staging.main."company_states" as
with known as (
select "o"."company_id", "o"."first_seen_at", "o"."last_seen_at", "o"."since_at", "o"."until_at", "o"."name", "o"."plan", "o"."created_at", "o"."given_paid_at", "o"."dimensions"
from "tributary"."companies" as o
join staging.main."company_changes" as a on "a"."company_id" = "o"."company_id"
where o.to_run = 9223372036854775807
),

seen as (
    select "o"."company_id", min(o.first_seen_at) as first_seen_at from known as o group by "o"."company_id"
),

ended as (
    select
        "o"."company_id", "o"."first_seen_at",
        case when o.until_at is null and u."company_id" is null then cast('2025-06-01 05:00:00.000000' as timestamp) else o.last_seen_at end as last_seen_at,
        o.since_at as since_at,
        case when o.until_at is null and u."company_id" is null then cast('2025-06-01 05:00:00.000000' as timestamp) else o.until_at end as until_at,
        o."name" as "name", o."plan" as "plan", o."created_at" as "created_at", o."given_paid_at" as "given_paid_at", o."dimensions" as "dimensions"
    from known as o
    left join staging.main."company_copied_again" as u on "u"."company_id" = "o"."company_id"
),

-- What the product database says of when a row was created holds for its first state; nothing is created after it was seen.
begun as (
    select
        "n"."company_id",
        cast('2025-06-01 05:00:00.000000' as timestamp) as first_seen_at,
        cast(null as timestamp) as last_seen_at,
        case
            when s."company_id" is not null then cast('2025-06-01 05:00:00.000000' as timestamp)
            when n.created_at < cast('2025-06-01 05:00:00.000000' as timestamp) then n.created_at
            when n.created_at is not null then cast('2025-06-01 05:00:00.000000' as timestamp)
            else cast('2025-06-01 05:00:00.000000' as timestamp)
        end as since_at,
        cast(null as timestamp) as until_at,
        "n"."name", "n"."plan", "n"."created_at", "n"."given_paid_at", "n"."dimensions"
    from (select * from staging.main."product_companies" where is_usable = 1 and copy_number = 1) as n
    join staging.main."company_changes" as a on "a"."company_id" = "n"."company_id"
    left join seen as s on "s"."company_id" = "n"."company_id"
    left join staging.main."company_copied_again" as u on "u"."company_id" = "n"."company_id"
    where u."company_id" is null
)

select * from ended
union all
select * from begun;

-- member_copied_again: Memberships that it has as the last one had them.
create or replace table staging.main."member_copied_again" as
select "n"."company_id", "n"."user_id"
from (select * from staging.main."product_members" where is_usable = 1 and copy_number = 1) as n
join (select * from "tributary"."company_members" where to_run = 9223372036854775807 and until_at is null) as o on "o"."company_id" = "n"."company_id" and "o"."user_id" = "n"."user_id"
where ((n."role" = o."role" or (n."role" is null and o."role" is null)) and (n."created_at" = o."created_at" or (n."created_at" is null and o."created_at" is null)));

-- member_changes: Memberships that the copy has otherwise than the last one.
create or replace table staging.main."member_changes" as
select "f"."company_id", "f"."user_id", max(f.is_in_copy) as is_in_copy
from (
    select "r"."company_id", "r"."user_id", 1 as is_in_copy
    from (select * from staging.main."product_members" where is_usable = 1 and copy_number = 1) as r
    left join staging.main."member_copied_again" as u on "u"."company_id" = "r"."company_id" and "u"."user_id" = "r"."user_id"
    where u."company_id" is null union all 
    select "r"."company_id", "r"."user_id", 0 as is_in_copy
    from (select * from "tributary"."company_members" where to_run = 9223372036854775807 and until_at is null) as r
    left join staging.main."member_copied_again" as u on "u"."company_id" = "r"."company_id" and "u"."user_id" = "r"."user_id"
    where u."company_id" is null union all 
    select "o"."company_id", "o"."user_id", 0 as is_in_copy
    from (select * from "tributary"."company_members" where to_run = 9223372036854775807) as o where 1 = 0
) as f
group by "f"."company_id", "f"."user_id";

-- member_states: Former and present states of those memberships.
create or replace table staging.main."member_states" as
with known as (
select "o"."company_id", "o"."user_id", "o"."first_seen_at", "o"."last_seen_at", "o"."since_at", "o"."until_at", "o"."role", "o"."created_at"
from "tributary"."company_members" as o
join staging.main."member_changes" as a on "a"."company_id" = "o"."company_id" and "a"."user_id" = "o"."user_id"
where o.to_run = 9223372036854775807
),

seen as (
    select "o"."company_id", "o"."user_id", min(o.first_seen_at) as first_seen_at from known as o group by "o"."company_id", "o"."user_id"
),

ended as (
    select
        "o"."company_id", "o"."user_id", "o"."first_seen_at",
        case when o.until_at is null and u."company_id" is null then cast('2025-06-01 05:00:00.000000' as timestamp) else o.last_seen_at end as last_seen_at,
        o.since_at as since_at,
        case when o.until_at is null and u."company_id" is null then cast('2025-06-01 05:00:00.000000' as timestamp) else o.until_at end as until_at,
        o."role" as "role", o."created_at" as "created_at"
    from known as o
    left join staging.main."member_copied_again" as u on "u"."company_id" = "o"."company_id" and "u"."user_id" = "o"."user_id"
),

-- What the product database says of when a row was created holds for its first state; nothing is created after it was seen.
begun as (
    select
        "n"."company_id", "n"."user_id",
        cast('2025-06-01 05:00:00.000000' as timestamp) as first_seen_at,
        cast(null as timestamp) as last_seen_at,
        case
            when s."company_id" is not null then cast('2025-06-01 05:00:00.000000' as timestamp)
            when n.created_at < cast('2025-06-01 05:00:00.000000' as timestamp) then n.created_at
            when n.created_at is not null then cast('2025-06-01 05:00:00.000000' as timestamp)
            else cast('2025-06-01 05:00:00.000000' as timestamp)
        end as since_at,
        cast(null as timestamp) as until_at,
        "n"."role", "n"."created_at"
    from (select * from staging.main."product_members" where is_usable = 1 and copy_number = 1) as n
    join staging.main."member_changes" as a on "a"."company_id" = "n"."company_id" and "a"."user_id" = "n"."user_id"
    left join seen as s on "s"."company_id" = "n"."company_id" and "s"."user_id" = "n"."user_id"
    left join staging.main."member_copied_again" as u on "u"."company_id" = "n"."company_id" and "u"."user_id" = "n"."user_id"
    where u."company_id" is null
)

select * from ended
union all
select * from begun;

-- company_members_rows: Those, with who is an administrator.
create or replace table staging.main."company_members_rows" as
select
    company_id, user_id, first_seen_at, last_seen_at, since_at, until_at, role,
    coalesce(case when role = lower(role) then role else translate(role, 'ABCDEFGHIJKLMNOPQRSTUVWXYZ', 'abcdefghijklmnopqrstuvwxyz') end, '') in ('admin', 'owner') as is_admin,
    created_at
from staging.main."member_states";

-- company_members_current: Current rows of company_members that were computed anew.
create or replace table staging.main."company_members_current" as
select t."company_id", t."user_id", t."first_seen_at", t."last_seen_at", t."since_at", t."until_at", t."role", t."is_admin", t."created_at"
from "tributary"."company_members" as t
join staging.main."member_changes" as a on a.company_id = t.company_id and a.user_id = t.user_id
where t.to_run = 9223372036854775807 and 1 = 1;

-- company_members_unchanged: Keys of company_members whose row is as it was.
create or replace table staging.main."company_members_unchanged" as
select "n"."company_id", "n"."user_id", "n"."first_seen_at"
from staging.main."company_members_rows" as n
join staging.main."company_members_current" as o on "n"."company_id" = "o"."company_id" and "n"."user_id" = "o"."user_id" and "n"."first_seen_at" = "o"."first_seen_at"
where (n."last_seen_at" = o."last_seen_at" or (n."last_seen_at" is null and o."last_seen_at" is null))
    and (n."since_at" = o."since_at" or (n."since_at" is null and o."since_at" is null))
    and (n."until_at" = o."until_at" or (n."until_at" is null and o."until_at" is null))
    and (n."role" = o."role" or (n."role" is null and o."role" is null))
    and n."is_admin" = o."is_admin"
    and (n."created_at" = o."created_at" or (n."created_at" is null and o."created_at" is null));

-- company_members_closed: Rows of company_members this run closes: replaced, or gone.
create or replace table staging.main."company_members_closed" as
select o.*
from staging.main."company_members_current" as o
left join staging.main."company_members_unchanged" as u on "o"."company_id" = "u"."company_id" and "o"."user_id" = "u"."user_id" and "o"."first_seen_at" = "u"."first_seen_at"
where u."company_id" is null;

-- company_members_opened: Rows of company_members this run opens: new, or changed.
create or replace table staging.main."company_members_opened" as
select n."company_id", n."user_id", n."first_seen_at", n."last_seen_at", n."since_at", n."until_at", n."role", n."is_admin", n."created_at"
from staging.main."company_members_rows" as n
left join staging.main."company_members_unchanged" as u on "n"."company_id" = "u"."company_id" and "n"."user_id" = "u"."user_id" and "n"."first_seen_at" = "u"."first_seen_at"
where u."company_id" is null;

-- product_counts: What became of the rows of each table.
create or replace table staging.main."product_counts" as
select
    'members' as item,
    count(*) as rows_read,
    coalesce(sum(case when is_usable = 1 and copy_number = 1 then 1 else 0 end), 0)
        - (select count(*) from staging.main."member_changes" where is_in_copy = 1) as seen_before,
    coalesce(sum(case when is_usable = 1 and copy_number > 1 then 1 else 0 end), 0) as duplicates,
    coalesce(sum(1 - is_usable), 0) as quarantined,
    coalesce(sum(unread_times), 0) as unread_times,
    (select count(*) from (select * from "tributary"."company_members" where to_run = 9223372036854775807 and until_at is null) as o) as known_before,
    (select count(*) from staging.main."member_copied_again") + (select count(*) from (select * from "tributary"."company_members" where to_run = 9223372036854775807 and until_at is null) as o join staging.main."member_changes" as a on "a"."company_id" = "o"."company_id" and "a"."user_id" = "o"."user_id" where a.is_in_copy = 1) as kept
from staging.main."product_members"
union all
select
    'companies' as item,
    count(*) as rows_read,
    coalesce(sum(case when is_usable = 1 and copy_number = 1 then 1 else 0 end), 0)
        - (select count(*) from staging.main."company_changes" where is_in_copy = 1) as seen_before,
    coalesce(sum(case when is_usable = 1 and copy_number > 1 then 1 else 0 end), 0) as duplicates,
    coalesce(sum(1 - is_usable), 0) as quarantined,
    coalesce(sum(unread_times), 0) as unread_times,
    (select count(*) from (select * from "tributary"."companies" where to_run = 9223372036854775807 and until_at is null) as o) as known_before,
    (select count(*) from staging.main."company_copied_again") + (select count(*) from (select * from "tributary"."companies" where to_run = 9223372036854775807 and until_at is null) as o join staging.main."company_changes" as a on "a"."company_id" = "o"."company_id" where a.is_in_copy = 1) as kept
from staging.main."product_companies";

-- affected_ids: Ids of affected people, before and after the run.
create or replace table staging.main."affected_ids" as
select k.id
from "tributary"."aliases" as k
where k.to_run = 9223372036854775807 and k.is_latest and k.person_id in (select person_id from staging.main."affected_people")
union distinct
select k.id
from staging.main."aliases_rows" as k
where k.is_latest and k.person_id in (select person_id from staging.main."affected_people");

-- affected_companies: Companies to be computed anew: the copy changed them, or their people are
-- affected.
create or replace table staging.main."affected_companies" as
with concerned as (
    select company_id from staging.main."company_changes"
    union distinct
    select company_id from staging.main."member_changes"
    union distinct
    select m.company_id
    from (
    select t."company_id", t."user_id" from "tributary"."company_members" as t
    left join staging.main."company_members_closed" as s on s."company_id" = t."company_id" and s."user_id" = t."user_id" and s."first_seen_at" = t."first_seen_at"
    where t.to_run = 9223372036854775807 and s."company_id" is null
    union all
    select t."company_id", t."user_id" from staging.main."company_members_opened" as t
) as m
    join staging.main."affected_ids" as k on k.id = m.user_id
    union distinct
    select company_id from staging.main."touches_opened" where company_id is not null
    union distinct
    select company_id from staging.main."touches_closed" where company_id is not null
    union distinct
    select company_id from staging.main."conversions_opened" where company_id is not null
    union distinct
    select company_id from staging.main."conversions_closed" where company_id is not null
)

select company_id
from concerned
where company_id in (select company_id from (select company_id from "tributary"."companies" where to_run = 9223372036854775807) as k)
    or company_id in (select company_id from staging.main."company_states");

-- company_people: Their people: members and former ones.
create or replace table staging.main."company_people" as
select distinct m.company_id, k.person_id
from (
    select t."company_id", t."user_id" from "tributary"."company_members" as t
    left join staging.main."company_members_closed" as s on s."company_id" = t."company_id" and s."user_id" = t."user_id" and s."first_seen_at" = t."first_seen_at"
    where t.to_run = 9223372036854775807 and s."company_id" is null
    union all
    select t."company_id", t."user_id" from staging.main."company_members_opened" as t
) as m
join staging.main."affected_companies" as a on a.company_id = m.company_id
join (
    select t."id", t."person_id", t."is_latest" from "tributary"."aliases" as t
    left join staging.main."aliases_closed" as s on s."id" = t."id" and s."person_id" = t."person_id"
    where t.to_run = 9223372036854775807 and s."id" is null
    union all
    select t."id", t."person_id", t."is_latest" from staging.main."aliases_opened" as t
) as k on k.id = m.user_id
where k.is_latest;

-- company_rows_after: Their states after the copy, and which is the latest.
create or replace table staging.main."company_rows_after" as
with states as (
    select "s"."company_id", "s"."first_seen_at", "s"."last_seen_at", "s"."since_at", "s"."until_at", "s"."name", "s"."plan", "s"."created_at", "s"."given_paid_at", "s"."dimensions" from staging.main."company_states" as s
    union all
    select "t"."company_id", "t"."first_seen_at", "t"."last_seen_at", "t"."since_at", "t"."until_at", "t"."name", "t"."plan", "t"."created_at", "t"."given_paid_at", "t"."dimensions"
    from "tributary"."companies" as t
    join staging.main."affected_companies" as a on a.company_id = t.company_id
    left join staging.main."company_changes" as k on k.company_id = t.company_id
    where t.to_run = 9223372036854775807 and k.company_id is null
)

select
    s.*,
    coalesce(case when s.plan = lower(s.plan) then s.plan else translate(s.plan, 'ABCDEFGHIJKLMNOPQRSTUVWXYZ', 'abcdefghijklmnopqrstuvwxyz') end, '') in ('pro') as is_paid,
    row_number() over (partition by s.company_id order by s.first_seen_at desc) = 1 as is_latest
from states as s;

-- company_touches: Their touches: those of their people, and those that name them.
create or replace table staging.main."company_touches" as
select
    t.*,
    row_number() over (partition by t.company_id order by t.order_key, t.touch_id, t.session_id) as place,
    dense_rank() over (partition by t.company_id order by t.channel, t.source, t.medium, t.campaign) as origin
from (
select p.company_id, r."touch_id", r."session_id", r."touched_at", r."order_key", r."is_entry", r."channel", r."source", r."medium", r."campaign", r."referrer", r."is_paid", r."is_direct"
from (
    select t."person_id", t."company_id", t."touch_id", t."session_id", t."touched_at", t."order_key", t."is_entry", t."channel", t."source", t."medium", t."campaign", t."referrer", t."is_paid", t."is_direct" from "tributary"."touches" as t
    left join staging.main."touches_closed" as s on s."touch_id" = t."touch_id" and s."session_id" = t."session_id"
    where t.to_run = 9223372036854775807 and s."touch_id" is null
    union all
    select t."person_id", t."company_id", t."touch_id", t."session_id", t."touched_at", t."order_key", t."is_entry", t."channel", t."source", t."medium", t."campaign", t."referrer", t."is_paid", t."is_direct" from staging.main."touches_opened" as t
) as r
join staging.main."company_people" as p on p.person_id = r.person_id
where r.company_id is null
union all
select a.company_id, r."touch_id", r."session_id", r."touched_at", r."order_key", r."is_entry", r."channel", r."source", r."medium", r."campaign", r."referrer", r."is_paid", r."is_direct"
from (
    select t."person_id", t."company_id", t."touch_id", t."session_id", t."touched_at", t."order_key", t."is_entry", t."channel", t."source", t."medium", t."campaign", t."referrer", t."is_paid", t."is_direct" from "tributary"."touches" as t
    left join staging.main."touches_closed" as s on s."touch_id" = t."touch_id" and s."session_id" = t."session_id"
    where t.to_run = 9223372036854775807 and s."touch_id" is null
    union all
    select t."person_id", t."company_id", t."touch_id", t."session_id", t."touched_at", t."order_key", t."is_entry", t."channel", t."source", t."medium", t."campaign", t."referrer", t."is_paid", t."is_direct" from staging.main."touches_opened" as t
) as r
join staging.main."affected_companies" as a on a.company_id = r.company_id
) as t;

-- company_paid: When the plan of each became a paid one.
create or replace table staging.main."company_paid" as
with first_paid as (
    select company_id, min(first_seen_at) as first_seen_at
    from staging.main."company_rows_after"
    where is_paid
    group by company_id
)

select
    l.company_id,
    min(case
        when l.given_paid_at is not null then l.given_paid_at
        when s.given_paid_at is not null then s.given_paid_at
        when s.first_seen_at > f.first_seen_at then s.first_seen_at
    end) as paid_at
from staging.main."company_rows_after" as l
left join first_paid as p on p.company_id = l.company_id
left join staging.main."company_rows_after" as s on s.company_id = p.company_id and s.first_seen_at = p.first_seen_at
cross join (
    select max(case
      when not regexp_matches(upper(case when regexp_matches(position, e'[ \t\n\x0b\x0c\r]') then trim(position, e' \t\n\x0b\x0c\r') else position end), '^[0-9]{4}-[0-9]{2}-[0-9]{2}[T ]([01][0-9]|2[0-3]):[0-5][0-9](:[0-5][0-9]([.][0-9]+)?)?(Z|[+-]([01][0-9]|2[0-3])(:?[0-5][0-9])?)?$') or regexp_matches(upper(case when regexp_matches(position, e'[ \t\n\x0b\x0c\r]') then trim(position, e' \t\n\x0b\x0c\r') else position end), '^(0000|9999-12-31.*-[0-9:]+$|0001-01-01.*[+])') then null
      when not regexp_matches(substr(upper(case when regexp_matches(position, e'[ \t\n\x0b\x0c\r]') then trim(position, e' \t\n\x0b\x0c\r') else position end), 11), '[+-]') then try_cast(replace(upper(case when regexp_matches(position, e'[ \t\n\x0b\x0c\r]') then trim(position, e' \t\n\x0b\x0c\r') else position end), 'Z', '') as timestamp)
      else try_cast(substr(upper(case when regexp_matches(position, e'[ \t\n\x0b\x0c\r]') then trim(position, e' \t\n\x0b\x0c\r') else position end), 1, length(upper(case when regexp_matches(position, e'[ \t\n\x0b\x0c\r]') then trim(position, e' \t\n\x0b\x0c\r') else position end)) - length(regexp_extract(substr(upper(case when regexp_matches(position, e'[ \t\n\x0b\x0c\r]') then trim(position, e' \t\n\x0b\x0c\r') else position end), 11), '[+-].*$'))) as timestamp) - to_minutes(case when regexp_extract(substr(upper(case when regexp_matches(position, e'[ \t\n\x0b\x0c\r]') then trim(position, e' \t\n\x0b\x0c\r') else position end), 11), '[+-].*$') like '-%' then -1 else 1 end * (cast(substr(regexp_extract(substr(upper(case when regexp_matches(position, e'[ \t\n\x0b\x0c\r]') then trim(position, e' \t\n\x0b\x0c\r') else position end), 11), '[+-].*$'), 2, 2) as bigint) * 60 + coalesce(try_cast(right(substr(regexp_extract(substr(upper(case when regexp_matches(position, e'[ \t\n\x0b\x0c\r]') then trim(position, e' \t\n\x0b\x0c\r') else position end), 11), '[+-].*$'), 4), 2) as bigint), 0)))
  end) as first_seen_at
    from (
    select source, item, position, bytes, modified_at, rows_read
    from (
        select w.*, row_number() over (partition by w.source, w.item order by w.run_id desc) as place
        from "tributary"."watermarks" as w
    ) as numbered
    where place = 1 and position <> ''
) as k
    where source = 'product/database' and item = 'companies.plan') as f
where l.is_latest and (l.given_paid_at is not null or p.company_id is not null)
group by l.company_id;

-- company_conversions: Their conversions: those of their people that count, and their own.
create or replace table staging.main."company_conversions" as
with done as (
select p.company_id, r."conversion_id", r."conversion", r."converted_at", r."value", r."currency"
from (
    select t."person_id", t."company_id", t."conversion_id", t."conversion", t."converted_at", t."value", t."currency" from "tributary"."conversions" as t
    left join staging.main."conversions_closed" as s on s."conversion_id" = t."conversion_id"
    where t.to_run = 9223372036854775807 and s."conversion_id" is null
    union all
    select t."person_id", t."company_id", t."conversion_id", t."conversion", t."converted_at", t."value", t."currency" from staging.main."conversions_opened" as t
) as r
join staging.main."company_people" as p on p.person_id = r.person_id
where r.company_id is null
union all
select a.company_id, r."conversion_id", r."conversion", r."converted_at", r."value", r."currency"
from (
    select t."person_id", t."company_id", t."conversion_id", t."conversion", t."converted_at", t."value", t."currency" from "tributary"."conversions" as t
    left join staging.main."conversions_closed" as s on s."conversion_id" = t."conversion_id"
    where t.to_run = 9223372036854775807 and s."conversion_id" is null
    union all
    select t."person_id", t."company_id", t."conversion_id", t."conversion", t."converted_at", t."value", t."currency" from staging.main."conversions_opened" as t
) as r
join staging.main."affected_companies" as a on a.company_id = r.company_id
),

numbered as (
    select *, row_number() over (partition by company_id, conversion order by converted_at, conversion_id) as place
    from done
)

select company_id, conversion_id, conversion, converted_at, value, currency
from numbered
where place = 1 or conversion in ('purchase')
union all
select
    company_id, 'paid_plan' as conversion_id, 'paid_plan' as conversion, paid_at as converted_at,
    cast(null as bigint) as value, cast(null as varchar) as currency
from staging.main."company_paid"
where paid_at is not null;

-- company_spans: Which touches each of these may credit, by their places.
create or replace table staging.main."company_spans" as
with marks as (
    select
        company_id, touched_at as marked_at, 1 as kind, place, '' as conversion_id,
        case when not is_direct then place end as non_direct_place, case when is_paid then place end as paid_place
    from staging.main."company_touches"
    union all
    select company_id, converted_at as marked_at, 2 as kind, cast(null as bigint) as place, conversion_id, cast(null as bigint), cast(null as bigint)
    from staging.main."company_conversions"
    union all
    select company_id, case when conversion = 'purchase' then (converted_at + to_microseconds((-7776000000000))) else cast('1970-01-01 00:00:00.000000' as timestamp) end as marked_at, 0 as kind, cast(null as bigint) as place, conversion_id, cast(null as bigint), cast(null as bigint)
    from staging.main."company_conversions"
),

counted as (
    select
        company_id, conversion_id, kind,
        coalesce(max(place) over (
        partition by company_id order by marked_at, kind, place, conversion_id
        rows between unbounded preceding and current row
    ), 0) as places,
        max(non_direct_place) over (
        partition by company_id order by marked_at, kind, place, conversion_id
        rows between unbounded preceding and current row
    ) as last_non_direct,
        max(paid_place) over (
        partition by company_id order by marked_at, kind, place, conversion_id
        rows between unbounded preceding and current row
    ) as last_paid,
        min(non_direct_place) over (
        partition by company_id order by marked_at, kind, place, conversion_id
        rows between current row and unbounded following
    ) as first_non_direct,
        min(paid_place) over (
        partition by company_id order by marked_at, kind, place, conversion_id
        rows between current row and unbounded following
    ) as first_paid
    from marks
)

select
    k.*,
    l.places as low_place,
    h.places as high_place,
    h.places - l.places as touch_count,
    case when l.first_non_direct <= h.places then l.first_non_direct - l.places end as first_non_direct,
    case when h.last_non_direct > l.places then h.last_non_direct - l.places end as last_non_direct,
    case when l.first_paid <= h.places then l.first_paid - l.places end as first_paid,
    case when h.last_paid > l.places then h.last_paid - l.places end as last_paid
from staging.main."company_conversions" as k
join counted as h on h.company_id = k.company_id and h.conversion_id = k.conversion_id and h.kind = 2
join counted as l on l.company_id = k.company_id and l.conversion_id = k.conversion_id and l.kind = 0;

-- company_credits: Credit that goes to a single touch of the company, or to none.
create or replace table staging.main."company_credits" as
with picks as (
    select s.*, 'first_touch' as model, low_place + 1 as place
    from staging.main."company_spans" as s
    where touch_count > 0
    union all
    select s.*, 'last_touch' as model, low_place + touch_count as place
    from staging.main."company_spans" as s
    where touch_count > 0
    union all
    select s.*, 'last_non_direct' as model, low_place + coalesce(last_non_direct, touch_count) as place
    from staging.main."company_spans" as s
    where touch_count > 0
    union all
    select s.*, 'first_paid' as model, low_place + coalesce(first_paid, first_non_direct, 1) as place
    from staging.main."company_spans" as s
    where touch_count > 0
    union all
    select s.*, 'last_paid' as model, low_place + coalesce(last_paid, last_non_direct, touch_count) as place
    from staging.main."company_spans" as s
    where touch_count > 0
    union all
    select s.*, 'linear' as model, low_place + touch_count as place
    from staging.main."company_spans" as s
    where touch_count > 0
)

select
    p.company_id, p.conversion, p.converted_at, t.touched_at, t."channel", t."source", t."medium", t."campaign", p.currency,
    case when p.model = 'first_touch' then 1000000000 else 0 end as "first_touch_credit", case when p.model = 'first_touch' then coalesce(p.value, 0) else 0 end as "first_touch_revenue",
    case when p.model = 'last_touch' then 1000000000 else 0 end as "last_touch_credit", case when p.model = 'last_touch' then coalesce(p.value, 0) else 0 end as "last_touch_revenue",
    case when p.model = 'last_non_direct' then 1000000000 else 0 end as "last_non_direct_credit", case when p.model = 'last_non_direct' then coalesce(p.value, 0) else 0 end as "last_non_direct_revenue",
    case when p.model = 'first_paid' then 1000000000 else 0 end as "first_paid_credit", case when p.model = 'first_paid' then coalesce(p.value, 0) else 0 end as "first_paid_revenue",
    case when p.model = 'last_paid' then 1000000000 else 0 end as "last_paid_credit", case when p.model = 'last_paid' then coalesce(p.value, 0) else 0 end as "last_paid_revenue",
    case when p.model = 'linear' then (1000000000 - ((1000000000) // (touch_count)) * touch_count) else 0 end as "linear_credit", case when p.model = 'linear' then coalesce(case when value < 0 then -(abs(value) - ((abs(value)) // (touch_count)) * touch_count) else (abs(value) - ((abs(value)) // (touch_count)) * touch_count) end, 0) else 0 end as "linear_revenue"
from picks as p
join staging.main."company_touches" as t on t.company_id = p.company_id and t.place = p.place
union all
select
    company_id, conversion, converted_at, converted_at as touched_at,
    'Unattributed' as channel, cast(null as varchar) as "source", cast(null as varchar) as "medium", cast(null as varchar) as "campaign", currency,
    1000000000 as "first_touch_credit", coalesce(value, 0) as "first_touch_revenue",
    1000000000 as "last_touch_credit", coalesce(value, 0) as "last_touch_revenue",
    1000000000 as "last_non_direct_credit", coalesce(value, 0) as "last_non_direct_revenue",
    1000000000 as "first_paid_credit", coalesce(value, 0) as "first_paid_revenue",
    1000000000 as "last_paid_credit", coalesce(value, 0) as "last_paid_revenue",
    1000000000 as "linear_credit", coalesce(value, 0) as "linear_revenue"
from staging.main."company_spans"
where touch_count = 0;

-- company_shares: One equal share of each conversion.
create or replace table staging.main."company_shares" as
select
    company_id, conversion_id, conversion, converted_at, currency, low_place, high_place,
    ((1000000000) // (touch_count)) as credit,
    coalesce(case when value < 0 then -((abs(value)) // (touch_count)) else ((abs(value)) // (touch_count)) end, 0) as revenue
from staging.main."company_spans"
where touch_count > 0;

-- company_equal_by_conversion: Equal shares by conversion and where the touches came from.
create or replace table staging.main."company_equal_by_conversion" as
with origins as (
    select company_id, origin, min("channel") as "channel", min("source") as "source", min("medium") as "medium", min("campaign") as "campaign"
    from staging.main."company_touches"
    group by company_id, origin
),

marks as (
    select company_id, origin, place, 0 as kind, 1 as touches, '' as conversion_id, 0 as factor
    from staging.main."company_touches"
    union all
    select s.company_id, o.origin, s."high_place" as place, 1 as kind, 0 as touches, s.conversion_id, 1 as factor
    from staging.main."company_shares" as s
    join origins as o on o.company_id = s.company_id
    union all
    select s.company_id, o.origin, s."low_place" as place, 1 as kind, 0 as touches, s.conversion_id, (-1) as factor
    from staging.main."company_shares" as s
    join origins as o on o.company_id = s.company_id
),

counted as (
    select
        company_id, origin, conversion_id, factor,
        sum(touches) over (
            partition by company_id, origin order by place, kind, conversion_id, factor rows between unbounded preceding and current row
        ) as touches
    from marks
),

spanned as (
    select company_id, origin, conversion_id, sum(factor * touches) as share_count
    from counted
    where factor <> 0
    group by company_id, origin, conversion_id
    having sum(factor * touches) <> 0
)

select
    s.company_id, s.conversion, s.converted_at as credited_at, s.currency, o."channel", o."source", o."medium", o."campaign",
    n.share_count * s.credit as credit, n.share_count * s.revenue as revenue
from spanned as n
join staging.main."company_shares" as s on s.company_id = n.company_id and s.conversion_id = n.conversion_id
join origins as o on o.company_id = n.company_id and o.origin = n.origin;

-- company_equal_by_touch: Equal shares by touch and what it is credited for.
create or replace table staging.main."company_equal_by_touch" as
with credited as (
    select distinct company_id, conversion, currency from staging.main."company_shares"
),

-- The shares of a conversion begin after the place before its first touch, and end after that of its last.
marks as (
    select
        company_id, conversion, currency, "low_place" as place, 1 as kind, conversion_id,
        1 * credit as credit, 1 * revenue as revenue, 0 as is_touch
    from staging.main."company_shares"
    union all
    select
        company_id, conversion, currency, "high_place" as place, 1 as kind, conversion_id,
        (-1) * credit as credit, (-1) * revenue as revenue, 0 as is_touch
    from staging.main."company_shares"
    union all
    select k.company_id, k.conversion, k.currency, t.place, 0 as kind, '' as conversion_id, 0 as credit, 0 as revenue, 1 as is_touch
    from credited as k
    join staging.main."company_touches" as t on t.company_id = k.company_id
),

summed as (
    select company_id, conversion, currency, place, is_touch, sum("credit") over (
            partition by company_id, conversion, currency order by place, kind, conversion_id, credit rows between unbounded preceding and current row
        ) as "credit", sum("revenue") over (
            partition by company_id, conversion, currency order by place, kind, conversion_id, credit rows between unbounded preceding and current row
        ) as "revenue"
    from marks
)

select
    s.company_id, s.conversion, t.touched_at as credited_at, s.currency, t."channel", t."source", t."medium", t."campaign",
    cast(s.credit as bigint) as credit, cast(s.revenue as bigint) as revenue
from summed as s
join staging.main."company_touches" as t on t.company_id = s.company_id and t.place = s.place
where s.is_touch = 1 and s.credit <> 0;

-- company_stats_new: What they have that the sums lack.
create or replace table staging.main."company_stats_new" as
with compared as (
    select
        company_id, (cast('1970-01-01 00:00:00.000000' as timestamp) + to_microseconds((((epoch_us(touched_at)) // (900000000)) * 900000000))) as bucket_at, 'touch' as date_by, channel, source, medium, campaign,
        '' as conversion, cast(null as varchar) as currency,
        1 as touches, case when is_entry then 1 else 0 end as sessions, 0 as "first_touch_credit", 0 as "first_touch_revenue", 0 as "last_touch_credit", 0 as "last_touch_revenue", 0 as "last_non_direct_credit", 0 as "last_non_direct_revenue", 0 as "first_paid_credit", 0 as "first_paid_revenue", 0 as "last_paid_credit", 0 as "last_paid_revenue", 0 as "linear_credit", 0 as "linear_revenue"
    from staging.main."company_touches"
    union all
    select
        company_id, (cast('1970-01-01 00:00:00.000000' as timestamp) + to_microseconds((((epoch_us(touched_at)) // (900000000)) * 900000000))) as bucket_at, 'touch' as date_by,
        channel, source, medium, campaign, conversion, currency, 0 as touches, 0 as sessions,
        "first_touch_credit", "first_touch_revenue", "last_touch_credit", "last_touch_revenue", "last_non_direct_credit", "last_non_direct_revenue", "first_paid_credit", "first_paid_revenue", "last_paid_credit", "last_paid_revenue", "linear_credit", "linear_revenue"
    from staging.main."company_credits"
    union all
    select
        company_id, (cast('1970-01-01 00:00:00.000000' as timestamp) + to_microseconds((((epoch_us(credited_at)) // (900000000)) * 900000000))) as bucket_at, 'touch' as date_by,
        channel, source, medium, campaign, conversion, currency, 0 as touches, 0 as sessions,
        0 as "first_touch_credit", 0 as "first_touch_revenue", 0 as "last_touch_credit", 0 as "last_touch_revenue", 0 as "last_non_direct_credit", 0 as "last_non_direct_revenue", 0 as "first_paid_credit", 0 as "first_paid_revenue", 0 as "last_paid_credit", 0 as "last_paid_revenue", credit as "linear_credit", revenue as "linear_revenue"
    from staging.main."company_equal_by_touch"
    union all
    select
        company_id, (cast('1970-01-01 00:00:00.000000' as timestamp) + to_microseconds((((epoch_us(converted_at)) // (900000000)) * 900000000))) as bucket_at, 'conversion' as date_by,
        channel, source, medium, campaign, conversion, currency, 0 as touches, 0 as sessions,
        "first_touch_credit", "first_touch_revenue", "last_touch_credit", "last_touch_revenue", "last_non_direct_credit", "last_non_direct_revenue", "first_paid_credit", "first_paid_revenue", "last_paid_credit", "last_paid_revenue", "linear_credit", "linear_revenue"
    from staging.main."company_credits"
    union all
    select
        company_id, (cast('1970-01-01 00:00:00.000000' as timestamp) + to_microseconds((((epoch_us(credited_at)) // (900000000)) * 900000000))) as bucket_at, 'conversion' as date_by,
        channel, source, medium, campaign, conversion, currency, 0 as touches, 0 as sessions,
        0 as "first_touch_credit", 0 as "first_touch_revenue", 0 as "last_touch_credit", 0 as "last_touch_revenue", 0 as "last_non_direct_credit", 0 as "last_non_direct_revenue", 0 as "first_paid_credit", 0 as "first_paid_revenue", 0 as "last_paid_credit", 0 as "last_paid_revenue", credit as "linear_credit", revenue as "linear_revenue"
    from staging.main."company_equal_by_conversion"
    union all
    select s."company_id", s."bucket_at", s."date_by", s."channel", s."source", s."medium", s."campaign", s."conversion", s."currency", -s."touches", -s."sessions", -s."first_touch_credit", -s."first_touch_revenue", -s."last_touch_credit", -s."last_touch_revenue", -s."last_non_direct_credit", -s."last_non_direct_revenue", -s."first_paid_credit", -s."first_paid_revenue", -s."last_paid_credit", -s."last_paid_revenue", -s."linear_credit", -s."linear_revenue"
    from "tributary"."channel_stats" as s
    join staging.main."affected_companies" as a on a.company_id = s.company_id
)

select company_id, bucket_at, date_by, channel, source, medium, campaign, conversion, currency, sum("touches") as "touches", sum("sessions") as "sessions", sum("first_touch_credit") as "first_touch_credit", sum("first_touch_revenue") as "first_touch_revenue", sum("last_touch_credit") as "last_touch_credit", sum("last_touch_revenue") as "last_touch_revenue", sum("last_non_direct_credit") as "last_non_direct_credit", sum("last_non_direct_revenue") as "last_non_direct_revenue", sum("first_paid_credit") as "first_paid_credit", sum("first_paid_revenue") as "first_paid_revenue", sum("last_paid_credit") as "last_paid_credit", sum("last_paid_revenue") as "last_paid_revenue", sum("linear_credit") as "linear_credit", sum("linear_revenue") as "linear_revenue"
from compared as d
group by company_id, bucket_at, date_by, channel, source, medium, campaign, conversion, currency
having sum(d."touches") <> 0 or sum(d."sessions") <> 0 or sum(d."first_touch_credit") <> 0 or sum(d."first_touch_revenue") <> 0 or sum(d."last_touch_credit") <> 0 or sum(d."last_touch_revenue") <> 0 or sum(d."last_non_direct_credit") <> 0 or sum(d."last_non_direct_revenue") <> 0 or sum(d."first_paid_credit") <> 0 or sum(d."first_paid_revenue") <> 0 or sum(d."last_paid_credit") <> 0 or sum(d."last_paid_revenue") <> 0 or sum(d."linear_credit") <> 0 or sum(d."linear_revenue") <> 0;

-- company_milestones: When each first signed up and began to pay.
create or replace table staging.main."company_milestones" as
select a.company_id, s.signed_up_at, p.paid_at
from staging.main."affected_companies" as a
left join (
    select company_id, min(converted_at) as signed_up_at
    from staging.main."company_conversions"
    where conversion = 'signup'
    group by company_id
) as s on s.company_id = a.company_id
left join staging.main."company_paid" as p on p.company_id = a.company_id;

-- company_picks: How many touches and sessions, and which touches the row names.
create or replace table staging.main."company_picks" as
select
    t.company_id,
    count(*) as touch_count,
    sum(case when t.is_entry then 1 else 0 end) as session_count,
    min(t.order_key || t.touch_id || t.session_id) as first_key,
    max(case when (epoch_us(m.signed_up_at) - epoch_us(t.touched_at)) >= 0 then t.order_key || t.touch_id || t.session_id end) as last_key,
    max(case when (epoch_us(m.paid_at) - epoch_us(t.touched_at)) >= 0 then t.order_key || t.touch_id || t.session_id end) as paid_key
from staging.main."company_touches" as t
join staging.main."company_milestones" as m on m.company_id = t.company_id
group by t.company_id;

-- company_seen: When their people were first and last seen.
create or replace table staging.main."company_seen" as
select s.company_id, min(s.first_seen_at) as first_seen_active_at, max(s.last_seen_at) as last_seen_active_at
from (
    select p.company_id, k.first_seen_at, k.last_seen_at
    from staging.main."company_people" as p
    join (
    select t."person_id", t."first_seen_at", t."last_seen_at" from "tributary"."aliases" as t
    left join staging.main."aliases_closed" as s on s."id" = t."id" and s."person_id" = t."person_id"
    where t.to_run = 9223372036854775807 and s."id" is null
    union all
    select t."person_id", t."first_seen_at", t."last_seen_at" from staging.main."aliases_opened" as t
) as k on k.person_id = p.person_id
    union all
    select company_id, touched_at as first_seen_at, touched_at as last_seen_at from staging.main."company_touches"
) as s
group by s.company_id;

-- company_member_counts: Members and administrators of the latest copy.
create or replace table staging.main."company_member_counts" as
select m.company_id, count(*) as member_count, sum(case when m.is_admin then 1 else 0 end) as admin_count
from (
    select t."company_id", t."is_admin", t."until_at" from "tributary"."company_members" as t
    left join staging.main."company_members_closed" as s on s."company_id" = t."company_id" and s."user_id" = t."user_id" and s."first_seen_at" = t."first_seen_at"
    where t.to_run = 9223372036854775807 and s."company_id" is null
    union all
    select t."company_id", t."is_admin", t."until_at" from staging.main."company_members_opened" as t
) as m
join staging.main."affected_companies" as a on a.company_id = m.company_id
where m.until_at is null
group by m.company_id;

-- companies_rows: Rows of the affected companies.
create or replace table staging.main."companies_rows" as
select
    s.company_id, s.first_seen_at, s.last_seen_at, s.since_at, s.until_at, s.is_latest,
    s.name, s.plan, s.is_paid, s.created_at, s.given_paid_at, s.dimensions,
    coalesce(n.member_count, 0) as member_count,
    coalesce(n.admin_count, 0) as admin_count,
    v.first_seen_active_at,
    v.last_seen_active_at,
    coalesce(p.session_count, 0) as session_count,
    coalesce(p.touch_count, 0) as touch_count,
    m.signed_up_at,
    m.paid_at,
    "t0"."touched_at" as "first_touch_at", "t0"."channel" as "first_touch_channel", "t0"."source" as "first_touch_source", "t0"."medium" as "first_touch_medium", "t0"."campaign" as "first_touch_campaign", "t0"."referrer" as "first_touch_referrer",
    "t1"."touched_at" as "last_touch_at", "t1"."channel" as "last_touch_channel", "t1"."source" as "last_touch_source", "t1"."medium" as "last_touch_medium", "t1"."campaign" as "last_touch_campaign", "t1"."referrer" as "last_touch_referrer",
    "t2"."touched_at" as "paid_touch_at", "t2"."channel" as "paid_touch_channel", "t2"."source" as "paid_touch_source", "t2"."medium" as "paid_touch_medium", "t2"."campaign" as "paid_touch_campaign", "t2"."referrer" as "paid_touch_referrer"
from (
    select k.*, case when k.is_latest then k.company_id end as latest_id from staging.main."company_rows_after" as k
) as s
left join staging.main."company_member_counts" as n on n.company_id = s.latest_id
left join staging.main."company_seen" as v on v.company_id = s.latest_id
left join staging.main."company_milestones" as m on m.company_id = s.latest_id
left join staging.main."company_picks" as p on p.company_id = s.latest_id
left join staging.main."company_touches" as "t0"
    on "t0".company_id = p.company_id and "t0".order_key || "t0".touch_id || "t0".session_id = p."first_key"
left join staging.main."company_touches" as "t1"
    on "t1".company_id = p.company_id and "t1".order_key || "t1".touch_id || "t1".session_id = p."last_key"
left join staging.main."company_touches" as "t2"
    on "t2".company_id = p.company_id and "t2".order_key || "t2".touch_id || "t2".session_id = p."paid_key";

-- companies_current: Current rows of companies that were computed anew.
create or replace table staging.main."companies_current" as
select t."company_id", t."first_seen_at", t."last_seen_at", t."since_at", t."until_at", t."is_latest", t."name", t."plan", t."is_paid", t."created_at", t."given_paid_at", t."dimensions", t."member_count", t."admin_count", t."first_seen_active_at", t."last_seen_active_at", t."session_count", t."touch_count", t."signed_up_at", t."paid_at", t."first_touch_at", t."first_touch_channel", t."first_touch_source", t."first_touch_medium", t."first_touch_campaign", t."first_touch_referrer", t."last_touch_at", t."last_touch_channel", t."last_touch_source", t."last_touch_medium", t."last_touch_campaign", t."last_touch_referrer", t."paid_touch_at", t."paid_touch_channel", t."paid_touch_source", t."paid_touch_medium", t."paid_touch_campaign", t."paid_touch_referrer"
from "tributary"."companies" as t

where t.to_run = 9223372036854775807 and t.company_id in (select company_id from staging.main."affected_companies");

-- companies_unchanged: Keys of companies whose row is as it was.
create or replace table staging.main."companies_unchanged" as
select "n"."company_id", "n"."first_seen_at"
from staging.main."companies_rows" as n
join staging.main."companies_current" as o on "n"."company_id" = "o"."company_id" and "n"."first_seen_at" = "o"."first_seen_at"
where (n."last_seen_at" = o."last_seen_at" or (n."last_seen_at" is null and o."last_seen_at" is null))
    and (n."since_at" = o."since_at" or (n."since_at" is null and o."since_at" is null))
    and (n."until_at" = o."until_at" or (n."until_at" is null and o."until_at" is null))
    and n."is_latest" = o."is_latest"
    and (n."name" = o."name" or (n."name" is null and o."name" is null))
    and (n."plan" = o."plan" or (n."plan" is null and o."plan" is null))
    and n."is_paid" = o."is_paid"
    and (n."created_at" = o."created_at" or (n."created_at" is null and o."created_at" is null))
    and (n."given_paid_at" = o."given_paid_at" or (n."given_paid_at" is null and o."given_paid_at" is null))
    and (n."dimensions" = o."dimensions" or (n."dimensions" is null and o."dimensions" is null))
    and n."member_count" = o."member_count"
    and n."admin_count" = o."admin_count"
    and (n."first_seen_active_at" = o."first_seen_active_at" or (n."first_seen_active_at" is null and o."first_seen_active_at" is null))
    and (n."last_seen_active_at" = o."last_seen_active_at" or (n."last_seen_active_at" is null and o."last_seen_active_at" is null))
    and n."session_count" = o."session_count"
    and n."touch_count" = o."touch_count"
    and (n."signed_up_at" = o."signed_up_at" or (n."signed_up_at" is null and o."signed_up_at" is null))
    and (n."paid_at" = o."paid_at" or (n."paid_at" is null and o."paid_at" is null))
    and (n."first_touch_at" = o."first_touch_at" or (n."first_touch_at" is null and o."first_touch_at" is null))
    and (n."first_touch_channel" = o."first_touch_channel" or (n."first_touch_channel" is null and o."first_touch_channel" is null))
    and (n."first_touch_source" = o."first_touch_source" or (n."first_touch_source" is null and o."first_touch_source" is null))
    and (n."first_touch_medium" = o."first_touch_medium" or (n."first_touch_medium" is null and o."first_touch_medium" is null))
    and (n."first_touch_campaign" = o."first_touch_campaign" or (n."first_touch_campaign" is null and o."first_touch_campaign" is null))
    and (n."first_touch_referrer" = o."first_touch_referrer" or (n."first_touch_referrer" is null and o."first_touch_referrer" is null))
    and (n."last_touch_at" = o."last_touch_at" or (n."last_touch_at" is null and o."last_touch_at" is null))
    and (n."last_touch_channel" = o."last_touch_channel" or (n."last_touch_channel" is null and o."last_touch_channel" is null))
    and (n."last_touch_source" = o."last_touch_source" or (n."last_touch_source" is null and o."last_touch_source" is null))
    and (n."last_touch_medium" = o."last_touch_medium" or (n."last_touch_medium" is null and o."last_touch_medium" is null))
    and (n."last_touch_campaign" = o."last_touch_campaign" or (n."last_touch_campaign" is null and o."last_touch_campaign" is null))
    and (n."last_touch_referrer" = o."last_touch_referrer" or (n."last_touch_referrer" is null and o."last_touch_referrer" is null))
    and (n."paid_touch_at" = o."paid_touch_at" or (n."paid_touch_at" is null and o."paid_touch_at" is null))
    and (n."paid_touch_channel" = o."paid_touch_channel" or (n."paid_touch_channel" is null and o."paid_touch_channel" is null))
    and (n."paid_touch_source" = o."paid_touch_source" or (n."paid_touch_source" is null and o."paid_touch_source" is null))
    and (n."paid_touch_medium" = o."paid_touch_medium" or (n."paid_touch_medium" is null and o."paid_touch_medium" is null))
    and (n."paid_touch_campaign" = o."paid_touch_campaign" or (n."paid_touch_campaign" is null and o."paid_touch_campaign" is null))
    and (n."paid_touch_referrer" = o."paid_touch_referrer" or (n."paid_touch_referrer" is null and o."paid_touch_referrer" is null));

-- companies_closed: Rows of companies this run closes: replaced, or gone.
create or replace table staging.main."companies_closed" as
select o.*
from staging.main."companies_current" as o
left join staging.main."companies_unchanged" as u on "o"."company_id" = "u"."company_id" and "o"."first_seen_at" = "u"."first_seen_at"
where u."company_id" is null;

-- companies_opened: Rows of companies this run opens: new, or changed.
create or replace table staging.main."companies_opened" as
select n."company_id", n."first_seen_at", n."last_seen_at", n."since_at", n."until_at", n."is_latest", n."name", n."plan", n."is_paid", n."created_at", n."given_paid_at", n."dimensions", n."member_count", n."admin_count", n."first_seen_active_at", n."last_seen_active_at", n."session_count", n."touch_count", n."signed_up_at", n."paid_at", n."first_touch_at", n."first_touch_channel", n."first_touch_source", n."first_touch_medium", n."first_touch_campaign", n."first_touch_referrer", n."last_touch_at", n."last_touch_channel", n."last_touch_source", n."last_touch_medium", n."last_touch_campaign", n."last_touch_referrer", n."paid_touch_at", n."paid_touch_channel", n."paid_touch_source", n."paid_touch_medium", n."paid_touch_campaign", n."paid_touch_referrer"
from staging.main."companies_rows" as n
left join staging.main."companies_unchanged" as u on "n"."company_id" = "u"."company_id" and "n"."first_seen_at" = "u"."first_seen_at"
where u."company_id" is null;

-- Nothing after this stage reads these.
drop table if exists staging.main."company_touches";
drop table if exists staging.main."company_shares";
drop table if exists staging.main."product_companies";
drop table if exists staging.main."product_members";

-- The part of `companies` in the publish transaction of the run; alone it would leave half a run.
-- `tributary sql publish` has all of it.
update "tributary"."companies" as t
set to_run = 7
where t.to_run = 9223372036854775807 and t."company_id" in (select "company_id" from staging.main."companies_closed") and exists (
    select 1 from staging.main."companies_closed" as s
    where s."company_id" = t."company_id" and s."first_seen_at" = t."first_seen_at"
);

insert into "tributary"."companies" (company_id, first_seen_at, last_seen_at, since_at, until_at, is_latest, name, plan, is_paid, created_at, given_paid_at, dimensions, member_count, admin_count, first_seen_active_at, last_seen_active_at, session_count, touch_count, signed_up_at, paid_at, first_touch_at, first_touch_channel, first_touch_source, first_touch_medium, first_touch_campaign, first_touch_referrer, last_touch_at, last_touch_channel, last_touch_source, last_touch_medium, last_touch_campaign, last_touch_referrer, paid_touch_at, paid_touch_channel, paid_touch_source, paid_touch_medium, paid_touch_campaign, paid_touch_referrer, from_run, to_run)
select company_id, first_seen_at, last_seen_at, since_at, until_at, is_latest, name, plan, is_paid, created_at, given_paid_at, dimensions, member_count, admin_count, first_seen_active_at, last_seen_active_at, session_count, touch_count, signed_up_at, paid_at, first_touch_at, first_touch_channel, first_touch_source, first_touch_medium, first_touch_campaign, first_touch_referrer, last_touch_at, last_touch_channel, last_touch_source, last_touch_medium, last_touch_campaign, last_touch_referrer, paid_touch_at, paid_touch_channel, paid_touch_source, paid_touch_medium, paid_touch_campaign, paid_touch_referrer, 7, 9223372036854775807
from staging.main."companies_opened"
order by "company_id";

update "tributary"."company_members" as t
set to_run = 7
where t.to_run = 9223372036854775807 and t."company_id" in (select "company_id" from staging.main."company_members_closed") and exists (
    select 1 from staging.main."company_members_closed" as s
    where s."company_id" = t."company_id" and s."user_id" = t."user_id" and s."first_seen_at" = t."first_seen_at"
);

insert into "tributary"."company_members" (company_id, user_id, first_seen_at, last_seen_at, since_at, until_at, role, is_admin, created_at, from_run, to_run)
select company_id, user_id, first_seen_at, last_seen_at, since_at, until_at, role, is_admin, created_at, 7, 9223372036854775807
from staging.main."company_members_opened"
order by "user_id";
