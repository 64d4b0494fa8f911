import { type Sql, sql } from '../warehouses/sql.ts'
import { rowsOfLines } from './lines.ts'
import { waivers } from './quarantine/release.ts'
import { jsonObject } from './sources/row-sql.ts'
import { anyOf, asciiLower, type StageContext, type Step } from './stage.ts'

/** Times that order keys can tell: their microseconds have sixteen digits. */
const FIRST_TIME = '1970-01-01T00:00:00Z'
const LAST_TIME = '2286-11-20T00:00:00Z'

const NIL = '00000000-0000-0000-0000-000000000000'

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
  NIL,
]

/** Whether a trimmed id is one of those that say nobody. ASCII letters are folded, as in the events. */
export function isIgnoredId(c: StageContext, id: Sql): Sql {
  const own = c.options.identity.ignoreIds.map((name) =>
    name.trim().replace(/[A-Z]/g, (letter) => letter.toLowerCase()),
  )
  // Case matters for few ids, and folding all of them takes longer than all else here: most are longer, the nil one has no case.
  const folded = [...new Set([...IGNORED_IDS, ...own])].filter((name) => name !== NIL).sort()
  const longest = Math.max(...folded.map((name) => name.length))
  return sql`(${id} = ${NIL} or coalesce(case when length(${id}) <= ${longest} then ${asciiLower(id)} end, '') in (${sql.values(folded)}))`
}

/** Of two such ids an index can be made on any engine, whatever their script. A longer one is damage. */
const LONGEST_ID = 256

const isIdTooLong = anyOf(
  ['message_id', 'anonymous_id', 'user_id', 'previous_id', 'group_id'].map(
    (name) => sql`length(${sql.id(name)}) > ${LONGEST_ID}`,
  ),
)

/** Microseconds as those of a time that every engine has: what lies outside the years 1 to 9999 is refused either way. */
const withinYears = (micros: Sql): Sql =>
  sql`case when ${micros} < ${-62_135_596_800_000_000} then ${-62_135_596_800_000_000} when ${micros} > ${253_402_300_799_000_000} then ${253_402_300_799_000_000} else ${micros} end`

const IDS = ['anonymous_id', 'user_id', 'previous_id'] as const

/** An id as the semantics want it: trimmed, null when it says nobody; and beside it the one that was ignored. */
function cleanId(name: string): Sql {
  const trimmed = sql.id(`trimmed_${name}`)
  const isIgnored = sql.id(`is_ignored_${name}`)
  return sql`case when ${trimmed} <> '' and not ${isIgnored} then ${trimmed} end as ${sql.id(name)},
        case when ${trimmed} <> '' and ${isIgnored} then ${trimmed} end as ${sql.id(`ignored_${name}`)}`
}

/** What `checked` hands on of each message, in the order of the hash. */
const CONTENT = [
  ...['type', 'anonymous_id', 'user_id', 'previous_id', 'group_id', 'name', 'raw_event_name', 'library'],
  ...['campaign_source', 'campaign_medium', 'campaign_name', 'campaign_content', 'campaign_term'],
  ...['url', 'from_url', 'user_agent', 'raw_properties'],
] as const

/**
 * Which copy of a message a row of a table is. Separated by a character that no field holds; the long fields stand last,
 * where they are copied least. A track without properties comes from `tracks`: it gives way to any copy received at the
 * same time, in whichever run that is read, so its hash sorts behind all others.
 */
function rowHash({ d }: StageContext): Sql {
  const micros = (column: string) => sql`coalesce(${d.cast(d.epochMicroseconds(column), 'string')}, '')`
  const pieces = [
    micros('occurred_at'),
    micros('received_at'),
    ...CONTENT.filter((column) => column !== 'raw_properties').map(
      (column) => sql`coalesce(${sql.id(column)}, ${'\u0001'})`,
    ),
    // Of a page they are its name and URLs again.
    sql`case when type in ('page', 'screen') then '' else coalesce(raw_properties, ${'\u0001'}) end`,
  ]
  const hash = d.md5(d.concat(pieces.flatMap((piece, i) => (i === 0 ? [piece] : [sql`${'\u001f'}`, piece]))))
  return sql`case when type = 'track' and raw_properties is null then 'z' || substr(${hash}, 2) else ${hash} end`
}

