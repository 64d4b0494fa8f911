import { type Sql, sql } from '../../warehouses/sql.ts'
import { PAID_PLAN } from '../options.ts'
import { latestMarks } from '../sources/watermarks.ts'
import type { StageContext, Step } from '../stage.ts'
import { conversions, touches } from '../tables/people.ts'
import { ofCompanies } from './affected.ts'
import { after } from './after.ts'
import { PRODUCT, seenItem } from './copied-tables.ts'

const TOUCH = [
  'touch_id',
  'session_id',
  'touched_at',
  'order_key',
  'is_entry',
  'channel',
  'source',
  'medium',
  'campaign',
  'referrer',
  'is_paid',
  'is_direct',
]
const CONVERSION = ['conversion_id', 'conversion', 'converted_at', 'value', 'currency']

/** Touches and conversions of the affected companies: touches with their place among those of the company, and a number for where they came from. */
export const companyJourneys = (c: StageContext): readonly Step[] => [
  {
    into: 'company_touches',
    select: sql`
select
    t.*,
    row_number() over (partition by t.company_id order by t.order_key, t.touch_id, t.session_id) as place,
    dense_rank() over (partition by t.company_id order by t.channel, t.source, t.medium, t.campaign) as origin
from (${ofCompanies(after(c, touches, ['person_id', 'company_id', ...TOUCH]), TOUCH)}
) as t
`,
  },
  paidPlans(c),
  companyConversions(c),
]

/**
 * When each company's plan became a paid one: when the product database says so; else when a copy first saw it. What the first
 * copy of plans saw began at a time that nobody knows.
 */
function paidPlans(c: StageContext): Step {
  return {
    into: 'company_paid',
    select: sql`
with first_paid as (
    select company_id, min(first_seen_at) as first_seen_at
    from ${sql.staging('company_rows_after')}
    where is_paid
    group by company_id
)

select
    l.company_id,
    min(case
        when l.given_paid_at is not null then l.given_paid_at
        when s.given_paid_at is not null then s.given_paid_at
        when s.first_seen_at > f.first_seen_at then s.first_seen_at
    end) as paid_at
from ${sql.staging('company_rows_after')} as l
left join first_paid as p on p.company_id = l.company_id
left join ${sql.staging('company_rows_after')} as s on s.company_id = p.company_id and s.first_seen_at = p.first_seen_at
cross join (${firstCopy(c)}) as f
where l.is_latest and (l.given_paid_at is not null or p.company_id is not null)
group by l.company_id
`,
  }
}

/** When the first copy was taken that had plans. */
function firstCopy(c: StageContext): Sql {
  const item = seenItem('companies', 'plan')
  const at = c.copy?.since.get(item)
  if (at !== undefined)
    return sql`
    select ${sql.timestamp(at)} as first_seen_at`
  return sql`
    select max(${c.d.parseTime('position')}) as first_seen_at
    from ${latestMarks()} as k
    where source = ${PRODUCT} and item = ${item}`
}

/** Each conversion of the people; of those that count once the company's first; and when the plan became a paid one. */
function companyConversions(c: StageContext): Step {
  const every = Object.entries(c.options.conversions)
    .filter(([name, options]) => options.every && name !== 'signup')
    .map(([name]) => name)
  const { d } = c
  return {
    into: 'company_conversions',
    select: sql`
with done as (${ofCompanies(after(c, conversions, ['person_id', 'company_id', ...CONVERSION]), CONVERSION)}
),

numbered as (
    select *, row_number() over (partition by company_id, conversion order by converted_at, conversion_id) as place
    from done
)

select company_id, ${sql.join(CONVERSION)}
from numbered
where place = 1${every.length === 0 ? sql.empty : sql` or conversion in (${sql.values(every)})`}
union all
select
    company_id, ${PAID_PLAN} as conversion_id, ${PAID_PLAN} as conversion, paid_at as converted_at,
    ${d.cast(sql`null`, 'integer')} as value, ${d.cast(sql`null`, 'string')} as currency
from ${sql.staging('company_paid')}
where paid_at is not null
`,
  }
}
