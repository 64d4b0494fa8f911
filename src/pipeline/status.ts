import { sql } from '../warehouses/sql.ts'
import type { Row, Warehouse } from '../warehouses/warehouse.ts'
import { prepareWarehouse } from './prepare.ts'
import type { SourceReport } from './report.ts'
import { type SourceCountsRow, sourceMeasures, toSourceReport } from './source-counts.ts'
import { versionedTables } from './tables/tables.ts'

/** A run as `status` tells it. */
export interface RunStatus {
  readonly run: number
  readonly kind: string
  /** `running`, `written` (its data is committed, readers do not see it yet), `published`, `pruned` (too old to be asked) or `failed`. */
  readonly state: string
  readonly startedAt: string
  readonly publishedAt: string | null
  /** Latest time at which an accepted event was received. */
  readonly dataThrough: string | null
  readonly configVersion: string
  readonly rowsRead: number
  readonly rowsWritten: number
  readonly error: string | null
}

/** What the tables hold and how the last runs went. */
export interface Status {
  /** The run readers see; null before the first. */
  readonly run: RunStatus | null
  /** The oldest run that answers can be asked of; null before the first. */
  readonly oldest: { readonly run: number; readonly publishedAt: string } | null
  /** The last ten, latest first. */
  readonly runs: readonly RunStatus[]
  /** Rows by table, of versioned tables the current ones; `people` and what exclusions keep out of visits beside them. */
  readonly counts: Readonly<Record<string, number>>
  /** Over all runs; after a rebuild from the sources, over that and what came later. */
  readonly sources: readonly SourceReport[]
  /** Open quarantine rows by reason. */
  readonly quarantine: Readonly<Record<string, number>>
}

/** Reads the status. On a fresh warehouse it creates the empty tables first. */
export async function readStatus(warehouse: Warehouse): Promise<Status> {
  await prepareWarehouse(warehouse)
  const runs = await readRuns(warehouse)
  const published = await warehouse.query<RunRow>(
    sql`select * from ${sql.table('runs')} where state = 'published' order by run_id desc limit 1`,
  )
  const [oldest] = await warehouse.query<RunRow & { published_at: string }>(
    sql`select * from ${sql.table('runs')} where state = 'published' order by run_id limit 1`,
  )
  return {
    run: published[0] ? toStatus(published[0]) : null,
    oldest: oldest ? { run: oldest.run_id, publishedAt: oldest.published_at } : null,
    runs,
    counts: await readCounts(warehouse),
    sources: await readSources(warehouse),
    quarantine: await readQuarantine(warehouse),
  }
}

type RunRow = Row & {
  run_id: number
  kind: string
  state: string
  started_at: string
  published_at: string | null
  data_through: string | null
  config_version: string
  rows_read: number
  rows_written: number
  error: string | null
}

const toStatus = (r: RunRow): RunStatus => ({
  run: r.run_id,
  kind: r.kind,
  state: r.state,
  startedAt: r.started_at,
  publishedAt: r.published_at,
  dataThrough: r.data_through,
  configVersion: r.config_version,
  rowsRead: r.rows_read,
  rowsWritten: r.rows_written,
  error: r.error,
})

async function readRuns(warehouse: Warehouse): Promise<readonly RunStatus[]> {
  const rows = await warehouse.query<RunRow>(sql`select * from ${sql.table('runs')} order by run_id desc limit 10`)
  return rows.map(toStatus)
}

async function readCounts(warehouse: Warehouse): Promise<Readonly<Record<string, number>>> {
  const current = versionedTables.map(
    ({ name }) => sql`(select count(*) from ${sql.table(`current_${name}`)}) as ${sql.id(name)}`,
  )
  const [row] = await warehouse.query<Row & Record<string, number>>(sql`
select
    (select count(*) from ${sql.table('events')}) as events,
    (select count(*) from ${sql.table('events')} where excluded_reason is not null) as excluded_events,
    (select coalesce(sum(event_count), 0) from ${sql.table('visits')}) as events_in_visits,
    (select count(*) from ${sql.table('visits')}) as visits,
    (select count(distinct person_id) from ${sql.table('current_aliases')}) as people,
    ${sql.join(current, ',\n    ')}
`)
  return row ?? {}
}

async function readSources(warehouse: Warehouse): Promise<readonly SourceReport[]> {
  const sums = sourceMeasures.map((m) => sql`sum(${sql.id(m)}) as ${sql.id(m)}`)
  const rows = await warehouse.query<SourceCountsRow>(sql`
select source, sum(rows_read) as rows_read, ${sql.join(sums)}
from ${sql.table('run_sources')}
where run_id >= (
    select coalesce(max(run_id), 0) from ${sql.table('runs')} where kind = 'rebuild_from_sources' and state in ('written', 'published', 'pruned')
)
group by source
order by source
`)
  return rows.map(toSourceReport)
}

async function readQuarantine(warehouse: Warehouse): Promise<Readonly<Record<string, number>>> {
  const rows = await warehouse.query<Row & { reason: string; refused: number }>(
    sql`select reason, count(*) as refused from ${sql.table('current_quarantine')} group by reason order by reason`,
  )
  return Object.fromEntries(rows.map((r) => [r.reason, r.refused]))
}
