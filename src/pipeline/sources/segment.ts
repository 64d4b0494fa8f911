import type { TableKind } from './table-kind.ts'

/**
 * Segment's warehouse schema. `tracks` has what all events have in common, and a table called like each event the
 * same with its properties; all other tables hold properties or traits as columns. Names are in snake case, nested
 * ones flattened with `_`. `users` and `accounts` only repeat what `identifies` and `groups` say.
 */
export const segment: TableKind = {
  kind: 'segment',
  label: 'Segment',
  tables: {
    tracks: 'track',
    pages: 'page',
    screens: 'screen',
    identifies: 'identify',
    groups: 'group',
    aliases: 'alias',
  },
  columns: {
    message_id: ['id'],
    raw_anonymous_id: ['anonymous_id'],
    raw_user_id: ['user_id'],
    raw_previous_id: ['previous_id'],
    raw_group_id: ['group_id', 'context_group_id'],
    raw_event: ['event'],
    raw_event_text: ['event_text'],
    raw_name: ['name'],
    corrected_at: ['timestamp'],
    original_at: ['original_timestamp'],
    sent_at: ['sent_at'],
    collected_at: ['received_at'],
    context_url: ['context_page_url'],
    context_referrer: ['context_page_referrer'],
    properties_url: ['url'],
    properties_referrer: ['referrer'],
    campaign_source: ['context_campaign_source'],
    campaign_medium: ['context_campaign_medium'],
    campaign_name: ['context_campaign_name'],
    campaign_content: ['context_campaign_content'],
    campaign_term: ['context_campaign_term'],
    raw_library: ['context_library_name'],
    raw_user_agent: ['context_user_agent'],
  },
  // BigQuery has both, the others `uuid_ts`: the loader's own time, not the collector's.
  readableAt: ['loaded_at', 'uuid_ts'],
  others: ['uuid', 'context'],
}
