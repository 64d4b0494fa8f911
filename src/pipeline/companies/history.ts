import { type Sql, sql } from '../../warehouses/sql.ts'
import type { CompanyOptions } from '../options.ts'
import type { ProductCopy, StageContext, Step } from '../stage.ts'
import { companyMembers } from '../tables/companies.ts'
import { OPEN_RUN } from '../tables/table.ts'
import { compareVersions } from '../versions.ts'
import { columnsOf, type History, isSame, OF_COMPANIES, OF_MEMBERS, on, open, stored } from './histories.ts'
import { counting, isWord } from './rows.ts'
import { statesWithCopy } from './states.ts'

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

function statesAfter(c: StageContext, h: History): readonly Step[] {
  return [...(c.copy ? [unchanged(h, c.copy)] : []), changes(c, h), states(c, h)]
}

/** Keys that the copy has as the last one had them: most of them. An inner join: DuckDB compares all with all in an outer one with such conditions. */
const unchanged = ({ spec, key, fields, copied, unchanged: into }: History, { isAnew }: ProductCopy): Step => ({
  into,
  select: sql`
select ${columnsOf(key, 'n')}
from ${counting(copied)} as n
join ${open(spec)} as o on ${on(key, 'o', 'n')}
where ${isAnew ? sql`1 = 0` : same(fields)}
`,
})

/** All other keys of either; all there are when settings changed. */
function changes(c: StageContext, { spec, key, copied, unchanged: same, changes: into }: History): Step {
  const isAll = c.isRebuild || c.recompute.companies || c.copy?.isAnew === true
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
      ? statesWithCopy(c, h, c.copy, former)
      : sql`${former}
`,
  }
}

/** Null and absent are the same. */
const same = (fields: readonly string[]): Sql =>
  sql`(${sql.join(
    fields.map((name) => isSame(sql`n.${sql.id(name)}`, sql`o.${sql.id(name)}`)),
    ' and ',
  )})`

/** What became of the rows of each table, and of what the last copy had. */
export function copyCounts({ companies }: ProductCopy): Step {
  const histories = [OF_MEMBERS, ...(companies === null ? [] : [OF_COMPANIES])]
  return {
    into: 'product_counts',
    select: sql`${sql.join(histories.map(countsOf), '\nunion all')}
`,
  }
}

function countsOf(h: History): Sql {
  const { item, spec, key, copied, changes, unchanged } = h
  const keptButChanged = sql`(select count(*) from ${open(spec)} as o join ${sql.staging(changes)} as a on ${on(key, 'a', 'o')} where a.is_in_copy = 1)`
  return sql`
select
    ${item} as item,
    count(*) as rows_read,
    coalesce(sum(case when is_usable = 1 and copy_number = 1 then 1 else 0 end), 0)
        - (select count(*) from ${sql.staging(changes)} where is_in_copy = 1) as seen_before,
    coalesce(sum(case when is_usable = 1 and copy_number > 1 then 1 else 0 end), 0) as duplicates,
    coalesce(sum(1 - is_usable), 0) as quarantined,
    coalesce(sum(unread_times), 0) as unread_times,
    (select count(*) from ${open(spec)} as o) as known_before,
    (select count(*) from ${sql.staging(unchanged)}) + ${keptButChanged} as kept
from ${sql.staging(copied)}`
}
