import type { EnvVariable } from './options.ts'

export interface ProductDatabaseInput {
  /** `postgres`: a Postgres, read in one snapshot; `tables`: tables that something else keeps in the warehouse; `files`: CSV or Parquet files. */
  kind: 'postgres' | 'tables' | 'files'
  /** Of `postgres`: its address, best from an environment variable: `postgres://reader:…@db.internal:5432/app`. */
  url?: string | EnvVariable
  /** Of `tables`: the schema they are in. */
  schema?: string
  /** Of `files`: the folder they are in. */
  path?: string | EnvVariable
  /** The table of companies. Without it companies are what memberships name. */
  companies?: CompaniesInput
  /** The table of memberships. */
  members: MembersInput
  /** Roles of administrators; compared without case. */
  adminRoles?: string[]
  /** Plans that cost money; compared without case. */
  paidPlans?: string[]
  /** A run stops when a table has lost more than this share of its rows since the last copy, from 0 to 1. */
  maxShrink?: number
  /** Columns that look personal (email, name, phone, address, token, password …) and are copied all the same, as `name` or `companies.name`. */
  allowPersonal?: string[]
}

export interface CompaniesInput {
  /** Name of the table, `companies` or `public.companies`; of `files` that of the file. */
  table: string
  /** Column with the id of the company. */
  id: string
  /** Column with its name. Looks personal: list it under `allowPersonal`. */
  name?: string
  /** Column with its plan. */
  plan?: string
  /** Column with the time it was created. */
  createdAt?: string
  /** Column with the time it began to pay. Without it: when a copy first saw a paid plan. */
  paidAt?: string
  /** Column with a time: of several rows of a company each column has its latest value, as in a table of `group()` calls. */
  latestBy?: string
  /** Other columns to copy, to tell companies apart by: `industry`. Nothing that is not listed here ever leaves the product database. */
  dimensions?: string[]
}

export interface MembersInput {
  /** Name of the table. */
  table: string
  /** Column with the id of the company. */
  companyId: string
  /** Column with the id of the account, as events have it in `userId`. */
  userId: string
  /** Column with the role. */
  role?: string
  /** Column with the time the membership began. */
  createdAt?: string
  /** Column with a time: of several rows of a membership each column has its latest value. */
  latestBy?: string
}
