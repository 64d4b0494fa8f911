import { type Sql, sql } from '../../warehouses/sql.ts'
import type { StageContext, Step } from '../stage.ts'
import { companies, companyMembers } from '../tables/companies.ts'
import { aliases, conversions, touches } from '../tables/people.ts'
import { OPEN_RUN } from '../tables/table.ts'
import { closed, opened } from '../versions.ts'
import { after } from './after.ts'

/** Companies to be computed anew, and their people: whoever is or was a member in some copy. */
export const affectedCompanies = (c: StageContext): readonly Step[] => [
  ...(c.isQuiet ? [] : [affectedIds()]),
  affected(c),
  companyPeople(c),
]

/** Ids of the affected people, before and after the run: an account may be another person's from now on. */
function affectedIds(): Step {
  const people = sql`(select person_id from ${sql.staging('affected_people')})`
  return {
    into: 'affected_ids',
    select: sql`
select k.id
from ${sql.table(aliases.name)} as k
where k.to_run = ${OPEN_RUN} and k.is_latest and k.person_id in ${people}
union distinct
select k.id
from ${sql.staging('aliases_rows')} as k
where k.is_latest and k.person_id in ${people}
`,
  }
}

/** Those the copy changed, those of affected people, and those that their touches and conversions name. */
function affected(c: StageContext): Step {
  const stored = sql`(select company_id from ${sql.table(companies.name)} where to_run = ${OPEN_RUN})`
  const concerned = ['company_changes', 'member_changes'].map(
    (name) => sql`
    select company_id from ${sql.staging(name)}`,
  )
  if (c.isRebuild || c.recompute.companies)
    concerned.push(sql`
    select company_id from ${stored} as k`)
  else if (!c.isQuiet) concerned.push(...byNews(c))
  return {
    into: 'affected_companies',
    select: sql`
with concerned as (${sql.join(concerned, '\n    union distinct')}
)

select company_id
from concerned
where company_id in (select company_id from ${stored} as k)
    or company_id in (select company_id from ${sql.staging('company_states')})
`,
  }
}

function byNews(c: StageContext): readonly Sql[] {
  const named = [touches, conversions].flatMap((spec) => [opened(spec), closed(spec)])
  return [
    sql`
    select m.company_id
    from ${after(c, companyMembers, ['company_id', 'user_id'], true)} as m
    join ${sql.staging('affected_ids')} as k on k.id = m.user_id`,
    ...named.map(
      (name) => sql`
    select company_id from ${sql.staging(name)} where company_id is not null`,
    ),
  ]
}

function companyPeople(c: StageContext): Step {
  return {
    into: 'company_people',
    select: sql`
select distinct m.company_id, k.person_id
from ${after(c, companyMembers, ['company_id', 'user_id'], true)} as m
join ${sql.staging('affected_companies')} as a on a.company_id = m.company_id
join ${after(c, aliases, ['id', 'person_id', 'is_latest'])} as k on k.id = m.user_id
where k.is_latest
`,
  }
}

/**
 * Rows of a table of people's doings that are those of an affected company: its people's, unless they name another company,
 * and everybody's that name it.
 */
export function ofCompanies(rows: Sql, columns: readonly string[]): Sql {
  const list = sql.join(columns.map((name) => sql`r.${sql.id(name)}`))
  return sql`
select p.company_id, ${list}
from ${rows} as r
join ${sql.staging('company_people')} as p on p.person_id = r.person_id
where r.company_id is null
union all
select a.company_id, ${list}
from ${rows} as r
join ${sql.staging('affected_companies')} as a on a.company_id = r.company_id`
}
