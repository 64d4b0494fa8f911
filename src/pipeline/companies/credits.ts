import type { Dialect } from '../../warehouses/dialect.ts'
import { expr, type Sql, sql } from '../../warehouses/sql.ts'
import { ruleModels, WHOLE } from '../models/rule-models.ts'
import type { StageContext, Step } from '../stage.ts'
import { RULE_MODELS, type RuleModel } from '../tables/people.ts'

const ORIGIN = ['channel', 'source', 'medium', 'campaign'] as const

/**
 * Credit with the company as the unit, each row dated by touch and conversion: what models give to a single touch, and what
 * equal shares leave over, which goes to the latest. A conversion without a touch is `Unattributed`'s.
 */
export function singleCredits({ d }: StageContext): Step {
  const singles = RULE_MODELS.flatMap((name) => {
    const model = ruleModels[name]
    return model.kind === 'single' ? [{ name, position: model.position }] : []
  })
  const pick = (name: RuleModel, position: Sql) => sql`
    select s.*, ${name} as model, low_place + ${position} as place
    from ${sql.staging('company_spans')} as s
    where touch_count > 0`
  const rest = equalModels.map((name) => pick(name, sql`touch_count`))
  const columns = RULE_MODELS.map((name) => {
    const [credit, revenue] =
      ruleModels[name].kind === 'single'
        ? [sql`${WHOLE}`, sql`p.value`]
        : [leftOver(d, sql`${WHOLE}`), signed(leftOver(d, size))]
    const given = (value: Sql) => sql`case when p.model = ${name} then ${value} else 0 end`
    return sql`${given(credit)} as ${sql.id(`${name}_credit`)}, ${given(sql`coalesce(${revenue}, 0)`)} as ${sql.id(`${name}_revenue`)}`
  })
  const all = RULE_MODELS.map(
    (name) => sql`${WHOLE} as ${sql.id(`${name}_credit`)}, coalesce(value, 0) as ${sql.id(`${name}_revenue`)}`,
  )
  return {
    into: 'company_credits',
    select: sql`
with picks as (${sql.join([...singles.map(({ name, position }) => pick(name, position)), ...rest], '\n    union all')}
)

select
    p.company_id, p.conversion, p.converted_at, t.touched_at, ${sql.join(ORIGIN.map((name) => sql`t.${sql.id(name)}`))}, p.currency,
    ${sql.join(columns, ',\n    ')}
from picks as p
join ${sql.staging('company_touches')} as t on t.company_id = p.company_id and t.place = p.place
union all
select
    company_id, conversion, converted_at, converted_at as touched_at,
    'Unattributed' as channel, ${sql.join(['source', 'medium', 'campaign'].map((name) => sql`${d.cast(sql`null`, 'string')} as ${sql.id(name)}`))}, currency,
    ${sql.join(all, ',\n    ')}
from ${sql.staging('company_spans')}
where touch_count = 0
`,
  }
}

const equalModels = RULE_MODELS.filter((name) => ruleModels[name].kind === 'equal')

const size = sql`abs(value)`
const signed = (amount: Sql): Sql => sql`case when value < 0 then -${amount} else ${amount} end`
const each = (d: Dialect, whole: Sql): Sql => sql`${d.integerDivide(whole, 'touch_count')}`
const leftOver = (d: Dialect, whole: Sql): Sql => sql`(${whole} - ${each(d, whole)} * touch_count)`

/**
 * Equal shares, summed up by where the touches came from: `date_by` conversion, by each conversion; by touch, by each touch and
 * what it is credited for. A touch's share of all conversions is a running sum over their spans, a conversion's touches of an
 * origin are counted likewise.
 */
export const equalCredits = (c: StageContext): readonly Step[] => [sharesOf(c), byConversion(), byTouch(c)]

/** One share of each conversion. */
function sharesOf({ d }: StageContext): Step {
  return {
    into: 'company_shares',
    select: sql`
select
    company_id, conversion_id, conversion, converted_at, currency, low_place, high_place,
    ${each(d, sql`${WHOLE}`)} as credit,
    coalesce(${signed(each(d, size))}, 0) as revenue
from ${sql.staging('company_spans')}
where touch_count > 0
`,
  }
}

