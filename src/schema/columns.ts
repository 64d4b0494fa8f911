import type { Node } from '../resolvers/context.ts'
import type { FieldCost, FieldExtensions } from './selection.ts'

/** Options of a field that shows one column of its row. */
export const column = (name: string, description: string) => ({
  description,
  nullable: false as const,
  extensions: { columns: [name] } satisfies FieldExtensions,
  resolve: (node: Node) => node.row[name] as never,
})

/** The same for a column that may be null. */
export const maybe = (name: string, description: string) => ({ ...column(name, description), nullable: true as const })

/** Extensions of a field that reads the warehouse with these columns of its parent's row. */
export const reads = (columns: readonly string[], size: FieldCost['size'], statements = 1) => ({
  extensions: { columns, cost: { size, statements } } satisfies FieldExtensions,
})
