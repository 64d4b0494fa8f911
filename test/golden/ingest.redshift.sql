-- ingest: new rows of the sources: checked, refused or accepted, duplicates resolved, exclusions
-- marked

-- For a session of one’s own: where staging tables are.
set enable_case_sensitive_identifier to true;

-- Before: tributary itself reads new and changed files and loads the staging tables `lines`,
-- `retried_lines` (waiting in quarantine), `source_files` and `watermarks_new`.

-- checked: Each line with clean ids and times, and why it cannot be used.
drop table if exists "tributary"."staging__checked";

create table "tributary"."staging__checked" as
with delivered as  (

select
    file_number, source, key_source, file, line, is_retry, is_row, text,
    case
        when text is null then 'Expected UTF-8 text of at most 64 MB, but the line holds other bytes or is longer.'
        when document is null then 'Expected one JSON object on the line, but it is no valid JSON.'
        when strpos(text, replace('~u0000', '~', chr(92))) > 0 then 'Expected text without the character U+0000, which not every warehouse can hold.'
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
        when not (upper(btrim(raw_timestamp, (' ' || chr(9) || chr(10) || chr(11) || chr(12) || chr(13)))) ~ '^([0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|1[0-9]|2[0-8])|[0-9]{4}-(0[13-9]|1[0-2])-(29|30)|[0-9]{4}-(0[13578]|1[02])-31|([0-9][0-9](0[48]|[2468][048]|[13579][26])|([02468][048]|[13579][26])00)-02-29)[T ]([01][0-9]|2[0-3]):[0-5][0-9](:[0-5][0-9]([.][0-9]+)?)?(Z|[+-]([01][0-9]|2[0-3])(:?[0-5][0-9])?)?$') or upper(btrim(raw_timestamp, (' ' || chr(9) || chr(10) || chr(11) || chr(12) || chr(13)))) ~ '^(0000|9999-12-31.*-[0-9:]+$|0001-01-01.*[+])' then null
        when regexp_substr(substring(upper(btrim(raw_timestamp, (' ' || chr(9) || chr(10) || chr(11) || chr(12) || chr(13)))), 17), '[+-][0-9:]+$') = '' then cast(replace(regexp_substr(upper(btrim(raw_timestamp, (' ' || chr(9) || chr(10) || chr(11) || chr(12) || chr(13)))), '^[0-9-]{10}[T ][0-9:]{5}(:[0-9]{2}([.][0-9]{1,6})?)?'), 'T', ' ') || case when length(replace(regexp_substr(upper(btrim(raw_timestamp, (' ' || chr(9) || chr(10) || chr(11) || chr(12) || chr(13)))), '^[0-9-]{10}[T ][0-9:]{5}(:[0-9]{2}([.][0-9]{1,6})?)?'), 'T', ' ')) = 16 then ':00' else '' end as timestamp)
        else dateadd(minute, case when substring(regexp_substr(substring(upper(btrim(raw_timestamp, (' ' || chr(9) || chr(10) || chr(11) || chr(12) || chr(13)))), 17), '[+-][0-9:]+$'), 1, 1) = '-' then 1 else -1 end * (cast(substring(regexp_substr(substring(upper(btrim(raw_timestamp, (' ' || chr(9) || chr(10) || chr(11) || chr(12) || chr(13)))), 17), '[+-][0-9:]+$'), 2, 2) as integer) * 60
            + case when length(regexp_substr(substring(upper(btrim(raw_timestamp, (' ' || chr(9) || chr(10) || chr(11) || chr(12) || chr(13)))), 17), '[+-][0-9:]+$')) > 3 then cast(right(regexp_substr(substring(upper(btrim(raw_timestamp, (' ' || chr(9) || chr(10) || chr(11) || chr(12) || chr(13)))), 17), '[+-][0-9:]+$'), 2) as integer) else 0 end), cast(replace(regexp_substr(upper(btrim(raw_timestamp, (' ' || chr(9) || chr(10) || chr(11) || chr(12) || chr(13)))), '^[0-9-]{10}[T ][0-9:]{5}(:[0-9]{2}([.][0-9]{1,6})?)?'), 'T', ' ') || case when length(replace(regexp_substr(upper(btrim(raw_timestamp, (' ' || chr(9) || chr(10) || chr(11) || chr(12) || chr(13)))), '^[0-9-]{10}[T ][0-9:]{5}(:[0-9]{2}([.][0-9]{1,6})?)?'), 'T', ' ')) = 16 then ':00' else '' end as timestamp))
    end as corrected_at,
    case
        when not (upper(btrim(raw_original, (' ' || chr(9) || chr(10) || chr(11) || chr(12) || chr(13)))) ~ '^([0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|1[0-9]|2[0-8])|[0-9]{4}-(0[13-9]|1[0-2])-(29|30)|[0-9]{4}-(0[13578]|1[02])-31|([0-9][0-9](0[48]|[2468][048]|[13579][26])|([02468][048]|[13579][26])00)-02-29)[T ]([01][0-9]|2[0-3]):[0-5][0-9](:[0-5][0-9]([.][0-9]+)?)?(Z|[+-]([01][0-9]|2[0-3])(:?[0-5][0-9])?)?$') or upper(btrim(raw_original, (' ' || chr(9) || chr(10) || chr(11) || chr(12) || chr(13)))) ~ '^(0000|9999-12-31.*-[0-9:]+$|0001-01-01.*[+])' then null
        when regexp_substr(substring(upper(btrim(raw_original, (' ' || chr(9) || chr(10) || chr(11) || chr(12) || chr(13)))), 17), '[+-][0-9:]+$') = '' then cast(replace(regexp_substr(upper(btrim(raw_original, (' ' || chr(9) || chr(10) || chr(11) || chr(12) || chr(13)))), '^[0-9-]{10}[T ][0-9:]{5}(:[0-9]{2}([.][0-9]{1,6})?)?'), 'T', ' ') || case when length(replace(regexp_substr(upper(btrim(raw_original, (' ' || chr(9) || chr(10) || chr(11) || chr(12) || chr(13)))), '^[0-9-]{10}[T ][0-9:]{5}(:[0-9]{2}([.][0-9]{1,6})?)?'), 'T', ' ')) = 16 then ':00' else '' end as timestamp)
        else dateadd(minute, case when substring(regexp_substr(substring(upper(btrim(raw_original, (' ' || chr(9) || chr(10) || chr(11) || chr(12) || chr(13)))), 17), '[+-][0-9:]+$'), 1, 1) = '-' then 1 else -1 end * (cast(substring(regexp_substr(substring(upper(btrim(raw_original, (' ' || chr(9) || chr(10) || chr(11) || chr(12) || chr(13)))), 17), '[+-][0-9:]+$'), 2, 2) as integer) * 60
            + case when length(regexp_substr(substring(upper(btrim(raw_original, (' ' || chr(9) || chr(10) || chr(11) || chr(12) || chr(13)))), 17), '[+-][0-9:]+$')) > 3 then cast(right(regexp_substr(substring(upper(btrim(raw_original, (' ' || chr(9) || chr(10) || chr(11) || chr(12) || chr(13)))), 17), '[+-][0-9:]+$'), 2) as integer) else 0 end), cast(replace(regexp_substr(upper(btrim(raw_original, (' ' || chr(9) || chr(10) || chr(11) || chr(12) || chr(13)))), '^[0-9-]{10}[T ][0-9:]{5}(:[0-9]{2}([.][0-9]{1,6})?)?'), 'T', ' ') || case when length(replace(regexp_substr(upper(btrim(raw_original, (' ' || chr(9) || chr(10) || chr(11) || chr(12) || chr(13)))), '^[0-9-]{10}[T ][0-9:]{5}(:[0-9]{2}([.][0-9]{1,6})?)?'), 'T', ' ')) = 16 then ':00' else '' end as timestamp))
    end as original_at,
    case
        when not (upper(btrim(raw_sent, (' ' || chr(9) || chr(10) || chr(11) || chr(12) || chr(13)))) ~ '^([0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|1[0-9]|2[0-8])|[0-9]{4}-(0[13-9]|1[0-2])-(29|30)|[0-9]{4}-(0[13578]|1[02])-31|([0-9][0-9](0[48]|[2468][048]|[13579][26])|([02468][048]|[13579][26])00)-02-29)[T ]([01][0-9]|2[0-3]):[0-5][0-9](:[0-5][0-9]([.][0-9]+)?)?(Z|[+-]([01][0-9]|2[0-3])(:?[0-5][0-9])?)?$') or upper(btrim(raw_sent, (' ' || chr(9) || chr(10) || chr(11) || chr(12) || chr(13)))) ~ '^(0000|9999-12-31.*-[0-9:]+$|0001-01-01.*[+])' then null
        when regexp_substr(substring(upper(btrim(raw_sent, (' ' || chr(9) || chr(10) || chr(11) || chr(12) || chr(13)))), 17), '[+-][0-9:]+$') = '' then cast(replace(regexp_substr(upper(btrim(raw_sent, (' ' || chr(9) || chr(10) || chr(11) || chr(12) || chr(13)))), '^[0-9-]{10}[T ][0-9:]{5}(:[0-9]{2}([.][0-9]{1,6})?)?'), 'T', ' ') || case when length(replace(regexp_substr(upper(btrim(raw_sent, (' ' || chr(9) || chr(10) || chr(11) || chr(12) || chr(13)))), '^[0-9-]{10}[T ][0-9:]{5}(:[0-9]{2}([.][0-9]{1,6})?)?'), 'T', ' ')) = 16 then ':00' else '' end as timestamp)
        else dateadd(minute, case when substring(regexp_substr(substring(upper(btrim(raw_sent, (' ' || chr(9) || chr(10) || chr(11) || chr(12) || chr(13)))), 17), '[+-][0-9:]+$'), 1, 1) = '-' then 1 else -1 end * (cast(substring(regexp_substr(substring(upper(btrim(raw_sent, (' ' || chr(9) || chr(10) || chr(11) || chr(12) || chr(13)))), 17), '[+-][0-9:]+$'), 2, 2) as integer) * 60
            + case when length(regexp_substr(substring(upper(btrim(raw_sent, (' ' || chr(9) || chr(10) || chr(11) || chr(12) || chr(13)))), 17), '[+-][0-9:]+$')) > 3 then cast(right(regexp_substr(substring(upper(btrim(raw_sent, (' ' || chr(9) || chr(10) || chr(11) || chr(12) || chr(13)))), 17), '[+-][0-9:]+$'), 2) as integer) else 0 end), cast(replace(regexp_substr(upper(btrim(raw_sent, (' ' || chr(9) || chr(10) || chr(11) || chr(12) || chr(13)))), '^[0-9-]{10}[T ][0-9:]{5}(:[0-9]{2}([.][0-9]{1,6})?)?'), 'T', ' ') || case when length(replace(regexp_substr(upper(btrim(raw_sent, (' ' || chr(9) || chr(10) || chr(11) || chr(12) || chr(13)))), '^[0-9-]{10}[T ][0-9:]{5}(:[0-9]{2}([.][0-9]{1,6})?)?'), 'T', ' ')) = 16 then ':00' else '' end as timestamp))
    end as sent_at,
    case
        when not (upper(btrim(raw_received, (' ' || chr(9) || chr(10) || chr(11) || chr(12) || chr(13)))) ~ '^([0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|1[0-9]|2[0-8])|[0-9]{4}-(0[13-9]|1[0-2])-(29|30)|[0-9]{4}-(0[13578]|1[02])-31|([0-9][0-9](0[48]|[2468][048]|[13579][26])|([02468][048]|[13579][26])00)-02-29)[T ]([01][0-9]|2[0-3]):[0-5][0-9](:[0-5][0-9]([.][0-9]+)?)?(Z|[+-]([01][0-9]|2[0-3])(:?[0-5][0-9])?)?$') or upper(btrim(raw_received, (' ' || chr(9) || chr(10) || chr(11) || chr(12) || chr(13)))) ~ '^(0000|9999-12-31.*-[0-9:]+$|0001-01-01.*[+])' then null
        when regexp_substr(substring(upper(btrim(raw_received, (' ' || chr(9) || chr(10) || chr(11) || chr(12) || chr(13)))), 17), '[+-][0-9:]+$') = '' then cast(replace(regexp_substr(upper(btrim(raw_received, (' ' || chr(9) || chr(10) || chr(11) || chr(12) || chr(13)))), '^[0-9-]{10}[T ][0-9:]{5}(:[0-9]{2}([.][0-9]{1,6})?)?'), 'T', ' ') || case when length(replace(regexp_substr(upper(btrim(raw_received, (' ' || chr(9) || chr(10) || chr(11) || chr(12) || chr(13)))), '^[0-9-]{10}[T ][0-9:]{5}(:[0-9]{2}([.][0-9]{1,6})?)?'), 'T', ' ')) = 16 then ':00' else '' end as timestamp)
        else dateadd(minute, case when substring(regexp_substr(substring(upper(btrim(raw_received, (' ' || chr(9) || chr(10) || chr(11) || chr(12) || chr(13)))), 17), '[+-][0-9:]+$'), 1, 1) = '-' then 1 else -1 end * (cast(substring(regexp_substr(substring(upper(btrim(raw_received, (' ' || chr(9) || chr(10) || chr(11) || chr(12) || chr(13)))), 17), '[+-][0-9:]+$'), 2, 2) as integer) * 60
            + case when length(regexp_substr(substring(upper(btrim(raw_received, (' ' || chr(9) || chr(10) || chr(11) || chr(12) || chr(13)))), 17), '[+-][0-9:]+$')) > 3 then cast(right(regexp_substr(substring(upper(btrim(raw_received, (' ' || chr(9) || chr(10) || chr(11) || chr(12) || chr(13)))), 17), '[+-][0-9:]+$'), 2) as integer) else 0 end), cast(replace(regexp_substr(upper(btrim(raw_received, (' ' || chr(9) || chr(10) || chr(11) || chr(12) || chr(13)))), '^[0-9-]{10}[T ][0-9:]{5}(:[0-9]{2}([.][0-9]{1,6})?)?'), 'T', ' ') || case when length(replace(regexp_substr(upper(btrim(raw_received, (' ' || chr(9) || chr(10) || chr(11) || chr(12) || chr(13)))), '^[0-9-]{10}[T ][0-9:]{5}(:[0-9]{2}([.][0-9]{1,6})?)?'), 'T', ' ')) = 16 then ':00' else '' end as timestamp))
    end as collected_at,
    context_url, context_referrer, properties_url, properties_referrer,
    campaign_source, campaign_medium, campaign_name, campaign_content, campaign_term,
    raw_library, raw_user_agent, coalesce(raw_properties, raw_traits) as raw_properties
from (
    select * exclude ("json_document")
    from (
        select parsed.*,
            nullif(json_typeof(parsed."json_document"), 'null') as "type_root",
            case
            when json_typeof(parsed."json_document"."type") in ('object', 'array') then json_serialize(parsed."json_document"."type")
            else cast(parsed."json_document"."type" as varchar)
        end as "raw_type",
            case
            when json_typeof(parsed."json_document"."messageId") in ('object', 'array') then json_serialize(parsed."json_document"."messageId")
            else cast(parsed."json_document"."messageId" as varchar)
        end as "message_id",
            case
            when json_typeof(parsed."json_document"."anonymousId") in ('object', 'array') then json_serialize(parsed."json_document"."anonymousId")
            else cast(parsed."json_document"."anonymousId" as varchar)
        end as "raw_anonymous_id",
            case
            when json_typeof(parsed."json_document"."userId") in ('object', 'array') then json_serialize(parsed."json_document"."userId")
            else cast(parsed."json_document"."userId" as varchar)
        end as "raw_user_id",
            case
            when json_typeof(parsed."json_document"."previousId") in ('object', 'array') then json_serialize(parsed."json_document"."previousId")
            else cast(parsed."json_document"."previousId" as varchar)
        end as "raw_previous_id",
            case
            when json_typeof(parsed."json_document"."groupId") in ('object', 'array') then json_serialize(parsed."json_document"."groupId")
            else cast(parsed."json_document"."groupId" as varchar)
        end as "raw_group_id",
            case
            when json_typeof(parsed."json_document"."context"."groupId") in ('object', 'array') then json_serialize(parsed."json_document"."context"."groupId")
            else cast(parsed."json_document"."context"."groupId" as varchar)
        end as "context_group_id",
            case
            when json_typeof(parsed."json_document"."event") in ('object', 'array') then json_serialize(parsed."json_document"."event")
            else cast(parsed."json_document"."event" as varchar)
        end as "raw_event",
            case
            when json_typeof(parsed."json_document"."event_text") in ('object', 'array') then json_serialize(parsed."json_document"."event_text")
            else cast(parsed."json_document"."event_text" as varchar)
        end as "raw_event_text",
            case
            when json_typeof(parsed."json_document"."name") in ('object', 'array') then json_serialize(parsed."json_document"."name")
            else cast(parsed."json_document"."name" as varchar)
        end as "raw_name",
            case
            when json_typeof(parsed."json_document"."timestamp") in ('object', 'array') then json_serialize(parsed."json_document"."timestamp")
            else cast(parsed."json_document"."timestamp" as varchar)
        end as "raw_timestamp",
            case
            when json_typeof(parsed."json_document"."originalTimestamp") in ('object', 'array') then json_serialize(parsed."json_document"."originalTimestamp")
            else cast(parsed."json_document"."originalTimestamp" as varchar)
        end as "raw_original",
            case
            when json_typeof(parsed."json_document"."sentAt") in ('object', 'array') then json_serialize(parsed."json_document"."sentAt")
            else cast(parsed."json_document"."sentAt" as varchar)
        end as "raw_sent",
            case
            when json_typeof(parsed."json_document"."receivedAt") in ('object', 'array') then json_serialize(parsed."json_document"."receivedAt")
            else cast(parsed."json_document"."receivedAt" as varchar)
        end as "raw_received",
            case
            when json_typeof(parsed."json_document"."context"."page"."url") in ('object', 'array') then json_serialize(parsed."json_document"."context"."page"."url")
            else cast(parsed."json_document"."context"."page"."url" as varchar)
        end as "context_url",
            case
            when json_typeof(parsed."json_document"."context"."page"."referrer") in ('object', 'array') then json_serialize(parsed."json_document"."context"."page"."referrer")
            else cast(parsed."json_document"."context"."page"."referrer" as varchar)
        end as "context_referrer",
            case
            when json_typeof(parsed."json_document"."properties"."url") in ('object', 'array') then json_serialize(parsed."json_document"."properties"."url")
            else cast(parsed."json_document"."properties"."url" as varchar)
        end as "properties_url",
            case
            when json_typeof(parsed."json_document"."properties"."referrer") in ('object', 'array') then json_serialize(parsed."json_document"."properties"."referrer")
            else cast(parsed."json_document"."properties"."referrer" as varchar)
        end as "properties_referrer",
            case
            when json_typeof(parsed."json_document"."context"."campaign"."source") in ('object', 'array') then json_serialize(parsed."json_document"."context"."campaign"."source")
            else cast(parsed."json_document"."context"."campaign"."source" as varchar)
        end as "campaign_source",
            case
            when json_typeof(parsed."json_document"."context"."campaign"."medium") in ('object', 'array') then json_serialize(parsed."json_document"."context"."campaign"."medium")
            else cast(parsed."json_document"."context"."campaign"."medium" as varchar)
        end as "campaign_medium",
            case
            when json_typeof(parsed."json_document"."context"."campaign"."name") in ('object', 'array') then json_serialize(parsed."json_document"."context"."campaign"."name")
            else cast(parsed."json_document"."context"."campaign"."name" as varchar)
        end as "campaign_name",
            case
            when json_typeof(parsed."json_document"."context"."campaign"."content") in ('object', 'array') then json_serialize(parsed."json_document"."context"."campaign"."content")
            else cast(parsed."json_document"."context"."campaign"."content" as varchar)
        end as "campaign_content",
            case
            when json_typeof(parsed."json_document"."context"."campaign"."term") in ('object', 'array') then json_serialize(parsed."json_document"."context"."campaign"."term")
            else cast(parsed."json_document"."context"."campaign"."term" as varchar)
        end as "campaign_term",
            case
            when json_typeof(parsed."json_document"."context"."library"."name") in ('object', 'array') then json_serialize(parsed."json_document"."context"."library"."name")
            else cast(parsed."json_document"."context"."library"."name" as varchar)
        end as "raw_library",
            case
            when json_typeof(parsed."json_document"."context"."userAgent") in ('object', 'array') then json_serialize(parsed."json_document"."context"."userAgent")
            else cast(parsed."json_document"."context"."userAgent" as varchar)
        end as "raw_user_agent",
            case
            when json_typeof(parsed."json_document"."properties") in ('object', 'array') then json_serialize(parsed."json_document"."properties")
            else cast(parsed."json_document"."properties" as varchar)
        end as "raw_properties",
            case
            when json_typeof(parsed."json_document"."traits") in ('object', 'array') then json_serialize(parsed."json_document"."traits")
            else cast(parsed."json_document"."traits" as varchar)
        end as "raw_traits",
            nullif(json_typeof(parsed."json_document"."messageId"), 'null') as "type_message_id",
            nullif(json_typeof(parsed."json_document"."anonymousId"), 'null') as "type_anonymous_id",
            nullif(json_typeof(parsed."json_document"."userId"), 'null') as "type_user_id",
            nullif(json_typeof(parsed."json_document"."previousId"), 'null') as "type_previous_id",
            nullif(json_typeof(parsed."json_document"."groupId"), 'null') as "type_group_id",
            nullif(json_typeof(parsed."json_document"."event"), 'null') as "type_event",
            nullif(json_typeof(parsed."json_document"."event_text"), 'null') as "type_event_text",
            nullif(json_typeof(parsed."json_document"."name"), 'null') as "type_name",
            nullif(json_typeof(parsed."json_document"."timestamp"), 'null') as "type_timestamp",
            nullif(json_typeof(parsed."json_document"."originalTimestamp"), 'null') as "type_original",
            nullif(json_typeof(parsed."json_document"."sentAt"), 'null') as "type_sent",
            nullif(json_typeof(parsed."json_document"."receivedAt"), 'null') as "type_received",
            nullif(json_typeof(parsed."json_document"."context"), 'null') as "type_context",
            nullif(json_typeof(parsed."json_document"."properties"), 'null') as "type_properties",
            nullif(json_typeof(parsed."json_document"."traits"), 'null') as "type_traits",
            nullif(json_typeof(parsed."json_document"."context"."page"), 'null') as "type_page",
            nullif(json_typeof(parsed."json_document"."context"."campaign"), 'null') as "type_campaign",
            nullif(json_typeof(parsed."json_document"."context"."library"), 'null') as "type_library",
            nullif(json_typeof(parsed."json_document"."context"."groupId"), 'null') as "type_context_group_id"
        from (
            select *, json_parse(case when strpos(document, replace('~u0000', '~', chr(92))) = 0 then document end) as "json_document"
            from (
    select
        f.file_number, f.source, f.key_source, f.file, f.is_retry, f.is_row,
        l.line, l.text,
        case when coalesce(can_json_parse(l.text), false) then l.text end as document
    from (
        select file, line, text from "tributary"."staging__lines"
        union all
        select file, line, text from "tributary"."staging__retried_lines"
    ) as l
    join "tributary"."staging__source_files" as f on cast(f.file_number as varchar) = l.file
) as documents
        ) as parsed
    ) as fields
) as m
),

