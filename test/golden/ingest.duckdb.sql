-- ingest: new rows of the sources: checked, refused or accepted, duplicates resolved, exclusions
-- marked

-- For a session of one’s own: where staging tables are.
attach if not exists ':memory:' as staging;

-- Before: tributary itself reads new and changed files and loads the staging tables `lines`,
-- `retried_lines` (waiting in quarantine), `source_files` and `watermarks_new`.

-- checked: Each line with clean ids and times, and why it cannot be used.
create or replace table staging.main."checked" as
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
        when "type_message_id" not in ('string', 'number') or ("type_message_id" = 'number' and not regexp_matches(message_id, '^-?[0-9]+$')) then 'Expected messageId to be a string or whole number, or absent, but got a ' || "type_message_id" || case when "type_message_id" = 'number' then ' that is not whole' else '' end || '.'
        when "type_anonymous_id" not in ('string', 'number') or ("type_anonymous_id" = 'number' and not regexp_matches(raw_anonymous_id, '^-?[0-9]+$')) then 'Expected anonymousId to be a string or whole number, or absent, but got a ' || "type_anonymous_id" || case when "type_anonymous_id" = 'number' then ' that is not whole' else '' end || '.'
        when "type_user_id" not in ('string', 'number') or ("type_user_id" = 'number' and not regexp_matches(raw_user_id, '^-?[0-9]+$')) then 'Expected userId to be a string or whole number, or absent, but got a ' || "type_user_id" || case when "type_user_id" = 'number' then ' that is not whole' else '' end || '.'
        when "type_previous_id" not in ('string', 'number') or ("type_previous_id" = 'number' and not regexp_matches(raw_previous_id, '^-?[0-9]+$')) then 'Expected previousId to be a string or whole number, or absent, but got a ' || "type_previous_id" || case when "type_previous_id" = 'number' then ' that is not whole' else '' end || '.'
        when "type_group_id" not in ('string', 'number') or ("type_group_id" = 'number' and not regexp_matches(raw_group_id, '^-?[0-9]+$')) then 'Expected groupId to be a string or whole number, or absent, but got a ' || "type_group_id" || case when "type_group_id" = 'number' then ' that is not whole' else '' end || '.'
        when "type_event" not in ('string', 'number') or ("type_event" = 'number' and not regexp_matches(raw_event, '^-?[0-9]+$')) then 'Expected event to be a string or whole number, or absent, but got a ' || "type_event" || case when "type_event" = 'number' then ' that is not whole' else '' end || '.'
        when "type_event_text" not in ('string', 'number') or ("type_event_text" = 'number' and not regexp_matches(raw_event_text, '^-?[0-9]+$')) then 'Expected event_text to be a string or whole number, or absent, but got a ' || "type_event_text" || case when "type_event_text" = 'number' then ' that is not whole' else '' end || '.'
        when "type_name" not in ('string', 'number') or ("type_name" = 'number' and not regexp_matches(raw_name, '^-?[0-9]+$')) then 'Expected name to be a string or whole number, or absent, but got a ' || "type_name" || case when "type_name" = 'number' then ' that is not whole' else '' end || '.'
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
        when type_context_group_id = 'number' and regexp_matches(context_group_id, '^-?[0-9]+$') then context_group_id
    end) as raw_group_id, raw_event, raw_event_text, raw_name,
    case
      when not regexp_matches(upper(case when regexp_matches(raw_timestamp, e'[ \t\n\x0b\x0c\r]') then trim(raw_timestamp, e' \t\n\x0b\x0c\r') else raw_timestamp end), '^[0-9]{4}-[0-9]{2}-[0-9]{2}[T ]([01][0-9]|2[0-3]):[0-5][0-9](:[0-5][0-9]([.][0-9]+)?)?(Z|[+-]([01][0-9]|2[0-3])(:?[0-5][0-9])?)?$') or regexp_matches(upper(case when regexp_matches(raw_timestamp, e'[ \t\n\x0b\x0c\r]') then trim(raw_timestamp, e' \t\n\x0b\x0c\r') else raw_timestamp end), '^(0000|9999-12-31.*-[0-9:]+$|0001-01-01.*[+])') then null
      when not regexp_matches(substr(upper(case when regexp_matches(raw_timestamp, e'[ \t\n\x0b\x0c\r]') then trim(raw_timestamp, e' \t\n\x0b\x0c\r') else raw_timestamp end), 11), '[+-]') then try_cast(replace(upper(case when regexp_matches(raw_timestamp, e'[ \t\n\x0b\x0c\r]') then trim(raw_timestamp, e' \t\n\x0b\x0c\r') else raw_timestamp end), 'Z', '') as timestamp)
      else try_cast(substr(upper(case when regexp_matches(raw_timestamp, e'[ \t\n\x0b\x0c\r]') then trim(raw_timestamp, e' \t\n\x0b\x0c\r') else raw_timestamp end), 1, length(upper(case when regexp_matches(raw_timestamp, e'[ \t\n\x0b\x0c\r]') then trim(raw_timestamp, e' \t\n\x0b\x0c\r') else raw_timestamp end)) - length(regexp_extract(substr(upper(case when regexp_matches(raw_timestamp, e'[ \t\n\x0b\x0c\r]') then trim(raw_timestamp, e' \t\n\x0b\x0c\r') else raw_timestamp end), 11), '[+-].*$'))) as timestamp) - to_minutes(case when regexp_extract(substr(upper(case when regexp_matches(raw_timestamp, e'[ \t\n\x0b\x0c\r]') then trim(raw_timestamp, e' \t\n\x0b\x0c\r') else raw_timestamp end), 11), '[+-].*$') like '-%' then -1 else 1 end * (cast(substr(regexp_extract(substr(upper(case when regexp_matches(raw_timestamp, e'[ \t\n\x0b\x0c\r]') then trim(raw_timestamp, e' \t\n\x0b\x0c\r') else raw_timestamp end), 11), '[+-].*$'), 2, 2) as bigint) * 60 + coalesce(try_cast(right(substr(regexp_extract(substr(upper(case when regexp_matches(raw_timestamp, e'[ \t\n\x0b\x0c\r]') then trim(raw_timestamp, e' \t\n\x0b\x0c\r') else raw_timestamp end), 11), '[+-].*$'), 4), 2) as bigint), 0)))
  end as corrected_at,
    case
      when not regexp_matches(upper(case when regexp_matches(raw_original, e'[ \t\n\x0b\x0c\r]') then trim(raw_original, e' \t\n\x0b\x0c\r') else raw_original end), '^[0-9]{4}-[0-9]{2}-[0-9]{2}[T ]([01][0-9]|2[0-3]):[0-5][0-9](:[0-5][0-9]([.][0-9]+)?)?(Z|[+-]([01][0-9]|2[0-3])(:?[0-5][0-9])?)?$') or regexp_matches(upper(case when regexp_matches(raw_original, e'[ \t\n\x0b\x0c\r]') then trim(raw_original, e' \t\n\x0b\x0c\r') else raw_original end), '^(0000|9999-12-31.*-[0-9:]+$|0001-01-01.*[+])') then null
      when not regexp_matches(substr(upper(case when regexp_matches(raw_original, e'[ \t\n\x0b\x0c\r]') then trim(raw_original, e' \t\n\x0b\x0c\r') else raw_original end), 11), '[+-]') then try_cast(replace(upper(case when regexp_matches(raw_original, e'[ \t\n\x0b\x0c\r]') then trim(raw_original, e' \t\n\x0b\x0c\r') else raw_original end), 'Z', '') as timestamp)
      else try_cast(substr(upper(case when regexp_matches(raw_original, e'[ \t\n\x0b\x0c\r]') then trim(raw_original, e' \t\n\x0b\x0c\r') else raw_original end), 1, length(upper(case when regexp_matches(raw_original, e'[ \t\n\x0b\x0c\r]') then trim(raw_original, e' \t\n\x0b\x0c\r') else raw_original end)) - length(regexp_extract(substr(upper(case when regexp_matches(raw_original, e'[ \t\n\x0b\x0c\r]') then trim(raw_original, e' \t\n\x0b\x0c\r') else raw_original end), 11), '[+-].*$'))) as timestamp) - to_minutes(case when regexp_extract(substr(upper(case when regexp_matches(raw_original, e'[ \t\n\x0b\x0c\r]') then trim(raw_original, e' \t\n\x0b\x0c\r') else raw_original end), 11), '[+-].*$') like '-%' then -1 else 1 end * (cast(substr(regexp_extract(substr(upper(case when regexp_matches(raw_original, e'[ \t\n\x0b\x0c\r]') then trim(raw_original, e' \t\n\x0b\x0c\r') else raw_original end), 11), '[+-].*$'), 2, 2) as bigint) * 60 + coalesce(try_cast(right(substr(regexp_extract(substr(upper(case when regexp_matches(raw_original, e'[ \t\n\x0b\x0c\r]') then trim(raw_original, e' \t\n\x0b\x0c\r') else raw_original end), 11), '[+-].*$'), 4), 2) as bigint), 0)))
  end as original_at,
    case
      when not regexp_matches(upper(case when regexp_matches(raw_sent, e'[ \t\n\x0b\x0c\r]') then trim(raw_sent, e' \t\n\x0b\x0c\r') else raw_sent end), '^[0-9]{4}-[0-9]{2}-[0-9]{2}[T ]([01][0-9]|2[0-3]):[0-5][0-9](:[0-5][0-9]([.][0-9]+)?)?(Z|[+-]([01][0-9]|2[0-3])(:?[0-5][0-9])?)?$') or regexp_matches(upper(case when regexp_matches(raw_sent, e'[ \t\n\x0b\x0c\r]') then trim(raw_sent, e' \t\n\x0b\x0c\r') else raw_sent end), '^(0000|9999-12-31.*-[0-9:]+$|0001-01-01.*[+])') then null
      when not regexp_matches(substr(upper(case when regexp_matches(raw_sent, e'[ \t\n\x0b\x0c\r]') then trim(raw_sent, e' \t\n\x0b\x0c\r') else raw_sent end), 11), '[+-]') then try_cast(replace(upper(case when regexp_matches(raw_sent, e'[ \t\n\x0b\x0c\r]') then trim(raw_sent, e' \t\n\x0b\x0c\r') else raw_sent end), 'Z', '') as timestamp)
      else try_cast(substr(upper(case when regexp_matches(raw_sent, e'[ \t\n\x0b\x0c\r]') then trim(raw_sent, e' \t\n\x0b\x0c\r') else raw_sent end), 1, length(upper(case when regexp_matches(raw_sent, e'[ \t\n\x0b\x0c\r]') then trim(raw_sent, e' \t\n\x0b\x0c\r') else raw_sent end)) - length(regexp_extract(substr(upper(case when regexp_matches(raw_sent, e'[ \t\n\x0b\x0c\r]') then trim(raw_sent, e' \t\n\x0b\x0c\r') else raw_sent end), 11), '[+-].*$'))) as timestamp) - to_minutes(case when regexp_extract(substr(upper(case when regexp_matches(raw_sent, e'[ \t\n\x0b\x0c\r]') then trim(raw_sent, e' \t\n\x0b\x0c\r') else raw_sent end), 11), '[+-].*$') like '-%' then -1 else 1 end * (cast(substr(regexp_extract(substr(upper(case when regexp_matches(raw_sent, e'[ \t\n\x0b\x0c\r]') then trim(raw_sent, e' \t\n\x0b\x0c\r') else raw_sent end), 11), '[+-].*$'), 2, 2) as bigint) * 60 + coalesce(try_cast(right(substr(regexp_extract(substr(upper(case when regexp_matches(raw_sent, e'[ \t\n\x0b\x0c\r]') then trim(raw_sent, e' \t\n\x0b\x0c\r') else raw_sent end), 11), '[+-].*$'), 4), 2) as bigint), 0)))
  end as sent_at,
    case
      when not regexp_matches(upper(case when regexp_matches(raw_received, e'[ \t\n\x0b\x0c\r]') then trim(raw_received, e' \t\n\x0b\x0c\r') else raw_received end), '^[0-9]{4}-[0-9]{2}-[0-9]{2}[T ]([01][0-9]|2[0-3]):[0-5][0-9](:[0-5][0-9]([.][0-9]+)?)?(Z|[+-]([01][0-9]|2[0-3])(:?[0-5][0-9])?)?$') or regexp_matches(upper(case when regexp_matches(raw_received, e'[ \t\n\x0b\x0c\r]') then trim(raw_received, e' \t\n\x0b\x0c\r') else raw_received end), '^(0000|9999-12-31.*-[0-9:]+$|0001-01-01.*[+])') then null
      when not regexp_matches(substr(upper(case when regexp_matches(raw_received, e'[ \t\n\x0b\x0c\r]') then trim(raw_received, e' \t\n\x0b\x0c\r') else raw_received end), 11), '[+-]') then try_cast(replace(upper(case when regexp_matches(raw_received, e'[ \t\n\x0b\x0c\r]') then trim(raw_received, e' \t\n\x0b\x0c\r') else raw_received end), 'Z', '') as timestamp)
      else try_cast(substr(upper(case when regexp_matches(raw_received, e'[ \t\n\x0b\x0c\r]') then trim(raw_received, e' \t\n\x0b\x0c\r') else raw_received end), 1, length(upper(case when regexp_matches(raw_received, e'[ \t\n\x0b\x0c\r]') then trim(raw_received, e' \t\n\x0b\x0c\r') else raw_received end)) - length(regexp_extract(substr(upper(case when regexp_matches(raw_received, e'[ \t\n\x0b\x0c\r]') then trim(raw_received, e' \t\n\x0b\x0c\r') else raw_received end), 11), '[+-].*$'))) as timestamp) - to_minutes(case when regexp_extract(substr(upper(case when regexp_matches(raw_received, e'[ \t\n\x0b\x0c\r]') then trim(raw_received, e' \t\n\x0b\x0c\r') else raw_received end), 11), '[+-].*$') like '-%' then -1 else 1 end * (cast(substr(regexp_extract(substr(upper(case when regexp_matches(raw_received, e'[ \t\n\x0b\x0c\r]') then trim(raw_received, e' \t\n\x0b\x0c\r') else raw_received end), 11), '[+-].*$'), 2, 2) as bigint) * 60 + coalesce(try_cast(right(substr(regexp_extract(substr(upper(case when regexp_matches(raw_received, e'[ \t\n\x0b\x0c\r]') then trim(raw_received, e' \t\n\x0b\x0c\r') else raw_received end), 11), '[+-].*$'), 4), 2) as bigint), 0)))
  end as collected_at,
    context_url, context_referrer, properties_url, properties_referrer,
    campaign_source, campaign_medium, campaign_name, campaign_content, campaign_term,
    raw_library, raw_user_agent, coalesce(raw_properties, raw_traits) as raw_properties
