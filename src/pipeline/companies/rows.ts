import { type Sql, sql } from '../../warehouses/sql.ts'
import type { CompanyOptions } from '../options.ts'
import { asciiLower, type ProductCopy, type StageContext, type Step } from '../stage.ts'

/** What a copy holds of a company, beside its id. */
export const COMPANY_FIELDS = ['name', 'plan', 'created_at', 'given_paid_at', 'dimensions'] as const
/** What it holds of a membership. */
export const MEMBER_FIELDS = ['role', 'created_at'] as const

/** True when a text is one of some words, whatever their case. */
export const isWord = (value: Sql, words: readonly string[]): Sql =>
  words.length === 0
    ? sql`1 = 0`
    : sql`coalesce(${asciiLower(value)}, '') in (${sql.values([...new Set(words.map(asciiFolded))].sort())})`

const asciiFolded = (word: string) => word.trim().replace(/[A-Z]/g, (letter) => letter.toLowerCase())

/** The rows of the copy, clean: each company and membership once, without those whose ids are missing. */
export function copiedRows(c: StageContext, options: CompanyOptions, copy: ProductCopy): readonly Step[] {
  return [memberRows(c, options, copy), companyRows(c, copy)]
}

/** Which of several rows of one key counts: the latest, where a column says so; else their content decides, not their order. */
const byContent = (c: StageContext, fields: readonly string[], before = sql.empty): Sql =>
  sql`case when latest_at is null then 1 else 0 end, latest_at desc, ${before}${c.d.surrogateKey([...fields])}`

/** Memberships that are delivered twice count once; of two roles that of an administrator. */
function memberRows(c: StageContext, { companies, adminRoles }: CompanyOptions, copy: ProductCopy): Step {
  const isAdmin = isWord(sql`m.role`, adminRoles)
  const known =
    companies === null
      ? sql`1 = 1`
      : sql`m.company_id in (select company_id from (${copy.companies!}) as k where company_id is not null)`
  return {
    into: 'product_members',
    select: sql`
with judged as (
    select
        m.company_id, m.user_id, m.role, m.created_at, m.latest_at, m.unread_times,
        case when m.company_id is null or m.user_id is null then 0 when ${known} then 1 else 0 end as is_usable,
        case when ${isAdmin} then 1 else 0 end as is_admin
    from (${copy.members}) as m
)

select
    company_id, user_id, role, created_at, unread_times, is_usable,
    row_number() over (
        partition by company_id, user_id, is_usable
        order by ${byContent(c, ['role', 'created_at'], sql`is_admin desc, `)}
    ) as copy_number
from judged
`,
  }
}

/** Without a table of companies they are those that memberships name. */
function companyRows(c: StageContext, { companies }: ProductCopy): Step {
  const none = (type: 'string' | 'timestamp') => c.d.cast(sql`null`, type)
  const from =
    companies ??
    sql`
    select distinct
        company_id, ${none('string')} as name, ${none('string')} as plan, ${none('timestamp')} as created_at,
        ${none('timestamp')} as given_paid_at, ${none('timestamp')} as latest_at, 0 as unread_times,
        ${none('string')} as dimensions, ${none('string')} as former_dimensions
    from ${sql.staging('product_members')}
    where is_usable = 1`
  return {
    into: 'product_companies',
    select: sql`
select
    company_id, ${sql.join([...COMPANY_FIELDS])}, former_dimensions, unread_times,
    case when company_id is null then 0 else 1 end as is_usable,
    row_number() over (partition by company_id order by ${byContent(c, COMPANY_FIELDS)}) as copy_number
from (${from}) as k
`,
  }
}

/** The rows that count of a table of the copy. */
export const counting = (name: 'product_companies' | 'product_members'): Sql =>
  sql`(select * from ${sql.staging(name)} where is_usable = 1 and copy_number = 1)`
