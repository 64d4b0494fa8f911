import { boolean, integer, nullable, table, text, time, versioned } from './table.ts'

const campaign = {
  utm_source: text('`utm_source` as delivered, trimmed; from the campaign context, else from the page URL.', nullable),
  utm_medium: text('`utm_medium`, likewise.', nullable),
  utm_campaign: text('`utm_campaign`, likewise (Segment: `context.campaign.name`).', nullable),
  utm_content: text('`utm_content`, likewise.', nullable),
  utm_term: text('`utm_term`, likewise.', nullable),
  click_id: text(
    'Name of the click id parameter in the page URL (`gclid`, `msclkid` …), lower case; its value is not kept.',
    nullable,
  ),
}

/** Accepted events, excluded ones included. */
export const events = table({
  name: 'events',
  row: 'accepted event',
  description: 'Every accepted event, normalised. Excluded events are kept with the reason and form no visits.',
  kind: 'output',
  key: ['event_key'],
  partitionBy: 'occurred_at',
  isHuge: true,
  clusterBy: ['anonymous_id'],
  lookUpBy: [['event_key'], ['occurred_at']],
  columns: {
    source: text('Name of the source that delivered it.'),
    event_key: text('md5 of (source or its `deduplicateAs`, unit separator, event id).'),
    event_id: text('Message id as delivered; the content hash when the message has none.'),
    type: text('`page`, `screen`, `track`, `identify`, `alias` or `group`.'),
    name: text('Event name of a track, name of a page or screen, as delivered.', nullable),
    event_name: text('Normalised name of a track: lower case, runs of other characters replaced by `_`.', nullable),
    anonymous_id: text('Device or browser; null when absent or on the ignore list.', nullable),
    user_id: text('Account in the product; null when absent or on the ignore list.', nullable),
    previous_id: text('`previousId` of an alias.', nullable),
    ignored_anonymous_id: text('Anonymous id as delivered, when it is on the ignore list.', nullable),
    ignored_user_id: text('User id as delivered, when it is on the ignore list.', nullable),
    ignored_previous_id: text('`previousId` as delivered, when it is on the ignore list.', nullable),
    group_id: text('Company the event names.', nullable),
    occurred_at: time('When it happened, corrected for the clock of the device.'),
    received_at: time('When the collector received it.'),
    is_in_session: boolean('It has an anonymous id and does not come from a server library.'),
    excluded_reason: text(
      '`BOT`, `USER`, `HOST`, `PATH` or `EVENT` when an exclusion applied; `NO_ID` or `PAST` when settings that changed later would refuse it.',
      nullable,
    ),
    page_url: text('URL of the page without personal ids.', nullable),
    page_host: text('Host of the page, lower case, without port.', nullable),
    page_path: text('Path of the page.', nullable),
    referrer: text('Referrer without personal ids.', nullable),
    referrer_host: text(
      'Host of the referrer when it is outside: not the page’s own, not one of `sites`, not on the referral exclusion list.',
      nullable,
    ),
    raw_referrer_host: text('Host of the referrer, outside or not.', nullable),
    ...campaign,
    library: text('Tracking library that sent it.', nullable),
    user_agent: text('User agent of the browser.', nullable),
    properties: text(
      'Properties or traits as JSON; null when larger than 65,536 characters, unless the event converts.',
      nullable,
    ),
    is_released: boolean('It was released from quarantine: its time need not lie within bounds.'),
    is_stripped: boolean('Its properties were larger than that and not kept.'),
    run_id: integer('The run that accepted it.'),
  },
})

/** One row per event key: what is known about duplicates. */
export const eventLedger = table({
  name: 'event_ledger',
  row: 'event key, by day received',
  description: 'Which copy of each message won, for telling duplicates within the horizon.',
  kind: 'state',
  key: ['event_key', 'received_at'],
  partitionBy: 'received_at',
  lookUpBy: [['key_hash']],
  columns: {
    key_hash: integer('A number out of the key: a look-up reads only this of all rows.'),
    event_key: text('Key of the event.'),
    received_at: time('When the winning copy was received.'),
    last_received_at: time('When the latest copy was received.'),
    content_hash: text('Hash of the content of the winning copy. Of a row without properties it begins with `z`.'),
    occurred_at: time('When the winning copy happened: where to find it in `events`.'),
  },
})

