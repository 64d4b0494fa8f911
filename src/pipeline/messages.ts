import type { JsonPath } from '../warehouses/dialect.ts'
import { type Sql, sql } from '../warehouses/sql.ts'
import { waivers } from './quarantine/release.ts'
import { asciiLower, type StageContext, type Step } from './stage.ts'

/** How JSON writes the character that Postgres cannot hold. */
const NUL = '\\u0000'

/** Ids that say nobody. Compared in lower case. */
const IGNORED_IDS: readonly string[] = [
  'null',
  'undefined',
  'none',
  'nil',
  'n/a',
  'na',
  '0',
  '-1',
  'test',
  'unknown',
  'anonymous',
  'guest',
  'false',
  'true',
  'nan',
  '[object object]',
  '00000000-0000-0000-0000-000000000000',
]

/** Fields of a raw Segment or RudderStack message: column → keys from the root. */
const TEXTS: Readonly<Record<string, JsonPath>> = {
  raw_type: ['type'],
  message_id: ['messageId'],
  raw_anonymous_id: ['anonymousId'],
  raw_user_id: ['userId'],
  raw_previous_id: ['previousId'],
  raw_group_id: ['groupId'],
  raw_event: ['event'],
  raw_event_text: ['event_text'],
  raw_name: ['name'],
  raw_timestamp: ['timestamp'],
  raw_original: ['originalTimestamp'],
  raw_sent: ['sentAt'],
  raw_received: ['receivedAt'],
  context_url: ['context', 'page', 'url'],
  context_referrer: ['context', 'page', 'referrer'],
  properties_url: ['properties', 'url'],
  properties_referrer: ['properties', 'referrer'],
  campaign_source: ['context', 'campaign', 'source'],
  campaign_medium: ['context', 'campaign', 'medium'],
  campaign_name: ['context', 'campaign', 'name'],
  campaign_content: ['context', 'campaign', 'content'],
  campaign_term: ['context', 'campaign', 'term'],
  raw_library: ['context', 'library', 'name'],
  raw_user_agent: ['context', 'userAgent'],
  raw_properties: ['properties'],
  raw_traits: ['traits'],
}

/** Ids and names: text, or a whole number. Engines disagree on how other numbers read as text. */
const scalar = ['string', 'number']
const WHOLE_NUMBER = '^-?[0-9]+$'

/** Fields whose JSON type is checked: its column, the field, the types it may have, and the column of its text for whole numbers. */
const CHECKED: readonly { column: string; path: JsonPath; types: readonly string[]; text?: string }[] = [
  { column: 'type_message_id', path: ['messageId'], types: scalar, text: 'message_id' },
  { column: 'type_anonymous_id', path: ['anonymousId'], types: scalar, text: 'raw_anonymous_id' },
  { column: 'type_user_id', path: ['userId'], types: scalar, text: 'raw_user_id' },
  { column: 'type_previous_id', path: ['previousId'], types: scalar, text: 'raw_previous_id' },
  { column: 'type_group_id', path: ['groupId'], types: scalar, text: 'raw_group_id' },
  { column: 'type_event', path: ['event'], types: scalar, text: 'raw_event' },
  { column: 'type_event_text', path: ['event_text'], types: scalar, text: 'raw_event_text' },
  { column: 'type_name', path: ['name'], types: scalar, text: 'raw_name' },
  { column: 'type_timestamp', path: ['timestamp'], types: ['string'] },
  { column: 'type_original', path: ['originalTimestamp'], types: ['string'] },
  { column: 'type_sent', path: ['sentAt'], types: ['string'] },
  { column: 'type_received', path: ['receivedAt'], types: ['string'] },
  { column: 'type_context', path: ['context'], types: ['object'] },
  { column: 'type_properties', path: ['properties'], types: ['object'] },
  { column: 'type_traits', path: ['traits'], types: ['object'] },
  { column: 'type_page', path: ['context', 'page'], types: ['object'] },
  { column: 'type_campaign', path: ['context', 'campaign'], types: ['object'] },
  { column: 'type_library', path: ['context', 'library'], types: ['object'] },
]

/** The known fields of each line, as text. `lines` and `retried_lines` have (file, line, text), `source_files` what the files are. */
function messages({ d }: StageContext): Sql {
  const columns: Record<string, { path: JsonPath; as: 'text' | 'type' }> = { type_root: { path: [], as: 'type' } }
  for (const [name, path] of Object.entries(TEXTS)) columns[name] = { path, as: 'text' }
  for (const { column, path } of CHECKED) columns[column] = { path, as: 'type' }
  const lines = sql`(
    select
        f.source, f.key_source, f.file,
        f.file_number * 4294967296 + l.line as row_number_read,
        l.line, l.text,
        case when ${d.isJson('l.text')} then l.text end as document
    from (
        select file, line, text from ${sql.staging('lines')}
        union all
        select file, line, text from ${sql.staging('retried_lines')}
    ) as l
    join ${sql.staging('source_files')} as f on ${d.cast('f.file_number', 'string')} = l.file
)`
  return d.jsonColumns(lines, 'document', columns)
}

/** Fields that become columns of events later, for messages that can be used. */
const SHAPED = Object.keys(TEXTS).filter(
  (name) =>
    !/^raw_(type|anonymous_id|user_id|previous_id|group_id|timestamp|original|sent|received)$|^message_id$/.test(name),
)

/** Whether a trimmed id is one of those that say nobody. ASCII letters are folded, as in the events. */
export function isIgnoredId(c: StageContext, id: Sql): Sql {
  const folded = c.options.identity.ignoreIds.map((name) =>
    name.trim().replace(/[A-Z]/g, (letter) => letter.toLowerCase()),
  )
  return sql`${asciiLower(id)} in (${sql.values([...new Set([...IGNORED_IDS, ...folded])].sort())})`
}

