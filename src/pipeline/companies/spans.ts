import { type Expr, expr, type Sql, sql } from '../../warehouses/sql.ts'
import { PAID_PLAN } from '../options.ts'
import type { StageContext, Step } from '../stage.ts'

/** Before every touch there is: events are of 1970 and later. */
const ALWAYS = '1970-01-01T00:00:00Z'

/**
 * For each conversion of the affected companies which of the company's touches it may credit: those of the places `low_place` + 1
 * to `high_place`, `touch_count` of them; and the positions among them that models ask for. By one pass over touches and
 * conversions in the order of time: every conversion with every touch of a large company would be more than can be done.
 */
export function conversionSpans(c: StageContext): Step {
  const { d } = c
  const none = d.cast(sql`null`, 'integer')
  const window = (frame: 'before' | 'after') =>
    sql`over (
        partition by company_id order by marked_at, kind, place, conversion_id
        rows between ${frame === 'before' ? sql`unbounded preceding and current row` : sql`current row and unbounded following`}
    )`
  const within = (place: Expr, condition: Sql) => sql`case when ${condition} then ${expr(place)} - l.places end`
  return {
    into: 'company_spans',
    select: sql`
with marks as (
    select
        company_id, touched_at as marked_at, 1 as kind, place, '' as conversion_id,
        case when not is_direct then place end as non_direct_place, case when is_paid then place end as paid_place
    from ${sql.staging('company_touches')}
    union all
    select company_id, converted_at as marked_at, 2 as kind, ${none} as place, conversion_id, ${none}, ${none}
    from ${sql.staging('company_conversions')}
    union all
    select company_id, ${begin(c)} as marked_at, 0 as kind, ${none} as place, conversion_id, ${none}, ${none}
    from ${sql.staging('company_conversions')}
),

counted as (
    select
        company_id, conversion_id, kind,
        coalesce(max(place) ${window('before')}, 0) as places,
        max(non_direct_place) ${window('before')} as last_non_direct,
        max(paid_place) ${window('before')} as last_paid,
        min(non_direct_place) ${window('after')} as first_non_direct,
        min(paid_place) ${window('after')} as first_paid
    from marks
)

select
    k.*,
    l.places as low_place,
    h.places as high_place,
    h.places - l.places as touch_count,
    ${within('l.first_non_direct', sql`l.first_non_direct <= h.places`)} as first_non_direct,
    ${within('h.last_non_direct', sql`h.last_non_direct > l.places`)} as last_non_direct,
    ${within('l.first_paid', sql`l.first_paid <= h.places`)} as first_paid,
    ${within('h.last_paid', sql`h.last_paid > l.places`)} as last_paid
from ${sql.staging('company_conversions')} as k
join counted as h on h.company_id = k.company_id and h.conversion_id = k.conversion_id and h.kind = 2
join counted as l on l.company_id = k.company_id and l.conversion_id = k.conversion_id and l.kind = 0
`,
  }
}

/** When the lookback of a conversion begins; a plan that became a paid one has none. */
function begin({ d, options }: StageContext): Sql {
  const limited = Object.entries(options.conversions).filter(
    ([name, { lookbackDays }]) => lookbackDays !== null && name !== PAID_PLAN,
  )
  const always = sql.timestamp(ALWAYS)
  if (limited.length === 0) return always
  const branches = limited.map(
    ([name, { lookbackDays }]) =>
      sql`when conversion = ${name} then ${d.addMicroseconds('converted_at', sql`${-lookbackDays! * 86_400_000_000}`)}`,
  )
  return sql`case ${sql.join(branches, ' ')} else ${always} end`
}
