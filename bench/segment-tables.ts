/** Columns that every table of Segment's has. */
const COMMON = [
  'id',
  'anonymous_id',
  'user_id',
  'received_at',
  'sent_at',
  'original_timestamp',
  '"timestamp"',
  'uuid_ts',
  'context_library_name',
  'context_user_agent',
  'context_page_url',
  'context_page_referrer',
  'context_page_path',
  'context_campaign_source',
  'context_campaign_medium',
  'context_campaign_name',
  'context_campaign_content',
  'context_campaign_term',
]

/** A table of Segment's warehouse schema, filled from messages. */
interface SegmentTable {
  /** Columns beside the common ones, as expressions over messages. */
  readonly own: readonly string[]
  /** The messages it holds. */
  readonly where: string
}

const EVENT = ['event', 'event_text']

/** Tables of Segment's schema: events of their own stand in `tracks` and in a table of their name. Of these only two are made. */
export const segmentTables: Readonly<Record<string, SegmentTable>> = {
  pages: {
    own: [
      `'Page' as name`,
      'context_page_path as path',
      'context_page_url as url',
      'context_page_referrer as referrer',
    ],
    where: `type = 'page'`,
  },
  tracks: { own: EVENT, where: `type = 'track'` },
  identifies: { own: ['plan'], where: `type = 'identify'` },
  signed_up: { own: [...EVENT, 'plan'], where: `type = 'track' and event = 'signed_up'` },
  order_completed: {
    own: [...EVENT, 'id as order_id', 'revenue', `'USD' as currency`],
    where: `type = 'track' and event = 'order_completed'`,
  },
}

/** Tables that hold each message once. */
export const messageTables: readonly string[] = ['pages', 'tracks', 'identifies']

/** The schema that the sources read. */
export const READABLE = 'segment_prod'

/** The schema with the rows that are not readable yet. */
export const HELD = 'held'

/** The table with the messages of a slice, in memory. */
export const MESSAGES = 'staging.main.messages'

/** Rows of `MESSAGES` as rows of a table, in the order they became readable. */
export function selectFor(name: string): string {
  const { own, where } = segmentTables[name]!
  return `select ${[...COMMON, ...own].join(', ')}\nfrom ${MESSAGES}\nwhere ${where}\norder by uuid_ts`
}
