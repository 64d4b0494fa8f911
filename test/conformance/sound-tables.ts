import { createHash } from 'node:crypto'
import { expect } from 'vitest'
import { RULE_MODELS } from '../../src/pipeline/tables/people.ts'
import { OPEN_RUN } from '../../src/pipeline/tables/table.ts'
import { versionedTables } from '../../src/pipeline/tables/tables.ts'
import { type Sql, sql } from '../../src/warehouses/sql.ts'
import type { Row, TableSpec, Warehouse } from '../../src/warehouses/warehouse.ts'

/** What must hold of the tables after any run: one current row per key, and sums that are those of what they sum up. */
export async function expectSound(warehouse: Warehouse): Promise<void> {
  const doubled = await warehouse.query<Row & { name: string; doubled: number }>(
    sql.join(versionedTables.map(doubledKeys), '\nunion all\n'),
  )
  expect(doubled, 'keys with two current rows').toEqual([])
  const wrong = await warehouse.query(statsWithoutRows(warehouse))
  expect(wrong, 'channel_stats that differ from the touches and credits').toEqual([])
}

/** What a run shows of every versioned table, and of `channel_stats`: by name, a hash over the rows. */
export async function shownAt(warehouse: Warehouse, run: number): Promise<Record<string, string>> {
  const measures = ['touches', 'sessions', ...MEASURES]
  const rows = (name: string, columns: readonly string[], from: Sql) => sql`
select ${name} as name, ${warehouse.dialect.surrogateKey([...columns])} as digest from ${from} as v`
  const parts = versionedTables.map(({ name, columns }) =>
    rows(
      name,
      Object.keys(columns).filter((column) => column !== 'to_run'),
      sql`(select * from ${sql.table(name)} where from_run <= ${run} and to_run > ${run})`,
    ),
  )
  const stats = rows(
    'channel_stats',
    [...GROUP, ...measures],
    sql`(
    select ${sql.join(GROUP)}, ${sql.join(measures.map((m) => sql`sum(${sql.id(m)}) as ${sql.id(m)}`))}
    from ${sql.table('channel_stats')} where run_id <= ${run} group by ${sql.join(GROUP)}
)`,
  )
  const digests = await warehouse.query<Row & { name: string; digest: string }>(
    sql.join([...parts, stats], '\nunion all\n'),
  )
  const hashes: Record<string, string> = {}
  for (const [name, group] of Map.groupBy(digests, (r) => r.name)) {
    const sorted = group.map((r) => r.digest).sort()
    hashes[name] = createHash('md5').update(sorted.join()).digest('hex')
  }
  return hashes
}

function doubledKeys({ name, key }: TableSpec): Sql {
  return sql`
select ${name} as name, count(*) as doubled
from (
    select ${sql.join([...key])} from ${sql.table(name)} where to_run = ${OPEN_RUN}
    group by ${sql.join([...key])} having count(*) > 1
) as k
having count(*) > 0`
}

const GROUP = ['bucket_at', 'date_by', 'channel', 'source', 'medium', 'campaign', 'conversion', 'currency']
const MEASURES = RULE_MODELS.flatMap((m) => [`${m}_credit`, `${m}_revenue`])

/** Worked out from the current rows, without the pipeline's own words for it. */
function statsWithoutRows({ dialect: d }: Warehouse): Sql {
  const measures = ['touches', 'sessions', ...MEASURES]
  const quarter = (name: string) =>
    d.addMicroseconds(
      sql.timestamp('1970-01-01T00:00:00Z'),
      sql`(${d.integerDivide(d.epochMicroseconds(name), sql`900000000`)} * 900000000)`,
    )
  return sql`
with wanted as (
    select
        ${quarter('touched_at')} as bucket_at, 'touch' as date_by, channel, source, medium, campaign,
        '' as conversion, ${d.cast(sql`null`, 'string')} as currency,
        1 as touches, case when is_entry then 1 else 0 end as sessions,
        ${sql.join(MEASURES.map((m) => sql`0 as ${sql.id(m)}`))}
    from ${sql.table('touches')} where to_run = ${OPEN_RUN}
    ${sql.join(
      (['touch', 'conversion'] as const).map(
        (by) => sql`union all
    select
        ${quarter(by === 'touch' ? 'touched_at' : 'converted_at')} as bucket_at, ${by} as date_by,
        channel, source, medium, campaign, conversion, currency, 0 as touches, 0 as sessions,
        ${sql.join(MEASURES.map((m) => sql`coalesce(${sql.id(m)}, 0) as ${sql.id(m)}`))}
    from ${sql.table('credits')} where to_run = ${OPEN_RUN}`,
      ),
      '\n    ',
    )}
),

compared as (
    select ${sql.join([...GROUP, ...measures])} from wanted
    union all
    select ${sql.join(GROUP)}, ${sql.join(measures.map((m) => sql`-${sql.id(m)}`))}
    from ${sql.table('channel_stats')}
)

select ${sql.join(GROUP)}
from compared
group by ${sql.join(GROUP)}
having ${sql.join(
    measures.map((m) => sql`sum(${sql.id(m)}) <> 0`),
    ' or ',
  )}`
}
