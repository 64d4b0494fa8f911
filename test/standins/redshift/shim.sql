-- Redshift's functions as its documentation describes them, where Postgres has none or another one of the name.
create schema rs_shim;
set search_path = rs_shim, pg_catalog;

-- Redshift has no cast of a boolean to text.
create function no_text(boolean) returns varchar language plpgsql immutable as $$
begin raise exception 'cannot cast type boolean to character varying'; end $$;
create function no_plain_text(boolean) returns text language plpgsql immutable as $$
begin raise exception 'cannot cast type boolean to text'; end $$;
update pg_cast set castfunc = 'rs_shim.no_text(boolean)'::regprocedure
where castsource = 'bool'::regtype and casttarget = 'varchar'::regtype;
update pg_cast set castfunc = 'rs_shim.no_plain_text(boolean)'::regprocedure
where castsource = 'bool'::regtype and casttarget = 'text'::regtype;

-- A SUPER value: the text it was read from, where in it it stands, and what stands there. Numbers, objects and arrays read
-- as they were written. A type of its own, so that it has its own casts. Floats that JSON has not have a text alone.
create type super as (root text, path text[], value jsonb);
create function text_of(super) returns varchar language sql immutable as $$
select case jsonb_typeof($1.value)
    when 'null' then null
    when 'string' then $1.value #>> '{}'
    when 'boolean' then $1.value::text
    else $1.root::json #>> $1.path end $$;
create cast (super as varchar) with function text_of(super);
create function super_of(varchar) returns super language sql immutable as $$ select case when $1 is not null then row(to_json($1)::text, '{}', to_jsonb($1))::rs_shim.super end $$;
create function super_of(text) returns super language sql immutable as $$ select rs_shim.super_of($1::varchar) $$;
create function super_of(numeric) returns super language sql immutable as $$ select case when $1 is not null then row($1::text, '{}', to_jsonb($1))::rs_shim.super end $$;
create function super_of(bigint) returns super language sql immutable as $$ select rs_shim.super_of($1::numeric) $$;
create function super_of(integer) returns super language sql immutable as $$ select rs_shim.super_of($1::numeric) $$;
create function super_of(float8) returns super language sql immutable as $$
select case when $1 is not null then row($1::text, '{}', case when $1::text !~ '[NI]' then $1::text::jsonb end)::rs_shim.super end $$;
create function super_of(boolean) returns super language sql immutable as $$ select case when $1 is not null then row(case when $1 then 'true' else 'false' end, '{}', to_jsonb($1))::rs_shim.super end $$;
create cast (varchar as super) with function super_of(varchar);
create cast (text as super) with function super_of(text);
create cast (bigint as super) with function super_of(bigint);
create cast (integer as super) with function super_of(integer);
create cast (float8 as super) with function super_of(float8);
create cast (boolean as super) with function super_of(boolean);
create cast (numeric as super) with function super_of(numeric);

-- Whole characters, and a NUL as long as nobody asks for it.
create function can_json_parse(text) returns boolean language sql immutable as $$
select pg_input_is_valid($1, 'jsonb') or strpos($1, chr(92) || 'u0000') > 0 and $1 is json $$;
create function is_valid_json(text) returns boolean language sql immutable as $$ select rs_shim.can_json_parse($1) $$;
create function json_parse(text) returns super language plpgsql immutable as $$
begin
    if $1 is null then return null; end if;
    return row($1, '{}', $1::jsonb)::rs_shim.super;
