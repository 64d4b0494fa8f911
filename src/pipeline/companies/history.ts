import { type Sql, sql } from '../../warehouses/sql.ts'
import type { TableSpec } from '../../warehouses/warehouse.ts'
import type { CompanyOptions } from '../options.ts'
import type { ProductCopy, StageContext, Step } from '../stage.ts'
import { companies, companyMembers } from '../tables/companies.ts'
import { OPEN_RUN } from '../tables/table.ts'
import { compareVersions } from '../versions.ts'
import { COMPANY_FIELDS, counting, isWord, MEMBER_FIELDS } from './rows.ts'

/** One of the two histories: states of something by key. */
interface History {
  readonly spec: TableSpec
  readonly key: readonly string[]
  readonly fields: readonly string[]
  readonly copied: 'product_companies' | 'product_members'
  readonly unchanged: string
  readonly changes: string
  readonly states: string
}

const OF_COMPANIES: History = {
  spec: companies,
  key: ['company_id'],
  fields: COMPANY_FIELDS,
  copied: 'product_companies',
  unchanged: 'company_copied_again',
  changes: 'company_changes',
  states: 'company_states',
}
const OF_MEMBERS: History = {
  spec: companyMembers,
  key: ['company_id', 'user_id'],
  fields: MEMBER_FIELDS,
  copied: 'product_members',
  unchanged: 'member_copied_again',
  changes: 'member_changes',
  states: 'member_states',
}

/**
 * The states after the copy, of what it changed: a state that is not there any more ends, a new one begins. Unchanged ones
 * are not looked at again, unless settings changed, which say who is an administrator.
 */
export function memberHistory(c: StageContext, options: CompanyOptions): readonly Step[] {
  return [
    ...statesAfter(c, OF_MEMBERS),
    {
      into: 'company_members_rows',
      select: sql`
select
    company_id, user_id, first_seen_at, last_seen_at, since_at, until_at, role,
    ${isWord(sql`role`, options.adminRoles)} as is_admin,
    created_at
from ${sql.staging('member_states')}
`,
    },
    ...compareVersions(c, {
      spec: companyMembers,
      rows: 'company_members_rows',
      scope: {
        join: sql`join ${sql.staging('member_changes')} as a on a.company_id = t.company_id and a.user_id = t.user_id`,
        where: sql`1 = 1`,
      },
    }),
  ]
}

/** The same of the companies, of all that the copy changed; what their members did is added later. */
export const companyHistory = (c: StageContext): readonly Step[] => statesAfter(c, OF_COMPANIES)

const on = (key: readonly string[], a: string, b: string): Sql =>
  sql.join(
    key.map((k) => sql`${sql.id(a)}.${sql.id(k)} = ${sql.id(b)}.${sql.id(k)}`),
    ' and ',
  )

const columnsOf = (names: readonly string[], alias: string): Sql =>
  sql.join(names.map((name) => sql`${sql.id(alias)}.${sql.id(name)}`))

function statesAfter(c: StageContext, h: History): readonly Step[] {
  return [...(c.copy ? [unchanged(h)] : []), changes(c, h), states(c, h)]
}

/** Keys that the copy has as the last one had them: most of them. An inner join: DuckDB compares all with all in an outer one with such conditions. */
const unchanged = ({ spec, key, fields, copied, unchanged: into }: History): Step => ({
  into,
  select: sql`
select ${columnsOf(key, 'n')}
from ${counting(copied)} as n
join ${open(spec)} as o on ${on(key, 'o', 'n')}
where ${same(fields)}
`,
})

const stored = (spec: TableSpec): Sql => sql`(select * from ${sql.table(spec.name)} where to_run = ${OPEN_RUN})`
/** States that the last copy saw. */
const open = (spec: TableSpec): Sql =>
  sql`(select * from ${sql.table(spec.name)} where to_run = ${OPEN_RUN} and until_at is null)`