/** A row of a table as the message it stands for: what quarantine keeps, and can take in again as a line. */
function asMessage({ d }: StageContext): Sql {
  const text = (column: string) => d.jsonValue(column)
  const time = (column: string) => d.jsonValue(d.cast(column, 'string'))
  const page = jsonObject([
    ['url', text('context_url')],
    ['referrer', text('context_referrer')],
  ])
  const campaign = jsonObject(
    ['source', 'medium', 'name', 'content', 'term'].map((name) => [name, text(`campaign_${name}`)] as const),
  )
  const context = jsonObject([
    ['page', page],
    ['campaign', campaign],
    ['library', jsonObject([['name', text('raw_library')]])],
    ['userAgent', text('raw_user_agent')],
  ])
  const ofPage = jsonObject([
    ['url', text('properties_url')],
    ['referrer', text('properties_referrer')],
  ])
  return jsonObject([
    ['type', text('raw_type')],
    ['messageId', text('message_id')],
    ['anonymousId', text('raw_anonymous_id')],
    ['userId', text('raw_user_id')],
    ['previousId', text('raw_previous_id')],
    ['groupId', text('raw_group_id')],
    ['event', text('raw_event')],
    ['event_text', text('raw_event_text')],
    ['name', text('raw_name')],
    ['timestamp', time('corrected_at')],
    ['originalTimestamp', time('original_at')],
    ['sentAt', time('sent_at')],
    ['receivedAt', time('collected_at')],
    ['context', context],
    ['properties', sql`coalesce(raw_properties, ${ofPage})`],
  ])
}

