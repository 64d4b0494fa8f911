/** Columns of a visit that merge: all but its name and its owner. */
export const VISIT_PIECE = [
  'anonymous_id',
  'user_id',
  'is_in_session',
  'started_at',
  'ended_at',
  'first_key',
  'last_key',
  'event_count',
  'page_count',
  'entry_key',
  'page_key',
  'page_url',
  'blog_key',
  'blog_url',
] as const
