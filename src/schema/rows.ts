import type { RowValue } from '../resolvers/context.ts'
import type { FieldExtensions } from './selection.ts'

/** A flat row: scalars only, so that every BI tool can read it. */
export type FlatRow = Readonly<Record<string, RowValue>>

/** Options of a field that shows one column of a flat row. */
export const flat = (name: string, description: string) => ({
  description,
  nullable: false as const,
  extensions: { columns: [name] } satisfies FieldExtensions,
  resolve: (row: FlatRow) => row[name] as never,
})

/** The same for a column that may be null. */
export const maybeFlat = (name: string, description: string) => ({
  ...flat(name, description),
  nullable: true as const,
})