/** Each message with clean ids and times, and why it cannot be used (`reason` null when it can). `rows` are relations of table rows; without lines nothing is said of them: to plan how they would be read takes its time. */
export function checkMessages(c: StageContext, rows: readonly Sql[], hasLines = true): Step {
  const { d, options } = c
  const day = 86_400_000_000
  // Otherwise only what may have been released needs the name that quarantine knows it by.
  const isEveryNamed = c.release !== undefined || c.fromSources !== undefined
  const trimmed = (column: string) => sql`nullif(${d.trim(column)}, '')`
  /** The text as delivered; null when it is blank. */
  const filled = (column: string) => sql`case when ${d.trim(column)} <> '' then ${sql.id(column)} end`
  const page = (field: 'url' | 'referrer') =>
    sql`coalesce(${trimmed(`context_${field}`)}, case when type = 'page' then ${trimmed(`properties_${field}`)} end)`
  return {
    into: 'checked',
    discards: ['lines', 'retried_lines', 'tabular'],
    select: sql`
with delivered as ${d.materialized()} (
${sql.join(hasLines || rows.length === 0 ? [rowsOfLines(c), ...rows] : rows, '\nunion all')}
),

trimmed as (
    select *, ${sql.join(IDS.map((id) => sql`${d.trim(`raw_${id}`)} as ${sql.id(`trimmed_${id}`)}`))}
    from delivered
),

flagged as (
    select *, ${sql.join(IDS.map((id) => sql`${isIgnoredId(c, sql.id(`trimmed_${id}`))} as ${sql.id(`is_ignored_${id}`)}`))}
    from trimmed
),

cleaned as (
    select
        *,
        ${asciiLower('raw_type')} as type,
        ${sql.join(IDS.map(cleanId), ',\n        ')},
        ${trimmed('raw_group_id')} as group_id,
        nullif(raw_user_agent, '') as user_agent,
        ${trimmed('raw_library')} as library
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
                    then ${d.addMicroseconds(sql.timestamp('1970-01-01T00:00:00Z'), withinYears(sql`${d.epochMicroseconds('original_at')} + ${d.microsecondsBetween('sent_at', 'collected_at')}`))}
            end,
            collected_at
        ) as occurred_at,
        case when type = 'track' then coalesce(${filled('raw_event_text')}, ${filled('raw_event')}) when type in ('page', 'screen') then ${filled('raw_name')} end as name,
        case when type = 'track' then coalesce(${filled('raw_event_text')}, raw_event) end as raw_event_name,
        ${page('url')} as url,
        ${page('referrer')} as from_url
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
            when wrong_type is not null or ${isIdTooLong} then 'WRONG_TYPE'
            when anonymous_id is null and user_id is null then 'NO_ID'
            when occurred_at is null then 'NO_TIME'
            when ${d.microsecondsBetween('received_at', 'occurred_at')} > ${day}
                or ${d.microsecondsBetween(sql.timestamp(c.startedAt), 'received_at')} > ${day} then 'FUTURE'
            when occurred_at < ${sql.timestamp(new Date(options.events.notBefore).toISOString())} then 'PAST'
        end as found_reason,
        case when is_row = 1 then ${rowHash(c)} else ${d.md5(sql`coalesce(text, '')`)} end as content_hash
    from received
),

-- What was released may come from any time that an order key can tell. A row of a table was released as the message
-- that stands in quarantine.
told as (
    select
        *,
        case when is_row = 1 and ${isEveryNamed ? sql`1 = 1` : sql`found_reason is not null`} then coalesce(text, ${asMessage(c)}) else text end as message
    from reasoned
),

named as (
    select
        *,
        case when ${isEveryNamed ? sql`1 = 1` : sql`found_reason in ('FUTURE', 'PAST')`}
            then case when is_row = 1 then ${d.md5('message')} else content_hash end
        end as message_hash
    from told
),

waived as (
    select n.*, case when w.content_hash is not null then 1 else 0 end as is_waived
    from named as n
    left join ${waivers(c)} as w on w.source = n.source and w.content_hash = n.message_hash and n.found_reason in ('FUTURE', 'PAST')
        and n.occurred_at >= ${sql.timestamp(FIRST_TIME)} and n.occurred_at < ${sql.timestamp(LAST_TIME)}
),

judged as (
    select *, case when is_waived = 0 then found_reason end as reason from waived
)

select
    file_number, source, key_source, file, line, is_retry,
    coalesce(${trimmed('message_id')}, case when is_row = 1 then content_hash else ${d.md5(d.trim(sql`coalesce(text, '')`))} end) as event_id,
    content_hash, ${sql.join(CONTENT.filter((name) => name !== 'raw_properties'))},
    -- Those of a page are its name and URLs again; a message made of a row has them, the row has not.
    case when is_row = 0 or type not in ('page', 'screen') then raw_properties end as raw_properties,
    ignored_anonymous_id, ignored_user_id, ignored_previous_id, occurred_at, received_at,
    reason, is_waived, message_hash,
    case when reason is not null then message end as text,
    case reason
        when 'UNREADABLE' then unreadable
        when 'UNKNOWN_TYPE' then 'Expected type to be page, screen, track, identify, alias or group, but got '
            || coalesce(substr(raw_type, 1, 100), 'none') || '.'
        when 'WRONG_TYPE' then coalesce(wrong_type, ${`Expected ids of at most ${LONGEST_ID} characters, but one is longer.`})
        when 'NO_ID' then 'Expected anonymousId or userId, but both are absent or on the ignore list.'
        when 'NO_TIME' then 'Expected timestamp, or originalTimestamp with sentAt and receivedAt, or receivedAt as ISO 8601 times.'
        when 'FUTURE' then 'Expected it to happen at most a day after it was received, and to be received at most a day from now.'
        when 'PAST' then 'Expected it to happen at or after events.notBefore.'
    end as detail
from judged
`,
  }
}
