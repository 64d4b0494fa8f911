import { segment } from './segment.ts'
import type { TableKind } from './table-kind.ts'

/**
 * RudderStack's warehouse schema: Segment's names with few differences. A name that the engine reserves gets an
 * underscore in front: on BigQuery `groups` is `_groups`.
 */
export const rudderstack: TableKind = {
  ...segment,
  kind: 'rudderstack',
  label: 'RudderStack',
  tables: { ...segment.tables, _groups: 'group' },
  columns: {
    ...segment.columns,
    corrected_at: ['timestamp', '_timestamp'],
    raw_group_id: ['group_id', 'context_group_id'],
  },
  others: [...segment.others, 'channel', 'rudder_id'],
}