exception when others then raise exception 'JSON parsing error';
end $$;
create function rs_shim.json_serialize(super) returns varchar language sql immutable as $$
select case when $1.value is null then $1.root
    when jsonb_typeof($1.value) in ('object', 'array', 'number') then ($1.root::json #> $1.path)::text
    else $1.value::text end $$;
create function json_typeof(super) returns varchar language sql immutable as $$
select case when $1.value is not null then jsonb_typeof($1.value) when $1.root is not null then 'number' end $$;
-- A field of a SUPER value; null where there is none, as in the lax mode that is the default.
create function field(super, variadic path text[]) returns super language sql immutable as $$
select case when jsonb_typeof($1.value) = 'object' and ($1.value #> $2) is not null then row($1.root, $1.path || $2, $1.value #> $2)::rs_shim.super end $$;

-- DATEDIFF counts the boundaries of units between two times.
create function datediff(part text, a timestamp, b timestamp) returns bigint language sql immutable as $$
select case part
    when 'microsecond' then (extract(epoch from b) * 1000000)::bigint - (extract(epoch from a) * 1000000)::bigint
    when 'second' then (extract(epoch from date_trunc('second', b)) - extract(epoch from date_trunc('second', a)))::bigint
    when 'hour' then (extract(epoch from date_trunc('hour', b) - date_trunc('hour', a)) / 3600)::bigint
    when 'day' then (b::date - a::date)::bigint
end $$;
create function dateadd(part text, n bigint, t timestamp) returns timestamp language sql immutable as $$
select case part
    when 'microsecond' then t + (n / 86400000000) * interval '1 day' + (n % 86400000000) * interval '1 microsecond'
    else t + (n::text || ' ' || part)::interval
end $$;
create function sysdate() returns timestamp language sql stable as $$ select transaction_timestamp() at time zone 'UTC' $$;
create function getdate() returns timestamp language sql stable as $$ select date_trunc('second', statement_timestamp() at time zone 'UTC') $$;
create function convert_timezone(source text, target text, t timestamp) returns timestamp language sql immutable as $$
select (t at time zone source) at time zone target $$;

-- Returns an empty text where nothing matches; 'e' returns the first group.
create function regexp_substr(s text, p text, pos integer default 1, occurrence integer default 1, parameters text default 'c')
returns text language sql immutable as $$
select coalesce(pg_catalog.regexp_substr(s, p, pos, occurrence, '', case when parameters like '%e%' then 1 else 0 end), '')
where s is not null $$;
-- Replaces every match.
create function regexp_replace(s text, p text, r text) returns text language sql immutable as $$
select pg_catalog.regexp_replace(s, p, r, 'g') $$;

create function strtol(text, integer) returns bigint language sql immutable as $$
select ('x' || lpad($1, 16, '0'))::bit(64)::bigint where $2 = 16 $$;
create function to_varbyte(text, text) returns bytea language sql immutable as $$ select convert_to($1, 'UTF8') where $2 = 'utf8' $$;
create function from_varbyte(bytea, text) returns varchar language sql immutable as $$ select convert_from($1, 'UTF8') where $2 = 'utf8' $$;
create function to_hex(bytea) returns varchar language sql immutable as $$ select encode($1, 'hex') $$;
create function from_hex(text) returns bytea language sql immutable as $$ select decode($1, 'hex') $$;
create function len(text) returns integer language sql immutable as $$ select length($1) $$;

-- Columns of tables and views.
create view svv_columns as
select table_schema, table_name, column_name, ordinal_position, data_type from information_schema.columns;

-- Views without schema binding: what reads them stays when they are dropped, and reads the next one of that name.
create table late_views (place text, name text, definition text);
create function drop_view(view_place text, view_name text) returns void language plpgsql as $$
declare dependent record;
begin
    if to_regclass(format('%I.%I', view_place, view_name)) is null then return; end if;
    for dependent in
        with recursive above as (
            select to_regclass(format('%I.%I', view_place, view_name)) as id
            union
            select r.ev_class from above
            join pg_depend d on d.refobjid = above.id and d.classid = 'pg_rewrite'::regclass
            join pg_rewrite r on r.oid = d.objid
        )
        select n.nspname, c.relname, pg_get_viewdef(c.oid) as definition
        from above join pg_class c on c.oid = above.id join pg_namespace n on n.oid = c.relnamespace
        where c.oid <> to_regclass(format('%I.%I', view_place, view_name)) order by c.oid
    loop
        insert into rs_shim.late_views values (dependent.nspname, dependent.relname, dependent.definition);
    end loop;
    execute format('drop view %I.%I cascade', view_place, view_name);
end $$;
create function create_view(view_place text, view_name text, definition text) returns void language plpgsql as $$
declare late record;
begin
    execute format('create view %I.%I as %s', view_place, view_name, definition);
    for late in select * from rs_shim.late_views loop
        execute format('create or replace view %I.%I as %s', late.place, late.name, late.definition);
    end loop;
    delete from rs_shim.late_views;
end $$;
grant usage on schema rs_shim to public;
grant all on all tables in schema rs_shim to public;
reset search_path;
