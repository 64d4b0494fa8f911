import { sql } from '../warehouses/sql.ts'
import type { Row, Warehouse } from '../warehouses/warehouse.ts'
import { type Changes, changesBetween } from './changes.ts'
import { type Fingerprints, fingerprintsOf, readFingerprints } from './fingerprints.ts'
import type { PipelineOptions } from './options.ts'
import { NO_RECOMPUTE } from './recompute.ts'
import type { RunKind } from './report.ts'
import type { StageContext } from './stage.ts'
import { stageFingerprints } from './tables/records.ts'

/** Which run this is, and what settings that changed make of it. */
export interface Beginning {
  readonly context: StageContext
  readonly changes: Changes
}

/** Looks what the last run left, and loads the fingerprints that are to be stored: staging table `fingerprints_new`. */
export async function beginRun(
  warehouse: Warehouse,
  options: PipelineOptions,
  kind: RunKind,
  now?: Date,
): Promise<Beginning> {
  const runs = sql.table('runs')
  const [last] = await warehouse.query<Row & { run_id: number | null; published: number; clock: string }>(sql`
select
    (select max(run_id) from ${runs}) as run_id,
    (select count(*) from ${runs} where state = 'published') as published,
    ${warehouse.dialect.now()} as clock
`)
  const run = (last?.run_id ?? 0) + 1
  const after = fingerprintsOf(warehouse.dialect, warehouse.writer, options)
  const before = await readFingerprints(warehouse)
  const isFirst = !last?.published
  const found = changesBetween(before, after)
  const changes = isFirst ? { ...found, isRebuild: false, recompute: NO_RECOMPUTE } : found
  await stageFingerprintsOf(warehouse, run, kind, found, after)
  return {
    changes,
    context: {
      d: warehouse.dialect,
      options,
      run,
      startedAt: now ? now.toISOString() : String(last?.clock),
      isRebuild: kind === 'rebuild' || changes.isRebuild,
      readsSources: kind !== 'rebuild',
      recompute: kind === 'rebuild' ? withinRebuild(changes) : changes.recompute,
      withdrawnRanges: [],
    },
  }
}

const withinRebuild = ({ recompute: { events, rollups } }: Changes) => ({ ...NO_RECOMPUTE, events, rollups })

/** A rebuild reads no sources, and so tries no refused lines again: the next run does. */
async function stageFingerprintsOf(
  warehouse: Warehouse,
  run: number,
  kind: RunKind,
  { names }: Changes,
  after: Fingerprints,
): Promise<void> {
  await warehouse.loadStaging(
    'fingerprints_new',
    stageFingerprints.columns,
    names
      .filter((name) => kind !== 'rebuild' || name !== 'ingest')
      .map((stage) => ({ stage, fingerprint: after.get(stage) ?? '', run_id: run })),
  )
}
