import { TributaryError } from '../errors.ts'
import { type Sql, sql } from '../warehouses/sql.ts'
import type { Row, Warehouse } from '../warehouses/warehouse.ts'
import { unbalancedCompanies } from './companies/checks.ts'
import { companies } from './companies.ts'
import { credits } from './credits.ts'
import { WHOLE } from './models/rule-models.ts'
import type { Stage, StageContext } from './stage.ts'
import { RULE_MODELS } from './tables/people.ts'

/** A promise about the staged tables: a query that counts what breaks it. */
export interface Check {
  readonly promise: string
  readonly broken: Sql
}

/** What must hold before a run may publish. */
export function checks(c: StageContext, computed: readonly Stage[]): readonly Check[] {
  const { d } = c
  const wholes = RULE_MODELS.map((m) => sql`sum(k.${sql.id(`${m}_credit`)}) <> ${WHOLE}`)
  const revenues = RULE_MODELS.map(
    (m) => sql`coalesce(sum(k.${sql.id(`${m}_revenue`)}), 0) <> coalesce(max(v.value), 0)`,
  )
  const counts: Check = {
    promise: 'every row read is accepted, seen before, a duplicate, quarantined, excluded or erased',
    broken: sql`
select count(*) as broken
from ${sql.staging('source_counts')}
where rows_read <> accepted + seen_before + duplicates + quarantined + excluded + erased`,
  }
  const ofCompanies = computed.includes(companies)
    ? (['conversion', 'touch'] as const).map((dateBy) => ({
        promise: `the credit of each conversion of a company sums to one by ${dateBy}, and its revenue to its value, under every model`,
        broken: unbalancedCompanies(dateBy),
      }))
    : []
  if (!computed.includes(credits)) return [counts, ...ofCompanies]
  return [
    ...(c.readsSources ? [counts] : []),
    ...ofCompanies,
    {
      promise: 'the credit of each conversion sums to one, and its revenue to its value, under every model',
      broken: sql`
select count(*) as broken
from (
    select v.conversion_id
    from ${sql.staging('credited_conversions')} as v
    left join ${sql.staging('credits_rows')} as k on k.conversion_id = v.conversion_id
    group by v.conversion_id
    having count(k.conversion_id) = 0 or ${sql.join([...wholes, ...revenues], ' or ')}
) as wrong`,
    },
    {
      promise: 'every session has exactly one entry touch',
      broken: sql`
select count(*) as broken
from (
    select s.session_id
    from ${sql.staging('sessions_merged')} as s
    left join ${sql.staging('touches_rows')} as t on t.session_id = s.session_id and t.is_entry
    group by s.session_id
    having count(t.touch_id) <> 1
) as wrong`,
    },
    {
      promise: 'every in-session event of the batch lies in a visit with an owner',
      broken: sql`
select count(*) as broken
from ${sql.staging('visits_merged')} as v
left join ${sql.staging('visits_in')} as o on o.visit_id = v.visit_id and ${d.cast('o.person_id', 'string')} <> ''
where o.visit_id is null`,
    },
  ]
}

/** Refuses to publish tables that break a promise. */
export async function checkPromises(
  warehouse: Warehouse,
  c: StageContext,
  computed: readonly Stage[],
  signal?: AbortSignal,
): Promise<void> {
  for (const { promise, broken } of checks(c, computed)) {
    const [row] = await warehouse.query<Row & { broken: number }>(broken, { signal, label: 'checks' })
    if (row?.broken !== 0) {
      throw new TributaryError(
        'CHECK_FAILED',
        `Expected that ${promise}, but ${row?.broken ?? 'an unknown number of'} do not. Nothing was written; this is a defect of tributary, please report it.`,
      )
    }
  }
}
