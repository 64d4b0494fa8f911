import { type Sql, sql } from '../../warehouses/sql.ts'
import { WHOLE } from '../models/rule-models.ts'
import { RULE_MODELS } from '../tables/people.ts'
import { equalColumns } from './credits.ts'

/** Counts the conversions of companies, by name and currency, whose credit is not one each, or whose revenue is not their value. */
export function unbalancedCompanies(dateBy: 'conversion' | 'touch'): Sql {
  const measures = RULE_MODELS.flatMap((m) => [`${m}_credit`, `${m}_revenue`])
  const group = sql`company_id, conversion, currency`
  const owed = RULE_MODELS.map(
    (m) => sql`${-WHOLE} as ${sql.id(`${m}_credit`)}, -coalesce(value, 0) as ${sql.id(`${m}_revenue`)}`,
  )
  return sql`
select count(*) as broken
from (
    select ${group}
    from (
        select ${group}, ${sql.join(measures.map(sql.id))} from ${sql.staging('company_credits')}
        union all
        select ${group}, ${sql.join(equalColumns())} from ${sql.staging(`company_equal_by_${dateBy}`)}
        union all
        select ${group}, ${sql.join(owed)} from ${sql.staging('company_spans')}
    ) as k
    group by ${group}
    having ${sql.join(
      measures.map((name) => sql`sum(k.${sql.id(name)}) <> 0`),
      ' or ',
    )}
) as wrong`
}