from (
    select * exclude (json_texts, json_kinds), json_texts[1] as "raw_type", json_texts[2] as "message_id", json_texts[3] as "raw_anonymous_id", json_texts[4] as "raw_user_id", json_texts[5] as "raw_previous_id", json_texts[6] as "raw_group_id", json_texts[7] as "context_group_id", json_texts[8] as "raw_event", json_texts[9] as "raw_event_text", json_texts[10] as "raw_name", json_texts[11] as "raw_timestamp", json_texts[12] as "raw_original", json_texts[13] as "raw_sent", json_texts[14] as "raw_received", json_texts[15] as "context_url", json_texts[16] as "context_referrer", json_texts[17] as "properties_url", json_texts[18] as "properties_referrer", json_texts[19] as "campaign_source", json_texts[20] as "campaign_medium", json_texts[21] as "campaign_name", json_texts[22] as "campaign_content", json_texts[23] as "campaign_term", json_texts[24] as "raw_library", json_texts[25] as "raw_user_agent", json_texts[26] as "raw_properties", json_texts[27] as "raw_traits", case json_kinds[1] when 'VARCHAR' then 'string' when 'BIGINT' then 'number' when 'UBIGINT' then 'number' when 'DOUBLE' then 'number' when 'BOOLEAN' then 'boolean' when 'OBJECT' then 'object' when 'ARRAY' then 'array' end as "type_root", case json_kinds[2] when 'VARCHAR' then 'string' when 'BIGINT' then 'number' when 'UBIGINT' then 'number' when 'DOUBLE' then 'number' when 'BOOLEAN' then 'boolean' when 'OBJECT' then 'object' when 'ARRAY' then 'array' end as "type_message_id", case json_kinds[3] when 'VARCHAR' then 'string' when 'BIGINT' then 'number' when 'UBIGINT' then 'number' when 'DOUBLE' then 'number' when 'BOOLEAN' then 'boolean' when 'OBJECT' then 'object' when 'ARRAY' then 'array' end as "type_anonymous_id", case json_kinds[4] when 'VARCHAR' then 'string' when 'BIGINT' then 'number' when 'UBIGINT' then 'number' when 'DOUBLE' then 'number' when 'BOOLEAN' then 'boolean' when 'OBJECT' then 'object' when 'ARRAY' then 'array' end as "type_user_id", case json_kinds[5] when 'VARCHAR' then 'string' when 'BIGINT' then 'number' when 'UBIGINT' then 'number' when 'DOUBLE' then 'number' when 'BOOLEAN' then 'boolean' when 'OBJECT' then 'object' when 'ARRAY' then 'array' end as "type_previous_id", case json_kinds[6] when 'VARCHAR' then 'string' when 'BIGINT' then 'number' when 'UBIGINT' then 'number' when 'DOUBLE' then 'number' when 'BOOLEAN' then 'boolean' when 'OBJECT' then 'object' when 'ARRAY' then 'array' end as "type_group_id", case json_kinds[7] when 'VARCHAR' then 'string' when 'BIGINT' then 'number' when 'UBIGINT' then 'number' when 'DOUBLE' then 'number' when 'BOOLEAN' then 'boolean' when 'OBJECT' then 'object' when 'ARRAY' then 'array' end as "type_event", case json_kinds[8] when 'VARCHAR' then 'string' when 'BIGINT' then 'number' when 'UBIGINT' then 'number' when 'DOUBLE' then 'number' when 'BOOLEAN' then 'boolean' when 'OBJECT' then 'object' when 'ARRAY' then 'array' end as "type_event_text", case json_kinds[9] when 'VARCHAR' then 'string' when 'BIGINT' then 'number' when 'UBIGINT' then 'number' when 'DOUBLE' then 'number' when 'BOOLEAN' then 'boolean' when 'OBJECT' then 'object' when 'ARRAY' then 'array' end as "type_name", case json_kinds[10] when 'VARCHAR' then 'string' when 'BIGINT' then 'number' when 'UBIGINT' then 'number' when 'DOUBLE' then 'number' when 'BOOLEAN' then 'boolean' when 'OBJECT' then 'object' when 'ARRAY' then 'array' end as "type_timestamp", case json_kinds[11] when 'VARCHAR' then 'string' when 'BIGINT' then 'number' when 'UBIGINT' then 'number' when 'DOUBLE' then 'number' when 'BOOLEAN' then 'boolean' when 'OBJECT' then 'object' when 'ARRAY' then 'array' end as "type_original", case json_kinds[12] when 'VARCHAR' then 'string' when 'BIGINT' then 'number' when 'UBIGINT' then 'number' when 'DOUBLE' then 'number' when 'BOOLEAN' then 'boolean' when 'OBJECT' then 'object' when 'ARRAY' then 'array' end as "type_sent", case json_kinds[13] when 'VARCHAR' then 'string' when 'BIGINT' then 'number' when 'UBIGINT' then 'number' when 'DOUBLE' then 'number' when 'BOOLEAN' then 'boolean' when 'OBJECT' then 'object' when 'ARRAY' then 'array' end as "type_received", case json_kinds[14] when 'VARCHAR' then 'string' when 'BIGINT' then 'number' when 'UBIGINT' then 'number' when 'DOUBLE' then 'number' when 'BOOLEAN' then 'boolean' when 'OBJECT' then 'object' when 'ARRAY' then 'array' end as "type_context", case json_kinds[15] when 'VARCHAR' then 'string' when 'BIGINT' then 'number' when 'UBIGINT' then 'number' when 'DOUBLE' then 'number' when 'BOOLEAN' then 'boolean' when 'OBJECT' then 'object' when 'ARRAY' then 'array' end as "type_properties", case json_kinds[16] when 'VARCHAR' then 'string' when 'BIGINT' then 'number' when 'UBIGINT' then 'number' when 'DOUBLE' then 'number' when 'BOOLEAN' then 'boolean' when 'OBJECT' then 'object' when 'ARRAY' then 'array' end as "type_traits", case json_kinds[17] when 'VARCHAR' then 'string' when 'BIGINT' then 'number' when 'UBIGINT' then 'number' when 'DOUBLE' then 'number' when 'BOOLEAN' then 'boolean' when 'OBJECT' then 'object' when 'ARRAY' then 'array' end as "type_page", case json_kinds[18] when 'VARCHAR' then 'string' when 'BIGINT' then 'number' when 'UBIGINT' then 'number' when 'DOUBLE' then 'number' when 'BOOLEAN' then 'boolean' when 'OBJECT' then 'object' when 'ARRAY' then 'array' end as "type_campaign", case json_kinds[19] when 'VARCHAR' then 'string' when 'BIGINT' then 'number' when 'UBIGINT' then 'number' when 'DOUBLE' then 'number' when 'BOOLEAN' then 'boolean' when 'OBJECT' then 'object' when 'ARRAY' then 'array' end as "type_library", case json_kinds[20] when 'VARCHAR' then 'string' when 'BIGINT' then 'number' when 'UBIGINT' then 'number' when 'DOUBLE' then 'number' when 'BOOLEAN' then 'boolean' when 'OBJECT' then 'object' when 'ARRAY' then 'array' end as "type_context_group_id"
    from (
        select *,
            json_extract_string(document, ['/type', '/messageId', '/anonymousId', '/userId', '/previousId', '/groupId', '/context/groupId', '/event', '/event_text', '/name', '/timestamp', '/originalTimestamp', '/sentAt', '/receivedAt', '/context/page/url', '/context/page/referrer', '/properties/url', '/properties/referrer', '/context/campaign/source', '/context/campaign/medium', '/context/campaign/name', '/context/campaign/content', '/context/campaign/term', '/context/library/name', '/context/userAgent', '/properties', '/traits']) as json_texts,
            json_type(document, ['$', '/messageId', '/anonymousId', '/userId', '/previousId', '/groupId', '/event', '/event_text', '/name', '/timestamp', '/originalTimestamp', '/sentAt', '/receivedAt', '/context', '/properties', '/traits', '/context/page', '/context/campaign', '/context/library', '/context/groupId']) as json_kinds
        from (
    select
        f.file_number, f.source, f.key_source, f.file, f.is_retry, f.is_row,
        l.line, l.text,
        case when coalesce(json_valid(l.text) and case
        when regexp_matches(l.text, e',[ \t\r\n]*[]}]|(^|[[:,])[ \t\r\n]*[-+]?([nN][aA][nN]|[iI][nN][fF])') then not regexp_matches(regexp_replace(l.text, '"([^"\\]|\\.)*"', '""', 'g'), e',[ \t\r\n]*[]}]|(^|[[:,])[ \t\r\n]*[-+]?([nN][aA][nN]|[iI][nN][fF])')
        else true
    end, false) then l.text end as document
    from (
        select file, line, text from staging.main."lines"
        union all
        select file, line, text from staging.main."retried_lines"
    ) as l
    join staging.main."source_files" as f on cast(f.file_number as varchar) = l.file
)
    )
) as m
),

