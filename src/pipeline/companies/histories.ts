import { type Sql, sql } from '../../warehouses/sql.ts'
import type { TableSpec } from '../../warehouses/warehouse.ts'
import { companies, companyMembers } from '../tables/companies.ts'
import { OPEN_RUN } from '../tables/table.ts'
import { COMPANY_FIELDS, MEMBER_FIELDS } from './rows.ts'

/** One of the two histories: states of something by key. */
export interface History {
  readonly item: 'companies' | 'members'
  readonly spec: TableSpec
  readonly key: readonly string[]
  readonly fields: readonly string[]
  readonly copied: 'product_companies' | 'product_members'
  readonly unchanged: string
  readonly changes: string
  readonly states: string
}

export const OF_COMPANIES: History = {
  item: 'companies',
  spec: companies,
  key: ['company_id'],
  fields: COMPANY_FIELDS,
  copied: 'product_companies',
  unchanged: 'company_copied_again',
  changes: 'company_changes',
  states: 'company_states',
}
export const OF_MEMBERS: History = {
  item: 'members',
  spec: companyMembers,
  key: ['company_id', 'user_id'],
  fields: MEMBER_FIELDS,
  copied: 'product_members',
  unchanged: 'member_copied_again',
  changes: 'member_changes',
  states: 'member_states',
}

/** Equal keys. */
export const on = (key: readonly string[], a: string, b: string): Sql =>
  sql.join(
    key.map((k) => sql`${sql.id(a)}.${sql.id(k)} = ${sql.id(b)}.${sql.id(k)}`),
    ' and ',
  )

/** Columns of an alias. */
export const columnsOf = (names: readonly string[], alias: string): Sql =>
  sql.join(names.map((name) => sql`${sql.id(alias)}.${sql.id(name)}`))

/** All states there are. */
export const stored = (spec: TableSpec): Sql => sql`(select * from ${sql.table(spec.name)} where to_run = ${OPEN_RUN})`
/** States that the last copy saw. */
export const open = (spec: TableSpec): Sql =>
  sql`(select * from ${sql.table(spec.name)} where to_run = ${OPEN_RUN} and until_at is null)`

export const isSame = (n: Sql, o: Sql): Sql => sql`(${n} = ${o} or (${n} is null and ${o} is null))`
