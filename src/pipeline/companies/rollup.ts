import { type Sql, sql } from '../../warehouses/sql.ts'
import type { CompanyOptions } from '../options.ts'
import type { StageContext, Step } from '../stage.ts'
import { companies, companyMembers } from '../tables/companies.ts'
import { aliases } from '../tables/people.ts'
import { OPEN_RUN } from '../tables/table.ts'
import { compareVersions } from '../versions.ts'
import { after } from './after.ts'
import { COMPANY_FIELDS, isWord } from './rows.ts'

const HISTORY = ['company_id', 'first_seen_at', 'last_seen_at', 'since_at', 'until_at'] as const

/** All states of the affected companies after the copy, and which is the latest. */
export function affectedStates(options: CompanyOptions): Step {
  const columns = (alias: string) =>
    sql.join([...HISTORY, ...COMPANY_FIELDS].map((name) => sql`${sql.id(alias)}.${sql.id(name)}`))
  return {
    into: 'company_rows_after',
    select: sql`
with states as (
    select ${columns('s')} from ${sql.staging('company_states')} as s
    union all
    select ${columns('t')}
    from ${sql.table(companies.name)} as t
    join ${sql.staging('affected_companies')} as a on a.company_id = t.company_id
    left join ${sql.staging('company_changes')} as k on k.company_id = t.company_id
    where t.to_run = ${OPEN_RUN} and k.company_id is null
)

select
    s.*,
    ${isPaid(options)} as is_paid,
    row_number() over (partition by s.company_id order by s.first_seen_at desc) = 1 as is_latest
from states as s
`,
  }
}

/** By its plan; where plans say nothing, by whether it is known since when it pays. */
const isPaid = ({ companies: given, paidPlans }: CompanyOptions): Sql =>
  given?.plan && paidPlans.length > 0 ? isWord(sql`s.plan`, paidPlans) : sql`s.given_paid_at is not null`

/** The touches a company's row names, each the first or last of those up to some moment. */
const PICKS = [
  { name: 'first_touch', key: 'first_key' },
  { name: 'last_touch', key: 'last_key' },
  { name: 'paid_touch', key: 'paid_key' },
] as const

/** The rows of the affected companies, compared with the current ones. */
export const companyRollup = (c: StageContext): readonly Step[] => [
  milestones,
  pickedTouches(c),
  seen(c),
  members(c),
  rows,
  ...compareVersions(c, {
    spec: companies,
    rows: 'companies_rows',
    scope: { where: sql`t.company_id in (select company_id from ${sql.staging('affected_companies')})` },
  }),
]

const milestones: Step = {
  into: 'company_milestones',
  select: sql`
select a.company_id, s.signed_up_at, p.paid_at
from ${sql.staging('affected_companies')} as a
left join (
    select company_id, min(converted_at) as signed_up_at
    from ${sql.staging('company_conversions')}
    where conversion = 'signup'
    group by company_id
) as s on s.company_id = a.company_id
left join ${sql.staging('company_paid')} as p on p.company_id = a.company_id
`,
}

function pickedTouches(c: StageContext): Step {
  const key = sql`t.order_key || t.touch_id || t.session_id`
  const upTo = (moment: string) =>
    sql`case when ${c.d.microsecondsBetween('t.touched_at', moment)} >= 0 then ${key} end`
  return {
    into: 'company_picks',
    select: sql`
select
    t.company_id,
    count(*) as touch_count,
    sum(case when t.is_entry then 1 else 0 end) as session_count,
    min(${key}) as first_key,
    max(${upTo('m.signed_up_at')}) as last_key,
    max(${upTo('m.paid_at')}) as paid_key
from ${sql.staging('company_touches')} as t
join ${sql.staging('company_milestones')} as m on m.company_id = t.company_id
group by t.company_id
`,
  }
}

/** Its people, and whoever did something that names it. */
function seen(c: StageContext): Step {
  return {
    into: 'company_seen',
    select: sql`
select s.company_id, min(s.first_seen_at) as first_seen_active_at, max(s.last_seen_at) as last_seen_active_at
from (
    select p.company_id, k.first_seen_at, k.last_seen_at
    from ${sql.staging('company_people')} as p
    join ${after(c, aliases, ['person_id', 'first_seen_at', 'last_seen_at'])} as k on k.person_id = p.person_id
    union all
    select company_id, touched_at as first_seen_at, touched_at as last_seen_at from ${sql.staging('company_touches')}
) as s
group by s.company_id
`,
  }
}

function members(c: StageContext): Step {
  return {
    into: 'company_member_counts',
    select: sql`
select m.company_id, count(*) as member_count, sum(case when m.is_admin then 1 else 0 end) as admin_count
from ${after(c, companyMembers, ['company_id', 'is_admin', 'until_at'], true)} as m
join ${sql.staging('affected_companies')} as a on a.company_id = m.company_id
where m.until_at is null
group by m.company_id
`,
  }
}

const touchColumns = (name: string, alias: string): Sql =>
  sql.join(
    ['at', 'channel', 'source', 'medium', 'campaign', 'referrer'].map(
      (field) =>
        sql`${sql.id(alias)}.${sql.id(field === 'at' ? 'touched_at' : field)} as ${sql.id(`${name}_${field}`)}`,
    ),
  )

/** Only the latest state says what the people did. */
const rows: Step = {
  into: 'companies_rows',
  select: sql`
select
    s.company_id, s.first_seen_at, s.last_seen_at, s.since_at, s.until_at, s.is_latest,
    s.name, s.plan, s.is_paid, s.created_at, s.given_paid_at, s.dimensions,
    coalesce(n.member_count, 0) as member_count,
    coalesce(n.admin_count, 0) as admin_count,
    v.first_seen_active_at,
    v.last_seen_active_at,
    coalesce(p.session_count, 0) as session_count,
    coalesce(p.touch_count, 0) as touch_count,
    m.signed_up_at,
    m.paid_at,
    ${sql.join(
      PICKS.map(({ name }, i) => touchColumns(name, `t${i}`)),
      ',\n    ',
    )}
from (
    select k.*, case when k.is_latest then k.company_id end as latest_id from ${sql.staging('company_rows_after')} as k
) as s
left join ${sql.staging('company_member_counts')} as n on n.company_id = s.latest_id
left join ${sql.staging('company_seen')} as v on v.company_id = s.latest_id
left join ${sql.staging('company_milestones')} as m on m.company_id = s.latest_id
left join ${sql.staging('company_picks')} as p on p.company_id = s.latest_id
${sql.join(
  PICKS.map(({ key }, i) => {
    const alias = sql.id(`t${i}`)
    return sql`left join ${sql.staging('company_touches')} as ${alias}
    on ${alias}.company_id = p.company_id and ${alias}.order_key || ${alias}.touch_id || ${alias}.session_id = p.${sql.id(key)}`
  }),
  '\n',
)}
`,
}
