import { sql } from '../warehouses/sql.ts'
import type { Row, Warehouse } from '../warehouses/warehouse.ts'
import { type Changes, changesBetween } from './changes.ts'
import { type Fingerprints, fingerprintsOf, readFingerprints } from './fingerprints.ts'
import type { PipelineOptions } from './options.ts'
import { NO_RECOMPUTE } from './recompute.ts'
import type { RunRequest } from './report.ts'
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
  request: RunRequest,
  now?: Date,
): Promise<Beginning> {
  const { kind, release } = request
  const fromSources = request.fromSources ? { acceptsLoss: request.acceptLoss === true } : undefined
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
  const readsSources = kind !== 'rebuild' || fromSources !== undefined
  await stageFingerprintsOf(warehouse, run, { readsSources, isRelease: release !== undefined }, found, after)
  return {
    changes,
    context: {
      d: warehouse.dialect,
      options,
      run,
      startedAt: now ? now.toISOString() : String(last?.clock),
      isRebuild: kind === 'rebuild' || changes.isRebuild,
      readsSources,
      recompute: kind === 'rebuild' ? withinRebuild(changes, fromSources !== undefined) : changes.recompute,
      withdrawnRanges: [],
      ...(fromSources ? { fromSources } : {}),
      ...(release ? { release } : {}),
    },
  }
}

/** A rebuild computes everything anew; events are revised unless they come from the sources again. */
const withinRebuild = ({ recompute: { events, rollups, companies } }: Changes, isFromSources: boolean) => ({
  ...NO_RECOMPUTE,
  companies,
  events: events && !isFromSources,
  rollups,
})

/** A run that reads no sources tries no refused lines again, and one that releases rows publishes no memberships: the next one does. */
async function stageFingerprintsOf(
  warehouse: Warehouse,
  run: number,
  { readsSources, isRelease }: { readsSources: boolean; isRelease: boolean },
  { names }: Changes,
  after: Fingerprints,
): Promise<void> {
  await warehouse.loadStaging(
    'fingerprints_new',
    stageFingerprints.columns,
    names
      .filter((name) => (readsSources || name !== 'ingest') && !(isRelease && name === 'companies'))
      .map((stage) => ({ stage, fingerprint: after.get(stage) ?? '', run_id: run })),
  )
}
