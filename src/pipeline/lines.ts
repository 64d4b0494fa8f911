import type { JsonPath } from '../warehouses/dialect.ts'
import { type Sql, sql } from '../warehouses/sql.ts'
import type { StageContext } from './stage.ts'

/** How JSON writes the character that Postgres cannot hold. */
const NUL = '\\u0000'

/** Fields of a raw Segment or RudderStack message: column → keys from the root. */
const TEXTS: Readonly<Record<string, JsonPath>> = {
  raw_type: ['type'],
  message_id: ['messageId'],
  raw_anonymous_id: ['anonymousId'],
  raw_user_id: ['userId'],
  raw_previous_id: ['previousId'],
  raw_group_id: ['groupId'],
  context_group_id: ['context', 'groupId'],
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

/** The lines of files, and those of quarantine that are tried again, as the input of `checked`. */
export function rowsOfLines({ d }: StageContext): Sql {
  const columns: Record<string, { path: JsonPath; as: 'text' | 'type' }> = { type_root: { path: [], as: 'type' } }
  for (const [name, path] of Object.entries(TEXTS)) columns[name] = { path, as: 'text' }
  for (const { column, path } of CHECKED) columns[column] = { path, as: 'type' }
  columns.type_context_group_id = { path: ['context', 'groupId'], as: 'type' }
  const lines = sql`(
    select
        f.file_number, f.source, f.key_source, f.file, f.is_retry, f.is_row,
        l.line, l.text,
        case when ${d.isJson('l.text')} then l.text end as document
    from (
        select file, line, text from ${sql.staging('lines')}
        union all
        select file, line, text from ${sql.staging('retried_lines')}
    ) as l
    join ${sql.staging('source_files')} as f on ${d.cast('f.file_number', 'string')} = l.file
)`
  return sql`
select
    file_number, source, key_source, file, line, is_retry, is_row, text,
    case
        when text is null then 'Expected UTF-8 text of at most 64 MB, but the line holds other bytes or is longer.'
        when document is null then 'Expected one JSON object on the line, but it is no valid JSON.'
        when strpos(text, ${NUL}) > 0 then 'Expected text without the character U+0000, which not every warehouse can hold.'
        when type_root is null or type_root <> 'object'
            then 'Expected one JSON object on the line, but got ' || coalesce(type_root, 'null') || '.'
    end as unreadable,
    case
        ${wrongType(d)}
    end as wrong_type,
    raw_type, message_id, raw_anonymous_id, raw_user_id, raw_previous_id, ${groupId(d)} as raw_group_id, raw_event, raw_event_text, raw_name,
    ${d.parseTime('raw_timestamp')} as corrected_at,
    ${d.parseTime('raw_original')} as original_at,
    ${d.parseTime('raw_sent')} as sent_at,
    ${d.parseTime('raw_received')} as collected_at,
    context_url, context_referrer, properties_url, properties_referrer,
    campaign_source, campaign_medium, campaign_name, campaign_content, campaign_term,
    raw_library, raw_user_agent, coalesce(raw_properties, raw_traits) as raw_properties
from ${d.jsonColumns(lines, 'document', columns)} as m`
}

/** The company that a message names; libraries repeat that of the last `group` call in the context of later messages. */
const groupId = (d: StageContext['d']): Sql => sql`coalesce(raw_group_id, case
        when type_context_group_id = 'string' then context_group_id
        when type_context_group_id = 'number' and ${d.regexpMatches('context_group_id', WHOLE_NUMBER)} then context_group_id
    end)`

/** Fields of another type than they may have, in words. */
function wrongType(d: StageContext['d']): Sql {
  return sql.join(
    CHECKED.map(({ column, path, types, text }) => {
      const expected = types.map((type) => (type === 'number' ? 'whole number' : type)).join(' or ')
      const detail = `Expected ${path.join('.')} to be a ${expected}, or absent, but got a `
      const isFraction = text
        ? sql` or (${sql.id(column)} = 'number' and not ${d.regexpMatches(text, WHOLE_NUMBER)})`
        : sql.empty
      return sql`when ${sql.id(column)} not in (${sql.values(types)})${isFraction} then ${detail} || ${sql.id(column)} || ${text ? sql`case when ${sql.id(column)} = 'number' then ' that is not whole' else '' end` : sql`''`} || '.'`
    }),
    '\n        ',
  )
}