/** All other keys of either; all there are when settings changed. */
function changes(c: StageContext, { spec, key, copied, unchanged: same, changes: into }: History): Step {
  const isAll = c.isRebuild || c.recompute.companies
  const but = (from: Sql, isInCopy: 0 | 1) => sql`
    select ${columnsOf(key, 'r')}, ${isInCopy} as is_in_copy
    from ${from} as r
    left join ${sql.staging(same)} as u on ${on(key, 'u', 'r')}
    where u.${sql.id(key[0] ?? '')} is null`
  const known = sql`
    select ${columnsOf(key, 'o')}, 0 as is_in_copy
    from ${stored(spec)} as o${isAll ? sql.empty : sql` where 1 = 0`}`
  const parts = c.copy ? [but(counting(copied), 1), but(open(spec), 0), known] : [known]
  return {
    into,
    select: sql`
select ${columnsOf(key, 'f')}, max(f.is_in_copy) as is_in_copy
from (${sql.join(parts, ' union all ')}
) as f
group by ${columnsOf(key, 'f')}
`,
  }
}

/** Null and absent are the same. */
const same = (fields: readonly string[]): Sql =>
  sql`(${sql.join(
    fields.map((name) => {
      const [n, o] = [sql`n.${sql.id(name)}`, sql`o.${sql.id(name)}`]
      return sql`(${n} = ${o} or (${n} is null and ${o} is null))`
    }),
    ' and ',
  )})`

/** All states of those keys, as they are after the copy. */
function states(c: StageContext, h: History): Step {
  const { spec, key, fields } = h
  const former = sql`
select ${columnsOf([...key, 'first_seen_at', 'last_seen_at', 'since_at', 'until_at', ...fields], 'o')}
from ${sql.table(spec.name)} as o
join ${sql.staging(h.changes)} as a on ${on(key, 'a', 'o')}
where o.to_run = ${OPEN_RUN}`
  return {
    into: h.states,
    select: c.copy
      ? withCopy(c, h, c.copy, former)
      : sql`${former}
`,
  }
}

function withCopy(
  c: StageContext,
  { key, fields, copied, unchanged, changes }: History,
  copy: ProductCopy,
  former: Sql,
): Sql {
  const at = sql.timestamp(copy.at)
  const never = c.d.cast(sql`null`, 'timestamp')
  const first = sql.id(key[0] ?? '')
  const previous = copy.previousAt === null ? never : sql.timestamp(copy.previousAt)
  const seenFirst = copy.previousAt === null ? never : at
  const isOver = sql`o.until_at is null and u.${first} is null`
  return sql`
with known as (${former}
),

ended as (
    select
        ${columnsOf([...key, 'first_seen_at'], 'o')},
        case when ${isOver} then ${previous} else o.last_seen_at end as last_seen_at,
        o.since_at,
        case when ${isOver} then ${at} else o.until_at end as until_at,
        ${columnsOf(fields, 'o')}
    from known as o
    left join ${sql.staging(unchanged)} as u on ${on(key, 'u', 'o')}
),

seen as (
    select ${columnsOf(key, 'o')}, min(o.first_seen_at) as first_seen_at from known as o group by ${columnsOf(key, 'o')}
),

-- What the product database says of when a row was created holds for its first state; nothing is created after it was seen.
begun as (
    select
        ${columnsOf(key, 'n')},
        ${at} as first_seen_at,
        ${never} as last_seen_at,
        case
            when s.${first} is not null then ${at}
            when n.created_at is not null and n.created_at < ${at} then n.created_at
            else ${seenFirst}
        end as since_at,
        ${never} as until_at,
        ${columnsOf(fields, 'n')}
    from ${counting(copied)} as n
    join ${sql.staging(changes)} as a on ${on(key, 'a', 'n')}
    left join seen as s on ${on(key, 's', 'n')}
    left join ${sql.staging(unchanged)} as u on ${on(key, 'u', 'n')}
    where u.${first} is null
)

select * from ended
union all
select * from begun
`
}
