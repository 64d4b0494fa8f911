import type { ProductColumn } from '../../warehouses/product-database.ts'
import type { CompanyOptions } from '../options.ts'
import type { ProductCopy } from '../stage.ts'

/** Under which the copy is known in `watermarks` and `source_columns`; no source can be called so. */
export const PRODUCT = 'product/database'

/** The item of `watermarks` that says when the latest copy was taken. */
export const COPY = 'copy'
/** The item that says since which copy a table has had rows: `companies`; or a column of it been copied: `companies.plan`. */
export const seenItem = (table: 'companies' | 'members', column?: string): string =>
  column === undefined ? table : `${table}.${column}`
/** That of a dimension: `companies.dimensions.industry`. */
export const dimensionItem = (name: string): string => seenItem('companies', `dimensions.${name}`)

/** Whether a copy is the first that has a table, or a column of one. */
export const isNew = (copy: ProductCopy, item: string): boolean => copy.since.get(item) === copy.at

/** A table of the product database and the columns of it that are copied; no other is ever named. */
export interface CopiedTable {
  readonly item: 'companies' | 'members'
  readonly table: string
  readonly columns: readonly ProductColumn[]
  /** Name of each dimension and what its column is called in the rows. */
  readonly dimensions: readonly Dimension[]
  /** Those of them that earlier copies had, where others did not. */
  readonly formerDimensions?: readonly Dimension[]
}

export type Dimension = readonly [name: string, as: string]

/** The tables that the options name. */
export function tablesOf({ companies, members }: CompanyOptions): readonly CopiedTable[] {
  const text = (name: string | null, as: string): ProductColumn[] =>
    name === null ? [] : [{ name, as, isTime: false }]
  const time = (name: string | null, as: string): ProductColumn[] => (name === null ? [] : [{ name, as, isTime: true }])
  const dimensions = Object.entries(companies?.dimensions ?? {}).sort(([a], [b]) => (a < b ? -1 : 1))
  return [
    ...(companies === null
      ? []
      : [
          {
            item: 'companies' as const,
            table: companies.table,
            columns: [
              ...text(companies.id, 'company_id'),
              ...text(companies.name, 'name'),
              ...text(companies.plan, 'plan'),
              ...time(companies.createdAt, 'created_at'),
              ...time(companies.paidAt, 'given_paid_at'),
              ...time(companies.latestBy, 'latest_at'),
              ...dimensions.flatMap(([, column], i) => text(column, `dimension_${i}`)),
            ],
            dimensions: dimensions.map(([name], i) => [name, `dimension_${i}`] as const),
          },
        ]),
    {
      item: 'members',
      table: members.table,
      columns: [
        ...text(members.companyId, 'company_id'),
        ...text(members.userId, 'user_id'),
        ...text(members.role, 'role'),
        ...time(members.createdAt, 'created_at'),
        ...time(members.latestBy, 'latest_at'),
      ],
      dimensions: [],
    },
  ]
}
