import { TributaryError } from '../../errors.ts'
import { sql } from '../../warehouses/sql.ts'
import type { Row, Warehouse } from '../../warehouses/warehouse.ts'
import { cleanUp } from '../clean-up.ts'
import { acquireLease, type Lease } from '../lease.ts'
import type { PipelineOptions } from '../options.ts'
import { loadReference, prepareWarehouse } from '../prepare.ts'
import { NO_RECOMPUTE } from '../recompute.ts'
import {
  isAtWork,
  markPublished,
  readRowsWritten,
  recordBegin,
  recordFailure,
  settleEarlierRuns,
} from '../run-records.ts'
import type { StageContext } from '../stage.ts'
import { adSpend } from '../tables/spend.ts'
import { closed, opened, publishVersions } from '../versions.ts'
import { readSpend, type SpendFile } from './read-spend.ts'
import { SPEND_LINES, spendSteps, toRow } from './spend-rows.ts'

/** A file of ad spend to take in. */
export interface SpendImport {
  /** The CSV. */
  readonly text: string
  /** Name of the import, and the source of files that name none. Without it each source is an import of its own. */
  readonly source: string | null
}

/** An import that is published. */
export interface ImportReport {
  readonly run: number
  readonly lines: number
  readonly firstDay: string
  readonly lastDay: string
  /** Versioned rows opened or closed. */
  readonly rowsWritten: number
  /** What to know about it. */
  readonly problems: readonly string[]
}

/** Takes in ad spend as a run of its own: all or nothing, and the same file twice writes nothing. */
export async function importSpend(
  { warehouse, options, signal }: { warehouse: Warehouse; options: PipelineOptions; signal?: AbortSignal },
  { text, source }: SpendImport,
): Promise<ImportReport> {
  const file = readSpend(text, source)
  await prepareWarehouse(warehouse)
  const lease = await acquireLease(warehouse)
  try {
    await settleEarlierRuns(warehouse, lease)
    await warehouse.dropStaging()
    await loadReference(warehouse)
    const { context, version } = await begin(warehouse, options)
    await recordBegin(warehouse, context, lease, { kind: 'import', version })
    try {
      return await publish(warehouse, lease, context, source, file, signal)
    } catch (error) {
      await recordFailure(warehouse, context, lease, error).catch(() => undefined) // the first error is the one to tell
      throw error
    }
  } finally {
    await cleanUp(warehouse, lease)
  }
}

/** The next number; the version of the run before, as an import changes nothing that options shape. */
async function begin(warehouse: Warehouse, options: PipelineOptions) {
  const table = sql.table('runs')
  const [last] = await warehouse.query<Row & { run_id: number | null; version: string | null; clock: string }>(sql`
select
    (select max(run_id) from ${table}) as run_id,
    (select max(config_version) from ${table} where run_id = (
        select max(run_id) from ${table} where state = 'published'
    )) as version,
    ${warehouse.dialect.now()} as clock`)
  if (typeof last?.version !== 'string')
    throw new TributaryError(
      'NOT_READY',
      'Expected a published run before the first import. Start one with `tributary run`.',
    )
  const context: StageContext = {
    d: warehouse.dialect,
    options,
    run: (last.run_id ?? 0) + 1,
    startedAt: last.clock,
    isRebuild: false,
    readsSources: false,
    recompute: NO_RECOMPUTE,
    withdrawnRanges: [],
  }
  return { context, version: last.version }
}

async function publish(
  warehouse: Warehouse,
  lease: Lease,
  c: StageContext,
  source: string | null,
  { lines, ignored }: SpendFile,
  signal?: AbortSignal,
): Promise<ImportReport> {
  await warehouse.loadStaging(
    'spend_lines',
    SPEND_LINES,
    lines.map((line) => toRow(source, line)),
    { signal },
  )
  for (const { into, select } of spendSteps(c)) await warehouse.stage(into, select, { signal })
  const problems = [...ignoredColumns(ignored), ...(await sourcesWithoutTouches(warehouse))]
  signal?.throwIfAborted()
  await lease.hold()
  await warehouse.transaction(
    [...lease.fence(isAtWork(c)), ...publishVersions(c, adSpend), writtenRun(c, lines.length)],
    { label: `run ${c.run} publish` },
  )
  await markPublished(warehouse)
  const days = lines.map(({ day }) => day).sort()
  return {
    run: c.run,
    lines: lines.length,
    firstDay: days.at(0)!,
    lastDay: days.at(-1)!,
    rowsWritten: await readRowsWritten(warehouse, c.run),
    problems,
  }
}

function writtenRun(c: StageContext, lines: number) {
  const written = [opened(adSpend), closed(adSpend)].map((name) => sql`(select count(*) from ${sql.staging(name)})`)
  return sql`update ${sql.table('runs')}
set
    state = 'written',
    finished_at = ${c.d.now()},
    data_through = (select max(data_through) from ${sql.table('runs')}),
    rows_read = ${lines},
    rows_written = ${sql.join(written, ' + ')}
where run_id = ${c.run} and state = 'running'`
}

const ignoredColumns = (ignored: readonly string[]) =>
  ignored.length === 0 ? [] : [`Columns that mean nothing here were left out: ${ignored.join(', ')}.`]

/** Spend that joins nothing is probably spelled unlike the links. */
async function sourcesWithoutTouches(warehouse: Warehouse): Promise<readonly string[]> {
  const rows = await warehouse.query<Row & { source: string }>(sql`
select distinct s.source
from ${sql.staging('ad_spend_rows')} as s
where s.source not in (select source from ${sql.table('current_touches')} where source is not null)
order by s.source`)
  return rows.map(
    ({ source }) =>
      `No touch has the source \`${source}\`, so its spend stands alone. Is it the \`utm_source\` of your links?`,
  )
}
