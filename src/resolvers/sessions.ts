import { sessions as sessionsTable, touches as touchesTable } from '../pipeline/tables/people.ts'
import { type Sql, sql } from '../warehouses/sql.ts'
import type { Row } from '../warehouses/warehouse.ts'
import { type Context, type Node, type PublishedRun, read, visibleIn } from './context.ts'
import type { Order } from './cursors.ts'
import { type ListArgs, listed } from './lists.ts'
import { batchLoader, valuesOf } from './loaders.ts'
import { nestedPage, type Page, type PageArgs, rootPage } from './pages.ts'
import { between, inRange, type RangeArgs, reportRange } from './ranges.ts'
import { type AsOf, runAsOf } from './runs.ts'
import { sessionOfEvent } from './vanished-sessions.ts'

const order: Order = {
  name: 'sessions',
  columns: [
    { name: 'started_at', isTime: true },
    { name: 'session_id', isTime: false },
  ],
}

const sessionsIn = (run: PublishedRun, more: Sql = sql.empty): Sql =>
  sql`(select * from ${sql.table(sessionsTable.name)} where ${visibleIn(run)} ${more})`

/** A session by its id; of an id that has vanished, the session that now holds that event. */
export async function sessionById(
  context: Context,
  args: { id: string; asOf?: AsOf | null },
  columns: readonly string[],
): Promise<Node | null> {
  const run = await runAsOf(context, args.asOf)
  const find = (id: string) =>
    read(
      context,
      'session',
      sql`
select ${sql.join([...new Set(['session_id', 'person_id', ...columns])].map(sql.id))}
from ${sql.table(sessionsTable.name)}
where session_id = ${id} and ${visibleIn(run)}`,
    )
  const [row] = await find(args.id)
  if (row) return { run, row }
  const now = await sessionOfEvent(context, run, args.id)
  const [moved] = now === null ? [] : await find(now)
  return moved ? { run, row: moved } : null
}

/** All sessions, the earliest first. */
export async function sessionsPage(
  context: Context,
  args: PageArgs & RangeArgs & { asOf?: AsOf | null },
  columns: readonly string[],
): Promise<Page> {
  const run = await runAsOf(context, args.asOf)
  const range = inRange(args, 'started_at')
  return rootPage(context, args, run, { field: 'sessions', order, columns, source: (r) => sessionsIn(r, range) })
}

/** The sessions of a person, the first first. */
export function sessionsOfPerson(
  context: Context,
  person: Node,
  args: PageArgs,
  columns: readonly string[],
): Promise<Page> {
  return nestedPage(context, args, person, 'person_id', {
    field: 'User.sessions',
    order,
    columns,
    source: sessionsIn,
    under: (people) => sql`person_id in (${sql.values(people)})`,
  })
}

/** The session a row with `session_id` and `person_id` belongs to. */
export async function sessionOf(
  context: Context,
  { run, row }: Node,
  columns: readonly string[],
): Promise<Node | null> {
  if (row.session_id == null) return null
  const names = [...new Set(['session_id', 'person_id', ...columns])]
  const loader = batchLoader(context, {
    field: 'session',
    columns: names,
    run,
    by: ['session_id'],
    query: (keys) => sql`
select ${sql.join(names.map(sql.id))}
from ${sql.table(sessionsTable.name)}
where person_id in (${sql.values(valuesOf(keys, 'person_id'))}) and session_id in (${sql.values(valuesOf(keys, 'session_id'))}) and ${visibleIn(run)}`,
  })
  const [found] = await loader.load(row)
  return found ? { run, row: found } : null
}

/** The session's number within the person, from 1. Counted when asked: one early session would renumber all later ones. */
export async function numberOfSession(context: Context, { run, row }: Node): Promise<number> {
  const loader = batchLoader(context, {
    field: 'Session.number',
    columns: [],
    run,
    by: ['session_id'],
    query: (keys) => sql`
select session_id, session_number
from ${numbered(sql`(
    select session_id, person_id, started_at from ${sql.table(sessionsTable.name)}
    where person_id in (${sql.values(valuesOf(keys, 'person_id'))}) and ${visibleIn(run)}
)`)}
where session_id in (${sql.values(valuesOf(keys, 'session_id'))})`,
  })
  const [found] = await loader.load(row)
  return Number(found?.session_number)
}

const numbered = (sessions: Sql): Sql => sql`(
    select *, row_number() over (partition by person_id order by started_at, session_id) as session_number
    from ${sessions} as sessions_of_run
) as numbered`

const ORIGIN = ['channel', 'source', 'medium', 'campaign']

/** Flat rows: sessions with the channel of their entry touch. */
export async function sessionRows(
  context: Context,
  args: RangeArgs & ListArgs & { asOf?: AsOf | null },
  columns: readonly string[],
): Promise<readonly Row[]> {
  const run = await runAsOf(context, args.asOf)
  const range = reportRange(args, run)
  const names = [...new Set(['started_at', 'session_id', ...columns])]
  const entry = names.filter((n) => ORIGIN.includes(n))
  const own = names.filter((n) => !ORIGIN.includes(n))
  const source = names.includes('session_number') ? numbered(sessionsIn(run)) : sql`${sessionsIn(run)} as numbered`
  const entries = sql`left join (
    select session_id as entry_session_id, ${sql.join(entry.map(sql.id))}
    from ${sql.table(touchesTable.name)}
    where is_entry and ${visibleIn(run)} and ${between(range, 'touched_at')}
) as entries on entry_session_id = session_id`
  return listed(
    context,
    'sessionRows',
    args,
    sql`
select ${sql.join([...own, ...entry].map(sql.id))}
from ${source}
${entry.length > 0 ? entries : sql.empty}
where ${between(range, 'started_at')}
order by started_at, session_id`,
  )
}
