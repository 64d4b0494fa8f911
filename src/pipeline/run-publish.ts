import type { Warehouse } from '../warehouses/warehouse.ts'
import type { Beginning } from './begin.ts'
import { checkPromises } from './checks.ts'
import { dropStaging } from './clean-up.ts'
import { computeStages, timed } from './compute.ts'
import { type Lease, leaseLost } from './lease.ts'
import { newEvents } from './new-events.ts'
import { pruneVersions } from './prune.ts'
import { publishStatements, recordStages } from './publish.ts'
import { readReleased } from './quarantine/release.ts'
import { readSourceCounts, type StageReport } from './report.ts'
import type { OneRun, RunInput } from './run-input.ts'
import { isAtWork, isRunWritten, markPublished, readRowsWritten } from './run-records.ts'
import { recordColumns, type SeenColumns } from './sources/columns.ts'
import type { StageContext } from './stage.ts'
import { events } from './tables/events.ts'
import { tables } from './tables/tables.ts'

/** Everything up to the moment readers see the run. */
export async function computeAndPublish(
  input: OneRun,
  lease: Lease,
  { context: begun, changes }: Beginning,
  opened: Warehouse,
) {
  const { warehouse, signal, onProgress, options } = input
  const computed = await computeStages({ ...input, sources: options.sources }, begun)
  const { context } = computed
  const sources = [...(await readSourceCounts(warehouse, context)), ...computed.product]
  const release = await readReleased(warehouse, context)
  const publish = await timed(onProgress, 'publish', async () => {
    await checkPromises(warehouse, context, computed.stages, signal)
    signal?.throwIfAborted()
    const statements = await publishStatements(warehouse, context, computed.stages, {
      sources,
      isChanged: changes.names.length > 0,
    })
    await lease.hold()
    await publishUnder(lease, opened, context, () =>
      warehouse.transaction([...lease.fence(isAtWork(context)), ...statements], {
        label: `run ${context.run} publish`,
        repeat: () => isRunWritten(warehouse, context.run),
        fills: context.readsSources || context.recompute.events ? [[events, newEvents(context)]] : [],
      }),
    )
    await markPublished(warehouse)
    lease.resume()
    return readRowsWritten(warehouse, context.run)
  })
  return {
    stages: [...computed.reports, publish],
    sources,
    problems: computed.problems,
    rowsWritten: publish.rows,
    release,
    isMore: computed.isMore,
    seen: computed.seen,
  }
}

/** A transaction of unknown outcome is settled by what it wrote; one that fails because another run took the lease over says so. */
async function publishUnder(
  lease: Lease,
  opened: Warehouse,
  { run }: StageContext,
  transaction: () => Promise<void>,
): Promise<void> {
  try {
    await transaction()
  } catch (cause) {
    if (await isRunWritten(opened, run).catch(() => false)) return
    if (await lease.isOurs().catch(() => true)) throw cause
    throw leaseLost(cause)
  }
}

/** What follows a publication. It failed nobody's numbers if it fails: it is told, and done again after the next run. */
export async function lookAfter(
  input: RunInput,
  lease: Lease,
  context: StageContext,
  { stages, seen }: { stages: readonly StageReport[]; seen: readonly SeenColumns[] },
  opened: Warehouse,
) {
  const { warehouse, onProgress, keepDays, now } = input
  try {
    const maintain = await timed(onProgress, 'maintain', async () => {
      for (const columns of seen) await recordColumns(warehouse, columns, context.run)
      await dropStaging(warehouse, lease, { label: 'lease' })
      if (keepDays !== undefined) await pruneVersions(warehouse, { keepDays, now, pinnedIn: opened })
      await warehouse.maintain(tables)
      return 0
    })
    await recordStages(warehouse, context.run, [...stages, maintain])
    return { stages: [...stages, maintain], problems: [] }
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    return { stages, problems: [`Run ${context.run} is published, but looking after the tables failed: ${reason}`] }
  }
}