/** Refused events. */
export const quarantine = versioned({
  name: 'quarantine',
  row: 'refused event',
  description: 'Events that could not be used, with the reason and where they stand.',
  kind: 'output',
  key: ['quarantine_id'],
  columns: {
    quarantine_id: text('md5 of source, file, line and text.'),
    source: text('Name of the source.'),
    file: text('File or table it stands in.'),
    line: integer(
      'Line or row in the file, from 1; 0 for a whole file that could not be read, -1 for a row of a table.',
    ),
    reason: text('`UNREADABLE`, `UNKNOWN_TYPE`, `WRONG_TYPE`, `NO_ID`, `NO_TIME`, `FUTURE` or `PAST`.'),
    detail: text('What was expected and what was got.'),
    text: text(
      'The line, or the row as a message, at most 64 KB of it; null when it is not UTF-8 or longer than 64 MB.',
      nullable,
    ),
    quarantined_at: time('When the run that refused it began.'),
  },
})

/** In-session pages and screens: where touches come from. */
export const touchCandidates = table({
  name: 'touch_candidates',
  row: 'in-session page or screen',
  description:
    'Pages and screens (and first events of pageless pieces that carry a campaign, click id or outside referrer). Those that can become touches have the fields touches are made of; of the others only the referrer’s host is kept, for the page after them. Owned through visits.',
  kind: 'state',
  key: ['event_key', 'anonymous_id', 'user_id'],
  partitionBy: 'occurred_at',
  clusterBy: ['anonymous_id'],
  lookUpBy: [['anonymous_id', 'user_id'], ['event_key']],
  columns: {
    anonymous_id: text('Device of the visit it lies in.'),
    user_id: text('User of the visit, empty when none.'),
    event_key: text('Key of the event.'),
    occurred_at: time('When it happened.'),
    is_page: boolean('Page or screen, not another event.'),
    is_first: boolean('First of the piece it came in: a session may begin with it.'),
    is_candidate: boolean('It carries a campaign, a click id or an outside referrer.'),
    page_url: text('URL of the page.', nullable),
    referrer: text('Referrer.', nullable),
    referrer_host: text('Host of an outside referrer.', nullable),
    raw_referrer_host: text('Host of the referrer, outside or not.', nullable),
    ...campaign,
    company_id: text('Company the event names.', nullable),
  },
})

/** Events that are conversions by configuration. */
export const conversionCandidates = table({
  name: 'conversion_candidates',
  row: 'event that may be a conversion',
  description: 'Events named by a conversion of the configuration, with their value. Owned through visits.',
  kind: 'state',
  key: ['order_key', 'anonymous_id', 'user_id', 'conversion'],
  partitionBy: 'occurred_at',
  clusterBy: ['user_id'],
  lookUpBy: [['anonymous_id', 'user_id'], ['order_key']],
  columns: {
    anonymous_id: text('Device of the visit it lies in, empty when none.'),
    user_id: text('User of the visit, empty when none.'),
    is_in_session: boolean('Kind of the visit it lies in.'),
    order_key: text('Place in the order of events.'),
    event_key: text('Key of the event.'),
    occurred_at: time('When it happened.'),
    conversion: text('Name of the conversion in the configuration.'),
    value: integer('Value in minor units of the currency.', nullable),
    currency: text('ISO 4217 code.', nullable),
    value_problem: text('Why a delivered value could not be used.', nullable),
    company_id: text('Company the event names.', nullable),
  },
})

/** Who used what, and when. */
export const activity = table({
  name: 'activity',
  row: 'atom, company named, quarter hour and event name, as signed deltas',
  description:
    'Counts of events by device, user and quarter hour, at which the days of every time zone begin; sum them. What companies use is counted from it.',
  kind: 'state',
  key: ['anonymous_id', 'user_id', 'is_in_session', 'company_id', 'bucket_at', 'event_name', 'run_id'],
  partitionBy: 'bucket_at',
  clusterBy: ['user_id'],
  lookUpBy: [],
  columns: {
    anonymous_id: text('Device, empty when none.'),
    user_id: text('User, empty when none.'),
    is_in_session: boolean('Kind of the visit.'),
    company_id: text('Company the events name, empty when none.'),
    bucket_at: time('Start of the quarter hour.'),
    event_name: text('Normalised event name; the type for events that are not tracks.'),
    event_count: integer('Events added by the run, negative when withdrawn.'),
    run_id: integer('The run that wrote it.'),
  },
})
