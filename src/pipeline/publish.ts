import { type Sql, sql } from '../warehouses/sql.ts'
import type { Row, Warehouse } from '../warehouses/warehouse.ts'
import type { RunKind, SourceReport, StageReport } from './report.ts'
import { insertInto, type Stage, type StageContext } from './stage.ts'
import { runSources, runStages, runs, sourceColumns, watermarks } from './tables/records.ts'
import { versionedTables } from './tables/tables.ts'
import { closed, opened } from './versions.ts'

/** What the records of a run say. */
interface RunFacts {
  readonly kind: RunKind
  readonly version: string
  readonly sources: readonly SourceReport[]
}

/** A transaction has at most 40 statements on Redshift; two are the fence, the rest is reserve. */
const MOST_STATEMENTS = 38

/** The publish transaction: what each stage writes, then the records, the run marked *written*. */
export async function publishStatements(
  warehouse: Warehouse,
  c: StageContext,
  stages: readonly Stage[],
  facts: RunFacts,
): Promise<readonly Sql[]> {
  await stageSources(warehouse, c, facts)
  const statements = [
    ...stages.flatMap((stage) => stage.publish(c)),
    ...(c.readsSources
      ? [
          sql`delete from ${sql.table('watermarks')}
where exists (
    select 1 from ${sql.staging('watermarks_new')} as n where n.source = watermarks.source and n.item = watermarks.item
)`,
          insertInto('watermarks', Object.keys(watermarks.columns), 'watermarks_new'),
          insertInto('run_sources', Object.keys(runSources.columns), 'run_sources_new'),
          sql`delete from ${sql.table('source_columns')}
where exists (
    select 1 from ${sql.staging('source_tables_changed')} as n where n.source = source_columns.source and n.item = source_columns.item
)`,
          insertInto('source_columns', Object.keys(sourceColumns.columns), 'source_columns_new'),
        ]
      : []),
    writtenRun(c, stages, facts),
  ]
  if (statements.length > MOST_STATEMENTS) {
    throw new RangeError(`Expected at most ${MOST_STATEMENTS} statements in a publish, but got ${statements.length}.`)
  }
  return statements
}

/** What the run took from each source, as a staging table. */
async function stageSources(warehouse: Warehouse, c: StageContext, facts: RunFacts): Promise<void> {
  await warehouse.loadStaging(
    'run_sources_new',
    runSources.columns,
    facts.sources.map((s) => ({
      run_id: c.run,
      source: s.source,
      files: s.files,
      rows_read: s.read,
      accepted: s.accepted,
      seen_before: s.seenBefore,
      duplicates: s.duplicates,
      quarantined: s.quarantined,
      excluded: s.excluded,
      erased: s.erased,
    })),
  )
}

function writtenRun(c: StageContext, stages: readonly Stage[], facts: RunFacts): Sql {
  const rowsRead = facts.sources.reduce((sum, s) => sum + s.read, 0)
  // What was known of later times stays known: a run of late rows does not move the mark back.
  const before = sql`(select max(data_through) from ${sql.table('runs')})`
  const now = c.readsSources ? sql`(select max(received_at) from ${sql.staging('new_events')})` : before
  return sql`insert into ${sql.table('runs')} (${sql.join(Object.keys(runs.columns))})
select
    ${c.run}, ${facts.kind}, 'written', ${sql.timestamp(c.startedAt)}, ${c.d.now()}, ${c.d.cast(sql`null`, 'timestamp')},
    case when coalesce(${now}, ${before}) < ${before} then ${before} else coalesce(${now}, ${before}) end,
    ${facts.version}, ${rowsRead}, ${rowsWritten(c, stages)}, ${c.d.cast(sql`null`, 'string')}`
}

/** Versioned rows opened and closed by the stages that ran. */
function rowsWritten(c: StageContext, stages: readonly Stage[]): Sql {
  const written = new Set(stages.filter((s) => s.publish(c).length > 0).flatMap((s) => s.writes))
  const counts = versionedTables
    .filter((spec) => written.has(spec.name))
    .flatMap((spec) => [
      sql`(select count(*) from ${sql.staging(opened(spec))})`,
      sql`(select count(*) from ${sql.staging(closed(spec))})`,
    ])
  return counts.length === 0 ? sql`0` : sql.join(counts, ' + ')
}

/** Keeps how long each stage took. Not part of the publication: nobody's numbers depend on it. */
export async function recordStages(warehouse: Warehouse, run: number, stages: readonly StageReport[]): Promise<void> {
  await warehouse.load(
    runStages,
    stages.map((s, i) => ({
      run_id: run,
      stage: s.stage,
      position: i + 1,
      rows: s.rows,
      milliseconds: s.milliseconds,
    })),
  )
}

/** Lets readers see what is written. Also what a run left that died between its two transactions. */
export async function markPublished(warehouse: Warehouse): Promise<void> {
  await warehouse.transaction([
    sql`update ${sql.table('runs')} set state = 'published', published_at = ${warehouse.dialect.now()} where state = 'written'`,
  ])
}

/** Keeps the reason of a failure for `status`. */
export async function recordFailure(
  warehouse: Warehouse,
  c: StageContext,
  kind: RunKind,
  version: string,
  error: unknown,
): Promise<void> {
  const message = error instanceof Error ? error.message.slice(0, 2000) : String(error)
  await warehouse.execute(
    sql`insert into ${sql.table('runs')} (${sql.join(Object.keys(runs.columns))})
select ${c.run}, ${kind}, 'failed', ${sql.timestamp(c.startedAt)}, ${warehouse.dialect.now()}, ${c.d.cast(sql`null`, 'timestamp')},
    (select max(data_through) from ${sql.table('runs')}), ${version}, 0, 0, ${message}
where not exists (select 1 from ${sql.table('runs')} where run_id = ${c.run})`,
  )
}

/** Versioned rows that the run opened or closed. */
export async function readRowsWritten(warehouse: Warehouse, run: number): Promise<number> {
  const [row] = await warehouse.query<Row & { rows_written: number }>(
    sql`select rows_written from ${sql.table('runs')} where run_id = ${run}`,
  )
  return row?.rows_written ?? 0
}