trimmed as (
    select *, btrim(raw_anonymous_id, (' ' || chr(9) || chr(10) || chr(11) || chr(12) || chr(13))) as "trimmed_anonymous_id", btrim(raw_user_id, (' ' || chr(9) || chr(10) || chr(11) || chr(12) || chr(13))) as "trimmed_user_id", btrim(raw_previous_id, (' ' || chr(9) || chr(10) || chr(11) || chr(12) || chr(13))) as "trimmed_previous_id"
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
        nullif(btrim(raw_group_id, (' ' || chr(9) || chr(10) || chr(11) || chr(12) || chr(13))), '') as group_id,
        nullif(raw_user_agent, '') as user_agent,
        nullif(btrim(raw_library, (' ' || chr(9) || chr(10) || chr(11) || chr(12) || chr(13))), '') as library
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
                    then dateadd(microsecond, cast(case when datediff(microsecond, cast('1970-01-01' as timestamp), original_at) + datediff(microsecond, sent_at, collected_at) < (-62135596800000000) then (-62135596800000000) when datediff(microsecond, cast('1970-01-01' as timestamp), original_at) + datediff(microsecond, sent_at, collected_at) > 253402300799000000 then 253402300799000000 else datediff(microsecond, cast('1970-01-01' as timestamp), original_at) + datediff(microsecond, sent_at, collected_at) end as bigint), cast('1970-01-01 00:00:00.000000' as timestamp))
            end,
            collected_at
        ) as occurred_at,
        case when type = 'track' then coalesce(case when btrim(raw_event_text, (' ' || chr(9) || chr(10) || chr(11) || chr(12) || chr(13))) <> '' then "raw_event_text" end, case when btrim(raw_event, (' ' || chr(9) || chr(10) || chr(11) || chr(12) || chr(13))) <> '' then "raw_event" end) when type in ('page', 'screen') then case when btrim(raw_name, (' ' || chr(9) || chr(10) || chr(11) || chr(12) || chr(13))) <> '' then "raw_name" end end as name,
        case when type = 'track' then coalesce(case when btrim(raw_event_text, (' ' || chr(9) || chr(10) || chr(11) || chr(12) || chr(13))) <> '' then "raw_event_text" end, raw_event) end as raw_event_name,
        coalesce(nullif(btrim(context_url, (' ' || chr(9) || chr(10) || chr(11) || chr(12) || chr(13))), ''), case when type = 'page' then nullif(btrim(properties_url, (' ' || chr(9) || chr(10) || chr(11) || chr(12) || chr(13))), '') end) as url,
        coalesce(nullif(btrim(context_referrer, (' ' || chr(9) || chr(10) || chr(11) || chr(12) || chr(13))), ''), case when type = 'page' then nullif(btrim(properties_referrer, (' ' || chr(9) || chr(10) || chr(11) || chr(12) || chr(13))), '') end) as from_url
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
            when datediff(microsecond, received_at, occurred_at) > 86400000000
                or datediff(microsecond, cast('2025-06-01 05:00:00.000000' as timestamp), received_at) > 86400000000 then 'FUTURE'
            when occurred_at < cast('2005-01-01 00:00:00.000000' as timestamp) then 'PAST'
        end as found_reason,
        case when is_row = 1 then case when type = 'track' and raw_properties is null then 'z' || substr(md5((coalesce(cast(datediff(microsecond, cast('1970-01-01' as timestamp), occurred_at) as varchar), '') || chr(31) || coalesce(cast(datediff(microsecond, cast('1970-01-01' as timestamp), received_at) as varchar), '') || chr(31) || coalesce("type", chr(1)) || chr(31) || coalesce("anonymous_id", chr(1)) || chr(31) || coalesce("user_id", chr(1)) || chr(31) || coalesce("previous_id", chr(1)) || chr(31) || coalesce("group_id", chr(1)) || chr(31) || coalesce("name", chr(1)) || chr(31) || coalesce("raw_event_name", chr(1)) || chr(31) || coalesce("library", chr(1)) || chr(31) || coalesce("campaign_source", chr(1)) || chr(31) || coalesce("campaign_medium", chr(1)) || chr(31) || coalesce("campaign_name", chr(1)) || chr(31) || coalesce("campaign_content", chr(1)) || chr(31) || coalesce("campaign_term", chr(1)) || chr(31) || coalesce("url", chr(1)) || chr(31) || coalesce("from_url", chr(1)) || chr(31) || coalesce("user_agent", chr(1)) || chr(31) || case when type in ('page', 'screen') then '' else coalesce(raw_properties, chr(1)) end)), 2) else md5((coalesce(cast(datediff(microsecond, cast('1970-01-01' as timestamp), occurred_at) as varchar), '') || chr(31) || coalesce(cast(datediff(microsecond, cast('1970-01-01' as timestamp), received_at) as varchar), '') || chr(31) || coalesce("type", chr(1)) || chr(31) || coalesce("anonymous_id", chr(1)) || chr(31) || coalesce("user_id", chr(1)) || chr(31) || coalesce("previous_id", chr(1)) || chr(31) || coalesce("group_id", chr(1)) || chr(31) || coalesce("name", chr(1)) || chr(31) || coalesce("raw_event_name", chr(1)) || chr(31) || coalesce("library", chr(1)) || chr(31) || coalesce("campaign_source", chr(1)) || chr(31) || coalesce("campaign_medium", chr(1)) || chr(31) || coalesce("campaign_name", chr(1)) || chr(31) || coalesce("campaign_content", chr(1)) || chr(31) || coalesce("campaign_term", chr(1)) || chr(31) || coalesce("url", chr(1)) || chr(31) || coalesce("from_url", chr(1)) || chr(31) || coalesce("user_agent", chr(1)) || chr(31) || case when type in ('page', 'screen') then '' else coalesce(raw_properties, chr(1)) end)) end else md5(coalesce(text, '')) end as content_hash
    from received
),

