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

/** Rows of a run by table, each as text, sorted. */
type Shown = Record<string, string[]>

/** What the tables show now, after their latest run. */
export async function shownNow(warehouse: Warehouse): Promise<Shown> {
  const isCurrent = sql`where to_run = ${OPEN_RUN}`
  const shown: Shown = {}
  for (const { name } of versionedTables)
    shown[name] = textsOf(await warehouse.query(sql`select * from ${sql.table(name)} ${isCurrent}`))
  shown.channel_stats = textsOf(await warehouse.query(sql`select * from ${sql.table('channel_stats')}`))
  return shown
}

/** What the tables show as of some runs, read at once. */
export async function shownAsOf(warehouse: Warehouse, runs: readonly number[]): Promise<Map<number, Shown>> {
  const answers = new Map<number, Shown>(runs.map((run) => [run, {}]))
  for (const name of [...versionedTables.map((spec) => spec.name), 'channel_stats']) {
    const rows = await warehouse.query<Row & { from_run: number; to_run: number; run_id: number }>(
      sql`select * from ${sql.table(name)}`,
    )
    for (const [run, shown] of answers) {
      const isShown = (row: (typeof rows)[number]) =>
        name === 'channel_stats' ? row.run_id <= run : row.from_run <= run && row.to_run > run
      shown[name] = textsOf(rows.filter(isShown))
    }
  }
  return answers
}

/**
 * What the pipeline remembers and a rebuild must find alike, row for row. Not `touch_candidates` and the persons of `alias_links`: beside
 * what counts they may hold rows that nothing uses (first events of pieces since merged, ids whose links are gone).
 */
export async function memoryOf(warehouse: Warehouse): Promise<Record<string, string[]>> {
  const memory: Record<string, string[]> = {}
  for (const name of ['visits', 'conversion_candidates', 'alias_links'])
    memory[name] = textsOf(
      await warehouse.query(
        sql`select * from ${sql.table(name)} where ${name === 'alias_links' ? sql`kind = 'declared'` : sql`1 = 1`}`,
      ),
    )
  memory.activity = textsOf(
    await warehouse.query(sql`
select anonymous_id, user_id, is_in_session, company_id, bucket_at, event_name, sum(event_count) as event_count
from ${sql.table('activity')} as a
group by anonymous_id, user_id, is_in_session, company_id, bucket_at, event_name
having sum(a.event_count) <> 0`),
  )
  return memory
}

/** Without the run that replaced a row: later runs replace. */
const textsOf = (rows: readonly Row[]) => rows.map(({ to_run: _, ...row }) => JSON.stringify(row)).sort()

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
    where company_id = ''
)

select ${sql.join(GROUP)}
from compared
group by ${sql.join(GROUP)}
having ${sql.join(
    measures.map((m) => sql`sum(${sql.id(m)}) <> 0`),
    ' or ',
  )}`
}
