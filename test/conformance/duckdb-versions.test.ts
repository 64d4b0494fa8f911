import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { dataColumns, integer, OPEN_RUN, table, text, versioned } from '../../src/pipeline/tables/table.ts'
import { versionedTables } from '../../src/pipeline/tables/tables.ts'
import { publishVersions } from '../../src/pipeline/versions.ts'
import { openDuckdb } from '../../src/warehouses/duckdb.ts'
import { type Sql, sql } from '../../src/warehouses/sql.ts'
import type { Row, TableSpec, Warehouse } from '../../src/warehouses/warehouse.ts'
import { temporaryFolder } from '../harness/pipeline.ts'
import { contextOf, testVersions } from './versions-suite.ts'

testVersions(() => openDuckdb({ path: ':memory:', schema: 'tributary', threads: 1 }))

/** DuckDB drops a filter that statistics say is always true, and tears large commits for reads that begin meanwhile. */
describe('versions on DuckDB', () => {
  let folder: ReturnType<typeof temporaryFolder>
  beforeAll(() => {
    folder = temporaryFolder()
  })
  afterAll(() => folder.remove())
  const open = (name: string) => openDuckdb({ path: `${folder.path}/${name}.duckdb`, schema: 'tributary', threads: 2 })

  test('the optimizer keeps both conditions of a pinned read, also after the file is opened again', async () => {
    let warehouse = await open('plans')
    await warehouse.createTables(versionedTables)
    for (const spec of versionedTables) await warehouse.execute(insertOne(spec))
    await warehouse.maintain(versionedTables)
    await warehouse.close()

    warehouse = await open('plans')
    for (const spec of versionedTables) {
      for (const plan of await plansOf(warehouse, spec)) {
        expect(plan, spec.name).toContain('from_run<=1')
        expect(plan, spec.name).toContain('to_run>1')
      }
    }
    // Without the sentinel it would drop one: the day this fails, DuckDB has changed and the sentinel may go.
    const spec = versionedTables[0]!
    await warehouse.execute(
      sql`create or replace table ${sql.table('without')} as select * from ${sql.table(spec.name)} where to_run <> 0`,
    )
    for (const plan of await plansOf(warehouse, { ...spec, name: 'without' })) expect(plan).not.toContain('from_run<=1')
    await warehouse.close()
  })

  // Reads pinned to a run, and through a view of the last published one: what the API and people in the warehouse do.
  // A read of `to_run = max` that begins just before COMMIT may see old and new rows; nothing reads so while a run publishes.
  test('500,000 rows change hands while others read: no answer is torn', { timeout: 300_000 }, async () => {
    const warehouse = await open('torn')
    await warehouse.createTables([numbers, runs])
    const [t, r] = [sql.table('numbers'), sql.table('published_runs')]
    const last = sql`(select max(run_id) from ${r})`
    await warehouse.createView(
      'current_numbers',
      sql`select id from ${t} where from_run <= ${last} and to_run > ${last}`,
    )
    const [count, LAST] = [500_000, 5]
    await warehouse.transaction([
      sql`insert into ${t} select range, 'run 1', 1, ${OPEN_RUN} from range(${count})`,
      sql`insert into ${r} select 1`,
    ])

    const torn: unknown[] = []
    let [published, reads, isOver] = [1, 0, false]
    const reader = async (rows: () => Sql) => {
      while (!isOver) {
        const run = published
        const [row] = await warehouse.query<Row & { n: number }>(sql`select count(*) as n from ${rows()}`)
        if (row!.n !== count) torn.push({ ...row, run })
        reads++
      }
    }
    const pinned = () => sql`${t} where from_run <= ${published} and to_run > ${published}`
    const view = () => sql.table('current_numbers')
    const readers = [pinned, view, pinned, view, pinned, view].map(reader)
    try {
      for (let run = 2; run <= LAST; run++) {
        await warehouse.stage('numbers_closed', sql`select id from ${t} where to_run = ${OPEN_RUN}`)
        await warehouse.stage(
          'numbers_opened',
          sql`select id, ${`run ${run}`} as label from ${sql.staging('numbers_closed')}`,
        )
        await warehouse.transaction(publishVersions(contextOf(warehouse, run), numbers))
        await warehouse.transaction([sql`insert into ${r} select ${run}`])
        published = run
        const before = reads
        while (reads < before + 2 * readers.length) await warehouse.ping()
      }
    } finally {
      isOver = true
      await Promise.all(readers)
    }
    expect(torn).toEqual([])
    for (let run = 1; run <= LAST; run++) {
      const asOf = sql`select count(*) as n, count(distinct label) as labels from ${t} where from_run <= ${run} and to_run > ${run}`
      expect(await warehouse.query(asOf)).toEqual([{ n: count, labels: 1 }])
    }
    await warehouse.close()
  })
})

const numbers = versioned({
  name: 'numbers',
  row: 'number',
  description: 'For a test.',
  kind: 'output',
  key: ['id'],
  columns: { id: integer('Key.'), label: text('The run.') },
} as const)

const runs = table({
  name: 'published_runs',
  row: 'published run',
  description: 'For a test.',
  kind: 'record',
  key: ['run_id'],
  columns: { run_id: integer('Its number.') },
})

/** One row of run 1: the statistics then say that every row but the sentinel has `from_run` 1. */
function insertOne(spec: TableSpec): Sql {
  const columns = dataColumns(spec)
  const values = {
    string: sql`''`,
    integer: sql`0`,
    float: sql`0`,
    boolean: sql`false`,
    timestamp: sql`timestamp '2025-01-01'`,
  }
  const row = columns.map((name) => values[spec.columns[name]!.type])
  return sql`insert into ${sql.table(spec.name)} (${sql.join(columns)}, from_run, to_run) select ${sql.join(row)}, 1, ${OPEN_RUN}`
}

/** What the engine does for a read pinned to run 1, with the run as a literal and bound. */
async function plansOf(warehouse: Warehouse, spec: TableSpec): Promise<string[]> {
  const read = (run: Sql) =>
    sql`explain select count(*) as n from ${sql.table(spec.name)} where from_run <= ${run} and to_run > ${run}`
  const plans = [await warehouse.query(read(sql`1`)), await warehouse.query(read(sql`${1}`))]
  return plans.map((rows) =>
    rows
      .map((row) => String(row.explain_value))
      .join('\n')
      .replace(/\s|[│'"]|CAST\(|::BIGINT/g, ''),
  )
}
