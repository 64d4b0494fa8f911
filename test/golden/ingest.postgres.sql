-- ingest: new rows of the sources: checked, refused or accepted, duplicates resolved, exclusions
-- marked

-- For a session of one’s own: where staging tables are.
set timezone = 'UTC';

-- Before: tributary itself reads new and changed files and loads the staging tables `lines`,
-- `retried_lines` (waiting in quarantine), `source_files` and `watermarks_new`.

-- checked: Each line with clean ids and times, and why it cannot be used.
drop table if exists "tributary"."staging_checked";
create table "tributary"."staging_checked" as
with delivered as materialized (

select
    file_number, source, key_source, file, line, is_retry, is_row, text,
    case
        when text is null then 'Expected UTF-8 text of at most 64 MB, but the line holds other bytes or is longer.'
        when document is null then 'Expected one JSON object on the line, but it is no valid JSON.'
        when strpos(text, '\u0000') > 0 then 'Expected text without the character U+0000, which not every warehouse can hold.'
        when type_root is null or type_root <> 'object'
            then 'Expected one JSON object on the line, but got ' || coalesce(type_root, 'null') || '.'
    end as unreadable,
    case
        when "type_message_id" not in ('string', 'number') or ("type_message_id" = 'number' and not (message_id ~ '^-?[0-9]+$')) then 'Expected messageId to be a string or whole number, or absent, but got a ' || "type_message_id" || case when "type_message_id" = 'number' then ' that is not whole' else '' end || '.'
        when "type_anonymous_id" not in ('string', 'number') or ("type_anonymous_id" = 'number' and not (raw_anonymous_id ~ '^-?[0-9]+$')) then 'Expected anonymousId to be a string or whole number, or absent, but got a ' || "type_anonymous_id" || case when "type_anonymous_id" = 'number' then ' that is not whole' else '' end || '.'
        when "type_user_id" not in ('string', 'number') or ("type_user_id" = 'number' and not (raw_user_id ~ '^-?[0-9]+$')) then 'Expected userId to be a string or whole number, or absent, but got a ' || "type_user_id" || case when "type_user_id" = 'number' then ' that is not whole' else '' end || '.'
        when "type_previous_id" not in ('string', 'number') or ("type_previous_id" = 'number' and not (raw_previous_id ~ '^-?[0-9]+$')) then 'Expected previousId to be a string or whole number, or absent, but got a ' || "type_previous_id" || case when "type_previous_id" = 'number' then ' that is not whole' else '' end || '.'
        when "type_group_id" not in ('string', 'number') or ("type_group_id" = 'number' and not (raw_group_id ~ '^-?[0-9]+$')) then 'Expected groupId to be a string or whole number, or absent, but got a ' || "type_group_id" || case when "type_group_id" = 'number' then ' that is not whole' else '' end || '.'
        when "type_event" not in ('string', 'number') or ("type_event" = 'number' and not (raw_event ~ '^-?[0-9]+$')) then 'Expected event to be a string or whole number, or absent, but got a ' || "type_event" || case when "type_event" = 'number' then ' that is not whole' else '' end || '.'
        when "type_event_text" not in ('string', 'number') or ("type_event_text" = 'number' and not (raw_event_text ~ '^-?[0-9]+$')) then 'Expected event_text to be a string or whole number, or absent, but got a ' || "type_event_text" || case when "type_event_text" = 'number' then ' that is not whole' else '' end || '.'
        when "type_name" not in ('string', 'number') or ("type_name" = 'number' and not (raw_name ~ '^-?[0-9]+$')) then 'Expected name to be a string or whole number, or absent, but got a ' || "type_name" || case when "type_name" = 'number' then ' that is not whole' else '' end || '.'
        when "type_timestamp" not in ('string') then 'Expected timestamp to be a string, or absent, but got a ' || "type_timestamp" || '' || '.'
        when "type_original" not in ('string') then 'Expected originalTimestamp to be a string, or absent, but got a ' || "type_original" || '' || '.'
        when "type_sent" not in ('string') then 'Expected sentAt to be a string, or absent, but got a ' || "type_sent" || '' || '.'
        when "type_received" not in ('string') then 'Expected receivedAt to be a string, or absent, but got a ' || "type_received" || '' || '.'
        when "type_context" not in ('object') then 'Expected context to be a object, or absent, but got a ' || "type_context" || '' || '.'
        when "type_properties" not in ('object') then 'Expected properties to be a object, or absent, but got a ' || "type_properties" || '' || '.'
        when "type_traits" not in ('object') then 'Expected traits to be a object, or absent, but got a ' || "type_traits" || '' || '.'
        when "type_page" not in ('object') then 'Expected context.page to be a object, or absent, but got a ' || "type_page" || '' || '.'
        when "type_campaign" not in ('object') then 'Expected context.campaign to be a object, or absent, but got a ' || "type_campaign" || '' || '.'
        when "type_library" not in ('object') then 'Expected context.library to be a object, or absent, but got a ' || "type_library" || '' || '.'
    end as wrong_type,
    raw_type, message_id, raw_anonymous_id, raw_user_id, raw_previous_id, coalesce(raw_group_id, case
        when type_context_group_id = 'string' then context_group_id
        when type_context_group_id = 'number' and (context_group_id ~ '^-?[0-9]+$') then context_group_id
    end) as raw_group_id, raw_event, raw_event_text, raw_name,
    case
      when upper(btrim(raw_timestamp, e' \t\n\x0b\x0c\r')) !~ '^[0-9]{4}-[0-9]{2}-[0-9]{2}[T ]([01][0-9]|2[0-3]):[0-5][0-9](:[0-5][0-9]([.][0-9]+)?)?(Z|[+-]([01][0-9]|2[0-3])(:?[0-5][0-9])?)?$' or upper(btrim(raw_timestamp, e' \t\n\x0b\x0c\r')) ~ '^(0000|9999-12-31.*-[0-9:]+$|0001-01-01.*[+])' or not pg_input_is_valid(regexp_replace(regexp_replace(upper(btrim(raw_timestamp, e' \t\n\x0b\x0c\r')), '([0-9:.]{5})(Z|[+-][0-9:]+)$', '\1'), '([.][0-9]{6})[0-9]+', '\1'), 'timestamp') then null
      when substr(upper(btrim(raw_timestamp, e' \t\n\x0b\x0c\r')), 11) !~ '[+-]' then cast(regexp_replace(regexp_replace(upper(btrim(raw_timestamp, e' \t\n\x0b\x0c\r')), '([0-9:.]{5})(Z|[+-][0-9:]+)$', '\1'), '([.][0-9]{6})[0-9]+', '\1') as timestamp)
      else cast(regexp_replace(regexp_replace(upper(btrim(raw_timestamp, e' \t\n\x0b\x0c\r')), '([0-9:.]{5})(Z|[+-][0-9:]+)$', '\1'), '([.][0-9]{6})[0-9]+', '\1') as timestamp) - (case when substring(substr(upper(btrim(raw_timestamp, e' \t\n\x0b\x0c\r')), 11) from '[+-].*$') like '-%' then -1 else 1 end * (cast(substr(rpad(translate(substr(substring(substr(upper(btrim(raw_timestamp, e' \t\n\x0b\x0c\r')), 11) from '[+-].*$'), 2), ':', ''), 4, '0'), 1, 2) as integer) * 60 + cast(substr(rpad(translate(substr(substring(substr(upper(btrim(raw_timestamp, e' \t\n\x0b\x0c\r')), 11) from '[+-].*$'), 2), ':', ''), 4, '0'), 3, 2) as integer))) * interval '1 minute'
  end as corrected_at,
    case
      when upper(btrim(raw_original, e' \t\n\x0b\x0c\r')) !~ '^[0-9]{4}-[0-9]{2}-[0-9]{2}[T ]([01][0-9]|2[0-3]):[0-5][0-9](:[0-5][0-9]([.][0-9]+)?)?(Z|[+-]([01][0-9]|2[0-3])(:?[0-5][0-9])?)?$' or upper(btrim(raw_original, e' \t\n\x0b\x0c\r')) ~ '^(0000|9999-12-31.*-[0-9:]+$|0001-01-01.*[+])' or not pg_input_is_valid(regexp_replace(regexp_replace(upper(btrim(raw_original, e' \t\n\x0b\x0c\r')), '([0-9:.]{5})(Z|[+-][0-9:]+)$', '\1'), '([.][0-9]{6})[0-9]+', '\1'), 'timestamp') then null
      when substr(upper(btrim(raw_original, e' \t\n\x0b\x0c\r')), 11) !~ '[+-]' then cast(regexp_replace(regexp_replace(upper(btrim(raw_original, e' \t\n\x0b\x0c\r')), '([0-9:.]{5})(Z|[+-][0-9:]+)$', '\1'), '([.][0-9]{6})[0-9]+', '\1') as timestamp)
      else cast(regexp_replace(regexp_replace(upper(btrim(raw_original, e' \t\n\x0b\x0c\r')), '([0-9:.]{5})(Z|[+-][0-9:]+)$', '\1'), '([.][0-9]{6})[0-9]+', '\1') as timestamp) - (case when substring(substr(upper(btrim(raw_original, e' \t\n\x0b\x0c\r')), 11) from '[+-].*$') like '-%' then -1 else 1 end * (cast(substr(rpad(translate(substr(substring(substr(upper(btrim(raw_original, e' \t\n\x0b\x0c\r')), 11) from '[+-].*$'), 2), ':', ''), 4, '0'), 1, 2) as integer) * 60 + cast(substr(rpad(translate(substr(substring(substr(upper(btrim(raw_original, e' \t\n\x0b\x0c\r')), 11) from '[+-].*$'), 2), ':', ''), 4, '0'), 3, 2) as integer))) * interval '1 minute'
  end as original_at,
    case
      when upper(btrim(raw_sent, e' \t\n\x0b\x0c\r')) !~ '^[0-9]{4}-[0-9]{2}-[0-9]{2}[T ]([01][0-9]|2[0-3]):[0-5][0-9](:[0-5][0-9]([.][0-9]+)?)?(Z|[+-]([01][0-9]|2[0-3])(:?[0-5][0-9])?)?$' or upper(btrim(raw_sent, e' \t\n\x0b\x0c\r')) ~ '^(0000|9999-12-31.*-[0-9:]+$|0001-01-01.*[+])' or not pg_input_is_valid(regexp_replace(regexp_replace(upper(btrim(raw_sent, e' \t\n\x0b\x0c\r')), '([0-9:.]{5})(Z|[+-][0-9:]+)$', '\1'), '([.][0-9]{6})[0-9]+', '\1'), 'timestamp') then null
      when substr(upper(btrim(raw_sent, e' \t\n\x0b\x0c\r')), 11) !~ '[+-]' then cast(regexp_replace(regexp_replace(upper(btrim(raw_sent, e' \t\n\x0b\x0c\r')), '([0-9:.]{5})(Z|[+-][0-9:]+)$', '\1'), '([.][0-9]{6})[0-9]+', '\1') as timestamp)
      else cast(regexp_replace(regexp_replace(upper(btrim(raw_sent, e' \t\n\x0b\x0c\r')), '([0-9:.]{5})(Z|[+-][0-9:]+)$', '\1'), '([.][0-9]{6})[0-9]+', '\1') as timestamp) - (case when substring(substr(upper(btrim(raw_sent, e' \t\n\x0b\x0c\r')), 11) from '[+-].*$') like '-%' then -1 else 1 end * (cast(substr(rpad(translate(substr(substring(substr(upper(btrim(raw_sent, e' \t\n\x0b\x0c\r')), 11) from '[+-].*$'), 2), ':', ''), 4, '0'), 1, 2) as integer) * 60 + cast(substr(rpad(translate(substr(substring(substr(upper(btrim(raw_sent, e' \t\n\x0b\x0c\r')), 11) from '[+-].*$'), 2), ':', ''), 4, '0'), 3, 2) as integer))) * interval '1 minute'
  end as sent_at,
    case
      when upper(btrim(raw_received, e' \t\n\x0b\x0c\r')) !~ '^[0-9]{4}-[0-9]{2}-[0-9]{2}[T ]([01][0-9]|2[0-3]):[0-5][0-9](:[0-5][0-9]([.][0-9]+)?)?(Z|[+-]([01][0-9]|2[0-3])(:?[0-5][0-9])?)?$' or upper(btrim(raw_received, e' \t\n\x0b\x0c\r')) ~ '^(0000|9999-12-31.*-[0-9:]+$|0001-01-01.*[+])' or not pg_input_is_valid(regexp_replace(regexp_replace(upper(btrim(raw_received, e' \t\n\x0b\x0c\r')), '([0-9:.]{5})(Z|[+-][0-9:]+)$', '\1'), '([.][0-9]{6})[0-9]+', '\1'), 'timestamp') then null
      when substr(upper(btrim(raw_received, e' \t\n\x0b\x0c\r')), 11) !~ '[+-]' then cast(regexp_replace(regexp_replace(upper(btrim(raw_received, e' \t\n\x0b\x0c\r')), '([0-9:.]{5})(Z|[+-][0-9:]+)$', '\1'), '([.][0-9]{6})[0-9]+', '\1') as timestamp)
      else cast(regexp_replace(regexp_replace(upper(btrim(raw_received, e' \t\n\x0b\x0c\r')), '([0-9:.]{5})(Z|[+-][0-9:]+)$', '\1'), '([.][0-9]{6})[0-9]+', '\1') as timestamp) - (case when substring(substr(upper(btrim(raw_received, e' \t\n\x0b\x0c\r')), 11) from '[+-].*$') like '-%' then -1 else 1 end * (cast(substr(rpad(translate(substr(substring(substr(upper(btrim(raw_received, e' \t\n\x0b\x0c\r')), 11) from '[+-].*$'), 2), ':', ''), 4, '0'), 1, 2) as integer) * 60 + cast(substr(rpad(translate(substr(substring(substr(upper(btrim(raw_received, e' \t\n\x0b\x0c\r')), 11) from '[+-].*$'), 2), ':', ''), 4, '0'), 3, 2) as integer))) * interval '1 minute'
  end as collected_at,
    context_url, context_referrer, properties_url, properties_referrer,
    campaign_source, campaign_medium, campaign_name, campaign_content, campaign_term,
    raw_library, raw_user_agent, coalesce(raw_properties, raw_traits) as raw_properties
from (
    select json_rows.*, json_picked.*
    from (
    select
        f.file_number, f.source, f.key_source, f.file, f.is_retry, f.is_row,
        l.line, l.text,
        case when case
    when l.text is null or (octet_length(l.text) > 22000 and coalesce((
    select max(b.depth)
    from (
        select sum(case when m.found[1] in ('[', '{') then 1 when m.found[1] in (']', '}') then -1 else 0 end) over (order by m.place) as depth
        from regexp_matches(l.text, '"(?:[^"\\]|[\\].)*"|[][{}]', 'g') with ordinality as m(found, place)
    ) as b
), 0) > 11000) then false
    else pg_input_is_valid(l.text, 'jsonb') or (strpos(l.text, '\u0000') > 0 and l.text is json)
end then l.text end as document
    from (
        select file, line, text from "tributary"."staging_lines"
        union all
        select file, line, text from "tributary"."staging_retried_lines"
    ) as l
    join "tributary"."staging_source_files" as f on (cast(f.file_number as text) collate "C") = l.file
) as json_rows
    cross join lateral (
        select nullif(jsonb_typeof(json_read.json_binary #> cast('{}' as text[])), 'null') collate "C" as "type_root", (case when jsonb_typeof(json_read.json_binary #> array['type']) in ('object', 'array', 'number') then cast(json_read.json_text as json) #>> array['type']
        else json_read.json_binary #>> array['type'] end) collate "C" as "raw_type", (case when jsonb_typeof(json_read.json_binary #> array['messageId']) in ('object', 'array', 'number') then cast(json_read.json_text as json) #>> array['messageId']
        else json_read.json_binary #>> array['messageId'] end) collate "C" as "message_id", (case when jsonb_typeof(json_read.json_binary #> array['anonymousId']) in ('object', 'array', 'number') then cast(json_read.json_text as json) #>> array['anonymousId']
        else json_read.json_binary #>> array['anonymousId'] end) collate "C" as "raw_anonymous_id", (case when jsonb_typeof(json_read.json_binary #> array['userId']) in ('object', 'array', 'number') then cast(json_read.json_text as json) #>> array['userId']
        else json_read.json_binary #>> array['userId'] end) collate "C" as "raw_user_id", (case when jsonb_typeof(json_read.json_binary #> array['previousId']) in ('object', 'array', 'number') then cast(json_read.json_text as json) #>> array['previousId']
        else json_read.json_binary #>> array['previousId'] end) collate "C" as "raw_previous_id", (case when jsonb_typeof(json_read.json_binary #> array['groupId']) in ('object', 'array', 'number') then cast(json_read.json_text as json) #>> array['groupId']
        else json_read.json_binary #>> array['groupId'] end) collate "C" as "raw_group_id", (case when jsonb_typeof(json_read.json_binary #> array['context', 'groupId']) in ('object', 'array', 'number') then cast(json_read.json_text as json) #>> array['context', 'groupId']
        else json_read.json_binary #>> array['context', 'groupId'] end) collate "C" as "context_group_id", (case when jsonb_typeof(json_read.json_binary #> array['event']) in ('object', 'array', 'number') then cast(json_read.json_text as json) #>> array['event']
        else json_read.json_binary #>> array['event'] end) collate "C" as "raw_event", (case when jsonb_typeof(json_read.json_binary #> array['event_text']) in ('object', 'array', 'number') then cast(json_read.json_text as json) #>> array['event_text']
        else json_read.json_binary #>> array['event_text'] end) collate "C" as "raw_event_text", (case when jsonb_typeof(json_read.json_binary #> array['name']) in ('object', 'array', 'number') then cast(json_read.json_text as json) #>> array['name']
        else json_read.json_binary #>> array['name'] end) collate "C" as "raw_name", (case when jsonb_typeof(json_read.json_binary #> array['timestamp']) in ('object', 'array', 'number') then cast(json_read.json_text as json) #>> array['timestamp']
        else json_read.json_binary #>> array['timestamp'] end) collate "C" as "raw_timestamp", (case when jsonb_typeof(json_read.json_binary #> array['originalTimestamp']) in ('object', 'array', 'number') then cast(json_read.json_text as json) #>> array['originalTimestamp']
        else json_read.json_binary #>> array['originalTimestamp'] end) collate "C" as "raw_original", (case when jsonb_typeof(json_read.json_binary #> array['sentAt']) in ('object', 'array', 'number') then cast(json_read.json_text as json) #>> array['sentAt']
        else json_read.json_binary #>> array['sentAt'] end) collate "C" as "raw_sent", (case when jsonb_typeof(json_read.json_binary #> array['receivedAt']) in ('object', 'array', 'number') then cast(json_read.json_text as json) #>> array['receivedAt']
        else json_read.json_binary #>> array['receivedAt'] end) collate "C" as "raw_received", (case when jsonb_typeof(json_read.json_binary #> array['context', 'page', 'url']) in ('object', 'array', 'number') then cast(json_read.json_text as json) #>> array['context', 'page', 'url']
        else json_read.json_binary #>> array['context', 'page', 'url'] end) collate "C" as "context_url", (case when jsonb_typeof(json_read.json_binary #> array['context', 'page', 'referrer']) in ('object', 'array', 'number') then cast(json_read.json_text as json) #>> array['context', 'page', 'referrer']
        else json_read.json_binary #>> array['context', 'page', 'referrer'] end) collate "C" as "context_referrer", (case when jsonb_typeof(json_read.json_binary #> array['properties', 'url']) in ('object', 'array', 'number') then cast(json_read.json_text as json) #>> array['properties', 'url']
        else json_read.json_binary #>> array['properties', 'url'] end) collate "C" as "properties_url", (case when jsonb_typeof(json_read.json_binary #> array['properties', 'referrer']) in ('object', 'array', 'number') then cast(json_read.json_text as json) #>> array['properties', 'referrer']
        else json_read.json_binary #>> array['properties', 'referrer'] end) collate "C" as "properties_referrer", (case when jsonb_typeof(json_read.json_binary #> array['context', 'campaign', 'source']) in ('object', 'array', 'number') then cast(json_read.json_text as json) #>> array['context', 'campaign', 'source']
        else json_read.json_binary #>> array['context', 'campaign', 'source'] end) collate "C" as "campaign_source", (case when jsonb_typeof(json_read.json_binary #> array['context', 'campaign', 'medium']) in ('object', 'array', 'number') then cast(json_read.json_text as json) #>> array['context', 'campaign', 'medium']
        else json_read.json_binary #>> array['context', 'campaign', 'medium'] end) collate "C" as "campaign_medium", (case when jsonb_typeof(json_read.json_binary #> array['context', 'campaign', 'name']) in ('object', 'array', 'number') then cast(json_read.json_text as json) #>> array['context', 'campaign', 'name']
        else json_read.json_binary #>> array['context', 'campaign', 'name'] end) collate "C" as "campaign_name", (case when jsonb_typeof(json_read.json_binary #> array['context', 'campaign', 'content']) in ('object', 'array', 'number') then cast(json_read.json_text as json) #>> array['context', 'campaign', 'content']
        else json_read.json_binary #>> array['context', 'campaign', 'content'] end) collate "C" as "campaign_content", (case when jsonb_typeof(json_read.json_binary #> array['context', 'campaign', 'term']) in ('object', 'array', 'number') then cast(json_read.json_text as json) #>> array['context', 'campaign', 'term']
        else json_read.json_binary #>> array['context', 'campaign', 'term'] end) collate "C" as "campaign_term", (case when jsonb_typeof(json_read.json_binary #> array['context', 'library', 'name']) in ('object', 'array', 'number') then cast(json_read.json_text as json) #>> array['context', 'library', 'name']
        else json_read.json_binary #>> array['context', 'library', 'name'] end) collate "C" as "raw_library", (case when jsonb_typeof(json_read.json_binary #> array['context', 'userAgent']) in ('object', 'array', 'number') then cast(json_read.json_text as json) #>> array['context', 'userAgent']
        else json_read.json_binary #>> array['context', 'userAgent'] end) collate "C" as "raw_user_agent", (case when jsonb_typeof(json_read.json_binary #> array['properties']) in ('object', 'array', 'number') then cast(json_read.json_text as json) #>> array['properties']
        else json_read.json_binary #>> array['properties'] end) collate "C" as "raw_properties", (case when jsonb_typeof(json_read.json_binary #> array['traits']) in ('object', 'array', 'number') then cast(json_read.json_text as json) #>> array['traits']
        else json_read.json_binary #>> array['traits'] end) collate "C" as "raw_traits", nullif(jsonb_typeof(json_read.json_binary #> array['messageId']), 'null') collate "C" as "type_message_id", nullif(jsonb_typeof(json_read.json_binary #> array['anonymousId']), 'null') collate "C" as "type_anonymous_id", nullif(jsonb_typeof(json_read.json_binary #> array['userId']), 'null') collate "C" as "type_user_id", nullif(jsonb_typeof(json_read.json_binary #> array['previousId']), 'null') collate "C" as "type_previous_id", nullif(jsonb_typeof(json_read.json_binary #> array['groupId']), 'null') collate "C" as "type_group_id", nullif(jsonb_typeof(json_read.json_binary #> array['event']), 'null') collate "C" as "type_event", nullif(jsonb_typeof(json_read.json_binary #> array['event_text']), 'null') collate "C" as "type_event_text", nullif(jsonb_typeof(json_read.json_binary #> array['name']), 'null') collate "C" as "type_name", nullif(jsonb_typeof(json_read.json_binary #> array['timestamp']), 'null') collate "C" as "type_timestamp", nullif(jsonb_typeof(json_read.json_binary #> array['originalTimestamp']), 'null') collate "C" as "type_original", nullif(jsonb_typeof(json_read.json_binary #> array['sentAt']), 'null') collate "C" as "type_sent", nullif(jsonb_typeof(json_read.json_binary #> array['receivedAt']), 'null') collate "C" as "type_received", nullif(jsonb_typeof(json_read.json_binary #> array['context']), 'null') collate "C" as "type_context", nullif(jsonb_typeof(json_read.json_binary #> array['properties']), 'null') collate "C" as "type_properties", nullif(jsonb_typeof(json_read.json_binary #> array['traits']), 'null') collate "C" as "type_traits", nullif(jsonb_typeof(json_read.json_binary #> array['context', 'page']), 'null') collate "C" as "type_page", nullif(jsonb_typeof(json_read.json_binary #> array['context', 'campaign']), 'null') collate "C" as "type_campaign", nullif(jsonb_typeof(json_read.json_binary #> array['context', 'library']), 'null') collate "C" as "type_library", nullif(jsonb_typeof(json_read.json_binary #> array['context', 'groupId']), 'null') collate "C" as "type_context_group_id"
        from (
            select
                case when strpos(document, '\u0000') = 0 then cast(document as jsonb) end as json_binary,
                document as json_text
            offset 0
        ) as json_read
    ) as json_picked
) as m
),

trimmed as (
    select *, btrim(raw_anonymous_id, e' \t\n\x0b\x0c\r') as "trimmed_anonymous_id", btrim(raw_user_id, e' \t\n\x0b\x0c\r') as "trimmed_user_id", btrim(raw_previous_id, e' \t\n\x0b\x0c\r') as "trimmed_previous_id"
    from delivered
),

flagged as (
    select *, ("trimmed_anonymous_id" = '00000000-0000-0000-0000-000000000000' or coalesce(case when length("trimmed_anonymous_id") <= 15 then case when "trimmed_anonymous_id" = lower("trimmed_anonymous_id") then "trimmed_anonymous_id" else translate("trimmed_anonymous_id", 'ABCDEFGHIJKLMNOPQRSTUVWXYZ', 'abcdefghijklmnopqrstuvwxyz') end end, '') in ('-1', '0', '[object object]', 'anonymous', 'false', 'guest', 'n/a', 'na', 'nan', 'nil', 'none', 'null', 'test', 'true', 'undefined', 'unknown')) as "is_ignored_anonymous_id", ("trimmed_user_id" = '00000000-0000-0000-0000-000000000000' or coalesce(case when length("trimmed_user_id") <= 15 then case when "trimmed_user_id" = lower("trimmed_user_id") then "trimmed_user_id" else translate("trimmed_user_id", 'ABCDEFGHIJKLMNOPQRSTUVWXYZ', 'abcdefghijklmnopqrstuvwxyz') end end, '') in ('-1', '0', '[object object]', 'anonymous', 'false', 'guest', 'n/a', 'na', 'nan', 'nil', 'none', 'null', 'test', 'true', 'undefined', 'unknown')) as "is_ignored_user_id", ("trimmed_previous_id" = '00000000-0000-0000-0000-000000000000' or coalesce(case when length("trimmed_previous_id") <= 15 then case when "trimmed_previous_id" = lower("trimmed_previous_id") then "trimmed_previous_id" else translate("trimmed_previous_id", 'ABCDEFGHIJKLMNOPQRSTUVWXYZ', 'abcdefghijklmnopqrstuvwxyz') end end, '') in ('-1', '0', '[object object]', 'anonymous', 'false', 'guest', 'n/a', 'na', 'nan', 'nil', 'none', 'null', 'test', 'true', 'undefined', 'unknown')) as "is_ignored_previous_id"
    from trimmed
),

cleaned as (
    select
        *,
        case when raw_type = lower(raw_type) then raw_type else translate(raw_type, 'ABCDEFGHIJKLMNOPQRSTUVWXYZ', 'abcdefghijklmnopqrstuvwxyz') end as type,
        case when "trimmed_anonymous_id" <> '' and not "is_ignored_anonymous_id" then "trimmed_anonymous_id" end as "anonymous_id",
        case when "trimmed_anonymous_id" <> '' and "is_ignored_anonymous_id" then "trimmed_anonymous_id" end as "ignored_anonymous_id",
        case when "trimmed_user_id" <> '' and not "is_ignored_user_id" then "trimmed_user_id" end as "user_id",
        case when "trimmed_user_id" <> '' and "is_ignored_user_id" then "trimmed_user_id" end as "ignored_user_id",
        case when "trimmed_previous_id" <> '' and not "is_ignored_previous_id" then "trimmed_previous_id" end as "previous_id",
        case when "trimmed_previous_id" <> '' and "is_ignored_previous_id" then "trimmed_previous_id" end as "ignored_previous_id",
        nullif(btrim(raw_group_id, e' \t\n\x0b\x0c\r'), '') as group_id,
        nullif(raw_user_agent, '') as user_agent,
        nullif(btrim(raw_library, e' \t\n\x0b\x0c\r'), '') as library
    from flagged
),

-- The source's corrected time; else the device's, moved by the error of its clock; else when it was received.
dated as (
    select
        *,
        coalesce(
            corrected_at,
            case
                when original_at is not null and sent_at is not null and collected_at is not null
                    then (cast('1970-01-01 00:00:00.000000' as timestamp) + cast((case when cast(extract(epoch from (original_at)) * 1000000 as bigint) + cast(extract(epoch from (collected_at) - (sent_at)) * 1000000 as bigint) < (-62135596800000000) then (-62135596800000000) when cast(extract(epoch from (original_at)) * 1000000 as bigint) + cast(extract(epoch from (collected_at) - (sent_at)) * 1000000 as bigint) > 253402300799000000 then 253402300799000000 else cast(extract(epoch from (original_at)) * 1000000 as bigint) + cast(extract(epoch from (collected_at) - (sent_at)) * 1000000 as bigint) end) as double precision) * interval '1 microsecond')
            end,
            collected_at
        ) as occurred_at,
        case when type = 'track' then coalesce(case when btrim(raw_event_text, e' \t\n\x0b\x0c\r') <> '' then "raw_event_text" end, case when btrim(raw_event, e' \t\n\x0b\x0c\r') <> '' then "raw_event" end) when type in ('page', 'screen') then case when btrim(raw_name, e' \t\n\x0b\x0c\r') <> '' then "raw_name" end end as name,
        case when type = 'track' then coalesce(case when btrim(raw_event_text, e' \t\n\x0b\x0c\r') <> '' then "raw_event_text" end, raw_event) end as raw_event_name,
        coalesce(nullif(btrim(context_url, e' \t\n\x0b\x0c\r'), ''), case when type = 'page' then nullif(btrim(properties_url, e' \t\n\x0b\x0c\r'), '') end) as url,
        coalesce(nullif(btrim(context_referrer, e' \t\n\x0b\x0c\r'), ''), case when type = 'page' then nullif(btrim(properties_referrer, e' \t\n\x0b\x0c\r'), '') end) as from_url
    from cleaned
),

received as (
    select *, coalesce(collected_at, occurred_at) as received_at from dated
),

reasoned as (
    select
        *,
        case
            when unreadable is not null then 'UNREADABLE'
            when type is null or type not in ('page', 'screen', 'track', 'identify', 'alias', 'group') then 'UNKNOWN_TYPE'
            when wrong_type is not null or (length("message_id") > 256 or length("anonymous_id") > 256 or length("user_id") > 256 or length("previous_id") > 256 or length("group_id") > 256) then 'WRONG_TYPE'
            when anonymous_id is null and user_id is null then 'NO_ID'
            when occurred_at is null then 'NO_TIME'
            when cast(extract(epoch from (occurred_at) - (received_at)) * 1000000 as bigint) > 86400000000
                or cast(extract(epoch from (received_at) - (cast('2025-06-01 05:00:00.000000' as timestamp))) * 1000000 as bigint) > 86400000000 then 'FUTURE'
            when occurred_at < cast('2005-01-01 00:00:00.000000' as timestamp) then 'PAST'
        end as found_reason,
        case when is_row = 1 then case when type = 'track' and raw_properties is null then 'z' || substr(md5(array_to_string(array[coalesce((cast(cast(extract(epoch from (occurred_at)) * 1000000 as bigint) as text) collate "C"), ''), e'\x1f', coalesce((cast(cast(extract(epoch from (received_at)) * 1000000 as bigint) as text) collate "C"), ''), e'\x1f', coalesce("type", e'\x01'), e'\x1f', coalesce("anonymous_id", e'\x01'), e'\x1f', coalesce("user_id", e'\x01'), e'\x1f', coalesce("previous_id", e'\x01'), e'\x1f', coalesce("group_id", e'\x01'), e'\x1f', coalesce("name", e'\x01'), e'\x1f', coalesce("raw_event_name", e'\x01'), e'\x1f', coalesce("library", e'\x01'), e'\x1f', coalesce("campaign_source", e'\x01'), e'\x1f', coalesce("campaign_medium", e'\x01'), e'\x1f', coalesce("campaign_name", e'\x01'), e'\x1f', coalesce("campaign_content", e'\x01'), e'\x1f', coalesce("campaign_term", e'\x01'), e'\x1f', coalesce("url", e'\x01'), e'\x1f', coalesce("from_url", e'\x01'), e'\x1f', coalesce("user_agent", e'\x01'), e'\x1f', case when type in ('page', 'screen') then '' else coalesce(raw_properties, e'\x01') end], '')), 2) else md5(array_to_string(array[coalesce((cast(cast(extract(epoch from (occurred_at)) * 1000000 as bigint) as text) collate "C"), ''), e'\x1f', coalesce((cast(cast(extract(epoch from (received_at)) * 1000000 as bigint) as text) collate "C"), ''), e'\x1f', coalesce("type", e'\x01'), e'\x1f', coalesce("anonymous_id", e'\x01'), e'\x1f', coalesce("user_id", e'\x01'), e'\x1f', coalesce("previous_id", e'\x01'), e'\x1f', coalesce("group_id", e'\x01'), e'\x1f', coalesce("name", e'\x01'), e'\x1f', coalesce("raw_event_name", e'\x01'), e'\x1f', coalesce("library", e'\x01'), e'\x1f', coalesce("campaign_source", e'\x01'), e'\x1f', coalesce("campaign_medium", e'\x01'), e'\x1f', coalesce("campaign_name", e'\x01'), e'\x1f', coalesce("campaign_content", e'\x01'), e'\x1f', coalesce("campaign_term", e'\x01'), e'\x1f', coalesce("url", e'\x01'), e'\x1f', coalesce("from_url", e'\x01'), e'\x1f', coalesce("user_agent", e'\x01'), e'\x1f', case when type in ('page', 'screen') then '' else coalesce(raw_properties, e'\x01') end], '')) end else md5(coalesce(text, '')) end as content_hash
    from received
),

-- What was released may come from any time that an order key can tell. A row of a table was released as the message
-- that stands in quarantine.
told as (
    select
        *,
        case when is_row = 1 and found_reason is not null then coalesce(text, '{' || substr(nullif(coalesce(',"type":' || (case
        when pg_typeof(raw_type) in (cast('timestamp' as regtype), cast('timestamptz' as regtype), cast('date' as regtype)) then cast(to_json(cast(raw_type as text)) as text)
        when not (pg_typeof(raw_type) in (cast('double precision' as regtype), cast('real' as regtype), cast('numeric' as regtype)) and cast(raw_type as text) in ('NaN', 'Infinity', '-Infinity')) then cast(to_json(raw_type) as text)
    end collate "C"), '') || coalesce(',"messageId":' || (case
        when pg_typeof(message_id) in (cast('timestamp' as regtype), cast('timestamptz' as regtype), cast('date' as regtype)) then cast(to_json(cast(message_id as text)) as text)
        when not (pg_typeof(message_id) in (cast('double precision' as regtype), cast('real' as regtype), cast('numeric' as regtype)) and cast(message_id as text) in ('NaN', 'Infinity', '-Infinity')) then cast(to_json(message_id) as text)
    end collate "C"), '') || coalesce(',"anonymousId":' || (case
        when pg_typeof(raw_anonymous_id) in (cast('timestamp' as regtype), cast('timestamptz' as regtype), cast('date' as regtype)) then cast(to_json(cast(raw_anonymous_id as text)) as text)
        when not (pg_typeof(raw_anonymous_id) in (cast('double precision' as regtype), cast('real' as regtype), cast('numeric' as regtype)) and cast(raw_anonymous_id as text) in ('NaN', 'Infinity', '-Infinity')) then cast(to_json(raw_anonymous_id) as text)
    end collate "C"), '') || coalesce(',"userId":' || (case
        when pg_typeof(raw_user_id) in (cast('timestamp' as regtype), cast('timestamptz' as regtype), cast('date' as regtype)) then cast(to_json(cast(raw_user_id as text)) as text)
        when not (pg_typeof(raw_user_id) in (cast('double precision' as regtype), cast('real' as regtype), cast('numeric' as regtype)) and cast(raw_user_id as text) in ('NaN', 'Infinity', '-Infinity')) then cast(to_json(raw_user_id) as text)
    end collate "C"), '') || coalesce(',"previousId":' || (case
        when pg_typeof(raw_previous_id) in (cast('timestamp' as regtype), cast('timestamptz' as regtype), cast('date' as regtype)) then cast(to_json(cast(raw_previous_id as text)) as text)
        when not (pg_typeof(raw_previous_id) in (cast('double precision' as regtype), cast('real' as regtype), cast('numeric' as regtype)) and cast(raw_previous_id as text) in ('NaN', 'Infinity', '-Infinity')) then cast(to_json(raw_previous_id) as text)
    end collate "C"), '') || coalesce(',"groupId":' || (case
        when pg_typeof(raw_group_id) in (cast('timestamp' as regtype), cast('timestamptz' as regtype), cast('date' as regtype)) then cast(to_json(cast(raw_group_id as text)) as text)
        when not (pg_typeof(raw_group_id) in (cast('double precision' as regtype), cast('real' as regtype), cast('numeric' as regtype)) and cast(raw_group_id as text) in ('NaN', 'Infinity', '-Infinity')) then cast(to_json(raw_group_id) as text)
    end collate "C"), '') || coalesce(',"event":' || (case
        when pg_typeof(raw_event) in (cast('timestamp' as regtype), cast('timestamptz' as regtype), cast('date' as regtype)) then cast(to_json(cast(raw_event as text)) as text)
        when not (pg_typeof(raw_event) in (cast('double precision' as regtype), cast('real' as regtype), cast('numeric' as regtype)) and cast(raw_event as text) in ('NaN', 'Infinity', '-Infinity')) then cast(to_json(raw_event) as text)
    end collate "C"), '') || coalesce(',"event_text":' || (case
        when pg_typeof(raw_event_text) in (cast('timestamp' as regtype), cast('timestamptz' as regtype), cast('date' as regtype)) then cast(to_json(cast(raw_event_text as text)) as text)
        when not (pg_typeof(raw_event_text) in (cast('double precision' as regtype), cast('real' as regtype), cast('numeric' as regtype)) and cast(raw_event_text as text) in ('NaN', 'Infinity', '-Infinity')) then cast(to_json(raw_event_text) as text)
    end collate "C"), '') || coalesce(',"name":' || (case
        when pg_typeof(raw_name) in (cast('timestamp' as regtype), cast('timestamptz' as regtype), cast('date' as regtype)) then cast(to_json(cast(raw_name as text)) as text)
        when not (pg_typeof(raw_name) in (cast('double precision' as regtype), cast('real' as regtype), cast('numeric' as regtype)) and cast(raw_name as text) in ('NaN', 'Infinity', '-Infinity')) then cast(to_json(raw_name) as text)
    end collate "C"), '') || coalesce(',"timestamp":' || (case
        when pg_typeof((cast(corrected_at as text) collate "C")) in (cast('timestamp' as regtype), cast('timestamptz' as regtype), cast('date' as regtype)) then cast(to_json(cast((cast(corrected_at as text) collate "C") as text)) as text)
        when not (pg_typeof((cast(corrected_at as text) collate "C")) in (cast('double precision' as regtype), cast('real' as regtype), cast('numeric' as regtype)) and cast((cast(corrected_at as text) collate "C") as text) in ('NaN', 'Infinity', '-Infinity')) then cast(to_json((cast(corrected_at as text) collate "C")) as text)
    end collate "C"), '') || coalesce(',"originalTimestamp":' || (case
        when pg_typeof((cast(original_at as text) collate "C")) in (cast('timestamp' as regtype), cast('timestamptz' as regtype), cast('date' as regtype)) then cast(to_json(cast((cast(original_at as text) collate "C") as text)) as text)
        when not (pg_typeof((cast(original_at as text) collate "C")) in (cast('double precision' as regtype), cast('real' as regtype), cast('numeric' as regtype)) and cast((cast(original_at as text) collate "C") as text) in ('NaN', 'Infinity', '-Infinity')) then cast(to_json((cast(original_at as text) collate "C")) as text)
    end collate "C"), '') || coalesce(',"sentAt":' || (case
        when pg_typeof((cast(sent_at as text) collate "C")) in (cast('timestamp' as regtype), cast('timestamptz' as regtype), cast('date' as regtype)) then cast(to_json(cast((cast(sent_at as text) collate "C") as text)) as text)
        when not (pg_typeof((cast(sent_at as text) collate "C")) in (cast('double precision' as regtype), cast('real' as regtype), cast('numeric' as regtype)) and cast((cast(sent_at as text) collate "C") as text) in ('NaN', 'Infinity', '-Infinity')) then cast(to_json((cast(sent_at as text) collate "C")) as text)
    end collate "C"), '') || coalesce(',"receivedAt":' || (case
        when pg_typeof((cast(collected_at as text) collate "C")) in (cast('timestamp' as regtype), cast('timestamptz' as regtype), cast('date' as regtype)) then cast(to_json(cast((cast(collected_at as text) collate "C") as text)) as text)
        when not (pg_typeof((cast(collected_at as text) collate "C")) in (cast('double precision' as regtype), cast('real' as regtype), cast('numeric' as regtype)) and cast((cast(collected_at as text) collate "C") as text) in ('NaN', 'Infinity', '-Infinity')) then cast(to_json((cast(collected_at as text) collate "C")) as text)
    end collate "C"), '') || coalesce(',"context":' || '{' || substr(nullif(coalesce(',"page":' || '{' || substr(nullif(coalesce(',"url":' || (case
        when pg_typeof(context_url) in (cast('timestamp' as regtype), cast('timestamptz' as regtype), cast('date' as regtype)) then cast(to_json(cast(context_url as text)) as text)
        when not (pg_typeof(context_url) in (cast('double precision' as regtype), cast('real' as regtype), cast('numeric' as regtype)) and cast(context_url as text) in ('NaN', 'Infinity', '-Infinity')) then cast(to_json(context_url) as text)
    end collate "C"), '') || coalesce(',"referrer":' || (case
        when pg_typeof(context_referrer) in (cast('timestamp' as regtype), cast('timestamptz' as regtype), cast('date' as regtype)) then cast(to_json(cast(context_referrer as text)) as text)
        when not (pg_typeof(context_referrer) in (cast('double precision' as regtype), cast('real' as regtype), cast('numeric' as regtype)) and cast(context_referrer as text) in ('NaN', 'Infinity', '-Infinity')) then cast(to_json(context_referrer) as text)
    end collate "C"), ''), ''), 2) || '}', '') || coalesce(',"campaign":' || '{' || substr(nullif(coalesce(',"source":' || (case
        when pg_typeof(campaign_source) in (cast('timestamp' as regtype), cast('timestamptz' as regtype), cast('date' as regtype)) then cast(to_json(cast(campaign_source as text)) as text)
        when not (pg_typeof(campaign_source) in (cast('double precision' as regtype), cast('real' as regtype), cast('numeric' as regtype)) and cast(campaign_source as text) in ('NaN', 'Infinity', '-Infinity')) then cast(to_json(campaign_source) as text)
    end collate "C"), '') || coalesce(',"medium":' || (case
        when pg_typeof(campaign_medium) in (cast('timestamp' as regtype), cast('timestamptz' as regtype), cast('date' as regtype)) then cast(to_json(cast(campaign_medium as text)) as text)
        when not (pg_typeof(campaign_medium) in (cast('double precision' as regtype), cast('real' as regtype), cast('numeric' as regtype)) and cast(campaign_medium as text) in ('NaN', 'Infinity', '-Infinity')) then cast(to_json(campaign_medium) as text)
    end collate "C"), '') || coalesce(',"name":' || (case
        when pg_typeof(campaign_name) in (cast('timestamp' as regtype), cast('timestamptz' as regtype), cast('date' as regtype)) then cast(to_json(cast(campaign_name as text)) as text)
        when not (pg_typeof(campaign_name) in (cast('double precision' as regtype), cast('real' as regtype), cast('numeric' as regtype)) and cast(campaign_name as text) in ('NaN', 'Infinity', '-Infinity')) then cast(to_json(campaign_name) as text)
    end collate "C"), '') || coalesce(',"content":' || (case
        when pg_typeof(campaign_content) in (cast('timestamp' as regtype), cast('timestamptz' as regtype), cast('date' as regtype)) then cast(to_json(cast(campaign_content as text)) as text)
        when not (pg_typeof(campaign_content) in (cast('double precision' as regtype), cast('real' as regtype), cast('numeric' as regtype)) and cast(campaign_content as text) in ('NaN', 'Infinity', '-Infinity')) then cast(to_json(campaign_content) as text)
    end collate "C"), '') || coalesce(',"term":' || (case
        when pg_typeof(campaign_term) in (cast('timestamp' as regtype), cast('timestamptz' as regtype), cast('date' as regtype)) then cast(to_json(cast(campaign_term as text)) as text)
        when not (pg_typeof(campaign_term) in (cast('double precision' as regtype), cast('real' as regtype), cast('numeric' as regtype)) and cast(campaign_term as text) in ('NaN', 'Infinity', '-Infinity')) then cast(to_json(campaign_term) as text)
    end collate "C"), ''), ''), 2) || '}', '') || coalesce(',"library":' || '{' || substr(nullif(coalesce(',"name":' || (case
        when pg_typeof(raw_library) in (cast('timestamp' as regtype), cast('timestamptz' as regtype), cast('date' as regtype)) then cast(to_json(cast(raw_library as text)) as text)
        when not (pg_typeof(raw_library) in (cast('double precision' as regtype), cast('real' as regtype), cast('numeric' as regtype)) and cast(raw_library as text) in ('NaN', 'Infinity', '-Infinity')) then cast(to_json(raw_library) as text)
    end collate "C"), ''), ''), 2) || '}', '') || coalesce(',"userAgent":' || (case
        when pg_typeof(raw_user_agent) in (cast('timestamp' as regtype), cast('timestamptz' as regtype), cast('date' as regtype)) then cast(to_json(cast(raw_user_agent as text)) as text)
        when not (pg_typeof(raw_user_agent) in (cast('double precision' as regtype), cast('real' as regtype), cast('numeric' as regtype)) and cast(raw_user_agent as text) in ('NaN', 'Infinity', '-Infinity')) then cast(to_json(raw_user_agent) as text)
    end collate "C"), ''), ''), 2) || '}', '') || coalesce(',"properties":' || coalesce(raw_properties, '{' || substr(nullif(coalesce(',"url":' || (case
        when pg_typeof(properties_url) in (cast('timestamp' as regtype), cast('timestamptz' as regtype), cast('date' as regtype)) then cast(to_json(cast(properties_url as text)) as text)
        when not (pg_typeof(properties_url) in (cast('double precision' as regtype), cast('real' as regtype), cast('numeric' as regtype)) and cast(properties_url as text) in ('NaN', 'Infinity', '-Infinity')) then cast(to_json(properties_url) as text)
    end collate "C"), '') || coalesce(',"referrer":' || (case
        when pg_typeof(properties_referrer) in (cast('timestamp' as regtype), cast('timestamptz' as regtype), cast('date' as regtype)) then cast(to_json(cast(properties_referrer as text)) as text)
        when not (pg_typeof(properties_referrer) in (cast('double precision' as regtype), cast('real' as regtype), cast('numeric' as regtype)) and cast(properties_referrer as text) in ('NaN', 'Infinity', '-Infinity')) then cast(to_json(properties_referrer) as text)
    end collate "C"), ''), ''), 2) || '}'), ''), ''), 2) || '}') else text end as message
    from reasoned
),

named as (
    select
        *,
        case when found_reason in ('FUTURE', 'PAST')
            then case when is_row = 1 then md5(message) else content_hash end
        end as message_hash
    from told
),

waived as (
    select n.*, case when w.content_hash is not null then 1 else 0 end as is_waived
    from named as n
    left join (select source, content_hash from "tributary"."releases") as w on w.source = n.source and w.content_hash = n.message_hash and n.found_reason in ('FUTURE', 'PAST')
        and n.occurred_at >= cast('1970-01-01 00:00:00.000000' as timestamp) and n.occurred_at < cast('2286-11-20 00:00:00.000000' as timestamp)
),

judged as (
    select *, case when is_waived = 0 then found_reason end as reason from waived
)

select
    file_number, source, key_source, file, line, is_retry,
    coalesce(nullif(btrim(message_id, e' \t\n\x0b\x0c\r'), ''), case when is_row = 1 then content_hash else md5(btrim(coalesce(text, ''), e' \t\n\x0b\x0c\r')) end) as event_id,
    content_hash, type, anonymous_id, user_id, previous_id, group_id, name, raw_event_name, library, campaign_source, campaign_medium, campaign_name, campaign_content, campaign_term, url, from_url, user_agent,
    -- Those of a page are its name and URLs again; a message made of a row has them, the row has not.
    case when is_row = 0 or type not in ('page', 'screen') then raw_properties end as raw_properties,
    ignored_anonymous_id, ignored_user_id, ignored_previous_id, occurred_at, received_at,
    reason, is_waived, message_hash,
    case when reason is not null then message end as text,
    case reason
        when 'UNREADABLE' then unreadable
        when 'UNKNOWN_TYPE' then 'Expected type to be page, screen, track, identify, alias or group, but got '
            || coalesce(substr(raw_type, 1, 100), 'none') || '.'
        when 'WRONG_TYPE' then coalesce(wrong_type, 'Expected ids of at most 256 characters, but one is longer.')
        when 'NO_ID' then 'Expected anonymousId or userId, but both are absent or on the ignore list.'
        when 'NO_TIME' then 'Expected timestamp, or originalTimestamp with sentAt and receivedAt, or receivedAt as ISO 8601 times.'
        when 'FUTURE' then 'Expected it to happen at most a day after it was received, and to be received at most a day from now.'
        when 'PAST' then 'Expected it to happen at or after events.notBefore.'
    end as detail
from judged;
analyze "tributary"."staging_checked";

-- Nothing after it reads these.
drop table if exists "tributary"."staging_lines";
drop table if exists "tributary"."staging_retried_lines";
drop table if exists "tributary"."staging_tabular";

-- refused_rows: Messages that cannot be used, and files that cannot be read.
drop table if exists "tributary"."staging_refused_rows";
create table "tributary"."staging_refused_rows" as
select
    md5(source || e'\x1f' || file || e'\x1f' || (cast(line as text) collate "C") || e'\x1f' || coalesce(text, '')) as quarantine_id,
    source, file, line, reason, detail, text, is_retry
from "tributary"."staging_checked"
where reason is not null
union all
select
    md5(source || e'\x1f' || file) as quarantine_id,
    source, file, 0 as line, 'UNREADABLE' as reason, problem as detail, (cast(null as text) collate "C") as text, is_retry
from "tributary"."staging_source_files"
where problem is not null;
analyze "tributary"."staging_refused_rows";

-- refused: Rows for quarantine.
drop table if exists "tributary"."staging_refused";
create table "tributary"."staging_refused" as
select
    quarantine_id, source, file, line, reason, min(detail) as detail, substr(min(text), 1, 65536) as text,
    cast('2025-06-01 05:00:00.000000' as timestamp) as quarantined_at
from "tributary"."staging_refused_rows"
group by quarantine_id, source, file, line, reason;
analyze "tributary"."staging_refused";

-- urls: Each distinct URL and referrer of the batch, taken apart.
drop table if exists "tributary"."staging_urls";
create table "tributary"."staging_urls" as
with texts as (
    select url from "tributary"."staging_checked" where reason is null and url is not null group by url
    union all
    select from_url as url from "tributary"."staging_checked" where reason is null and from_url is not null group by from_url
),

distinct_texts as (
    select url from texts group by url
),

queried as (
    select url, case when strpos(url, '?') > 0 then '&' || nullif(substring(url from '^[^?#]*[?]([^#]+)'), '') end as query from distinct_texts
),

-- Campaign and path are taken from the URL before personal ids are taken out of each.
parsed as (
    select
        url,
        translate(coalesce(
        case when strpos(url, '@') > 0 then nullif(substring(url from '^[a-zA-Z0-9+.-]*:?//[^/?#]*@([^/?#@:]*)'), '') end,
        nullif(substring(url from '^[a-zA-Z0-9+.-]*:?//([^/?#@:]*)'), '')
    ), 'ABCDEFGHIJKLMNOPQRSTUVWXYZ', 'abcdefghijklmnopqrstuvwxyz') as host,
        case when (url ~ '^([a-zA-Z][a-zA-Z0-9+.-]*:)?//') then coalesce(nullif(substring(url from '^[a-zA-Z0-9+.-]*:?//[^/?#]*(/[^?#]*)'), ''), '/') end as raw_path,
        case when (url ~ '[?&]([mM][cC]_[eE][iI][dD]|[mM][kK][tT]_[tT][oO][kK]|_[hH][sS][eE][nN][cC]|_[kK][xX]|[mM][lL]_[sS][uU][bB][sS][cC][rR][iI][bB][eE][rR]|[mM][lL]_[sS][uU][bB][sS][cC][rR][iI][bB][eE][rR]_[hH][aA][sS][hH]|[eE][mM][aA][iI][lL]|[eE]-[mM][aA][iI][lL]|[mM][aA][iI][lL])=') then regexp_replace(regexp_replace(regexp_replace(regexp_replace(regexp_replace(regexp_replace(regexp_replace(regexp_replace(regexp_replace(regexp_replace(regexp_replace(regexp_replace(regexp_replace(regexp_replace(regexp_replace(regexp_replace(regexp_replace(regexp_replace(url, '[?][mM][cC]_[eE][iI][dD]=[^&#]*', '?mc_eid=', 'g'), '[&][mM][cC]_[eE][iI][dD]=[^&#]*', '&mc_eid=', 'g'), '[?][mM][kK][tT]_[tT][oO][kK]=[^&#]*', '?mkt_tok=', 'g'), '[&][mM][kK][tT]_[tT][oO][kK]=[^&#]*', '&mkt_tok=', 'g'), '[?]_[hH][sS][eE][nN][cC]=[^&#]*', '?_hsenc=', 'g'), '[&]_[hH][sS][eE][nN][cC]=[^&#]*', '&_hsenc=', 'g'), '[?]_[kK][xX]=[^&#]*', '?_kx=', 'g'), '[&]_[kK][xX]=[^&#]*', '&_kx=', 'g'), '[?][mM][lL]_[sS][uU][bB][sS][cC][rR][iI][bB][eE][rR]=[^&#]*', '?ml_subscriber=', 'g'), '[&][mM][lL]_[sS][uU][bB][sS][cC][rR][iI][bB][eE][rR]=[^&#]*', '&ml_subscriber=', 'g'), '[?][mM][lL]_[sS][uU][bB][sS][cC][rR][iI][bB][eE][rR]_[hH][aA][sS][hH]=[^&#]*', '?ml_subscriber_hash=', 'g'), '[&][mM][lL]_[sS][uU][bB][sS][cC][rR][iI][bB][eE][rR]_[hH][aA][sS][hH]=[^&#]*', '&ml_subscriber_hash=', 'g'), '[?][eE][mM][aA][iI][lL]=[^&#]*', '?email=', 'g'), '[&][eE][mM][aA][iI][lL]=[^&#]*', '&email=', 'g'), '[?][eE]-[mM][aA][iI][lL]=[^&#]*', '?e-mail=', 'g'), '[&][eE]-[mM][aA][iI][lL]=[^&#]*', '&e-mail=', 'g'), '[?][mM][aA][iI][lL]=[^&#]*', '?mail=', 'g'), '[&][mM][aA][iI][lL]=[^&#]*', '&mail=', 'g') else url end as bare_url,
        nullif(btrim(case
    when strpos(nullif(substring(query from '&[uU][tT][mM]_[sS][oO][uU][rR][cC][eE]=([^&]*)'), ''), '%') = 0 then translate(nullif(substring(query from '&[uU][tT][mM]_[sS][oO][uU][rR][cC][eE]=([^&]*)'), ''), '+', ' ')
    when nullif(substring(query from '&[uU][tT][mM]_[sS][oO][uU][rR][cC][eE]=([^&]*)'), '') ~ '%(00|[^0-9a-fA-F]|[0-9a-fA-F]([^0-9a-fA-F]|$)|$)' then nullif(substring(query from '&[uU][tT][mM]_[sS][oO][uU][rR][cC][eE]=([^&]*)'), '')
    else (
        select case when u.hex ~ '^([0-7].|(c[2-9a-f]|d.)[89ab].|e0[ab].[89ab].|e[1-9abcef]([89ab].){2}|ed[89].[89ab].|f0[9ab].([89ab].){2}|f[1-3]([89ab].){3}|f48.([89ab].){2})*$' then convert_from(decode(u.hex, 'hex'), 'UTF8') else nullif(substring(query from '&[uU][tT][mM]_[sS][oO][uU][rR][cC][eE]=([^&]*)'), '') end
        from (
            select string_agg(
                case when strpos(p.piece, '%') = 1 then lower(substr(p.piece, 2))
                else encode(convert_to(translate(p.piece, '+', ' '), 'UTF8'), 'hex') end, '' order by p.place
            ) as hex
            from (
                select m.found[1] as piece, m.place
                from regexp_matches(nullif(substring(query from '&[uU][tT][mM]_[sS][oO][uU][rR][cC][eE]=([^&]*)'), ''), '%[0-9a-fA-F]{2}|[^%]+', 'g') with ordinality as m(found, place)
            ) as p
        ) as u
    )
end, e' \t\n\x0b\x0c\r'), '') as "utm_source",
        nullif(btrim(case
    when strpos(nullif(substring(query from '&[uU][tT][mM]_[mM][eE][dD][iI][uU][mM]=([^&]*)'), ''), '%') = 0 then translate(nullif(substring(query from '&[uU][tT][mM]_[mM][eE][dD][iI][uU][mM]=([^&]*)'), ''), '+', ' ')
    when nullif(substring(query from '&[uU][tT][mM]_[mM][eE][dD][iI][uU][mM]=([^&]*)'), '') ~ '%(00|[^0-9a-fA-F]|[0-9a-fA-F]([^0-9a-fA-F]|$)|$)' then nullif(substring(query from '&[uU][tT][mM]_[mM][eE][dD][iI][uU][mM]=([^&]*)'), '')
    else (
        select case when u.hex ~ '^([0-7].|(c[2-9a-f]|d.)[89ab].|e0[ab].[89ab].|e[1-9abcef]([89ab].){2}|ed[89].[89ab].|f0[9ab].([89ab].){2}|f[1-3]([89ab].){3}|f48.([89ab].){2})*$' then convert_from(decode(u.hex, 'hex'), 'UTF8') else nullif(substring(query from '&[uU][tT][mM]_[mM][eE][dD][iI][uU][mM]=([^&]*)'), '') end
        from (
            select string_agg(
                case when strpos(p.piece, '%') = 1 then lower(substr(p.piece, 2))
                else encode(convert_to(translate(p.piece, '+', ' '), 'UTF8'), 'hex') end, '' order by p.place
            ) as hex
            from (
                select m.found[1] as piece, m.place
                from regexp_matches(nullif(substring(query from '&[uU][tT][mM]_[mM][eE][dD][iI][uU][mM]=([^&]*)'), ''), '%[0-9a-fA-F]{2}|[^%]+', 'g') with ordinality as m(found, place)
            ) as p
        ) as u
    )
end, e' \t\n\x0b\x0c\r'), '') as "utm_medium",
        nullif(btrim(case
    when strpos(nullif(substring(query from '&[uU][tT][mM]_[cC][aA][mM][pP][aA][iI][gG][nN]=([^&]*)'), ''), '%') = 0 then translate(nullif(substring(query from '&[uU][tT][mM]_[cC][aA][mM][pP][aA][iI][gG][nN]=([^&]*)'), ''), '+', ' ')
    when nullif(substring(query from '&[uU][tT][mM]_[cC][aA][mM][pP][aA][iI][gG][nN]=([^&]*)'), '') ~ '%(00|[^0-9a-fA-F]|[0-9a-fA-F]([^0-9a-fA-F]|$)|$)' then nullif(substring(query from '&[uU][tT][mM]_[cC][aA][mM][pP][aA][iI][gG][nN]=([^&]*)'), '')
    else (
        select case when u.hex ~ '^([0-7].|(c[2-9a-f]|d.)[89ab].|e0[ab].[89ab].|e[1-9abcef]([89ab].){2}|ed[89].[89ab].|f0[9ab].([89ab].){2}|f[1-3]([89ab].){3}|f48.([89ab].){2})*$' then convert_from(decode(u.hex, 'hex'), 'UTF8') else nullif(substring(query from '&[uU][tT][mM]_[cC][aA][mM][pP][aA][iI][gG][nN]=([^&]*)'), '') end
        from (
            select string_agg(
                case when strpos(p.piece, '%') = 1 then lower(substr(p.piece, 2))
                else encode(convert_to(translate(p.piece, '+', ' '), 'UTF8'), 'hex') end, '' order by p.place
            ) as hex
            from (
                select m.found[1] as piece, m.place
                from regexp_matches(nullif(substring(query from '&[uU][tT][mM]_[cC][aA][mM][pP][aA][iI][gG][nN]=([^&]*)'), ''), '%[0-9a-fA-F]{2}|[^%]+', 'g') with ordinality as m(found, place)
            ) as p
        ) as u
    )
end, e' \t\n\x0b\x0c\r'), '') as "utm_campaign",
        nullif(btrim(case
    when strpos(nullif(substring(query from '&[uU][tT][mM]_[cC][oO][nN][tT][eE][nN][tT]=([^&]*)'), ''), '%') = 0 then translate(nullif(substring(query from '&[uU][tT][mM]_[cC][oO][nN][tT][eE][nN][tT]=([^&]*)'), ''), '+', ' ')
    when nullif(substring(query from '&[uU][tT][mM]_[cC][oO][nN][tT][eE][nN][tT]=([^&]*)'), '') ~ '%(00|[^0-9a-fA-F]|[0-9a-fA-F]([^0-9a-fA-F]|$)|$)' then nullif(substring(query from '&[uU][tT][mM]_[cC][oO][nN][tT][eE][nN][tT]=([^&]*)'), '')
    else (
        select case when u.hex ~ '^([0-7].|(c[2-9a-f]|d.)[89ab].|e0[ab].[89ab].|e[1-9abcef]([89ab].){2}|ed[89].[89ab].|f0[9ab].([89ab].){2}|f[1-3]([89ab].){3}|f48.([89ab].){2})*$' then convert_from(decode(u.hex, 'hex'), 'UTF8') else nullif(substring(query from '&[uU][tT][mM]_[cC][oO][nN][tT][eE][nN][tT]=([^&]*)'), '') end
        from (
            select string_agg(
                case when strpos(p.piece, '%') = 1 then lower(substr(p.piece, 2))
                else encode(convert_to(translate(p.piece, '+', ' '), 'UTF8'), 'hex') end, '' order by p.place
            ) as hex
            from (
                select m.found[1] as piece, m.place
                from regexp_matches(nullif(substring(query from '&[uU][tT][mM]_[cC][oO][nN][tT][eE][nN][tT]=([^&]*)'), ''), '%[0-9a-fA-F]{2}|[^%]+', 'g') with ordinality as m(found, place)
            ) as p
        ) as u
    )
end, e' \t\n\x0b\x0c\r'), '') as "utm_content",
        nullif(btrim(case
    when strpos(nullif(substring(query from '&[uU][tT][mM]_[tT][eE][rR][mM]=([^&]*)'), ''), '%') = 0 then translate(nullif(substring(query from '&[uU][tT][mM]_[tT][eE][rR][mM]=([^&]*)'), ''), '+', ' ')
    when nullif(substring(query from '&[uU][tT][mM]_[tT][eE][rR][mM]=([^&]*)'), '') ~ '%(00|[^0-9a-fA-F]|[0-9a-fA-F]([^0-9a-fA-F]|$)|$)' then nullif(substring(query from '&[uU][tT][mM]_[tT][eE][rR][mM]=([^&]*)'), '')
    else (
        select case when u.hex ~ '^([0-7].|(c[2-9a-f]|d.)[89ab].|e0[ab].[89ab].|e[1-9abcef]([89ab].){2}|ed[89].[89ab].|f0[9ab].([89ab].){2}|f[1-3]([89ab].){3}|f48.([89ab].){2})*$' then convert_from(decode(u.hex, 'hex'), 'UTF8') else nullif(substring(query from '&[uU][tT][mM]_[tT][eE][rR][mM]=([^&]*)'), '') end
        from (
            select string_agg(
                case when strpos(p.piece, '%') = 1 then lower(substr(p.piece, 2))
                else encode(convert_to(translate(p.piece, '+', ' '), 'UTF8'), 'hex') end, '' order by p.place
            ) as hex
            from (
                select m.found[1] as piece, m.place
                from regexp_matches(nullif(substring(query from '&[uU][tT][mM]_[tT][eE][rR][mM]=([^&]*)'), ''), '%[0-9a-fA-F]{2}|[^%]+', 'g') with ordinality as m(found, place)
            ) as p
        ) as u
    )
end, e' \t\n\x0b\x0c\r'), '') as "utm_term",
        case when (case when query = lower(query) then query else translate(query, 'ABCDEFGHIJKLMNOPQRSTUVWXYZ', 'abcdefghijklmnopqrstuvwxyz') end ~ '&(gclid|wbraid|gbraid|dclid|msclkid|yclid|ttclid|twclid|li_fat_id|rdt_cid|sccid|scid|epik|qclid|tblci|dicbo|ob_click_id|ko_click_id|gclsrc|gad_source|gad_campaignid|irclickid|irclid|awc|cjevent|sscid|ransiteid|srsltid|fbclid|igshid|igsh|mc_cid|mc_eid|_kx|mkt_tok|_hsenc|_hsmi|ml_subscriber|ml_subscriber_hash)=[^&]') then case
        when (case when query = lower(query) then query else translate(query, 'ABCDEFGHIJKLMNOPQRSTUVWXYZ', 'abcdefghijklmnopqrstuvwxyz') end ~ '&gclid=[^&]') then 'gclid'
        when (case when query = lower(query) then query else translate(query, 'ABCDEFGHIJKLMNOPQRSTUVWXYZ', 'abcdefghijklmnopqrstuvwxyz') end ~ '&wbraid=[^&]') then 'wbraid'
        when (case when query = lower(query) then query else translate(query, 'ABCDEFGHIJKLMNOPQRSTUVWXYZ', 'abcdefghijklmnopqrstuvwxyz') end ~ '&gbraid=[^&]') then 'gbraid'
        when (case when query = lower(query) then query else translate(query, 'ABCDEFGHIJKLMNOPQRSTUVWXYZ', 'abcdefghijklmnopqrstuvwxyz') end ~ '&dclid=[^&]') then 'dclid'
        when (case when query = lower(query) then query else translate(query, 'ABCDEFGHIJKLMNOPQRSTUVWXYZ', 'abcdefghijklmnopqrstuvwxyz') end ~ '&msclkid=[^&]') then 'msclkid'
        when (case when query = lower(query) then query else translate(query, 'ABCDEFGHIJKLMNOPQRSTUVWXYZ', 'abcdefghijklmnopqrstuvwxyz') end ~ '&yclid=[^&]') then 'yclid'
        when (case when query = lower(query) then query else translate(query, 'ABCDEFGHIJKLMNOPQRSTUVWXYZ', 'abcdefghijklmnopqrstuvwxyz') end ~ '&ttclid=[^&]') then 'ttclid'
        when (case when query = lower(query) then query else translate(query, 'ABCDEFGHIJKLMNOPQRSTUVWXYZ', 'abcdefghijklmnopqrstuvwxyz') end ~ '&twclid=[^&]') then 'twclid'
        when (case when query = lower(query) then query else translate(query, 'ABCDEFGHIJKLMNOPQRSTUVWXYZ', 'abcdefghijklmnopqrstuvwxyz') end ~ '&li_fat_id=[^&]') then 'li_fat_id'
        when (case when query = lower(query) then query else translate(query, 'ABCDEFGHIJKLMNOPQRSTUVWXYZ', 'abcdefghijklmnopqrstuvwxyz') end ~ '&rdt_cid=[^&]') then 'rdt_cid'
        when (case when query = lower(query) then query else translate(query, 'ABCDEFGHIJKLMNOPQRSTUVWXYZ', 'abcdefghijklmnopqrstuvwxyz') end ~ '&sccid=[^&]') then 'sccid'
        when (case when query = lower(query) then query else translate(query, 'ABCDEFGHIJKLMNOPQRSTUVWXYZ', 'abcdefghijklmnopqrstuvwxyz') end ~ '&scid=[^&]') then 'scid'
        when (case when query = lower(query) then query else translate(query, 'ABCDEFGHIJKLMNOPQRSTUVWXYZ', 'abcdefghijklmnopqrstuvwxyz') end ~ '&epik=[^&]') then 'epik'
        when (case when query = lower(query) then query else translate(query, 'ABCDEFGHIJKLMNOPQRSTUVWXYZ', 'abcdefghijklmnopqrstuvwxyz') end ~ '&qclid=[^&]') then 'qclid'
        when (case when query = lower(query) then query else translate(query, 'ABCDEFGHIJKLMNOPQRSTUVWXYZ', 'abcdefghijklmnopqrstuvwxyz') end ~ '&tblci=[^&]') then 'tblci'
        when (case when query = lower(query) then query else translate(query, 'ABCDEFGHIJKLMNOPQRSTUVWXYZ', 'abcdefghijklmnopqrstuvwxyz') end ~ '&dicbo=[^&]') then 'dicbo'
        when (case when query = lower(query) then query else translate(query, 'ABCDEFGHIJKLMNOPQRSTUVWXYZ', 'abcdefghijklmnopqrstuvwxyz') end ~ '&ob_click_id=[^&]') then 'ob_click_id'
        when (case when query = lower(query) then query else translate(query, 'ABCDEFGHIJKLMNOPQRSTUVWXYZ', 'abcdefghijklmnopqrstuvwxyz') end ~ '&ko_click_id=[^&]') then 'ko_click_id'
        when (case when query = lower(query) then query else translate(query, 'ABCDEFGHIJKLMNOPQRSTUVWXYZ', 'abcdefghijklmnopqrstuvwxyz') end ~ '&gclsrc=[^&]') then 'gclsrc'
        when (case when query = lower(query) then query else translate(query, 'ABCDEFGHIJKLMNOPQRSTUVWXYZ', 'abcdefghijklmnopqrstuvwxyz') end ~ '&gad_source=[^&]') then 'gad_source'
        when (case when query = lower(query) then query else translate(query, 'ABCDEFGHIJKLMNOPQRSTUVWXYZ', 'abcdefghijklmnopqrstuvwxyz') end ~ '&gad_campaignid=[^&]') then 'gad_campaignid'
        when (case when query = lower(query) then query else translate(query, 'ABCDEFGHIJKLMNOPQRSTUVWXYZ', 'abcdefghijklmnopqrstuvwxyz') end ~ '&irclickid=[^&]') then 'irclickid'
        when (case when query = lower(query) then query else translate(query, 'ABCDEFGHIJKLMNOPQRSTUVWXYZ', 'abcdefghijklmnopqrstuvwxyz') end ~ '&irclid=[^&]') then 'irclid'
        when (case when query = lower(query) then query else translate(query, 'ABCDEFGHIJKLMNOPQRSTUVWXYZ', 'abcdefghijklmnopqrstuvwxyz') end ~ '&awc=[^&]') then 'awc'
        when (case when query = lower(query) then query else translate(query, 'ABCDEFGHIJKLMNOPQRSTUVWXYZ', 'abcdefghijklmnopqrstuvwxyz') end ~ '&cjevent=[^&]') then 'cjevent'
        when (case when query = lower(query) then query else translate(query, 'ABCDEFGHIJKLMNOPQRSTUVWXYZ', 'abcdefghijklmnopqrstuvwxyz') end ~ '&sscid=[^&]') then 'sscid'
        when (case when query = lower(query) then query else translate(query, 'ABCDEFGHIJKLMNOPQRSTUVWXYZ', 'abcdefghijklmnopqrstuvwxyz') end ~ '&ransiteid=[^&]') then 'ransiteid'
        when (case when query = lower(query) then query else translate(query, 'ABCDEFGHIJKLMNOPQRSTUVWXYZ', 'abcdefghijklmnopqrstuvwxyz') end ~ '&srsltid=[^&]') then 'srsltid'
        when (case when query = lower(query) then query else translate(query, 'ABCDEFGHIJKLMNOPQRSTUVWXYZ', 'abcdefghijklmnopqrstuvwxyz') end ~ '&fbclid=[^&]') then 'fbclid'
        when (case when query = lower(query) then query else translate(query, 'ABCDEFGHIJKLMNOPQRSTUVWXYZ', 'abcdefghijklmnopqrstuvwxyz') end ~ '&igshid=[^&]') then 'igshid'
        when (case when query = lower(query) then query else translate(query, 'ABCDEFGHIJKLMNOPQRSTUVWXYZ', 'abcdefghijklmnopqrstuvwxyz') end ~ '&igsh=[^&]') then 'igsh'
        when (case when query = lower(query) then query else translate(query, 'ABCDEFGHIJKLMNOPQRSTUVWXYZ', 'abcdefghijklmnopqrstuvwxyz') end ~ '&mc_cid=[^&]') then 'mc_cid'
        when (case when query = lower(query) then query else translate(query, 'ABCDEFGHIJKLMNOPQRSTUVWXYZ', 'abcdefghijklmnopqrstuvwxyz') end ~ '&mc_eid=[^&]') then 'mc_eid'
        when (case when query = lower(query) then query else translate(query, 'ABCDEFGHIJKLMNOPQRSTUVWXYZ', 'abcdefghijklmnopqrstuvwxyz') end ~ '&_kx=[^&]') then '_kx'
        when (case when query = lower(query) then query else translate(query, 'ABCDEFGHIJKLMNOPQRSTUVWXYZ', 'abcdefghijklmnopqrstuvwxyz') end ~ '&mkt_tok=[^&]') then 'mkt_tok'
        when (case when query = lower(query) then query else translate(query, 'ABCDEFGHIJKLMNOPQRSTUVWXYZ', 'abcdefghijklmnopqrstuvwxyz') end ~ '&_hsenc=[^&]') then '_hsenc'
        when (case when query = lower(query) then query else translate(query, 'ABCDEFGHIJKLMNOPQRSTUVWXYZ', 'abcdefghijklmnopqrstuvwxyz') end ~ '&_hsmi=[^&]') then '_hsmi'
        when (case when query = lower(query) then query else translate(query, 'ABCDEFGHIJKLMNOPQRSTUVWXYZ', 'abcdefghijklmnopqrstuvwxyz') end ~ '&ml_subscriber=[^&]') then 'ml_subscriber'
        when (case when query = lower(query) then query else translate(query, 'ABCDEFGHIJKLMNOPQRSTUVWXYZ', 'abcdefghijklmnopqrstuvwxyz') end ~ '&ml_subscriber_hash=[^&]') then 'ml_subscriber_hash'
    end end as click_id
    from queried
)

select
    url, host, case
        when strpos("raw_path", '@') > 0 or strpos("raw_path", '%40') > 0 then regexp_replace("raw_path", '[A-Za-z0-9._%+-]+(@|%40)[A-Za-z0-9.-]+[.][A-Za-z][A-Za-z]+', '[email]', 'g')
        else "raw_path"
    end as path, case
        when strpos("bare_url", '@') > 0 or strpos("bare_url", '%40') > 0 then regexp_replace("bare_url", '[A-Za-z0-9._%+-]+(@|%40)[A-Za-z0-9.-]+[.][A-Za-z][A-Za-z]+', '[email]', 'g')
        else "bare_url"
    end as clean_url,
    utm_source, utm_medium, utm_campaign, utm_content, utm_term, click_id
from parsed;
analyze "tributary"."staging_urls";

-- event_names: Each distinct name of a track, normalised.
drop table if exists "tributary"."staging_event_names";
create table "tributary"."staging_event_names" as
select raw_event_name, nullif(regexp_replace(regexp_replace(case when raw_event_name = lower(raw_event_name) then raw_event_name else translate(raw_event_name, 'ABCDEFGHIJKLMNOPQRSTUVWXYZ', 'abcdefghijklmnopqrstuvwxyz') end, '[^a-z0-9]+', '_', 'g'), '^_+|_+$', '', 'g'), '') as event_name
from "tributary"."staging_checked"
where reason is null and raw_event_name is not null
group by raw_event_name;
analyze "tributary"."staging_event_names";

-- Which user agents are new. tributary looks each up in its list of bots and adds them to
-- `user_agents`.
select distinct s.user_agent
from "tributary"."staging_checked" as s
left join "tributary"."user_agents" as a on a.user_agent = s.user_agent
where s.reason is null and s.user_agent is not null and a.user_agent is null;

-- agents: User agents of the batch, and which of them are bots.
drop table if exists "tributary"."staging_agents";
create table "tributary"."staging_agents" as
select distinct user_agent, is_bot from "tributary"."user_agents"
where user_agent in (select user_agent from "tributary"."staging_checked" where reason is null);
analyze "tributary"."staging_agents";

-- outside_hosts: Referrer hosts that are outside.
drop table if exists "tributary"."staging_outside_hosts";
create table "tributary"."staging_outside_hosts" as
with hosts as (
    select distinct host from "tributary"."staging_urls" where host is not null
),

excluded as (
    select distinct h.host
    from hosts as h
    join "tributary"."referral_exclusions" as x on h.host = x.host or right(h.host, length(x.host) + 1) = '.' || x.host
)

select h.host
from hosts as h
left join excluded as x on x.host = h.host
where x.host is null and not ((h.host = 'acme.example' or right(h.host, 13) = '.acme.example'));
analyze "tributary"."staging_outside_hosts";

-- incoming: Usable messages as events, outside referrers marked and exclusions named.
drop table if exists "tributary"."staging_incoming";
create table "tributary"."staging_incoming" as
with keyed as (
    select *, cast((cast(cast("m".ctid as text) as point))[0] * 512 + (cast(cast("m".ctid as text) as point))[1] as bigint) as number, md5(key_source || e'\x1f' || event_id) as event_key
    from "tributary"."staging_checked" as m
    where reason is null
),

joined as (
    select
        k.*,
        n.event_name,
        u.clean_url as page_url, u.host as page_host, u.path as page_path, u.click_id,
        f.clean_url as referrer, f.host as raw_referrer_host,
        o.host as outside_host,
        b.is_bot,
        coalesce(nullif(btrim(k.campaign_source, e' \t\n\x0b\x0c\r'), ''), u."utm_source") as "raw_utm_source",
        coalesce(nullif(btrim(k.campaign_medium, e' \t\n\x0b\x0c\r'), ''), u."utm_medium") as "raw_utm_medium",
        coalesce(nullif(btrim(k.campaign_name, e' \t\n\x0b\x0c\r'), ''), u."utm_campaign") as "raw_utm_campaign",
        coalesce(nullif(btrim(k.campaign_content, e' \t\n\x0b\x0c\r'), ''), u."utm_content") as "raw_utm_content",
        coalesce(nullif(btrim(k.campaign_term, e' \t\n\x0b\x0c\r'), ''), u."utm_term") as "raw_utm_term"
    from keyed as k
    left join "tributary"."staging_urls" as u on u.url = k.url
    left join "tributary"."staging_urls" as f on f.url = k.from_url
    left join "tributary"."staging_event_names" as n on n.raw_event_name = k.raw_event_name
    left join "tributary"."staging_outside_hosts" as o on o.host = f.host
    left join "tributary"."staging_agents" as b on b.user_agent = k.user_agent
)

select
    source,
    file_number * 1099511627776 + number as row_number_read,
    event_key,
    event_id,
    type,
    name,
    event_name,
    anonymous_id,
    user_id,
    case when type = 'alias' then previous_id end as previous_id,
    ignored_anonymous_id,
    ignored_user_id,
    case when type = 'alias' then ignored_previous_id end as ignored_previous_id,
    group_id,
    occurred_at,
    received_at,
    lpad((cast(cast(extract(epoch from (s.occurred_at)) * 1000000 as bigint) as text) collate "C"), 16, '0') || case when "s".type in ('page', 'screen') then '0' else '1' end || "s".event_key as order_key,
    ("s".anonymous_id is not null and coalesce(case when "s".library = lower("s".library) then "s".library else translate("s".library, 'ABCDEFGHIJKLMNOPQRSTUVWXYZ', 'abcdefghijklmnopqrstuvwxyz') end, '') not in ('analytics-node', '@segment/analytics-node', 'analytics-python', 'analytics-ruby', 'analytics-php', 'analytics-go', 'analytics-java', 'analytics.net', 'analytics-csharp', 'analytics-rust', 'analytics-elixir', 'analytics-clojure', 'segment-http-api', 'segment-cloud-app', 'http', '@rudderstack/rudder-sdk-node', 'rudder-sdk-node', 'rudder-sdk-python', 'rudder-sdk-ruby', 'rudder-sdk-php', 'rudder-sdk-go', 'rudder-sdk-java', 'rudder-sdk-dotnet', 'rudderstack-http-api')) as is_in_session,
    page_url,
    page_host,
    page_path,
    referrer,
    raw_referrer_host,
    case when outside_host <> coalesce(page_host, '') then outside_host end as referrer_host,
    case
        when strpos("raw_utm_source", '@') > 0 or strpos("raw_utm_source", '%40') > 0 then regexp_replace("raw_utm_source", '[A-Za-z0-9._%+-]+(@|%40)[A-Za-z0-9.-]+[.][A-Za-z][A-Za-z]+', '[email]', 'g')
        else "raw_utm_source"
    end as utm_source,
    case
        when strpos("raw_utm_medium", '@') > 0 or strpos("raw_utm_medium", '%40') > 0 then regexp_replace("raw_utm_medium", '[A-Za-z0-9._%+-]+(@|%40)[A-Za-z0-9.-]+[.][A-Za-z][A-Za-z]+', '[email]', 'g')
        else "raw_utm_medium"
    end as utm_medium,
    case
        when strpos("raw_utm_campaign", '@') > 0 or strpos("raw_utm_campaign", '%40') > 0 then regexp_replace("raw_utm_campaign", '[A-Za-z0-9._%+-]+(@|%40)[A-Za-z0-9.-]+[.][A-Za-z][A-Za-z]+', '[email]', 'g')
        else "raw_utm_campaign"
    end as utm_campaign,
    case
        when strpos("raw_utm_content", '@') > 0 or strpos("raw_utm_content", '%40') > 0 then regexp_replace("raw_utm_content", '[A-Za-z0-9._%+-]+(@|%40)[A-Za-z0-9.-]+[.][A-Za-z][A-Za-z]+', '[email]', 'g')
        else "raw_utm_content"
    end as utm_content,
    case
        when strpos("raw_utm_term", '@') > 0 or strpos("raw_utm_term", '%40') > 0 then regexp_replace("raw_utm_term", '[A-Za-z0-9._%+-]+(@|%40)[A-Za-z0-9.-]+[.][A-Za-z][A-Za-z]+', '[email]', 'g')
        else "raw_utm_term"
    end as utm_term,
    click_id,
    library,
    user_agent,
    case
        when length(raw_properties) <= 65536 or event_name in ('signed_up', 'sign_up', 'signup', 'user_signed_up', 'account_created', 'order_completed') then raw_properties
    end as properties,
    coalesce(length(raw_properties) > 65536 and coalesce(event_name, '') not in ('signed_up', 'sign_up', 'signup', 'user_signed_up', 'account_created', 'order_completed'), 1 = 0) as is_stripped,
    is_waived = 1 as is_released,
    content_hash,
    case
        when "s".is_bot then 'BOT'
        when 1 = 0 then 'USER'
        when 1 = 0 then 'HOST'
        when 1 = 0 then 'PATH'
        when 1 = 0 then 'EVENT'
    end as excluded_reason
from joined as s;
analyze "tributary"."staging_incoming";

-- Nothing after it reads these.
drop table if exists "tributary"."staging_checked";
drop table if exists "tributary"."staging_urls";
drop table if exists "tributary"."staging_event_names";
drop table if exists "tributary"."staging_outside_hosts";
drop table if exists "tributary"."staging_agents";

-- ledger_hits: Ledger rows whose key may be one of the batch.
drop table if exists "tributary"."staging_ledger_hits";
create table "tributary"."staging_ledger_hits" as
select key_hash, received_at
from "tributary"."event_ledger" as l
where key_hash in (select (hashtextextended(event_key, 0) & 9223372036854775807) from "tributary"."staging_incoming");
analyze "tributary"."staging_ledger_hits";

-- copies: Each event of the batch, and what the ledger knows of its key.
drop table if exists "tributary"."staging_copies";
create table "tributary"."staging_copies" as
select event_key, received_at, received_at as last_received_at, content_hash, occurred_at, row_number_read, 0 as is_stored
from "tributary"."staging_incoming"
union all
select l.event_key, l.received_at, l.last_received_at, l.content_hash, l.occurred_at, 0 as row_number_read, 1 as is_stored
from "tributary"."event_ledger" as l
where l.received_at >= (select min(received_at) from "tributary"."staging_ledger_hits")
    and l.received_at <= (select max(received_at) from "tributary"."staging_ledger_hits")
    and l.key_hash in (select key_hash from "tributary"."staging_ledger_hits")
    and l.event_key in (select event_key from "tributary"."staging_incoming");
analyze "tributary"."staging_copies";

-- contested: Keys with more than one copy: which copy counts.
drop table if exists "tributary"."staging_contested";
create table "tributary"."staging_contested" as
with keys as (
    select event_key from "tributary"."staging_copies" group by event_key having count(*) > 1
),

reached as (
    select
        c.*,
        max(c.last_received_at) over (
            partition by c.event_key order by c.received_at, c.content_hash, c.is_stored desc, c.row_number_read
            rows between unbounded preceding and 1 preceding
        ) as reach
    from "tributary"."staging_copies" as c
    join keys as k on k.event_key = c.event_key
),

clustered as (
    select
        *,
        sum(case when reach is null or cast(extract(epoch from (received_at) - (reach)) * 1000000 as bigint) > 6307200000000000 then 1 else 0 end) over (
            partition by event_key order by received_at, content_hash, is_stored desc, row_number_read
            rows between unbounded preceding and current row
        ) as cluster_number
    from reached
)

select
    *,
    row_number() over (
        partition by event_key, cluster_number order by received_at, content_hash, is_stored desc, row_number_read
    ) as place,
    max(is_stored) over (partition by event_key, cluster_number) as has_stored,
    min(is_stored) over (partition by event_key, cluster_number) as is_only_stored,
    max(is_stored) over (partition by event_key, cluster_number, content_hash) as is_known_content,
    min(row_number_read) over (partition by event_key, cluster_number, content_hash) as first_of_content,
    max(last_received_at) over (partition by event_key, cluster_number) as cluster_last_received_at
from clustered;
analyze "tributary"."staging_contested";

-- contested_rows: What became of the rows read of these keys: fresh, replacing, seen before or a
-- duplicate.
drop table if exists "tributary"."staging_contested_rows";
create table "tributary"."staging_contested_rows" as
select
    row_number_read,
    case
        when has_stored = 0 and place = 1 then 'fresh'
        when has_stored = 1 and place = 1 then 'replacing'
        when is_known_content = 1 then 'seen'
        -- Below zero stands what earlier runs have read, and is tried again.
        when first_of_content < 0 and row_number_read > 0 then 'seen'
        else 'duplicate'
    end as status
from "tributary"."staging_contested"
where is_stored = 0;
analyze "tributary"."staging_contested_rows";

-- source_counts: Where the rows of each source went.
drop table if exists "tributary"."staging_source_counts";
create table "tributary"."staging_source_counts" as
with outcomes as (
    select
        i.source,
        case
            when s.status in ('replacing', 'duplicate') then 'duplicate'
            when s.status = 'seen' then 'seen'
            when i.excluded_reason is not null then 'excluded'
            else 'accepted'
        end as outcome
    from "tributary"."staging_incoming" as i
    left join "tributary"."staging_contested_rows" as s on s.row_number_read = i.row_number_read
    union all
    select source, 'refused' as outcome
    from "tributary"."staging_refused_rows"
    where is_retry = 0
)

select
    f.source,
    max(f.files) as files,
    count(o.outcome) as rows_read,
    sum(case when o.outcome = 'accepted' then 1 else 0 end) as accepted,
    sum(case when o.outcome = 'seen' then 1 else 0 end) as seen_before,
    sum(case when o.outcome = 'duplicate' then 1 else 0 end) as duplicates,
    sum(case when o.outcome = 'refused' then 1 else 0 end) as quarantined,
    sum(case when o.outcome = 'excluded' then 1 else 0 end) as excluded,
    0 as erased
from (
    select source, sum(1 - is_retry) as files from "tributary"."staging_source_files" group by source
) as f
left join outcomes as o on o.source = f.source
group by f.source
having count(o.outcome) > 0 or max(f.files) > 0;
analyze "tributary"."staging_source_counts";

-- withdrawn: Stored events whose place a copy received earlier takes.
drop table if exists "tributary"."staging_withdrawn";
create table "tributary"."staging_withdrawn" as
select event_key, received_at, occurred_at
from "tributary"."staging_contested"
where is_stored = 1 and place > 1;
analyze "tributary"."staging_withdrawn";

-- ledger_changes: Ledger rows that come (is_old 0) and go (is_old 1).
drop table if exists "tributary"."staging_ledger_changes";
create table "tributary"."staging_ledger_changes" as
select (hashtextextended(event_key, 0) & 9223372036854775807) as key_hash, event_key, received_at, last_received_at, content_hash, occurred_at, 0 as is_old
from "tributary"."staging_copies"
where is_stored = 0 and event_key not in (select event_key from "tributary"."staging_contested")
union all
select (hashtextextended(c.event_key, 0) & 9223372036854775807) as key_hash, c.event_key, c.received_at, c.cluster_last_received_at, c.content_hash, c.occurred_at, 0 as is_old
from "tributary"."staging_contested" as c
where c.place = 1 and c.is_only_stored = 0
    and not (c.is_stored = 1 and c.last_received_at = c.cluster_last_received_at)
union all
select (hashtextextended(c.event_key, 0) & 9223372036854775807) as key_hash, c.event_key, c.received_at, c.last_received_at, c.content_hash, c.occurred_at, 1 as is_old
from "tributary"."staging_contested" as c
where c.is_stored = 1 and c.is_only_stored = 0
    and not (c.place = 1 and c.last_received_at = c.cluster_last_received_at);
analyze "tributary"."staging_ledger_changes";

-- quarantine_current: Current rows of quarantine that were computed anew.
drop table if exists "tributary"."staging_quarantine_current";
create table "tributary"."staging_quarantine_current" as
select t."quarantine_id", t."source", t."file", t."line", t."reason", t."detail", t."text", t."quarantined_at"
from "tributary"."quarantine" as t

where t.to_run = 9223372036854775807 and (
    (t.source || e'\x1f' || t.file) in (
        select source || e'\x1f' || file from "tributary"."staging_source_files" where is_retry = 0 and is_table = 0 and problem is null
    )
    or t.quarantine_id in (select quarantine_id from "tributary"."staging_refused")
    or (t.line = 0 and (t.source || e'\x1f' || t.file) in (
        select source || e'\x1f' || file from "tributary"."staging_source_files" where is_retry = 0
    ))
    or ((to_run = 9223372036854775807 and reason in ('FUTURE') and text is not null and length(text) < 65536) and (t.source || e'\x1f' || t.file) in (
        select source || e'\x1f' || file from "tributary"."staging_source_files" where is_retry = 1
    ))
);
analyze "tributary"."staging_quarantine_current";

-- quarantine_unchanged: Keys of quarantine whose row is as it was.
drop table if exists "tributary"."staging_quarantine_unchanged";
create table "tributary"."staging_quarantine_unchanged" as
select "n"."quarantine_id"
from "tributary"."staging_refused" as n
join "tributary"."staging_quarantine_current" as o on "n"."quarantine_id" = "o"."quarantine_id"
where n."source" = o."source"
    and n."file" = o."file"
    and n."line" = o."line"
    and n."reason" = o."reason"
    and n."detail" = o."detail"
    and (n."text" = o."text" or (n."text" is null and o."text" is null));
analyze "tributary"."staging_quarantine_unchanged";

-- quarantine_closed: Rows of quarantine this run closes: replaced, or gone.
drop table if exists "tributary"."staging_quarantine_closed";
create table "tributary"."staging_quarantine_closed" as
select o.*
from "tributary"."staging_quarantine_current" as o
left join "tributary"."staging_quarantine_unchanged" as u on "o"."quarantine_id" = "u"."quarantine_id"
where u."quarantine_id" is null;
analyze "tributary"."staging_quarantine_closed";

-- quarantine_opened: Rows of quarantine this run opens: new, or changed.
drop table if exists "tributary"."staging_quarantine_opened";
create table "tributary"."staging_quarantine_opened" as
select n."quarantine_id", n."source", n."file", n."line", n."reason", n."detail", n."text", n."quarantined_at"
from "tributary"."staging_refused" as n
left join "tributary"."staging_quarantine_unchanged" as u on "n"."quarantine_id" = "u"."quarantine_id"
where u."quarantine_id" is null;
analyze "tributary"."staging_quarantine_opened";

-- Nothing after this stage reads these.
drop table if exists "tributary"."staging_lines";
drop table if exists "tributary"."staging_retried_lines";
drop table if exists "tributary"."staging_checked";
drop table if exists "tributary"."staging_shaped";
drop table if exists "tributary"."staging_agents";
drop table if exists "tributary"."staging_outside_hosts";
drop table if exists "tributary"."staging_copies";
drop table if exists "tributary"."staging_contested";
drop table if exists "tributary"."staging_ledger_hits";
drop table if exists "tributary"."staging_outside_hosts_stored";
drop table if exists "tributary"."staging_replaced";
drop table if exists "tributary"."staging_revisions";

-- The part of `ingest` in the publish transaction of the run; alone it would leave half a run.
-- `tributary sql publish` has all of it.
insert into "tributary"."events" (source, event_key, event_id, type, name, event_name, anonymous_id, user_id, previous_id, ignored_anonymous_id, ignored_user_id, ignored_previous_id, group_id, occurred_at, received_at, is_in_session, excluded_reason, page_url, page_host, page_path, referrer, referrer_host, raw_referrer_host, utm_source, utm_medium, utm_campaign, utm_content, utm_term, click_id, library, user_agent, properties, is_released, is_stripped, run_id)
select source, event_key, event_id, type, name, event_name, anonymous_id, user_id, previous_id, ignored_anonymous_id, ignored_user_id, ignored_previous_id, group_id, occurred_at, received_at, is_in_session, excluded_reason, page_url, page_host, page_path, referrer, referrer_host, raw_referrer_host, utm_source, utm_medium, utm_campaign, utm_content, utm_term, click_id, library, user_agent, properties, is_released, is_stripped, run_id from (
    select i.*, 7 as run_id
    from "tributary"."staging_incoming" as i
    where i.row_number_read not in (
        select row_number_read from "tributary"."staging_contested_rows" where status in ('seen', 'duplicate')
    )
) as s;

delete from "tributary"."event_ledger"
where key_hash in (select key_hash from "tributary"."staging_ledger_changes" where is_old = 1)
    and received_at >= (select min(received_at) from "tributary"."staging_ledger_changes" where is_old = 1)
    and received_at <= (select max(received_at) from "tributary"."staging_ledger_changes" where is_old = 1)
    and received_at in (select received_at from "tributary"."staging_ledger_changes" where is_old = 1)
    and exists (
    select 1 from "tributary"."staging_ledger_changes" as s
    where s.is_old = 1 and s.event_key = event_ledger.event_key and s.received_at = event_ledger.received_at
);

insert into "tributary"."event_ledger" (key_hash, event_key, received_at, last_received_at, content_hash, occurred_at)
select key_hash, event_key, received_at, last_received_at, content_hash, occurred_at
from "tributary"."staging_ledger_changes"
where is_old = 0;

update "tributary"."quarantine" as t
set to_run = 7
where t.to_run = 9223372036854775807 and t."quarantine_id" in (select "quarantine_id" from "tributary"."staging_quarantine_closed") and exists (
    select 1 from "tributary"."staging_quarantine_closed" as s
    where s."quarantine_id" = t."quarantine_id"
);

insert into "tributary"."quarantine" (quarantine_id, source, file, line, reason, detail, text, quarantined_at, from_run, to_run)
select quarantine_id, source, file, line, reason, detail, text, quarantined_at, 7, 9223372036854775807
from "tributary"."staging_quarantine_opened";
