import type { TableSpec } from '../../src/warehouses/warehouse.ts'
import { columnsOf } from './suite.ts'

/** The largest bigint. */
export const MAX = 9223372036854775807n
export const TYPES = { s: 'string', n: 'integer', f: 'float', b: 'boolean', t: 'timestamp' } as const
export const NOTHING = { s: null, n: null, f: null, b: null, t: null }

/** A table of its own for a test: `id`, and nullable columns of every type. */
export const tableSpec = (name: string): TableSpec => ({
  name,
  row: 'row',
  description: 'For a test.',
  kind: 'state',
  key: ['id'],
  columns: { id: { type: 'integer', description: 'Key.' }, ...columnsOf(TYPES) },
})

export const versionedSpec = (name: string): TableSpec => ({
  ...tableSpec(name),
  versioned: true,
  columns: {
    ...tableSpec(name).columns,
    ...Object.fromEntries(Object.entries(TYPES).map(([c, type]) => [`${c}_set`, { type, description: 'Never null.' }])),
    from_run: { type: 'integer', description: 'From.' },
    to_run: { type: 'integer', description: 'To.' },
  },
})
