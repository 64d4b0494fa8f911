import type { ColumnSpec, TableSpec } from '../../warehouses/warehouse.ts'

/** The largest bigint: `to_run` of rows that are current, `from_run` of the sentinel row. */
export const OPEN_RUN = 9223372036854775807n

type Described = Omit<ColumnSpec, 'type'>

const column =
  (type: ColumnSpec['type']) =>
  (description: string, more?: Omit<Described, 'description'>): ColumnSpec => ({ type, description, ...more })

/** Column makers: `text('what it means')`, or `text('what it means', nullable)`. */
export const text = column('string')
export const integer = column('integer')
export const boolean = column('boolean')
export const time = column('timestamp')
export const nullable = { nullable: true } as const

/** Adds the version columns to a table that readers pin to a run. */
export function versioned<const T extends Omit<TableSpec, 'versioned'>>(spec: T): T & { readonly versioned: true } {
  return {
    ...spec,
    versioned: true,
    columns: {
      ...spec.columns,
      from_run: integer('The run that wrote this version of the row.'),
      to_run: integer('The run that replaced or removed it; the largest bigint while it is current.'),
    },
  }
}

/** Types a table specification without widening its column names. */
export const table = <const T extends TableSpec>(spec: T): T => spec

/** The names of a table's columns without the version columns, in order. */
export function dataColumns(spec: TableSpec): string[] {
  return Object.keys(spec.columns).filter((name) => name !== 'from_run' && name !== 'to_run')
}