-- What was released may come from any time that an order key can tell. A row of a table was released as the message
-- that stands in quarantine.
told as (
    select
        *,
        case when is_row = 1 and found_reason is not null then coalesce(text, '{' || substr(nullif(coalesce(',"type":' || case when json_serialize(cast(raw_type as super)) not in ('NaN', 'Infinity', '-Infinity') then json_serialize(cast(raw_type as super)) end, '') || coalesce(',"messageId":' || case when json_serialize(cast(message_id as super)) not in ('NaN', 'Infinity', '-Infinity') then json_serialize(cast(message_id as super)) end, '') || coalesce(',"anonymousId":' || case when json_serialize(cast(raw_anonymous_id as super)) not in ('NaN', 'Infinity', '-Infinity') then json_serialize(cast(raw_anonymous_id as super)) end, '') || coalesce(',"userId":' || case when json_serialize(cast(raw_user_id as super)) not in ('NaN', 'Infinity', '-Infinity') then json_serialize(cast(raw_user_id as super)) end, '') || coalesce(',"previousId":' || case when json_serialize(cast(raw_previous_id as super)) not in ('NaN', 'Infinity', '-Infinity') then json_serialize(cast(raw_previous_id as super)) end, '') || coalesce(',"groupId":' || case when json_serialize(cast(raw_group_id as super)) not in ('NaN', 'Infinity', '-Infinity') then json_serialize(cast(raw_group_id as super)) end, '') || coalesce(',"event":' || case when json_serialize(cast(raw_event as super)) not in ('NaN', 'Infinity', '-Infinity') then json_serialize(cast(raw_event as super)) end, '') || coalesce(',"event_text":' || case when json_serialize(cast(raw_event_text as super)) not in ('NaN', 'Infinity', '-Infinity') then json_serialize(cast(raw_event_text as super)) end, '') || coalesce(',"name":' || case when json_serialize(cast(raw_name as super)) not in ('NaN', 'Infinity', '-Infinity') then json_serialize(cast(raw_name as super)) end, '') || coalesce(',"timestamp":' || case when json_serialize(cast(cast(corrected_at as varchar) as super)) not in ('NaN', 'Infinity', '-Infinity') then json_serialize(cast(cast(corrected_at as varchar) as super)) end, '') || coalesce(',"originalTimestamp":' || case when json_serialize(cast(cast(original_at as varchar) as super)) not in ('NaN', 'Infinity', '-Infinity') then json_serialize(cast(cast(original_at as varchar) as super)) end, '') || coalesce(',"sentAt":' || case when json_serialize(cast(cast(sent_at as varchar) as super)) not in ('NaN', 'Infinity', '-Infinity') then json_serialize(cast(cast(sent_at as varchar) as super)) end, '') || coalesce(',"receivedAt":' || case when json_serialize(cast(cast(collected_at as varchar) as super)) not in ('NaN', 'Infinity', '-Infinity') then json_serialize(cast(cast(collected_at as varchar) as super)) end, '') || coalesce(',"context":' || '{' || substr(nullif(coalesce(',"page":' || '{' || substr(nullif(coalesce(',"url":' || case when json_serialize(cast(context_url as super)) not in ('NaN', 'Infinity', '-Infinity') then json_serialize(cast(context_url as super)) end, '') || coalesce(',"referrer":' || case when json_serialize(cast(context_referrer as super)) not in ('NaN', 'Infinity', '-Infinity') then json_serialize(cast(context_referrer as super)) end, ''), ''), 2) || '}', '') || coalesce(',"campaign":' || '{' || substr(nullif(coalesce(',"source":' || case when json_serialize(cast(campaign_source as super)) not in ('NaN', 'Infinity', '-Infinity') then json_serialize(cast(campaign_source as super)) end, '') || coalesce(',"medium":' || case when json_serialize(cast(campaign_medium as super)) not in ('NaN', 'Infinity', '-Infinity') then json_serialize(cast(campaign_medium as super)) end, '') || coalesce(',"name":' || case when json_serialize(cast(campaign_name as super)) not in ('NaN', 'Infinity', '-Infinity') then json_serialize(cast(campaign_name as super)) end, '') || coalesce(',"content":' || case when json_serialize(cast(campaign_content as super)) not in ('NaN', 'Infinity', '-Infinity') then json_serialize(cast(campaign_content as super)) end, '') || coalesce(',"term":' || case when json_serialize(cast(campaign_term as super)) not in ('NaN', 'Infinity', '-Infinity') then json_serialize(cast(campaign_term as super)) end, ''), ''), 2) || '}', '') || coalesce(',"library":' || '{' || substr(nullif(coalesce(',"name":' || case when json_serialize(cast(raw_library as super)) not in ('NaN', 'Infinity', '-Infinity') then json_serialize(cast(raw_library as super)) end, ''), ''), 2) || '}', '') || coalesce(',"userAgent":' || case when json_serialize(cast(raw_user_agent as super)) not in ('NaN', 'Infinity', '-Infinity') then json_serialize(cast(raw_user_agent as super)) end, ''), ''), 2) || '}', '') || coalesce(',"properties":' || coalesce(raw_properties, '{' || substr(nullif(coalesce(',"url":' || case when json_serialize(cast(properties_url as super)) not in ('NaN', 'Infinity', '-Infinity') then json_serialize(cast(properties_url as super)) end, '') || coalesce(',"referrer":' || case when json_serialize(cast(properties_referrer as super)) not in ('NaN', 'Infinity', '-Infinity') then json_serialize(cast(properties_referrer as super)) end, ''), ''), 2) || '}'), ''), ''), 2) || '}') else text end as message
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
    coalesce(nullif(btrim(message_id, (' ' || chr(9) || chr(10) || chr(11) || chr(12) || chr(13))), ''), case when is_row = 1 then content_hash else md5(btrim(coalesce(text, ''), (' ' || chr(9) || chr(10) || chr(11) || chr(12) || chr(13)))) end) as event_id,
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
drop table if exists "tributary"."staging__lines";
drop table if exists "tributary"."staging__retried_lines";
drop table if exists "tributary"."staging__tabular";

-- refused_rows: Messages that cannot be used, and files that cannot be read.
drop table if exists "tributary"."staging__refused_rows";

create table "tributary"."staging__refused_rows" as
select
    md5(source || chr(31) || file || chr(31) || cast(line as varchar) || chr(31) || coalesce(text, '')) as quarantine_id,
    source, file, line, reason, detail, text, is_retry
from "tributary"."staging__checked"
where reason is not null
union all
select
    md5(source || chr(31) || file) as quarantine_id,
    source, file, 0 as line, 'UNREADABLE' as reason, problem as detail, cast(null as varchar) as text, is_retry
from "tributary"."staging__source_files"
where problem is not null;

-- refused: Rows for quarantine.
drop table if exists "tributary"."staging__refused";

create table "tributary"."staging__refused" as
select
    quarantine_id, source, file, line, reason, min(detail) as detail, substr(min(text), 1, 65536) as text,
    cast('2025-06-01 05:00:00.000000' as timestamp) as quarantined_at
from "tributary"."staging__refused_rows"
group by quarantine_id, source, file, line, reason;

-- urls: Each distinct URL and referrer of the batch, taken apart.
drop table if exists "tributary"."staging__urls";

create table "tributary"."staging__urls" as
with texts as (
    select url from "tributary"."staging__checked" where reason is null and url is not null group by url
    union all
    select from_url as url from "tributary"."staging__checked" where reason is null and from_url is not null group by from_url
),

distinct_texts as (
    select url from texts group by url
),

queried as (
    select url, case when strpos(url, '?') > 0 then '&' || nullif(regexp_substr(url, '^[^?#]*[?]([^#]+)', 1, 1, 'e'), '') end as query from distinct_texts
),

-- Campaign and path are taken from the URL before personal ids are taken out of each.
parsed as (
    select
        url,
        translate(coalesce(
        case when strpos(url, '@') > 0 then nullif(regexp_substr(url, '^[a-zA-Z0-9+.-]*:?//[^/?#]*@([^/?#@:]*)', 1, 1, 'e'), '') end,
        nullif(regexp_substr(url, '^[a-zA-Z0-9+.-]*:?//([^/?#@:]*)', 1, 1, 'e'), '')
    ), 'ABCDEFGHIJKLMNOPQRSTUVWXYZ', 'abcdefghijklmnopqrstuvwxyz') as host,
        case when (url ~ '^([a-zA-Z][a-zA-Z0-9+.-]*:)?//') then coalesce(nullif(regexp_substr(url, '^[a-zA-Z0-9+.-]*:?//[^/?#]*(/[^?#]*)', 1, 1, 'e'), ''), '/') end as raw_path,
        case when (url ~ '[?&]([mM][cC]_[eE][iI][dD]|[mM][kK][tT]_[tT][oO][kK]|_[hH][sS][eE][nN][cC]|_[kK][xX]|[mM][lL]_[sS][uU][bB][sS][cC][rR][iI][bB][eE][rR]|[mM][lL]_[sS][uU][bB][sS][cC][rR][iI][bB][eE][rR]_[hH][aA][sS][hH]|[eE][mM][aA][iI][lL]|[eE]-[mM][aA][iI][lL]|[mM][aA][iI][lL])=') then regexp_replace(regexp_replace(regexp_replace(regexp_replace(regexp_replace(regexp_replace(regexp_replace(regexp_replace(regexp_replace(regexp_replace(regexp_replace(regexp_replace(regexp_replace(regexp_replace(regexp_replace(regexp_replace(regexp_replace(regexp_replace(url, '[?][mM][cC]_[eE][iI][dD]=[^&#]*', '?mc_eid='), '[&][mM][cC]_[eE][iI][dD]=[^&#]*', '&mc_eid='), '[?][mM][kK][tT]_[tT][oO][kK]=[^&#]*', '?mkt_tok='), '[&][mM][kK][tT]_[tT][oO][kK]=[^&#]*', '&mkt_tok='), '[?]_[hH][sS][eE][nN][cC]=[^&#]*', '?_hsenc='), '[&]_[hH][sS][eE][nN][cC]=[^&#]*', '&_hsenc='), '[?]_[kK][xX]=[^&#]*', '?_kx='), '[&]_[kK][xX]=[^&#]*', '&_kx='), '[?][mM][lL]_[sS][uU][bB][sS][cC][rR][iI][bB][eE][rR]=[^&#]*', '?ml_subscriber='), '[&][mM][lL]_[sS][uU][bB][sS][cC][rR][iI][bB][eE][rR]=[^&#]*', '&ml_subscriber='), '[?][mM][lL]_[sS][uU][bB][sS][cC][rR][iI][bB][eE][rR]_[hH][aA][sS][hH]=[^&#]*', '?ml_subscriber_hash='), '[&][mM][lL]_[sS][uU][bB][sS][cC][rR][iI][bB][eE][rR]_[hH][aA][sS][hH]=[^&#]*', '&ml_subscriber_hash='), '[?][eE][mM][aA][iI][lL]=[^&#]*', '?email='), '[&][eE][mM][aA][iI][lL]=[^&#]*', '&email='), '[?][eE]-[mM][aA][iI][lL]=[^&#]*', '?e-mail='), '[&][eE]-[mM][aA][iI][lL]=[^&#]*', '&e-mail='), '[?][mM][aA][iI][lL]=[^&#]*', '?mail='), '[&][mM][aA][iI][lL]=[^&#]*', '&mail=') else url end as bare_url,
        nullif(btrim(case
        when strpos(nullif(regexp_substr(query, '&[uU][tT][mM]_[sS][oO][uU][rR][cC][eE]=([^&]*)', 1, 1, 'e'), ''), '%') = 0 then replace(nullif(regexp_substr(query, '&[uU][tT][mM]_[sS][oO][uU][rR][cC][eE]=([^&]*)', 1, 1, 'e'), ''), '+', ' ')
        when octet_length(nullif(regexp_substr(query, '&[uU][tT][mM]_[sS][oO][uU][rR][cC][eE]=([^&]*)', 1, 1, 'e'), '')) > 32000 then nullif(regexp_substr(query, '&[uU][tT][mM]_[sS][oO][uU][rR][cC][eE]=([^&]*)', 1, 1, 'e'), '')
        when nullif(regexp_substr(query, '&[uU][tT][mM]_[sS][oO][uU][rR][cC][eE]=([^&]*)', 1, 1, 'e'), '') ~ '^([^%]|%0[1-9a-fA-F]|%[1-7][0-9a-fA-F]|%[cC][2-9a-fA-F]%[89aAbB][0-9a-fA-F]|%[dD][0-9a-fA-F]%[89aAbB][0-9a-fA-F]|%[eE]0%[aAbB][0-9a-fA-F]%[89aAbB][0-9a-fA-F]|%[eE][1-9a-cA-CeEfF]%[89aAbB][0-9a-fA-F]%[89aAbB][0-9a-fA-F]|%[eE][dD]%[89][0-9a-fA-F]%[89aAbB][0-9a-fA-F]|%[fF]0%[9aAbB][0-9a-fA-F]%[89aAbB][0-9a-fA-F]%[89aAbB][0-9a-fA-F]|%[fF][1-3]%[89aAbB][0-9a-fA-F]%[89aAbB][0-9a-fA-F]%[89aAbB][0-9a-fA-F]|%[fF]4%8[0-9a-fA-F]%[89aAbB][0-9a-fA-F]%[89aAbB][0-9a-fA-F])*$' and strpos(to_hex(to_varbyte(nullif(regexp_substr(query, '&[uU][tT][mM]_[sS][oO][uU][rR][cC][eE]=([^&]*)', 1, 1, 'e'), ''), 'utf8')), 'ee8') = 0 then from_varbyte(from_hex(replace(replace(replace(replace(replace(replace(replace(replace(replace(replace(replace(replace(replace(replace(replace(replace(lower(to_hex(to_varbyte(translate(cast(json_parse('"' || translate(replace(replace(replace(replace(nullif(regexp_substr(query, '&[uU][tT][mM]_[sS][oO][uU][rR][cC][eE]=([^&]*)', 1, 1, 'e'), ''), '+', ' '), replace('~', '~', chr(92)), replace('~~', '~', chr(92))), '"', replace('~"', '~', chr(92))), '%', replace('~ue0', '~', chr(92))), (chr(1) || chr(2) || chr(3) || chr(4) || chr(5) || chr(6) || chr(7) || chr(8) || chr(9) || chr(10) || chr(11) || chr(12) || chr(13) || chr(14) || chr(15) || chr(16) || chr(17) || chr(18) || chr(19) || chr(20) || chr(21) || chr(22) || chr(23) || chr(24) || chr(25) || chr(26) || chr(27) || chr(28) || chr(29) || chr(30) || chr(31)), '') || '"') as varchar), '', (chr(1) || chr(2) || chr(3) || chr(4) || chr(5) || chr(6) || chr(7) || chr(8) || chr(9) || chr(10) || chr(11) || chr(12) || chr(13) || chr(14) || chr(15) || chr(16) || chr(17) || chr(18) || chr(19) || chr(20) || chr(21) || chr(22) || chr(23) || chr(24) || chr(25) || chr(26) || chr(27) || chr(28) || chr(29) || chr(30) || chr(31))), 'utf8'))), 'ee808', '0'), 'ee809', '1'), 'ee80a', '2'), 'ee80b', '3'), 'ee818', '4'), 'ee819', '5'), 'ee81a', '6'), 'ee81b', '7'), 'ee828', '8'), 'ee829', '9'), 'ee82a', 'a'), 'ee82b', 'b'), 'ee838', 'c'), 'ee839', 'd'), 'ee83b', 'f'), 'ee83a', 'e')), 'utf8')
        else nullif(regexp_substr(query, '&[uU][tT][mM]_[sS][oO][uU][rR][cC][eE]=([^&]*)', 1, 1, 'e'), '')
    end, (' ' || chr(9) || chr(10) || chr(11) || chr(12) || chr(13))), '') as "utm_source",
        nullif(btrim(case
        when strpos(nullif(regexp_substr(query, '&[uU][tT][mM]_[mM][eE][dD][iI][uU][mM]=([^&]*)', 1, 1, 'e'), ''), '%') = 0 then replace(nullif(regexp_substr(query, '&[uU][tT][mM]_[mM][eE][dD][iI][uU][mM]=([^&]*)', 1, 1, 'e'), ''), '+', ' ')
        when octet_length(nullif(regexp_substr(query, '&[uU][tT][mM]_[mM][eE][dD][iI][uU][mM]=([^&]*)', 1, 1, 'e'), '')) > 32000 then nullif(regexp_substr(query, '&[uU][tT][mM]_[mM][eE][dD][iI][uU][mM]=([^&]*)', 1, 1, 'e'), '')
        when nullif(regexp_substr(query, '&[uU][tT][mM]_[mM][eE][dD][iI][uU][mM]=([^&]*)', 1, 1, 'e'), '') ~ '^([^%]|%0[1-9a-fA-F]|%[1-7][0-9a-fA-F]|%[cC][2-9a-fA-F]%[89aAbB][0-9a-fA-F]|%[dD][0-9a-fA-F]%[89aAbB][0-9a-fA-F]|%[eE]0%[aAbB][0-9a-fA-F]%[89aAbB][0-9a-fA-F]|%[eE][1-9a-cA-CeEfF]%[89aAbB][0-9a-fA-F]%[89aAbB][0-9a-fA-F]|%[eE][dD]%[89][0-9a-fA-F]%[89aAbB][0-9a-fA-F]|%[fF]0%[9aAbB][0-9a-fA-F]%[89aAbB][0-9a-fA-F]%[89aAbB][0-9a-fA-F]|%[fF][1-3]%[89aAbB][0-9a-fA-F]%[89aAbB][0-9a-fA-F]%[89aAbB][0-9a-fA-F]|%[fF]4%8[0-9a-fA-F]%[89aAbB][0-9a-fA-F]%[89aAbB][0-9a-fA-F])*$' and strpos(to_hex(to_varbyte(nullif(regexp_substr(query, '&[uU][tT][mM]_[mM][eE][dD][iI][uU][mM]=([^&]*)', 1, 1, 'e'), ''), 'utf8')), 'ee8') = 0 then from_varbyte(from_hex(replace(replace(replace(replace(replace(replace(replace(replace(replace(replace(replace(replace(replace(replace(replace(replace(lower(to_hex(to_varbyte(translate(cast(json_parse('"' || translate(replace(replace(replace(replace(nullif(regexp_substr(query, '&[uU][tT][mM]_[mM][eE][dD][iI][uU][mM]=([^&]*)', 1, 1, 'e'), ''), '+', ' '), replace('~', '~', chr(92)), replace('~~', '~', chr(92))), '"', replace('~"', '~', chr(92))), '%', replace('~ue0', '~', chr(92))), (chr(1) || chr(2) || chr(3) || chr(4) || chr(5) || chr(6) || chr(7) || chr(8) || chr(9) || chr(10) || chr(11) || chr(12) || chr(13) || chr(14) || chr(15) || chr(16) || chr(17) || chr(18) || chr(19) || chr(20) || chr(21) || chr(22) || chr(23) || chr(24) || chr(25) || chr(26) || chr(27) || chr(28) || chr(29) || chr(30) || chr(31)), '') || '"') as varchar), '', (chr(1) || chr(2) || chr(3) || chr(4) || chr(5) || chr(6) || chr(7) || chr(8) || chr(9) || chr(10) || chr(11) || chr(12) || chr(13) || chr(14) || chr(15) || chr(16) || chr(17) || chr(18) || chr(19) || chr(20) || chr(21) || chr(22) || chr(23) || chr(24) || chr(25) || chr(26) || chr(27) || chr(28) || chr(29) || chr(30) || chr(31))), 'utf8'))), 'ee808', '0'), 'ee809', '1'), 'ee80a', '2'), 'ee80b', '3'), 'ee818', '4'), 'ee819', '5'), 'ee81a', '6'), 'ee81b', '7'), 'ee828', '8'), 'ee829', '9'), 'ee82a', 'a'), 'ee82b', 'b'), 'ee838', 'c'), 'ee839', 'd'), 'ee83b', 'f'), 'ee83a', 'e')), 'utf8')
        else nullif(regexp_substr(query, '&[uU][tT][mM]_[mM][eE][dD][iI][uU][mM]=([^&]*)', 1, 1, 'e'), '')
    end, (' ' || chr(9) || chr(10) || chr(11) || chr(12) || chr(13))), '') as "utm_medium",
        nullif(btrim(case
        when strpos(nullif(regexp_substr(query, '&[uU][tT][mM]_[cC][aA][mM][pP][aA][iI][gG][nN]=([^&]*)', 1, 1, 'e'), ''), '%') = 0 then replace(nullif(regexp_substr(query, '&[uU][tT][mM]_[cC][aA][mM][pP][aA][iI][gG][nN]=([^&]*)', 1, 1, 'e'), ''), '+', ' ')
        when octet_length(nullif(regexp_substr(query, '&[uU][tT][mM]_[cC][aA][mM][pP][aA][iI][gG][nN]=([^&]*)', 1, 1, 'e'), '')) > 32000 then nullif(regexp_substr(query, '&[uU][tT][mM]_[cC][aA][mM][pP][aA][iI][gG][nN]=([^&]*)', 1, 1, 'e'), '')
        when nullif(regexp_substr(query, '&[uU][tT][mM]_[cC][aA][mM][pP][aA][iI][gG][nN]=([^&]*)', 1, 1, 'e'), '') ~ '^([^%]|%0[1-9a-fA-F]|%[1-7][0-9a-fA-F]|%[cC][2-9a-fA-F]%[89aAbB][0-9a-fA-F]|%[dD][0-9a-fA-F]%[89aAbB][0-9a-fA-F]|%[eE]0%[aAbB][0-9a-fA-F]%[89aAbB][0-9a-fA-F]|%[eE][1-9a-cA-CeEfF]%[89aAbB][0-9a-fA-F]%[89aAbB][0-9a-fA-F]|%[eE][dD]%[89][0-9a-fA-F]%[89aAbB][0-9a-fA-F]|%[fF]0%[9aAbB][0-9a-fA-F]%[89aAbB][0-9a-fA-F]%[89aAbB][0-9a-fA-F]|%[fF][1-3]%[89aAbB][0-9a-fA-F]%[89aAbB][0-9a-fA-F]%[89aAbB][0-9a-fA-F]|%[fF]4%8[0-9a-fA-F]%[89aAbB][0-9a-fA-F]%[89aAbB][0-9a-fA-F])*$' and strpos(to_hex(to_varbyte(nullif(regexp_substr(query, '&[uU][tT][mM]_[cC][aA][mM][pP][aA][iI][gG][nN]=([^&]*)', 1, 1, 'e'), ''), 'utf8')), 'ee8') = 0 then from_varbyte(from_hex(replace(replace(replace(replace(replace(replace(replace(replace(replace(replace(replace(replace(replace(replace(replace(replace(lower(to_hex(to_varbyte(translate(cast(json_parse('"' || translate(replace(replace(replace(replace(nullif(regexp_substr(query, '&[uU][tT][mM]_[cC][aA][mM][pP][aA][iI][gG][nN]=([^&]*)', 1, 1, 'e'), ''), '+', ' '), replace('~', '~', chr(92)), replace('~~', '~', chr(92))), '"', replace('~"', '~', chr(92))), '%', replace('~ue0', '~', chr(92))), (chr(1) || chr(2) || chr(3) || chr(4) || chr(5) || chr(6) || chr(7) || chr(8) || chr(9) || chr(10) || chr(11) || chr(12) || chr(13) || chr(14) || chr(15) || chr(16) || chr(17) || chr(18) || chr(19) || chr(20) || chr(21) || chr(22) || chr(23) || chr(24) || chr(25) || chr(26) || chr(27) || chr(28) || chr(29) || chr(30) || chr(31)), '') || '"') as varchar), '', (chr(1) || chr(2) || chr(3) || chr(4) || chr(5) || chr(6) || chr(7) || chr(8) || chr(9) || chr(10) || chr(11) || chr(12) || chr(13) || chr(14) || chr(15) || chr(16) || chr(17) || chr(18) || chr(19) || chr(20) || chr(21) || chr(22) || chr(23) || chr(24) || chr(25) || chr(26) || chr(27) || chr(28) || chr(29) || chr(30) || chr(31))), 'utf8'))), 'ee808', '0'), 'ee809', '1'), 'ee80a', '2'), 'ee80b', '3'), 'ee818', '4'), 'ee819', '5'), 'ee81a', '6'), 'ee81b', '7'), 'ee828', '8'), 'ee829', '9'), 'ee82a', 'a'), 'ee82b', 'b'), 'ee838', 'c'), 'ee839', 'd'), 'ee83b', 'f'), 'ee83a', 'e')), 'utf8')
        else nullif(regexp_substr(query, '&[uU][tT][mM]_[cC][aA][mM][pP][aA][iI][gG][nN]=([^&]*)', 1, 1, 'e'), '')
    end, (' ' || chr(9) || chr(10) || chr(11) || chr(12) || chr(13))), '') as "utm_campaign",
        nullif(btrim(case
        when strpos(nullif(regexp_substr(query, '&[uU][tT][mM]_[cC][oO][nN][tT][eE][nN][tT]=([^&]*)', 1, 1, 'e'), ''), '%') = 0 then replace(nullif(regexp_substr(query, '&[uU][tT][mM]_[cC][oO][nN][tT][eE][nN][tT]=([^&]*)', 1, 1, 'e'), ''), '+', ' ')
        when octet_length(nullif(regexp_substr(query, '&[uU][tT][mM]_[cC][oO][nN][tT][eE][nN][tT]=([^&]*)', 1, 1, 'e'), '')) > 32000 then nullif(regexp_substr(query, '&[uU][tT][mM]_[cC][oO][nN][tT][eE][nN][tT]=([^&]*)', 1, 1, 'e'), '')
        when nullif(regexp_substr(query, '&[uU][tT][mM]_[cC][oO][nN][tT][eE][nN][tT]=([^&]*)', 1, 1, 'e'), '') ~ '^([^%]|%0[1-9a-fA-F]|%[1-7][0-9a-fA-F]|%[cC][2-9a-fA-F]%[89aAbB][0-9a-fA-F]|%[dD][0-9a-fA-F]%[89aAbB][0-9a-fA-F]|%[eE]0%[aAbB][0-9a-fA-F]%[89aAbB][0-9a-fA-F]|%[eE][1-9a-cA-CeEfF]%[89aAbB][0-9a-fA-F]%[89aAbB][0-9a-fA-F]|%[eE][dD]%[89][0-9a-fA-F]%[89aAbB][0-9a-fA-F]|%[fF]0%[9aAbB][0-9a-fA-F]%[89aAbB][0-9a-fA-F]%[89aAbB][0-9a-fA-F]|%[fF][1-3]%[89aAbB][0-9a-fA-F]%[89aAbB][0-9a-fA-F]%[89aAbB][0-9a-fA-F]|%[fF]4%8[0-9a-fA-F]%[89aAbB][0-9a-fA-F]%[89aAbB][0-9a-fA-F])*$' and strpos(to_hex(to_varbyte(nullif(regexp_substr(query, '&[uU][tT][mM]_[cC][oO][nN][tT][eE][nN][tT]=([^&]*)', 1, 1, 'e'), ''), 'utf8')), 'ee8') = 0 then from_varbyte(from_hex(replace(replace(replace(replace(replace(replace(replace(replace(replace(replace(replace(replace(replace(replace(replace(replace(lower(to_hex(to_varbyte(translate(cast(json_parse('"' || translate(replace(replace(replace(replace(nullif(regexp_substr(query, '&[uU][tT][mM]_[cC][oO][nN][tT][eE][nN][tT]=([^&]*)', 1, 1, 'e'), ''), '+', ' '), replace('~', '~', chr(92)), replace('~~', '~', chr(92))), '"', replace('~"', '~', chr(92))), '%', replace('~ue0', '~', chr(92))), (chr(1) || chr(2) || chr(3) || chr(4) || chr(5) || chr(6) || chr(7) || chr(8) || chr(9) || chr(10) || chr(11) || chr(12) || chr(13) || chr(14) || chr(15) || chr(16) || chr(17) || chr(18) || chr(19) || chr(20) || chr(21) || chr(22) || chr(23) || chr(24) || chr(25) || chr(26) || chr(27) || chr(28) || chr(29) || chr(30) || chr(31)), '') || '"') as varchar), '', (chr(1) || chr(2) || chr(3) || chr(4) || chr(5) || chr(6) || chr(7) || chr(8) || chr(9) || chr(10) || chr(11) || chr(12) || chr(13) || chr(14) || chr(15) || chr(16) || chr(17) || chr(18) || chr(19) || chr(20) || chr(21) || chr(22) || chr(23) || chr(24) || chr(25) || chr(26) || chr(27) || chr(28) || chr(29) || chr(30) || chr(31))), 'utf8'))), 'ee808', '0'), 'ee809', '1'), 'ee80a', '2'), 'ee80b', '3'), 'ee818', '4'), 'ee819', '5'), 'ee81a', '6'), 'ee81b', '7'), 'ee828', '8'), 'ee829', '9'), 'ee82a', 'a'), 'ee82b', 'b'), 'ee838', 'c'), 'ee839', 'd'), 'ee83b', 'f'), 'ee83a', 'e')), 'utf8')
        else nullif(regexp_substr(query, '&[uU][tT][mM]_[cC][oO][nN][tT][eE][nN][tT]=([^&]*)', 1, 1, 'e'), '')
    end, (' ' || chr(9) || chr(10) || chr(11) || chr(12) || chr(13))), '') as "utm_content",
        nullif(btrim(case
        when strpos(nullif(regexp_substr(query, '&[uU][tT][mM]_[tT][eE][rR][mM]=([^&]*)', 1, 1, 'e'), ''), '%') = 0 then replace(nullif(regexp_substr(query, '&[uU][tT][mM]_[tT][eE][rR][mM]=([^&]*)', 1, 1, 'e'), ''), '+', ' ')
        when octet_length(nullif(regexp_substr(query, '&[uU][tT][mM]_[tT][eE][rR][mM]=([^&]*)', 1, 1, 'e'), '')) > 32000 then nullif(regexp_substr(query, '&[uU][tT][mM]_[tT][eE][rR][mM]=([^&]*)', 1, 1, 'e'), '')
        when nullif(regexp_substr(query, '&[uU][tT][mM]_[tT][eE][rR][mM]=([^&]*)', 1, 1, 'e'), '') ~ '^([^%]|%0[1-9a-fA-F]|%[1-7][0-9a-fA-F]|%[cC][2-9a-fA-F]%[89aAbB][0-9a-fA-F]|%[dD][0-9a-fA-F]%[89aAbB][0-9a-fA-F]|%[eE]0%[aAbB][0-9a-fA-F]%[89aAbB][0-9a-fA-F]|%[eE][1-9a-cA-CeEfF]%[89aAbB][0-9a-fA-F]%[89aAbB][0-9a-fA-F]|%[eE][dD]%[89][0-9a-fA-F]%[89aAbB][0-9a-fA-F]|%[fF]0%[9aAbB][0-9a-fA-F]%[89aAbB][0-9a-fA-F]%[89aAbB][0-9a-fA-F]|%[fF][1-3]%[89aAbB][0-9a-fA-F]%[89aAbB][0-9a-fA-F]%[89aAbB][0-9a-fA-F]|%[fF]4%8[0-9a-fA-F]%[89aAbB][0-9a-fA-F]%[89aAbB][0-9a-fA-F])*$' and strpos(to_hex(to_varbyte(nullif(regexp_substr(query, '&[uU][tT][mM]_[tT][eE][rR][mM]=([^&]*)', 1, 1, 'e'), ''), 'utf8')), 'ee8') = 0 then from_varbyte(from_hex(replace(replace(replace(replace(replace(replace(replace(replace(replace(replace(replace(replace(replace(replace(replace(replace(lower(to_hex(to_varbyte(translate(cast(json_parse('"' || translate(replace(replace(replace(replace(nullif(regexp_substr(query, '&[uU][tT][mM]_[tT][eE][rR][mM]=([^&]*)', 1, 1, 'e'), ''), '+', ' '), replace('~', '~', chr(92)), replace('~~', '~', chr(92))), '"', replace('~"', '~', chr(92))), '%', replace('~ue0', '~', chr(92))), (chr(1) || chr(2) || chr(3) || chr(4) || chr(5) || chr(6) || chr(7) || chr(8) || chr(9) || chr(10) || chr(11) || chr(12) || chr(13) || chr(14) || chr(15) || chr(16) || chr(17) || chr(18) || chr(19) || chr(20) || chr(21) || chr(22) || chr(23) || chr(24) || chr(25) || chr(26) || chr(27) || chr(28) || chr(29) || chr(30) || chr(31)), '') || '"') as varchar), '', (chr(1) || chr(2) || chr(3) || chr(4) || chr(5) || chr(6) || chr(7) || chr(8) || chr(9) || chr(10) || chr(11) || chr(12) || chr(13) || chr(14) || chr(15) || chr(16) || chr(17) || chr(18) || chr(19) || chr(20) || chr(21) || chr(22) || chr(23) || chr(24) || chr(25) || chr(26) || chr(27) || chr(28) || chr(29) || chr(30) || chr(31))), 'utf8'))), 'ee808', '0'), 'ee809', '1'), 'ee80a', '2'), 'ee80b', '3'), 'ee818', '4'), 'ee819', '5'), 'ee81a', '6'), 'ee81b', '7'), 'ee828', '8'), 'ee829', '9'), 'ee82a', 'a'), 'ee82b', 'b'), 'ee838', 'c'), 'ee839', 'd'), 'ee83b', 'f'), 'ee83a', 'e')), 'utf8')
        else nullif(regexp_substr(query, '&[uU][tT][mM]_[tT][eE][rR][mM]=([^&]*)', 1, 1, 'e'), '')
    end, (' ' || chr(9) || chr(10) || chr(11) || chr(12) || chr(13))), '') as "utm_term",
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
        when strpos("raw_path", '@') > 0 or strpos("raw_path", '%40') > 0 then regexp_replace("raw_path", '[A-Za-z0-9._%+-]+(@|%40)[A-Za-z0-9.-]+[.][A-Za-z][A-Za-z]+', '[email]')
        else "raw_path"
    end as path, case
        when strpos("bare_url", '@') > 0 or strpos("bare_url", '%40') > 0 then regexp_replace("bare_url", '[A-Za-z0-9._%+-]+(@|%40)[A-Za-z0-9.-]+[.][A-Za-z][A-Za-z]+', '[email]')
        else "bare_url"
    end as clean_url,
    utm_source, utm_medium, utm_campaign, utm_content, utm_term, click_id
from parsed;

-- event_names: Each distinct name of a track, normalised.
drop table if exists "tributary"."staging__event_names";

create table "tributary"."staging__event_names" as
select raw_event_name, nullif(regexp_replace(regexp_replace(case when raw_event_name = lower(raw_event_name) then raw_event_name else translate(raw_event_name, 'ABCDEFGHIJKLMNOPQRSTUVWXYZ', 'abcdefghijklmnopqrstuvwxyz') end, '[^a-z0-9]+', '_'), '^_+|_+$', ''), '') as event_name
from "tributary"."staging__checked"
where reason is null and raw_event_name is not null
group by raw_event_name;

-- Which user agents are new. tributary looks each up in its list of bots and adds them to
-- `user_agents`.
select distinct s.user_agent
from "tributary"."staging__checked" as s
left join "tributary"."user_agents" as a on a.user_agent = s.user_agent
where s.reason is null and s.user_agent is not null and a.user_agent is null;

-- agents: User agents of the batch, and which of them are bots.
drop table if exists "tributary"."staging__agents";

create table "tributary"."staging__agents" as
select distinct user_agent, is_bot from "tributary"."user_agents"
where user_agent in (select user_agent from "tributary"."staging__checked" where reason is null);

-- outside_hosts: Referrer hosts that are outside.
drop table if exists "tributary"."staging__outside_hosts";

create table "tributary"."staging__outside_hosts" as
with hosts as (
    select distinct host from "tributary"."staging__urls" where host is not null
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
drop table if exists "tributary"."staging__incoming";

create table "tributary"."staging__incoming" as
with keyed as (
    select *, (row_number() over () - 1) as number, md5(key_source || chr(31) || event_id) as event_key
    from "tributary"."staging__checked" as m
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
        coalesce(nullif(btrim(k.campaign_source, (' ' || chr(9) || chr(10) || chr(11) || chr(12) || chr(13))), ''), u."utm_source") as "raw_utm_source",
        coalesce(nullif(btrim(k.campaign_medium, (' ' || chr(9) || chr(10) || chr(11) || chr(12) || chr(13))), ''), u."utm_medium") as "raw_utm_medium",
        coalesce(nullif(btrim(k.campaign_name, (' ' || chr(9) || chr(10) || chr(11) || chr(12) || chr(13))), ''), u."utm_campaign") as "raw_utm_campaign",
        coalesce(nullif(btrim(k.campaign_content, (' ' || chr(9) || chr(10) || chr(11) || chr(12) || chr(13))), ''), u."utm_content") as "raw_utm_content",
        coalesce(nullif(btrim(k.campaign_term, (' ' || chr(9) || chr(10) || chr(11) || chr(12) || chr(13))), ''), u."utm_term") as "raw_utm_term"
    from keyed as k
    left join "tributary"."staging__urls" as u on u.url = k.url
    left join "tributary"."staging__urls" as f on f.url = k.from_url
    left join "tributary"."staging__event_names" as n on n.raw_event_name = k.raw_event_name
    left join "tributary"."staging__outside_hosts" as o on o.host = f.host
    left join "tributary"."staging__agents" as b on b.user_agent = k.user_agent
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
    lpad(cast(datediff(microsecond, cast('1970-01-01' as timestamp), s.occurred_at) as varchar), 16, '0') || case when "s".type in ('page', 'screen') then '0' else '1' end || "s".event_key as order_key,
    ("s".anonymous_id is not null and coalesce(case when "s".library = lower("s".library) then "s".library else translate("s".library, 'ABCDEFGHIJKLMNOPQRSTUVWXYZ', 'abcdefghijklmnopqrstuvwxyz') end, '') not in ('analytics-node', '@segment/analytics-node', 'analytics-python', 'analytics-ruby', 'analytics-php', 'analytics-go', 'analytics-java', 'analytics.net', 'analytics-csharp', 'analytics-rust', 'analytics-elixir', 'analytics-clojure', 'segment-http-api', 'segment-cloud-app', 'http', '@rudderstack/rudder-sdk-node', 'rudder-sdk-node', 'rudder-sdk-python', 'rudder-sdk-ruby', 'rudder-sdk-php', 'rudder-sdk-go', 'rudder-sdk-java', 'rudder-sdk-dotnet', 'rudderstack-http-api')) as is_in_session,
    page_url,
    page_host,
    page_path,
    referrer,
    raw_referrer_host,
    case when outside_host <> coalesce(page_host, '') then outside_host end as referrer_host,
    case
        when strpos("raw_utm_source", '@') > 0 or strpos("raw_utm_source", '%40') > 0 then regexp_replace("raw_utm_source", '[A-Za-z0-9._%+-]+(@|%40)[A-Za-z0-9.-]+[.][A-Za-z][A-Za-z]+', '[email]')
        else "raw_utm_source"
    end as utm_source,
    case
        when strpos("raw_utm_medium", '@') > 0 or strpos("raw_utm_medium", '%40') > 0 then regexp_replace("raw_utm_medium", '[A-Za-z0-9._%+-]+(@|%40)[A-Za-z0-9.-]+[.][A-Za-z][A-Za-z]+', '[email]')
        else "raw_utm_medium"
    end as utm_medium,
    case
        when strpos("raw_utm_campaign", '@') > 0 or strpos("raw_utm_campaign", '%40') > 0 then regexp_replace("raw_utm_campaign", '[A-Za-z0-9._%+-]+(@|%40)[A-Za-z0-9.-]+[.][A-Za-z][A-Za-z]+', '[email]')
        else "raw_utm_campaign"
    end as utm_campaign,
    case
        when strpos("raw_utm_content", '@') > 0 or strpos("raw_utm_content", '%40') > 0 then regexp_replace("raw_utm_content", '[A-Za-z0-9._%+-]+(@|%40)[A-Za-z0-9.-]+[.][A-Za-z][A-Za-z]+', '[email]')
        else "raw_utm_content"
    end as utm_content,
    case
        when strpos("raw_utm_term", '@') > 0 or strpos("raw_utm_term", '%40') > 0 then regexp_replace("raw_utm_term", '[A-Za-z0-9._%+-]+(@|%40)[A-Za-z0-9.-]+[.][A-Za-z][A-Za-z]+', '[email]')
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
drop table if exists "tributary"."staging__checked";
drop table if exists "tributary"."staging__urls";
drop table if exists "tributary"."staging__event_names";
drop table if exists "tributary"."staging__outside_hosts";
drop table if exists "tributary"."staging__agents";

-- ledger_hits: Ledger rows whose key may be one of the batch.
drop table if exists "tributary"."staging__ledger_hits";

create table "tributary"."staging__ledger_hits" as
select key_hash, received_at
from "tributary"."event_ledger" as l
where key_hash in (select strtol(substring(md5(event_key), 1, 15), 16) from "tributary"."staging__incoming");

-- copies: Each event of the batch, and what the ledger knows of its key.
drop table if exists "tributary"."staging__copies";

create table "tributary"."staging__copies" as
select event_key, received_at, received_at as last_received_at, content_hash, occurred_at, row_number_read, 0 as is_stored
from "tributary"."staging__incoming"
union all
select l.event_key, l.received_at, l.last_received_at, l.content_hash, l.occurred_at, 0 as row_number_read, 1 as is_stored
from "tributary"."event_ledger" as l
where l.received_at >= (select min(received_at) from "tributary"."staging__ledger_hits")
    and l.received_at <= (select max(received_at) from "tributary"."staging__ledger_hits")
    and l.key_hash in (select key_hash from "tributary"."staging__ledger_hits")
    and l.event_key in (select event_key from "tributary"."staging__incoming");

-- contested: Keys with more than one copy: which copy counts.
drop table if exists "tributary"."staging__contested";

create table "tributary"."staging__contested" as
with keys as (
    select event_key from "tributary"."staging__copies" group by event_key having count(*) > 1
),

reached as (
    select
        c.*,
        max(c.last_received_at) over (
            partition by c.event_key order by c.received_at, c.content_hash, c.is_stored desc, c.row_number_read
            rows between unbounded preceding and 1 preceding
        ) as reach
    from "tributary"."staging__copies" as c
    join keys as k on k.event_key = c.event_key
),

clustered as (
    select
        *,
        sum(case when reach is null or datediff(microsecond, reach, received_at) > 6307200000000000 then 1 else 0 end) over (
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
drop table if exists "tributary"."staging__contested_rows";

create table "tributary"."staging__contested_rows" as
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
from "tributary"."staging__contested"
where is_stored = 0;

-- source_counts: Where the rows of each source went.
drop table if exists "tributary"."staging__source_counts";

create table "tributary"."staging__source_counts" as
with outcomes as (
    select
        i.source,
        case
            when s.status in ('replacing', 'duplicate') then 'duplicate'
            when s.status = 'seen' then 'seen'
            when i.excluded_reason is not null then 'excluded'
            else 'accepted'
        end as outcome
    from "tributary"."staging__incoming" as i
    left join "tributary"."staging__contested_rows" as s on s.row_number_read = i.row_number_read
    union all
    select source, 'refused' as outcome
    from "tributary"."staging__refused_rows"
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
    select source, sum(1 - is_retry) as files from "tributary"."staging__source_files" group by source
) as f
left join outcomes as o on o.source = f.source
group by f.source
having count(o.outcome) > 0 or max(f.files) > 0;

-- withdrawn: Stored events whose place a copy received earlier takes.
drop table if exists "tributary"."staging__withdrawn";

create table "tributary"."staging__withdrawn" as
select event_key, received_at, occurred_at
from "tributary"."staging__contested"
where is_stored = 1 and place > 1;

-- ledger_changes: Ledger rows that come (is_old 0) and go (is_old 1).
drop table if exists "tributary"."staging__ledger_changes";

create table "tributary"."staging__ledger_changes" as
select strtol(substring(md5(event_key), 1, 15), 16) as key_hash, event_key, received_at, last_received_at, content_hash, occurred_at, 0 as is_old
from "tributary"."staging__copies"
where is_stored = 0 and event_key not in (select event_key from "tributary"."staging__contested")
union all
select strtol(substring(md5(c.event_key), 1, 15), 16) as key_hash, c.event_key, c.received_at, c.cluster_last_received_at, c.content_hash, c.occurred_at, 0 as is_old
from "tributary"."staging__contested" as c
where c.place = 1 and c.is_only_stored = 0
    and not (c.is_stored = 1 and c.last_received_at = c.cluster_last_received_at)
union all
select strtol(substring(md5(c.event_key), 1, 15), 16) as key_hash, c.event_key, c.received_at, c.last_received_at, c.content_hash, c.occurred_at, 1 as is_old
from "tributary"."staging__contested" as c
where c.is_stored = 1 and c.is_only_stored = 0
    and not (c.place = 1 and c.last_received_at = c.cluster_last_received_at);

-- quarantine_current: Current rows of quarantine that were computed anew.
drop table if exists "tributary"."staging__quarantine_current";

create table "tributary"."staging__quarantine_current" as
select t."quarantine_id", t."source", t."file", t."line", t."reason", t."detail", t."text", t."quarantined_at"
from "tributary"."quarantine" as t

where t.to_run = 9223372036854775807 and (
    (t.source || chr(31) || t.file) in (
        select source || chr(31) || file from "tributary"."staging__source_files" where is_retry = 0 and is_table = 0 and problem is null
    )
    or t.quarantine_id in (select quarantine_id from "tributary"."staging__refused")
    or (t.line = 0 and (t.source || chr(31) || t.file) in (
        select source || chr(31) || file from "tributary"."staging__source_files" where is_retry = 0
    ))
    or ((to_run = 9223372036854775807 and reason in ('FUTURE') and text is not null and length(text) < 65536) and (t.source || chr(31) || t.file) in (
        select source || chr(31) || file from "tributary"."staging__source_files" where is_retry = 1
    ))
);

-- quarantine_unchanged: Keys of quarantine whose row is as it was.
drop table if exists "tributary"."staging__quarantine_unchanged";

create table "tributary"."staging__quarantine_unchanged" as
select "n"."quarantine_id"
from "tributary"."staging__refused" as n
join "tributary"."staging__quarantine_current" as o on "n"."quarantine_id" = "o"."quarantine_id"
where n."source" = o."source"
    and n."file" = o."file"
    and n."line" = o."line"
    and n."reason" = o."reason"
    and n."detail" = o."detail"
    and (n."text" = o."text" or (n."text" is null and o."text" is null));

-- quarantine_closed: Rows of quarantine this run closes: replaced, or gone.
drop table if exists "tributary"."staging__quarantine_closed";

create table "tributary"."staging__quarantine_closed" as
select o.*
from "tributary"."staging__quarantine_current" as o
left join "tributary"."staging__quarantine_unchanged" as u on "o"."quarantine_id" = "u"."quarantine_id"
where u."quarantine_id" is null;

-- quarantine_opened: Rows of quarantine this run opens: new, or changed.
drop table if exists "tributary"."staging__quarantine_opened";

create table "tributary"."staging__quarantine_opened" as
select n."quarantine_id", n."source", n."file", n."line", n."reason", n."detail", n."text", n."quarantined_at"
from "tributary"."staging__refused" as n
left join "tributary"."staging__quarantine_unchanged" as u on "n"."quarantine_id" = "u"."quarantine_id"
where u."quarantine_id" is null;

-- Nothing after this stage reads these.
drop table if exists "tributary"."staging__lines";
drop table if exists "tributary"."staging__retried_lines";
drop table if exists "tributary"."staging__checked";
drop table if exists "tributary"."staging__shaped";
drop table if exists "tributary"."staging__agents";
drop table if exists "tributary"."staging__outside_hosts";
drop table if exists "tributary"."staging__copies";
drop table if exists "tributary"."staging__contested";
drop table if exists "tributary"."staging__ledger_hits";
drop table if exists "tributary"."staging__outside_hosts_stored";
drop table if exists "tributary"."staging__replaced";
drop table if exists "tributary"."staging__revisions";

-- The part of `ingest` in the publish transaction of the run; alone it would leave half a run.
-- `tributary sql publish` has all of it.
insert into "tributary"."events" (source, event_key, event_id, type, name, event_name, anonymous_id, user_id, previous_id, ignored_anonymous_id, ignored_user_id, ignored_previous_id, group_id, occurred_at, received_at, is_in_session, excluded_reason, page_url, page_host, page_path, referrer, referrer_host, raw_referrer_host, utm_source, utm_medium, utm_campaign, utm_content, utm_term, click_id, library, user_agent, properties, is_released, is_stripped, run_id)
select source, event_key, event_id, type, name, event_name, anonymous_id, user_id, previous_id, ignored_anonymous_id, ignored_user_id, ignored_previous_id, group_id, occurred_at, received_at, is_in_session, excluded_reason, page_url, page_host, page_path, referrer, referrer_host, raw_referrer_host, utm_source, utm_medium, utm_campaign, utm_content, utm_term, click_id, library, user_agent, properties, is_released, is_stripped, run_id from (
    select i.*, 7 as run_id
    from "tributary"."staging__incoming" as i
    where i.row_number_read not in (
        select row_number_read from "tributary"."staging__contested_rows" where status in ('seen', 'duplicate')
    )
) as s;

delete from "tributary"."event_ledger"
where key_hash in (select key_hash from "tributary"."staging__ledger_changes" where is_old = 1)
    and received_at >= (select min(received_at) from "tributary"."staging__ledger_changes" where is_old = 1)
    and received_at <= (select max(received_at) from "tributary"."staging__ledger_changes" where is_old = 1)
    and received_at in (select received_at from "tributary"."staging__ledger_changes" where is_old = 1)
    and exists (
    select 1 from "tributary"."staging__ledger_changes" as s
    where s.is_old = 1 and s.event_key = event_ledger.event_key and s.received_at = event_ledger.received_at
);

insert into "tributary"."event_ledger" (key_hash, event_key, received_at, last_received_at, content_hash, occurred_at)
select key_hash, event_key, received_at, last_received_at, content_hash, occurred_at
from "tributary"."staging__ledger_changes"
where is_old = 0;

update "tributary"."quarantine" as t
set to_run = 7
where t.to_run = 9223372036854775807 and t."quarantine_id" in (select "quarantine_id" from "tributary"."staging__quarantine_closed") and exists (
    select 1 from "tributary"."staging__quarantine_closed" as s
    where s."quarantine_id" = t."quarantine_id"
);

insert into "tributary"."quarantine" (quarantine_id, source, file, line, reason, detail, text, quarantined_at, from_run, to_run)
select quarantine_id, source, file, line, reason, detail, text, quarantined_at, 7, 9223372036854775807
from "tributary"."staging__quarantine_opened";