trimmed as (
    select *, case when regexp_matches(raw_anonymous_id, e'[ \t\n\x0b\x0c\r]') then trim(raw_anonymous_id, e' \t\n\x0b\x0c\r') else raw_anonymous_id end as "trimmed_anonymous_id", case when regexp_matches(raw_user_id, e'[ \t\n\x0b\x0c\r]') then trim(raw_user_id, e' \t\n\x0b\x0c\r') else raw_user_id end as "trimmed_user_id", case when regexp_matches(raw_previous_id, e'[ \t\n\x0b\x0c\r]') then trim(raw_previous_id, e' \t\n\x0b\x0c\r') else raw_previous_id end as "trimmed_previous_id"
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
        nullif(case when regexp_matches(raw_group_id, e'[ \t\n\x0b\x0c\r]') then trim(raw_group_id, e' \t\n\x0b\x0c\r') else raw_group_id end, '') as group_id,
        nullif(raw_user_agent, '') as user_agent,
        nullif(case when regexp_matches(raw_library, e'[ \t\n\x0b\x0c\r]') then trim(raw_library, e' \t\n\x0b\x0c\r') else raw_library end, '') as library
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
                    then (cast('1970-01-01 00:00:00.000000' as timestamp) + to_microseconds(case when epoch_us(original_at) + (epoch_us(collected_at) - epoch_us(sent_at)) < (-62135596800000000) then (-62135596800000000) when epoch_us(original_at) + (epoch_us(collected_at) - epoch_us(sent_at)) > 253402300799000000 then 253402300799000000 else epoch_us(original_at) + (epoch_us(collected_at) - epoch_us(sent_at)) end))
            end,
            collected_at
        ) as occurred_at,
        case when type = 'track' then coalesce(case when case when regexp_matches(raw_event_text, e'[ \t\n\x0b\x0c\r]') then trim(raw_event_text, e' \t\n\x0b\x0c\r') else raw_event_text end <> '' then "raw_event_text" end, case when case when regexp_matches(raw_event, e'[ \t\n\x0b\x0c\r]') then trim(raw_event, e' \t\n\x0b\x0c\r') else raw_event end <> '' then "raw_event" end) when type in ('page', 'screen') then case when case when regexp_matches(raw_name, e'[ \t\n\x0b\x0c\r]') then trim(raw_name, e' \t\n\x0b\x0c\r') else raw_name end <> '' then "raw_name" end end as name,
        case when type = 'track' then coalesce(case when case when regexp_matches(raw_event_text, e'[ \t\n\x0b\x0c\r]') then trim(raw_event_text, e' \t\n\x0b\x0c\r') else raw_event_text end <> '' then "raw_event_text" end, raw_event) end as raw_event_name,
        coalesce(nullif(case when regexp_matches(context_url, e'[ \t\n\x0b\x0c\r]') then trim(context_url, e' \t\n\x0b\x0c\r') else context_url end, ''), case when type = 'page' then nullif(case when regexp_matches(properties_url, e'[ \t\n\x0b\x0c\r]') then trim(properties_url, e' \t\n\x0b\x0c\r') else properties_url end, '') end) as url,
        coalesce(nullif(case when regexp_matches(context_referrer, e'[ \t\n\x0b\x0c\r]') then trim(context_referrer, e' \t\n\x0b\x0c\r') else context_referrer end, ''), case when type = 'page' then nullif(case when regexp_matches(properties_referrer, e'[ \t\n\x0b\x0c\r]') then trim(properties_referrer, e' \t\n\x0b\x0c\r') else properties_referrer end, '') end) as from_url
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
            when (epoch_us(occurred_at) - epoch_us(received_at)) > 86400000000
                or (epoch_us(received_at) - epoch_us(cast('2025-06-01 05:00:00.000000' as timestamp))) > 86400000000 then 'FUTURE'
            when occurred_at < cast('2005-01-01 00:00:00.000000' as timestamp) then 'PAST'
        end as found_reason,
        case when is_row = 1 then case when type = 'track' and raw_properties is null then 'z' || substr(md5(concat(coalesce(cast(epoch_us(occurred_at) as varchar), ''), e'\x1f', coalesce(cast(epoch_us(received_at) as varchar), ''), e'\x1f', coalesce("type", e'\x01'), e'\x1f', coalesce("anonymous_id", e'\x01'), e'\x1f', coalesce("user_id", e'\x01'), e'\x1f', coalesce("previous_id", e'\x01'), e'\x1f', coalesce("group_id", e'\x01'), e'\x1f', coalesce("name", e'\x01'), e'\x1f', coalesce("raw_event_name", e'\x01'), e'\x1f', coalesce("library", e'\x01'), e'\x1f', coalesce("campaign_source", e'\x01'), e'\x1f', coalesce("campaign_medium", e'\x01'), e'\x1f', coalesce("campaign_name", e'\x01'), e'\x1f', coalesce("campaign_content", e'\x01'), e'\x1f', coalesce("campaign_term", e'\x01'), e'\x1f', coalesce("url", e'\x01'), e'\x1f', coalesce("from_url", e'\x01'), e'\x1f', coalesce("user_agent", e'\x01'), e'\x1f', case when type in ('page', 'screen') then '' else coalesce(raw_properties, e'\x01') end)), 2) else md5(concat(coalesce(cast(epoch_us(occurred_at) as varchar), ''), e'\x1f', coalesce(cast(epoch_us(received_at) as varchar), ''), e'\x1f', coalesce("type", e'\x01'), e'\x1f', coalesce("anonymous_id", e'\x01'), e'\x1f', coalesce("user_id", e'\x01'), e'\x1f', coalesce("previous_id", e'\x01'), e'\x1f', coalesce("group_id", e'\x01'), e'\x1f', coalesce("name", e'\x01'), e'\x1f', coalesce("raw_event_name", e'\x01'), e'\x1f', coalesce("library", e'\x01'), e'\x1f', coalesce("campaign_source", e'\x01'), e'\x1f', coalesce("campaign_medium", e'\x01'), e'\x1f', coalesce("campaign_name", e'\x01'), e'\x1f', coalesce("campaign_content", e'\x01'), e'\x1f', coalesce("campaign_term", e'\x01'), e'\x1f', coalesce("url", e'\x01'), e'\x1f', coalesce("from_url", e'\x01'), e'\x1f', coalesce("user_agent", e'\x01'), e'\x1f', case when type in ('page', 'screen') then '' else coalesce(raw_properties, e'\x01') end)) end else md5(coalesce(text, '')) end as content_hash
    from received
),

