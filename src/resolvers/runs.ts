import { InputError } from '../errors.ts'
import { runSources, runStages, runs as runsTable } from '../pipeline/tables/records.ts'
import { type Sql, sql } from '../warehouses/sql.ts'
import type { Row } from '../warehouses/warehouse.ts'
import { type Context, type PublishedRun, read } from './context.ts'
import { type ListArgs, listed } from './lists.ts'

/** An earlier run: its number, or a time: the last run published by then. */
export type AsOf = { readonly run: number } | { readonly time: string }

/**
 * The run a root field reads: the last published one, or an earlier one. Looked up once per request, in a statement of
 * its own before any other, so that one answer never mixes two runs.
 */
export async function runAsOf(context: Context, asOf?: AsOf | null): Promise<PublishedRun> {
  const current = await once(context, 'current', () => readCurrent(context))
  context.notes.pinned = current
  const isCurrent = !asOf || ('run' in asOf && asOf.run === current.run_id)
  const shown = isCurrent
    ? current
    : await once(context, JSON.stringify(asOf), () => readEarlier(context, current, asOf))
  context.notes.shown.set(shown.run_id, shown)
  return shown
}

function once(context: Context, key: string, load: () => Promise<PublishedRun>): Promise<PublishedRun> {
  const known = context.runs.get(key)
  if (known) return known
  const found = load()
  context.runs.set(key, found)
  return found
}

const published = (where: Sql): Sql => sql`
select run_id, published_at, data_through, config_version
from ${sql.table('runs')}
where state = 'published' ${where}
order by run_id desc
limit 1`

async function readCurrent(context: Context): Promise<PublishedRun> {
  const [run] = await read<Row & PublishedRun>(context, 'published run', published(sql.empty))
  if (run) return run
  throw new InputError(
    'No run has been published yet: there is nothing to read. Start one with `tributary run`, or wait for the one in progress.',
    'NOT_READY',
  )
}

const publishedBy = (time: string): Sql => sql`and published_at <= ${sql.timestamp(time)}`

async function find(context: Context, current: PublishedRun, wanted: Sql): Promise<PublishedRun | null> {
  const query = published(sql`and run_id <= ${current.run_id} ${wanted}`)
  const [run] = await read<Row & PublishedRun>(context, 'earlier run', query)
  return run ?? null
}

async function readEarlier(context: Context, current: PublishedRun, asOf: AsOf): Promise<PublishedRun> {
  const number = 'run' in asOf ? asOf.run : (await find(context, current, publishedBy(asOf.time)))?.run_id
  // Pinned first and looked up then: a run that is still there now is not pruned before this request ends.
  if (number !== undefined) context.pins.pin(number)
  const run = number === undefined ? null : await find(context, current, sql`and run_id = ${number}`)
  if (run) return run
  const [oldest] = await read<{ run_id: number; published_at: string }>(
    context,
    'oldest run',
    sql`select run_id, published_at from ${sql.table('runs')} where state = 'published' order by run_id limit 1`,
  )
  const asked = 'run' in asOf ? `run ${asOf.run}` : `a run published by ${asOf.time}`
  throw new InputError(
    `Expected \`asOf\` to be a run that is kept, but ${asked} is not. The oldest one kept is ${oldest?.run_id} (published at ${oldest?.published_at}), the latest ${current.run_id}.`,
    'RUN_PRUNED',
  )
}

/** Runs, the latest first: published, failed and unfinished ones, also before any is published. */
export async function listRuns(
  context: Context,
  args: ListArgs & { asOf?: AsOf | null },
  columns: readonly string[],
): Promise<readonly Row[]> {
  const upTo = args.asOf ? sql`where run_id <= ${(await runAsOf(context, args.asOf)).run_id}` : sql.empty
  return listed(
    context,
    'runs',
    args,
    sql`
select ${sql.join([...new Set(['run_id', ...columns])])}
from ${sql.table(runsTable.name)}
${upTo}
order by run_id desc`,
  )
}

/** The stages of runs, in their order. */
export function stagesOfRuns(context: Context, runs: readonly number[]): Promise<Row[]> {
  return read(
    context,
    'stages of runs',
    sql`
select run_id, stage, position, ${sql.id('rows')}, milliseconds
from ${sql.table(runStages.name)}
where run_id in (${sql.values(runs)})
order by run_id, position`,
  )
}

/** What runs took from their sources. */
export function sourcesOfRuns(context: Context, runs: readonly number[]): Promise<Row[]> {
  return read(
    context,
    'sources of runs',
    sql`
select run_id, source, files, rows_read, accepted, seen_before, duplicates, quarantined, excluded, erased
from ${sql.table(runSources.name)}
where run_id in (${sql.values(runs)})
order by run_id, source`,
  )
}