/** An id as the semantics want it: trimmed, null when it says nobody; and beside it the one that was ignored. */
function cleanId(c: StageContext, name: string): Sql {
  const trimmed = c.d.trim(`raw_${name}`)
  const isIgnored = isIgnoredId(c, trimmed)
  return sql`case when ${trimmed} <> '' and not ${isIgnored} then ${trimmed} end as ${sql.id(name)},
        case when ${trimmed} <> '' and ${isIgnored} then ${trimmed} end as ${sql.id(`ignored_${name}`)}`
}

/** Each message with clean ids and times, and why it cannot be used (`reason` null when it can). */
export function checkMessages(c: StageContext): Step {
  const { d, options } = c
  const wrongType = sql.join(
    CHECKED.map(({ column, path, types, text }) => {
      const expected = types.map((type) => (type === 'number' ? 'whole number' : type)).join(' or ')
      const detail = `Expected ${path.join('.')} to be a ${expected}, or absent, but got a `
      const isFraction = text
        ? sql` or (${sql.id(column)} = 'number' and not ${d.regexpMatches(text, WHOLE_NUMBER)})`
        : sql.empty
      return sql`when ${sql.id(column)} not in (${sql.values(types)})${isFraction} then ${detail} || ${sql.id(column)} || ${text ? sql`case when ${sql.id(column)} = 'number' then ' that is not whole' else '' end` : sql`''`} || '.'`
    }),
    '\n            ',
  )
  const day = 86_400_000_000
  return {
    into: 'checked',
    select: sql`
with cleaned as (
    select
        *,
        ${asciiLower('raw_type')} as type,
        ${cleanId(c, 'anonymous_id')},
        ${cleanId(c, 'user_id')},
        ${cleanId(c, 'previous_id')},
        nullif(${d.trim('raw_group_id')}, '') as group_id,
        coalesce(nullif(${d.trim('message_id')}, ''), ${d.md5(d.trim(sql`coalesce(text, '')`))}) as event_id,
        ${d.md5(sql`coalesce(text, '')`)} as content_hash,
        ${d.parseTime('raw_timestamp')} as corrected_at,
        ${d.parseTime('raw_original')} as original_at,
        ${d.parseTime('raw_sent')} as sent_at,
        ${d.parseTime('raw_received')} as collected_at
    from ${messages(c)} as m
),

-- The source's corrected time; else the device's, moved by the error of its clock; else when it was received.
dated as (
    select
        *,
        coalesce(
            corrected_at,
            case
                when original_at is not null and sent_at is not null and collected_at is not null
                    then ${d.addMicroseconds('original_at', d.microsecondsBetween('sent_at', 'collected_at'))}
            end,
            collected_at
        ) as occurred_at
    from cleaned
),

received as (
    select *, coalesce(collected_at, occurred_at) as received_at from dated
),

typed as (
    select
        *,
        case
            ${wrongType}
        end as wrong_type
    from received
),

reasoned as (
    select
        *,
        case
            when document is null or type_root is null or type_root <> 'object' or strpos(text, ${NUL}) > 0 then 'UNREADABLE'
            when type is null or type not in ('page', 'screen', 'track', 'identify', 'alias', 'group') then 'UNKNOWN_TYPE'
            when wrong_type is not null then 'WRONG_TYPE'
            when anonymous_id is null and user_id is null then 'NO_ID'
            when occurred_at is null then 'NO_TIME'
            when ${d.microsecondsBetween('received_at', 'occurred_at')} > ${day}
                or ${d.microsecondsBetween(sql.timestamp(c.startedAt), 'received_at')} > ${day} then 'FUTURE'
            when occurred_at < ${sql.timestamp(new Date(options.events.notBefore).toISOString())} then 'PAST'
        end as found_reason
    from typed
),

-- What was released may come from any time.
waived as (
    select r.*, case when w.content_hash is not null then 1 else 0 end as is_waived
    from reasoned as r
    left join ${waivers(c)} as w
        on w.source = r.source and w.content_hash = r.content_hash and r.found_reason in ('FUTURE', 'PAST')
),

judged as (
    select *, case when is_waived = 0 then found_reason end as reason from waived
)

select
    source, key_source, file, line, row_number_read, type, event_id, content_hash,
    anonymous_id, user_id, previous_id, ignored_anonymous_id, ignored_user_id, ignored_previous_id,
    group_id, occurred_at, received_at,
    ${sql.join(SHAPED)},
    reason, is_waived,
    case when reason is not null then text end as text,
    case reason
        when 'UNREADABLE' then case
            when text is null then 'Expected UTF-8 text of at most 64 MB, but the line holds other bytes or is longer.'
            when document is null then 'Expected one JSON object on the line, but it is no valid JSON.'
            when strpos(text, ${NUL}) > 0 then 'Expected text without the character U+0000, which not every warehouse can hold.'
            else 'Expected one JSON object on the line, but got ' || coalesce(type_root, 'null') || '.'
        end
        when 'UNKNOWN_TYPE' then 'Expected type to be page, screen, track, identify, alias or group, but got '
            || coalesce(substr(raw_type, 1, 100), 'none') || '.'
        when 'WRONG_TYPE' then wrong_type
        when 'NO_ID' then 'Expected anonymousId or userId, but both are absent or on the ignore list.'
        when 'NO_TIME' then 'Expected timestamp, or originalTimestamp with sentAt and receivedAt, or receivedAt as ISO 8601 times.'
        when 'FUTURE' then 'Expected it to happen at most a day after it was received, and to be received at most a day from now.'
        when 'PAST' then 'Expected it to happen at or after events.notBefore.'
    end as detail
from judged
`,
  }
}
