/** What of a row becomes an event: the fields of a message that tributary reads. */
export type Field =
  | 'message_id'
  | 'raw_anonymous_id'
  | 'raw_user_id'
  | 'raw_previous_id'
  | 'raw_group_id'
  | 'raw_event'
  | 'raw_event_text'
  | 'raw_name'
  | 'corrected_at'
  | 'original_at'
  | 'sent_at'
  | 'collected_at'
  | 'context_url'
  | 'context_referrer'
  | 'properties_url'
  | 'properties_referrer'
  | 'campaign_source'
  | 'campaign_medium'
  | 'campaign_name'
  | 'campaign_content'
  | 'campaign_term'
  | 'raw_library'
  | 'raw_user_agent'

export type MessageType = 'track' | 'page' | 'screen' | 'identify' | 'alias' | 'group'

/** How one loader lays out its tables in a warehouse. */
export interface TableKind {
  readonly kind: 'segment' | 'rudderstack'
  /** Its name for people. */
  readonly label: string
  /** Its tables with one type of message each. Tables of single events, called like them, come beside these. */
  readonly tables: Readonly<Record<string, MessageType>>
  /** The columns of each field; the first that a table has is taken. */
  readonly columns: Readonly<Record<Field, readonly string[]>>
  /** Columns with the time a row became readable; the first that a table has is taken. */
  readonly readableAt: readonly string[]
  /** Columns that the loader writes for itself: neither fields nor properties. */
  readonly others: readonly string[]
}

/** Fields that are times. */
export const timeFields: readonly Field[] = ['corrected_at', 'original_at', 'sent_at', 'collected_at']

/** Every field, in one order. */
export const fields = (kind: TableKind): readonly Field[] => Object.keys(kind.columns) as Field[]

/** Columns of a table that are properties or traits, given its columns. */
export function ownColumns(kind: TableKind, columns: readonly string[]): readonly string[] {
  // Names, URLs and referrers are fields of pages only; elsewhere they are properties like others.
  const ofPages: readonly Field[] = ['raw_name', 'properties_url', 'properties_referrer']
  const standard = new Set([
    ...fields(kind)
      .filter((field) => !ofPages.includes(field))
      .flatMap((field) => kind.columns[field]),
    ...kind.readableAt,
    ...kind.others,
  ])
  return columns.filter((name) => !standard.has(name.toLowerCase()) && !/^context_/i.test(name))
}
