import { type Sql, sql } from '../warehouses/sql.ts'
import type { Row, Warehouse } from '../warehouses/warehouse.ts'
import { PRODUCT } from './companies/copied-tables.ts'
import { newEvents } from './new-events.ts'
import type { SourceReport, StageReport } from './report.ts'
import { latestMarks } from './sources/watermarks.ts'
import { insertInto, type Stage, type StageContext } from './stage.ts'
import { quarantine } from './tables/events.ts'
import { runSources, runStages, stageFingerprints, watermarks } from './tables/records.ts'
import { versionedTables } from './tables/tables.ts'
import { closed, opened } from './versions.ts'

/** What the records of a run say. */
export interface RunFacts {
  readonly sources: readonly SourceReport[]
  /** Fingerprints of stages are others than the stored ones. */
  readonly isChanged: boolean
}

/** A transaction has at most 40 statements on Redshift; two are the fence of the lease. */
const MOST_STATEMENTS = 38

/** The publish transaction: what each stage writes, then the records, the run marked *written*. */
export async function publishStatements(
  warehouse: Warehouse,
  c: StageContext,
  stages: readonly Stage[],
  facts: RunFacts,
): Promise<readonly Sql[]> {
  await stageSources(warehouse, c, facts)
  const statements = publishTransaction({ ...c, hasRows: await findRows(warehouse, c, stages) }, stages, facts)
  if (statements.length > MOST_STATEMENTS) {
    throw new RangeError(`Expected at most ${MOST_STATEMENTS} statements in a publish, but got ${statements.length}.`)
  }
  return statements
}

/** Which of the relations that stages ask for have rows: one query for all of them. */
async function findRows(warehouse: Warehouse, c: StageContext, stages: readonly Stage[]) {
  const asked = new Map<string, Sql>()
  const nameOf = (rows: Sql) => JSON.stringify(rows.parts)
  const ask = (rows: Sql) => asked.set(nameOf(rows), rows).size > 0
  for (const stage of stages) stage.publish({ ...c, hasRows: ask })
  if (asked.size === 0) return ask
  const names = [...asked.keys()]
  const counts = [...asked.values()].map((rows, i) => sql`(select count(*) from ${rows} as s) as ${sql.id(`n${i}`)}`)
  const [found] = await warehouse.query<Row>(sql`select ${sql.join(counts, ',\n    ')}`, {
    label: `run ${c.run} publish`,
  })
  return (rows: Sql) => found?.[`n${names.indexOf(nameOf(rows))}`] !== 0
}

/** Its statements, after the fence. */
export function publishTransaction(c: StageContext, stages: readonly Stage[], facts: RunFacts): readonly Sql[] {
  return [
    ...stages.flatMap((stage) => stage.publish(c)),
    ...(c.readsSources
      ? [
          sql`insert into ${sql.table('watermarks')} (${sql.join(Object.keys(watermarks.columns))})
select * from ${newMarks(c)} as n`,
          insertInto('run_sources', Object.keys(runSources.columns), 'run_sources_new'),
        ]
      : []),
    ...(facts.isChanged
      ? [insertInto('stage_fingerprints', Object.keys(stageFingerprints.columns), 'fingerprints_new')]
      : []),
    writtenRun(c, stages, facts),
  ]
}

/** How far the sources were read, and when companies were copied. What is forgotten has no position from now on. */
function newMarks(c: StageContext): Sql {
  const columns = sql.join(Object.keys(watermarks.columns))
  const from = (name: string) => sql`select ${columns} from ${sql.staging(name)}`
  const forgotten = sql`
select
    k.source, k.item, '' as position, ${c.d.cast(sql`null`, 'integer')} as bytes,
    ${c.d.cast(sql`null`, 'timestamp')} as modified_at, 0 as rows_read, ${c.run} as run_id
from ${latestMarks()} as k
left join ${sql.staging('watermarks_new')} as n on n.source = k.source and n.item = k.item
where n.source is null and k.source <> ${PRODUCT}`
  const parts = [
    from('watermarks_new'),
    ...(c.copy ? [from('product_marks')] : []),
    ...(c.fromSources ? [forgotten] : []),
  ]
  return sql`(${sql.join(parts, ' union all ')})`
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
  const before = sql`select data_through as known_at from ${sql.table('runs')}`
  // A released event may have been received in the future by its own words: that moves no mark.
  const latest = c.d.addMicroseconds(sql.timestamp(c.startedAt), sql`${86_400_000_000}`)
  const now = sql`
    union all
    select received_at as known_at from ${newEvents(c)} as s where received_at <= ${latest}`
  return sql`update ${sql.table('runs')}
set
    state = 'written',
    finished_at = ${c.d.now()},
    data_through = (select max(known_at) from (
    ${before}${c.readsSources ? now : sql.empty}
    ) as known),
    rows_read = ${rowsRead},
    rows_written = ${rowsWritten(c, stages)}
where run_id = ${c.run} and state = 'running'`
}

/** Versioned rows opened and closed by the stages that ran. */
function rowsWritten(c: StageContext, stages: readonly Stage[]): Sql {
  const written = new Set(stages.filter((s) => s.publish(c).length > 0).flatMap((s) => s.writes))
  const counts = versionedTables
    .filter((spec) => written.has(spec.name) && (c.readsSources || spec !== quarantine)) // no lines, nothing refused
    .flatMap((spec) => [
      sql`(select count(*) from ${sql.staging(opened(spec))})`,
      sql`(select count(*) from ${sql.staging(closed(spec))})`,
    ])
  return counts.length === 0 ? sql`0` : sql.join(counts, ' + ')
}

/** Keeps how long each stage took. Not part of the publication: nobody's numbers depend on it. */
export async function recordStages(warehouse: Warehouse, run: number, stages: readonly StageReport[]): Promise<void> {
  const rows = stages.map((s, i) => ({
    run_id: run,
    stage: s.stage,
    position: i + 1,
    rows: s.rows,
    milliseconds: s.milliseconds,
  }))
  const columns = sql.join(Object.keys(runStages.columns).map(sql.id)) // one of them, `rows`, is a word of BigQuery's
  await warehouse.loadStaging('run_stages_new', runStages.columns, rows)
  await warehouse.transaction(
    [
      sql`delete from ${sql.table('run_stages')} where run_id = ${run}`,
      sql`insert into ${sql.table('run_stages')} (${columns}) select ${columns} from ${sql.staging('run_stages_new')}`,
    ],
    { label: `run ${run} stages`, repeat: 'always' },
  )
}