function byConversion(): Step {
  const mark = (place: string, sign: 1 | -1) => sql`
    select s.company_id, o.origin, s.${sql.id(place)} as place, 1 as kind, 0 as touches, s.conversion_id, ${sign} as factor
    from ${sql.staging('company_shares')} as s
    join origins as o on o.company_id = s.company_id`
  return {
    into: 'company_equal_by_conversion',
    select: sql`
with origins as (
    select company_id, origin, ${sql.join(ORIGIN.map((name) => sql`min(${sql.id(name)}) as ${sql.id(name)}`))}
    from ${sql.staging('company_touches')}
    group by company_id, origin
),

marks as (
    select company_id, origin, place, 0 as kind, 1 as touches, '' as conversion_id, 0 as factor
    from ${sql.staging('company_touches')}
    union all${mark('high_place', 1)}
    union all${mark('low_place', -1)}
),

counted as (
    select
        company_id, origin, conversion_id, factor,
        sum(touches) over (
            partition by company_id, origin order by place, kind, conversion_id, factor rows between unbounded preceding and current row
        ) as touches
    from marks
),

spanned as (
    select company_id, origin, conversion_id, sum(factor * touches) as share_count
    from counted
    where factor <> 0
    group by company_id, origin, conversion_id
    having sum(factor * touches) <> 0
)

select
    s.company_id, s.conversion, s.converted_at as credited_at, s.currency, ${sql.join(ORIGIN.map((name) => sql`o.${sql.id(name)}`))},
    n.share_count * s.credit as credit, n.share_count * s.revenue as revenue
from spanned as n
join ${sql.staging('company_shares')} as s on s.company_id = n.company_id and s.conversion_id = n.conversion_id
join origins as o on o.company_id = n.company_id and o.origin = n.origin
`,
  }
}

function byTouch({ d }: StageContext): Step {
  const mark = (place: string, sign: 1 | -1) => sql`
    select
        company_id, conversion, currency, ${sql.id(place)} as place, 1 as kind, conversion_id,
        ${sign} * credit as credit, ${sign} * revenue as revenue, 0 as is_touch
    from ${sql.staging('company_shares')}`
  const running = (name: string) => sql`sum(${sql.id(name)}) over (
            partition by company_id, conversion, currency order by place, kind, conversion_id, credit rows between unbounded preceding and current row
        ) as ${sql.id(name)}`
  return {
    into: 'company_equal_by_touch',
    select: sql`
with credited as (
    select distinct company_id, conversion, currency from ${sql.staging('company_shares')}
),

-- The shares of a conversion begin after the place before its first touch, and end after that of its last.
marks as (${mark('low_place', 1)}
    union all${mark('high_place', -1)}
    union all
    select k.company_id, k.conversion, k.currency, t.place, 0 as kind, '' as conversion_id, 0 as credit, 0 as revenue, 1 as is_touch
    from credited as k
    join ${sql.staging('company_touches')} as t on t.company_id = k.company_id
),

summed as (
    select company_id, conversion, currency, place, is_touch, ${running('credit')}, ${running('revenue')}
    from marks
)

select
    s.company_id, s.conversion, t.touched_at as credited_at, s.currency, ${sql.join(ORIGIN.map((name) => sql`t.${sql.id(name)}`))},
    ${d.cast(sql`s.credit`, 'integer')} as credit, ${d.cast(sql`s.revenue`, 'integer')} as revenue
from summed as s
join ${sql.staging('company_touches')} as t on t.company_id = s.company_id and t.place = s.place
where s.is_touch = 1 and s.credit <> 0
`,
  }
}

/** The columns of every model for a row of equal shares. */
export function equalColumns(): readonly Sql[] {
  return RULE_MODELS.map((name) => {
    const isEqual = equalModels.includes(name)
    const value = (column: string) => (isEqual ? expr(column) : sql`0`)
    return sql`${value('credit')} as ${sql.id(`${name}_credit`)}, ${value('revenue')} as ${sql.id(`${name}_revenue`)}`
  })
}