-- What was released may come from any time that an order key can tell. A row of a table was released as the message
-- that stands in quarantine.
told as (
    select
        *,
        case when is_row = 1 and found_reason is not null then coalesce(text, '{' || substr(nullif(coalesce(',"type":' || case when cast(to_json(raw_type) as varchar) not in ('NaN', 'Infinity', '-Infinity') then cast(to_json(raw_type) as varchar) end, '') || coalesce(',"messageId":' || case when cast(to_json(message_id) as varchar) not in ('NaN', 'Infinity', '-Infinity') then cast(to_json(message_id) as varchar) end, '') || coalesce(',"anonymousId":' || case when cast(to_json(raw_anonymous_id) as varchar) not in ('NaN', 'Infinity', '-Infinity') then cast(to_json(raw_anonymous_id) as varchar) end, '') || coalesce(',"userId":' || case when cast(to_json(raw_user_id) as varchar) not in ('NaN', 'Infinity', '-Infinity') then cast(to_json(raw_user_id) as varchar) end, '') || coalesce(',"previousId":' || case when cast(to_json(raw_previous_id) as varchar) not in ('NaN', 'Infinity', '-Infinity') then cast(to_json(raw_previous_id) as varchar) end, '') || coalesce(',"groupId":' || case when cast(to_json(raw_group_id) as varchar) not in ('NaN', 'Infinity', '-Infinity') then cast(to_json(raw_group_id) as varchar) end, '') || coalesce(',"event":' || case when cast(to_json(raw_event) as varchar) not in ('NaN', 'Infinity', '-Infinity') then cast(to_json(raw_event) as varchar) end, '') || coalesce(',"event_text":' || case when cast(to_json(raw_event_text) as varchar) not in ('NaN', 'Infinity', '-Infinity') then cast(to_json(raw_event_text) as varchar) end, '') || coalesce(',"name":' || case when cast(to_json(raw_name) as varchar) not in ('NaN', 'Infinity', '-Infinity') then cast(to_json(raw_name) as varchar) end, '') || coalesce(',"timestamp":' || case when cast(to_json(cast(corrected_at as varchar)) as varchar) not in ('NaN', 'Infinity', '-Infinity') then cast(to_json(cast(corrected_at as varchar)) as varchar) end, '') || coalesce(',"originalTimestamp":' || case when cast(to_json(cast(original_at as varchar)) as varchar) not in ('NaN', 'Infinity', '-Infinity') then cast(to_json(cast(original_at as varchar)) as varchar) end, '') || coalesce(',"sentAt":' || case when cast(to_json(cast(sent_at as varchar)) as varchar) not in ('NaN', 'Infinity', '-Infinity') then cast(to_json(cast(sent_at as varchar)) as varchar) end, '') || coalesce(',"receivedAt":' || case when cast(to_json(cast(collected_at as varchar)) as varchar) not in ('NaN', 'Infinity', '-Infinity') then cast(to_json(cast(collected_at as varchar)) as varchar) end, '') || coalesce(',"context":' || '{' || substr(nullif(coalesce(',"page":' || '{' || substr(nullif(coalesce(',"url":' || case when cast(to_json(context_url) as varchar) not in ('NaN', 'Infinity', '-Infinity') then cast(to_json(context_url) as varchar) end, '') || coalesce(',"referrer":' || case when cast(to_json(context_referrer) as varchar) not in ('NaN', 'Infinity', '-Infinity') then cast(to_json(context_referrer) as varchar) end, ''), ''), 2) || '}', '') || coalesce(',"campaign":' || '{' || substr(nullif(coalesce(',"source":' || case when cast(to_json(campaign_source) as varchar) not in ('NaN', 'Infinity', '-Infinity') then cast(to_json(campaign_source) as varchar) end, '') || coalesce(',"medium":' || case when cast(to_json(campaign_medium) as varchar) not in ('NaN', 'Infinity', '-Infinity') then cast(to_json(campaign_medium) as varchar) end, '') || coalesce(',"name":' || case when cast(to_json(campaign_name) as varchar) not in ('NaN', 'Infinity', '-Infinity') then cast(to_json(campaign_name) as varchar) end, '') || coalesce(',"content":' || case when cast(to_json(campaign_content) as varchar) not in ('NaN', 'Infinity', '-Infinity') then cast(to_json(campaign_content) as varchar) end, '') || coalesce(',"term":' || case when cast(to_json(campaign_term) as varchar) not in ('NaN', 'Infinity', '-Infinity') then cast(to_json(campaign_term) as varchar) end, ''), ''), 2) || '}', '') || coalesce(',"library":' || '{' || substr(nullif(coalesce(',"name":' || case when cast(to_json(raw_library) as varchar) not in ('NaN', 'Infinity', '-Infinity') then cast(to_json(raw_library) as varchar) end, ''), ''), 2) || '}', '') || coalesce(',"userAgent":' || case when cast(to_json(raw_user_agent) as varchar) not in ('NaN', 'Infinity', '-Infinity') then cast(to_json(raw_user_agent) as varchar) end, ''), ''), 2) || '}', '') || coalesce(',"properties":' || coalesce(raw_properties, '{' || substr(nullif(coalesce(',"url":' || case when cast(to_json(properties_url) as varchar) not in ('NaN', 'Infinity', '-Infinity') then cast(to_json(properties_url) as varchar) end, '') || coalesce(',"referrer":' || case when cast(to_json(properties_referrer) as varchar) not in ('NaN', 'Infinity', '-Infinity') then cast(to_json(properties_referrer) as varchar) end, ''), ''), 2) || '}'), ''), ''), 2) || '}') else text end as message
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
    coalesce(nullif(case when regexp_matches(message_id, e'[ \t\n\x0b\x0c\r]') then trim(message_id, e' \t\n\x0b\x0c\r') else message_id end, ''), case when is_row = 1 then content_hash else md5(case when regexp_matches(coalesce(text, ''), e'[ \t\n\x0b\x0c\r]') then trim(coalesce(text, ''), e' \t\n\x0b\x0c\r') else coalesce(text, '') end) end) as event_id,
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

-- Nothing after it reads these.
drop table if exists staging.main."lines";
drop table if exists staging.main."retried_lines";
drop table if exists staging.main."tabular";

-- refused_rows: Messages that cannot be used, and files that cannot be read.
create or replace table staging.main."refused_rows" as
select
    md5(source || e'\x1f' || file || e'\x1f' || cast(line as varchar) || e'\x1f' || coalesce(text, '')) as quarantine_id,
    source, file, line, reason, detail, text, is_retry
from staging.main."checked"
where reason is not null
union all
select
    md5(source || e'\x1f' || file) as quarantine_id,
    source, file, 0 as line, 'UNREADABLE' as reason, problem as detail, cast(null as varchar) as text, is_retry
from staging.main."source_files"
where problem is not null;

-- refused: Rows for quarantine.
create or replace table staging.main."refused" as
select
    quarantine_id, source, file, line, reason, min(detail) as detail, substr(min(text), 1, 65536) as text,
    cast('2025-06-01 05:00:00.000000' as timestamp) as quarantined_at
from staging.main."refused_rows"
group by quarantine_id, source, file, line, reason;

-- urls: Each distinct URL and referrer of the batch, taken apart.
create or replace table staging.main."urls" as
with texts as (
    select url from staging.main."checked" where reason is null and url is not null group by url
    union all
    select from_url as url from staging.main."checked" where reason is null and from_url is not null group by from_url
),

distinct_texts as (
    select url from texts group by url
),

queried as (
    select url, case when strpos(url, '?') > 0 then '&' || nullif(regexp_extract(url, '^[^?#]*[?]([^#]+)', 1), '') end as query from distinct_texts
),

-- Campaign and path are taken from the URL before personal ids are taken out of each.
parsed as (
    select
        url,
        translate(coalesce(
        case when strpos(url, '@') > 0 then nullif(regexp_extract(url, '^[a-zA-Z0-9+.-]*:?//[^/?#]*@([^/?#@:]*)', 1), '') end,
        nullif(regexp_extract(url, '^[a-zA-Z0-9+.-]*:?//([^/?#@:]*)', 1), '')
    ), 'ABCDEFGHIJKLMNOPQRSTUVWXYZ', 'abcdefghijklmnopqrstuvwxyz') as host,
        case when regexp_matches(url, '^([a-zA-Z][a-zA-Z0-9+.-]*:)?//') then coalesce(nullif(regexp_extract(url, '^[a-zA-Z0-9+.-]*:?//[^/?#]*(/[^?#]*)', 1), ''), '/') end as raw_path,
        case when regexp_matches(url, '[?&]([mM][cC]_[eE][iI][dD]|[mM][kK][tT]_[tT][oO][kK]|_[hH][sS][eE][nN][cC]|_[kK][xX]|[mM][lL]_[sS][uU][bB][sS][cC][rR][iI][bB][eE][rR]|[mM][lL]_[sS][uU][bB][sS][cC][rR][iI][bB][eE][rR]_[hH][aA][sS][hH]|[eE][mM][aA][iI][lL]|[eE]-[mM][aA][iI][lL]|[mM][aA][iI][lL])=') then regexp_replace(regexp_replace(regexp_replace(regexp_replace(regexp_replace(regexp_replace(regexp_replace(regexp_replace(regexp_replace(regexp_replace(regexp_replace(regexp_replace(regexp_replace(regexp_replace(regexp_replace(regexp_replace(regexp_replace(regexp_replace(url, '[?][mM][cC]_[eE][iI][dD]=[^&#]*', '?mc_eid=', 'g'), '[&][mM][cC]_[eE][iI][dD]=[^&#]*', '&mc_eid=', 'g'), '[?][mM][kK][tT]_[tT][oO][kK]=[^&#]*', '?mkt_tok=', 'g'), '[&][mM][kK][tT]_[tT][oO][kK]=[^&#]*', '&mkt_tok=', 'g'), '[?]_[hH][sS][eE][nN][cC]=[^&#]*', '?_hsenc=', 'g'), '[&]_[hH][sS][eE][nN][cC]=[^&#]*', '&_hsenc=', 'g'), '[?]_[kK][xX]=[^&#]*', '?_kx=', 'g'), '[&]_[kK][xX]=[^&#]*', '&_kx=', 'g'), '[?][mM][lL]_[sS][uU][bB][sS][cC][rR][iI][bB][eE][rR]=[^&#]*', '?ml_subscriber=', 'g'), '[&][mM][lL]_[sS][uU][bB][sS][cC][rR][iI][bB][eE][rR]=[^&#]*', '&ml_subscriber=', 'g'), '[?][mM][lL]_[sS][uU][bB][sS][cC][rR][iI][bB][eE][rR]_[hH][aA][sS][hH]=[^&#]*', '?ml_subscriber_hash=', 'g'), '[&][mM][lL]_[sS][uU][bB][sS][cC][rR][iI][bB][eE][rR]_[hH][aA][sS][hH]=[^&#]*', '&ml_subscriber_hash=', 'g'), '[?][eE][mM][aA][iI][lL]=[^&#]*', '?email=', 'g'), '[&][eE][mM][aA][iI][lL]=[^&#]*', '&email=', 'g'), '[?][eE]-[mM][aA][iI][lL]=[^&#]*', '?e-mail=', 'g'), '[&][eE]-[mM][aA][iI][lL]=[^&#]*', '&e-mail=', 'g'), '[?][mM][aA][iI][lL]=[^&#]*', '?mail=', 'g'), '[&][mM][aA][iI][lL]=[^&#]*', '&mail=', 'g') else url end as bare_url,
        nullif(trim(case
        when strpos(nullif(regexp_extract(query, '&[uU][tT][mM]_[sS][oO][uU][rR][cC][eE]=([^&]*)', 1), ''), '%') = 0 then replace(nullif(regexp_extract(query, '&[uU][tT][mM]_[sS][oO][uU][rR][cC][eE]=([^&]*)', 1), ''), '+', ' ')
        when regexp_matches(nullif(regexp_extract(query, '&[uU][tT][mM]_[sS][oO][uU][rR][cC][eE]=([^&]*)', 1), ''), '%(00|[^0-9a-fA-F]|[0-9a-fA-F]([^0-9a-fA-F]|$)|$)') then nullif(regexp_extract(query, '&[uU][tT][mM]_[sS][oO][uU][rR][cC][eE]=([^&]*)', 1), '')
        else coalesce(try(url_decode(replace(nullif(regexp_extract(query, '&[uU][tT][mM]_[sS][oO][uU][rR][cC][eE]=([^&]*)', 1), ''), '+', ' '))), nullif(regexp_extract(query, '&[uU][tT][mM]_[sS][oO][uU][rR][cC][eE]=([^&]*)', 1), ''))
    end, e' \t\n\x0b\x0c\r'), '') as "utm_source",
        nullif(trim(case
        when strpos(nullif(regexp_extract(query, '&[uU][tT][mM]_[mM][eE][dD][iI][uU][mM]=([^&]*)', 1), ''), '%') = 0 then replace(nullif(regexp_extract(query, '&[uU][tT][mM]_[mM][eE][dD][iI][uU][mM]=([^&]*)', 1), ''), '+', ' ')
        when regexp_matches(nullif(regexp_extract(query, '&[uU][tT][mM]_[mM][eE][dD][iI][uU][mM]=([^&]*)', 1), ''), '%(00|[^0-9a-fA-F]|[0-9a-fA-F]([^0-9a-fA-F]|$)|$)') then nullif(regexp_extract(query, '&[uU][tT][mM]_[mM][eE][dD][iI][uU][mM]=([^&]*)', 1), '')
        else coalesce(try(url_decode(replace(nullif(regexp_extract(query, '&[uU][tT][mM]_[mM][eE][dD][iI][uU][mM]=([^&]*)', 1), ''), '+', ' '))), nullif(regexp_extract(query, '&[uU][tT][mM]_[mM][eE][dD][iI][uU][mM]=([^&]*)', 1), ''))
    end, e' \t\n\x0b\x0c\r'), '') as "utm_medium",
        nullif(trim(case
        when strpos(nullif(regexp_extract(query, '&[uU][tT][mM]_[cC][aA][mM][pP][aA][iI][gG][nN]=([^&]*)', 1), ''), '%') = 0 then replace(nullif(regexp_extract(query, '&[uU][tT][mM]_[cC][aA][mM][pP][aA][iI][gG][nN]=([^&]*)', 1), ''), '+', ' ')
        when regexp_matches(nullif(regexp_extract(query, '&[uU][tT][mM]_[cC][aA][mM][pP][aA][iI][gG][nN]=([^&]*)', 1), ''), '%(00|[^0-9a-fA-F]|[0-9a-fA-F]([^0-9a-fA-F]|$)|$)') then nullif(regexp_extract(query, '&[uU][tT][mM]_[cC][aA][mM][pP][aA][iI][gG][nN]=([^&]*)', 1), '')
        else coalesce(try(url_decode(replace(nullif(regexp_extract(query, '&[uU][tT][mM]_[cC][aA][mM][pP][aA][iI][gG][nN]=([^&]*)', 1), ''), '+', ' '))), nullif(regexp_extract(query, '&[uU][tT][mM]_[cC][aA][mM][pP][aA][iI][gG][nN]=([^&]*)', 1), ''))
    end, e' \t\n\x0b\x0c\r'), '') as "utm_campaign",
        nullif(trim(case
        when strpos(nullif(regexp_extract(query, '&[uU][tT][mM]_[cC][oO][nN][tT][eE][nN][tT]=([^&]*)', 1), ''), '%') = 0 then replace(nullif(regexp_extract(query, '&[uU][tT][mM]_[cC][oO][nN][tT][eE][nN][tT]=([^&]*)', 1), ''), '+', ' ')
        when regexp_matches(nullif(regexp_extract(query, '&[uU][tT][mM]_[cC][oO][nN][tT][eE][nN][tT]=([^&]*)', 1), ''), '%(00|[^0-9a-fA-F]|[0-9a-fA-F]([^0-9a-fA-F]|$)|$)') then nullif(regexp_extract(query, '&[uU][tT][mM]_[cC][oO][nN][tT][eE][nN][tT]=([^&]*)', 1), '')
        else coalesce(try(url_decode(replace(nullif(regexp_extract(query, '&[uU][tT][mM]_[cC][oO][nN][tT][eE][nN][tT]=([^&]*)', 1), ''), '+', ' '))), nullif(regexp_extract(query, '&[uU][tT][mM]_[cC][oO][nN][tT][eE][nN][tT]=([^&]*)', 1), ''))
    end, e' \t\n\x0b\x0c\r'), '') as "utm_content",
        nullif(trim(case
        when strpos(nullif(regexp_extract(query, '&[uU][tT][mM]_[tT][eE][rR][mM]=([^&]*)', 1), ''), '%') = 0 then replace(nullif(regexp_extract(query, '&[uU][tT][mM]_[tT][eE][rR][mM]=([^&]*)', 1), ''), '+', ' ')
        when regexp_matches(nullif(regexp_extract(query, '&[uU][tT][mM]_[tT][eE][rR][mM]=([^&]*)', 1), ''), '%(00|[^0-9a-fA-F]|[0-9a-fA-F]([^0-9a-fA-F]|$)|$)') then nullif(regexp_extract(query, '&[uU][tT][mM]_[tT][eE][rR][mM]=([^&]*)', 1), '')
        else coalesce(try(url_decode(replace(nullif(regexp_extract(query, '&[uU][tT][mM]_[tT][eE][rR][mM]=([^&]*)', 1), ''), '+', ' '))), nullif(regexp_extract(query, '&[uU][tT][mM]_[tT][eE][rR][mM]=([^&]*)', 1), ''))
    end, e' \t\n\x0b\x0c\r'), '') as "utm_term",
        case when regexp_matches(case when query = lower(query) then query else translate(query, 'ABCDEFGHIJKLMNOPQRSTUVWXYZ', 'abcdefghijklmnopqrstuvwxyz') end, '&(gclid|wbraid|gbraid|dclid|msclkid|yclid|ttclid|twclid|li_fat_id|rdt_cid|sccid|scid|epik|qclid|tblci|dicbo|ob_click_id|ko_click_id|gclsrc|gad_source|gad_campaignid|irclickid|irclid|awc|cjevent|sscid|ransiteid|srsltid|fbclid|igshid|igsh|mc_cid|mc_eid|_kx|mkt_tok|_hsenc|_hsmi|ml_subscriber|ml_subscriber_hash)=[^&]') then case
        when regexp_matches(case when query = lower(query) then query else translate(query, 'ABCDEFGHIJKLMNOPQRSTUVWXYZ', 'abcdefghijklmnopqrstuvwxyz') end, '&gclid=[^&]') then 'gclid'
        when regexp_matches(case when query = lower(query) then query else translate(query, 'ABCDEFGHIJKLMNOPQRSTUVWXYZ', 'abcdefghijklmnopqrstuvwxyz') end, '&wbraid=[^&]') then 'wbraid'
        when regexp_matches(case when query = lower(query) then query else translate(query, 'ABCDEFGHIJKLMNOPQRSTUVWXYZ', 'abcdefghijklmnopqrstuvwxyz') end, '&gbraid=[^&]') then 'gbraid'
        when regexp_matches(case when query = lower(query) then query else translate(query, 'ABCDEFGHIJKLMNOPQRSTUVWXYZ', 'abcdefghijklmnopqrstuvwxyz') end, '&dclid=[^&]') then 'dclid'
        when regexp_matches(case when query = lower(query) then query else translate(query, 'ABCDEFGHIJKLMNOPQRSTUVWXYZ', 'abcdefghijklmnopqrstuvwxyz') end, '&msclkid=[^&]') then 'msclkid'
        when regexp_matches(case when query = lower(query) then query else translate(query, 'ABCDEFGHIJKLMNOPQRSTUVWXYZ', 'abcdefghijklmnopqrstuvwxyz') end, '&yclid=[^&]') then 'yclid'
        when regexp_matches(case when query = lower(query) then query else translate(query, 'ABCDEFGHIJKLMNOPQRSTUVWXYZ', 'abcdefghijklmnopqrstuvwxyz') end, '&ttclid=[^&]') then 'ttclid'
        when regexp_matches(case when query = lower(query) then query else translate(query, 'ABCDEFGHIJKLMNOPQRSTUVWXYZ', 'abcdefghijklmnopqrstuvwxyz') end, '&twclid=[^&]') then 'twclid'
        when regexp_matches(case when query = lower(query) then query else translate(query, 'ABCDEFGHIJKLMNOPQRSTUVWXYZ', 'abcdefghijklmnopqrstuvwxyz') end, '&li_fat_id=[^&]') then 'li_fat_id'
        when regexp_matches(case when query = lower(query) then query else translate(query, 'ABCDEFGHIJKLMNOPQRSTUVWXYZ', 'abcdefghijklmnopqrstuvwxyz') end, '&rdt_cid=[^&]') then 'rdt_cid'
        when regexp_matches(case when query = lower(query) then query else translate(query, 'ABCDEFGHIJKLMNOPQRSTUVWXYZ', 'abcdefghijklmnopqrstuvwxyz') end, '&sccid=[^&]') then 'sccid'
        when regexp_matches(case when query = lower(query) then query else translate(query, 'ABCDEFGHIJKLMNOPQRSTUVWXYZ', 'abcdefghijklmnopqrstuvwxyz') end, '&scid=[^&]') then 'scid'
        when regexp_matches(case when query = lower(query) then query else translate(query, 'ABCDEFGHIJKLMNOPQRSTUVWXYZ', 'abcdefghijklmnopqrstuvwxyz') end, '&epik=[^&]') then 'epik'
        when regexp_matches(case when query = lower(query) then query else translate(query, 'ABCDEFGHIJKLMNOPQRSTUVWXYZ', 'abcdefghijklmnopqrstuvwxyz') end, '&qclid=[^&]') then 'qclid'
        when regexp_matches(case when query = lower(query) then query else translate(query, 'ABCDEFGHIJKLMNOPQRSTUVWXYZ', 'abcdefghijklmnopqrstuvwxyz') end, '&tblci=[^&]') then 'tblci'
        when regexp_matches(case when query = lower(query) then query else translate(query, 'ABCDEFGHIJKLMNOPQRSTUVWXYZ', 'abcdefghijklmnopqrstuvwxyz') end, '&dicbo=[^&]') then 'dicbo'
        when regexp_matches(case when query = lower(query) then query else translate(query, 'ABCDEFGHIJKLMNOPQRSTUVWXYZ', 'abcdefghijklmnopqrstuvwxyz') end, '&ob_click_id=[^&]') then 'ob_click_id'
        when regexp_matches(case when query = lower(query) then query else translate(query, 'ABCDEFGHIJKLMNOPQRSTUVWXYZ', 'abcdefghijklmnopqrstuvwxyz') end, '&ko_click_id=[^&]') then 'ko_click_id'
        when regexp_matches(case when query = lower(query) then query else translate(query, 'ABCDEFGHIJKLMNOPQRSTUVWXYZ', 'abcdefghijklmnopqrstuvwxyz') end, '&gclsrc=[^&]') then 'gclsrc'
        when regexp_matches(case when query = lower(query) then query else translate(query, 'ABCDEFGHIJKLMNOPQRSTUVWXYZ', 'abcdefghijklmnopqrstuvwxyz') end, '&gad_source=[^&]') then 'gad_source'
        when regexp_matches(case when query = lower(query) then query else translate(query, 'ABCDEFGHIJKLMNOPQRSTUVWXYZ', 'abcdefghijklmnopqrstuvwxyz') end, '&gad_campaignid=[^&]') then 'gad_campaignid'
        when regexp_matches(case when query = lower(query) then query else translate(query, 'ABCDEFGHIJKLMNOPQRSTUVWXYZ', 'abcdefghijklmnopqrstuvwxyz') end, '&irclickid=[^&]') then 'irclickid'
        when regexp_matches(case when query = lower(query) then query else translate(query, 'ABCDEFGHIJKLMNOPQRSTUVWXYZ', 'abcdefghijklmnopqrstuvwxyz') end, '&irclid=[^&]') then 'irclid'
        when regexp_matches(case when query = lower(query) then query else translate(query, 'ABCDEFGHIJKLMNOPQRSTUVWXYZ', 'abcdefghijklmnopqrstuvwxyz') end, '&awc=[^&]') then 'awc'
        when regexp_matches(case when query = lower(query) then query else translate(query, 'ABCDEFGHIJKLMNOPQRSTUVWXYZ', 'abcdefghijklmnopqrstuvwxyz') end, '&cjevent=[^&]') then 'cjevent'
        when regexp_matches(case when query = lower(query) then query else translate(query, 'ABCDEFGHIJKLMNOPQRSTUVWXYZ', 'abcdefghijklmnopqrstuvwxyz') end, '&sscid=[^&]') then 'sscid'
        when regexp_matches(case when query = lower(query) then query else translate(query, 'ABCDEFGHIJKLMNOPQRSTUVWXYZ', 'abcdefghijklmnopqrstuvwxyz') end, '&ransiteid=[^&]') then 'ransiteid'
        when regexp_matches(case when query = lower(query) then query else translate(query, 'ABCDEFGHIJKLMNOPQRSTUVWXYZ', 'abcdefghijklmnopqrstuvwxyz') end, '&srsltid=[^&]') then 'srsltid'
        when regexp_matches(case when query = lower(query) then query else translate(query, 'ABCDEFGHIJKLMNOPQRSTUVWXYZ', 'abcdefghijklmnopqrstuvwxyz') end, '&fbclid=[^&]') then 'fbclid'
        when regexp_matches(case when query = lower(query) then query else translate(query, 'ABCDEFGHIJKLMNOPQRSTUVWXYZ', 'abcdefghijklmnopqrstuvwxyz') end, '&igshid=[^&]') then 'igshid'
        when regexp_matches(case when query = lower(query) then query else translate(query, 'ABCDEFGHIJKLMNOPQRSTUVWXYZ', 'abcdefghijklmnopqrstuvwxyz') end, '&igsh=[^&]') then 'igsh'
        when regexp_matches(case when query = lower(query) then query else translate(query, 'ABCDEFGHIJKLMNOPQRSTUVWXYZ', 'abcdefghijklmnopqrstuvwxyz') end, '&mc_cid=[^&]') then 'mc_cid'
        when regexp_matches(case when query = lower(query) then query else translate(query, 'ABCDEFGHIJKLMNOPQRSTUVWXYZ', 'abcdefghijklmnopqrstuvwxyz') end, '&mc_eid=[^&]') then 'mc_eid'
        when regexp_matches(case when query = lower(query) then query else translate(query, 'ABCDEFGHIJKLMNOPQRSTUVWXYZ', 'abcdefghijklmnopqrstuvwxyz') end, '&_kx=[^&]') then '_kx'
        when regexp_matches(case when query = lower(query) then query else translate(query, 'ABCDEFGHIJKLMNOPQRSTUVWXYZ', 'abcdefghijklmnopqrstuvwxyz') end, '&mkt_tok=[^&]') then 'mkt_tok'
        when regexp_matches(case when query = lower(query) then query else translate(query, 'ABCDEFGHIJKLMNOPQRSTUVWXYZ', 'abcdefghijklmnopqrstuvwxyz') end, '&_hsenc=[^&]') then '_hsenc'
        when regexp_matches(case when query = lower(query) then query else translate(query, 'ABCDEFGHIJKLMNOPQRSTUVWXYZ', 'abcdefghijklmnopqrstuvwxyz') end, '&_hsmi=[^&]') then '_hsmi'
        when regexp_matches(case when query = lower(query) then query else translate(query, 'ABCDEFGHIJKLMNOPQRSTUVWXYZ', 'abcdefghijklmnopqrstuvwxyz') end, '&ml_subscriber=[^&]') then 'ml_subscriber'
        when regexp_matches(case when query = lower(query) then query else translate(query, 'ABCDEFGHIJKLMNOPQRSTUVWXYZ', 'abcdefghijklmnopqrstuvwxyz') end, '&ml_subscriber_hash=[^&]') then 'ml_subscriber_hash'
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

-- event_names: Each distinct name of a track, normalised.
create or replace table staging.main."event_names" as
select raw_event_name, nullif(regexp_replace(regexp_replace(case when raw_event_name = lower(raw_event_name) then raw_event_name else translate(raw_event_name, 'ABCDEFGHIJKLMNOPQRSTUVWXYZ', 'abcdefghijklmnopqrstuvwxyz') end, '[^a-z0-9]+', '_', 'g'), '^_+|_+$', '', 'g'), '') as event_name
from staging.main."checked"
where reason is null and raw_event_name is not null
group by raw_event_name;

-- Which user agents are new. tributary looks each up in its list of bots and adds them to
-- `user_agents`.
select distinct s.user_agent
from staging.main."checked" as s
left join "tributary"."user_agents" as a on a.user_agent = s.user_agent
where s.reason is null and s.user_agent is not null and a.user_agent is null;

-- agents: User agents of the batch, and which of them are bots.
create or replace table staging.main."agents" as
select distinct user_agent, is_bot from "tributary"."user_agents"
where user_agent in (select user_agent from staging.main."checked" where reason is null);

-- outside_hosts: Referrer hosts that are outside.
create or replace table staging.main."outside_hosts" as
with hosts as (
    select distinct host from staging.main."urls" where host is not null
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

-- incoming: Usable messages as events, outside referrers marked and exclusions named.
create or replace table staging.main."incoming" as
with keyed as (
    select *, "m".rowid as number, md5(key_source || e'\x1f' || event_id) as event_key
    from staging.main."checked" as m
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
        coalesce(nullif(case when regexp_matches(k.campaign_source, e'[ \t\n\x0b\x0c\r]') then trim(k.campaign_source, e' \t\n\x0b\x0c\r') else k.campaign_source end, ''), u."utm_source") as "raw_utm_source",
        coalesce(nullif(case when regexp_matches(k.campaign_medium, e'[ \t\n\x0b\x0c\r]') then trim(k.campaign_medium, e' \t\n\x0b\x0c\r') else k.campaign_medium end, ''), u."utm_medium") as "raw_utm_medium",
        coalesce(nullif(case when regexp_matches(k.campaign_name, e'[ \t\n\x0b\x0c\r]') then trim(k.campaign_name, e' \t\n\x0b\x0c\r') else k.campaign_name end, ''), u."utm_campaign") as "raw_utm_campaign",
        coalesce(nullif(case when regexp_matches(k.campaign_content, e'[ \t\n\x0b\x0c\r]') then trim(k.campaign_content, e' \t\n\x0b\x0c\r') else k.campaign_content end, ''), u."utm_content") as "raw_utm_content",
        coalesce(nullif(case when regexp_matches(k.campaign_term, e'[ \t\n\x0b\x0c\r]') then trim(k.campaign_term, e' \t\n\x0b\x0c\r') else k.campaign_term end, ''), u."utm_term") as "raw_utm_term"
    from keyed as k
    left join staging.main."urls" as u on u.url = k.url
    left join staging.main."urls" as f on f.url = k.from_url
    left join staging.main."event_names" as n on n.raw_event_name = k.raw_event_name
    left join staging.main."outside_hosts" as o on o.host = f.host
    left join staging.main."agents" as b on b.user_agent = k.user_agent
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
    lpad(cast(epoch_us(s.occurred_at) as varchar), 16, '0') || case when "s".type in ('page', 'screen') then '0' else '1' end || "s".event_key as order_key,
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

-- Nothing after it reads these.
drop table if exists staging.main."checked";
drop table if exists staging.main."urls";
drop table if exists staging.main."event_names";
drop table if exists staging.main."outside_hosts";
drop table if exists staging.main."agents";

-- ledger_hits: Ledger rows whose key may be one of the batch.
create or replace table staging.main."ledger_hits" as
select key_hash, received_at
from "tributary"."event_ledger" as l
where key_hash in (select cast(md5_number(event_key) >> 65 as bigint) from staging.main."incoming");

-- copies: Each event of the batch, and what the ledger knows of its key.
create or replace table staging.main."copies" as
select event_key, received_at, received_at as last_received_at, content_hash, occurred_at, row_number_read, 0 as is_stored
from staging.main."incoming"
union all
select l.event_key, l.received_at, l.last_received_at, l.content_hash, l.occurred_at, 0 as row_number_read, 1 as is_stored
from "tributary"."event_ledger" as l
where l.received_at >= (select min(received_at) from staging.main."ledger_hits")
    and l.received_at <= (select max(received_at) from staging.main."ledger_hits")
    and l.key_hash in (select key_hash from staging.main."ledger_hits")
    and l.event_key in (select event_key from staging.main."incoming");

-- contested: Keys with more than one copy: which copy counts.
create or replace table staging.main."contested" as
with keys as (
    select event_key from staging.main."copies" group by event_key having count(*) > 1
),

reached as (
    select
        c.*,
        max(c.last_received_at) over (
            partition by c.event_key order by c.received_at, c.content_hash, c.is_stored desc, c.row_number_read
            rows between unbounded preceding and 1 preceding
        ) as reach
    from staging.main."copies" as c
    join keys as k on k.event_key = c.event_key
),

clustered as (
    select
        *,
        sum(case when reach is null or (epoch_us(received_at) - epoch_us(reach)) > 6307200000000000 then 1 else 0 end) over (
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

-- contested_rows: What became of the rows read of these keys: fresh, replacing, seen before or a
-- duplicate.
create or replace table staging.main."contested_rows" as
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
from staging.main."contested"
where is_stored = 0;

-- source_counts: Where the rows of each source went.
create or replace table staging.main."source_counts" as
with outcomes as (
    select
        i.source,
        case
            when s.status in ('replacing', 'duplicate') then 'duplicate'
            when s.status = 'seen' then 'seen'
            when i.excluded_reason is not null then 'excluded'
            else 'accepted'
        end as outcome
    from staging.main."incoming" as i
    left join staging.main."contested_rows" as s on s.row_number_read = i.row_number_read
    union all
    select source, 'refused' as outcome
    from staging.main."refused_rows"
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
    select source, sum(1 - is_retry) as files from staging.main."source_files" group by source
) as f
left join outcomes as o on o.source = f.source
group by f.source
having count(o.outcome) > 0 or max(f.files) > 0;

-- withdrawn: Stored events whose place a copy received earlier takes.
create or replace table staging.main."withdrawn" as
select event_key, received_at, occurred_at
from staging.main."contested"
where is_stored = 1 and place > 1;

-- ledger_changes: Ledger rows that come (is_old 0) and go (is_old 1).
create or replace table staging.main."ledger_changes" as
select cast(md5_number(event_key) >> 65 as bigint) as key_hash, event_key, received_at, last_received_at, content_hash, occurred_at, 0 as is_old
from staging.main."copies"
where is_stored = 0 and event_key not in (select event_key from staging.main."contested")
union all
select cast(md5_number(c.event_key) >> 65 as bigint) as key_hash, c.event_key, c.received_at, c.cluster_last_received_at, c.content_hash, c.occurred_at, 0 as is_old
from staging.main."contested" as c
where c.place = 1 and c.is_only_stored = 0
    and not (c.is_stored = 1 and c.last_received_at = c.cluster_last_received_at)
union all
select cast(md5_number(c.event_key) >> 65 as bigint) as key_hash, c.event_key, c.received_at, c.last_received_at, c.content_hash, c.occurred_at, 1 as is_old
from staging.main."contested" as c
where c.is_stored = 1 and c.is_only_stored = 0
    and not (c.place = 1 and c.last_received_at = c.cluster_last_received_at);

-- quarantine_current: Current rows of quarantine that were computed anew.
create or replace table staging.main."quarantine_current" as
select t."quarantine_id", t."source", t."file", t."line", t."reason", t."detail", t."text", t."quarantined_at"
from "tributary"."quarantine" as t

where t.to_run = 9223372036854775807 and (
    (t.source || e'\x1f' || t.file) in (
        select source || e'\x1f' || file from staging.main."source_files" where is_retry = 0 and is_table = 0 and problem is null
    )
    or t.quarantine_id in (select quarantine_id from staging.main."refused")
    or (t.line = 0 and (t.source || e'\x1f' || t.file) in (
        select source || e'\x1f' || file from staging.main."source_files" where is_retry = 0
    ))
    or ((to_run = 9223372036854775807 and reason in ('FUTURE') and text is not null and length(text) < 65536) and (t.source || e'\x1f' || t.file) in (
        select source || e'\x1f' || file from staging.main."source_files" where is_retry = 1
    ))
);

-- quarantine_unchanged: Keys of quarantine whose row is as it was.
create or replace table staging.main."quarantine_unchanged" as
select "n"."quarantine_id"
from staging.main."refused" as n
join staging.main."quarantine_current" as o on "n"."quarantine_id" = "o"."quarantine_id"
where n."source" = o."source"
    and n."file" = o."file"
    and n."line" = o."line"
    and n."reason" = o."reason"
    and n."detail" = o."detail"
    and (n."text" = o."text" or (n."text" is null and o."text" is null));

-- quarantine_closed: Rows of quarantine this run closes: replaced, or gone.
create or replace table staging.main."quarantine_closed" as
select o.*
from staging.main."quarantine_current" as o
left join staging.main."quarantine_unchanged" as u on "o"."quarantine_id" = "u"."quarantine_id"
where u."quarantine_id" is null;

-- quarantine_opened: Rows of quarantine this run opens: new, or changed.
create or replace table staging.main."quarantine_opened" as
select n."quarantine_id", n."source", n."file", n."line", n."reason", n."detail", n."text", n."quarantined_at"
from staging.main."refused" as n
left join staging.main."quarantine_unchanged" as u on "n"."quarantine_id" = "u"."quarantine_id"
where u."quarantine_id" is null;

-- Nothing after this stage reads these.
drop table if exists staging.main."lines";
drop table if exists staging.main."retried_lines";
drop table if exists staging.main."checked";
drop table if exists staging.main."shaped";
drop table if exists staging.main."agents";
drop table if exists staging.main."outside_hosts";
drop table if exists staging.main."copies";
drop table if exists staging.main."contested";
drop table if exists staging.main."ledger_hits";
drop table if exists staging.main."outside_hosts_stored";
drop table if exists staging.main."replaced";
drop table if exists staging.main."revisions";

-- The part of `ingest` in the publish transaction of the run; alone it would leave half a run.
-- `tributary sql publish` has all of it.
insert into "tributary"."events" (source, event_key, event_id, type, name, event_name, anonymous_id, user_id, previous_id, ignored_anonymous_id, ignored_user_id, ignored_previous_id, group_id, occurred_at, received_at, is_in_session, excluded_reason, page_url, page_host, page_path, referrer, referrer_host, raw_referrer_host, utm_source, utm_medium, utm_campaign, utm_content, utm_term, click_id, library, user_agent, properties, is_released, is_stripped, run_id)
select source, event_key, event_id, type, name, event_name, anonymous_id, user_id, previous_id, ignored_anonymous_id, ignored_user_id, ignored_previous_id, group_id, occurred_at, received_at, is_in_session, excluded_reason, page_url, page_host, page_path, referrer, referrer_host, raw_referrer_host, utm_source, utm_medium, utm_campaign, utm_content, utm_term, click_id, library, user_agent, properties, is_released, is_stripped, run_id from (
    select i.*, 7 as run_id
    from staging.main."incoming" as i
    where i.row_number_read not in (
        select row_number_read from staging.main."contested_rows" where status in ('seen', 'duplicate')
    )
) as s;

delete from "tributary"."event_ledger"
where key_hash in (select key_hash from staging.main."ledger_changes" where is_old = 1)
    and received_at >= (select min(received_at) from staging.main."ledger_changes" where is_old = 1)
    and received_at <= (select max(received_at) from staging.main."ledger_changes" where is_old = 1)
    and received_at in (select received_at from staging.main."ledger_changes" where is_old = 1)
    and exists (
    select 1 from staging.main."ledger_changes" as s
    where s.is_old = 1 and s.event_key = event_ledger.event_key and s.received_at = event_ledger.received_at
);

insert into "tributary"."event_ledger" (key_hash, event_key, received_at, last_received_at, content_hash, occurred_at)
select key_hash, event_key, received_at, last_received_at, content_hash, occurred_at
from staging.main."ledger_changes"
where is_old = 0;

update "tributary"."quarantine" as t
set to_run = 7
where t.to_run = 9223372036854775807 and t."quarantine_id" in (select "quarantine_id" from staging.main."quarantine_closed") and exists (
    select 1 from staging.main."quarantine_closed" as s
    where s."quarantine_id" = t."quarantine_id"
);

insert into "tributary"."quarantine" (quarantine_id, source, file, line, reason, detail, text, quarantined_at, from_run, to_run)
select quarantine_id, source, file, line, reason, detail, text, quarantined_at, 7, 9223372036854775807
from staging.main."quarantine_opened";
