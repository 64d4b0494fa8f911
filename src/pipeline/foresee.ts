import { TributaryError } from '../errors.ts'
import { type Sql, sql } from '../warehouses/sql.ts'
import type { Row, RunOptions, Warehouse } from '../warehouses/warehouse.ts'
import { BATCH } from './batch.ts'
import type { Changes } from './changes.ts'
import type { StageContext } from './stage.ts'

/** Something that a run computes anew: what it is in words, the tables it reads for it and the first stage that works. */
interface Work {
  readonly what: string
  readonly reads: readonly { readonly table: string; readonly columns: readonly string[] }[]
  readonly from: string
}

const EVENTS = { table: 'events', columns: [...BATCH, 'anonymous_id', 'user_id', 'is_in_session', 'excluded_reason'] }
const VISITS = { table: 'visits', columns: ['*'] }
const OF_PEOPLE = [VISITS, { table: 'touch_candidates', columns: ['*'] }]

/** What settings that changed make a run compute anew, in one line, before it does; null when there is nothing. */
export async function foresee(
  warehouse: Warehouse,
  c: StageContext,
  { names }: Changes,
  options?: RunOptions,
): Promise<string | null> {
  const works = worksOf(c)
  if (works.length === 0) return null
  const counts = await countRows(warehouse, works, options)
  const parts = works.map(({ what, reads }) => {
    const from = reads.map(
      ({ table }) => `${(counts.get(table) ?? 0).toLocaleString('en')} ${table.replaceAll('_', ' ')}`,
    )
    return `${what} (reads ${from.join(' and ')})`
  })
  const stages = names.filter(
    (name) => !/^(conversions|credits)\/./.test(name) || !names.includes(name.replace(/^\w+/, 'candidates')),
  )
  return `Settings, reference data or tributary itself changed since the last run: ${stages.join(', ')}. Computed anew: ${parts.join('; ')}. ${await duration(warehouse, works, options)}`
}

/** Refuses to begin what would read more than the limit, where the warehouse can tell and nobody accepted it. */
export async function checkLimit(
  warehouse: Warehouse,
  c: StageContext,
  limit: number | null,
  options?: RunOptions,
): Promise<void> {
  if (limit === null || !warehouse.estimateBytes) return
  let bytes = 0
  for (const read of readsOf(worksOf(c))) {
    bytes +=
      (await warehouse.estimateBytes(sql`select ${columnsOf(read.columns)} from ${sql.table(read.table)}`, options)) ??
      0
  }
  if (bytes <= limit) return
  throw new TributaryError(
    'RECOMPUTE_REFUSED',
    `Settings changed, and what follows from it reads at least ${bytes.toLocaleString('en')} bytes of history, more than limits.bytesPerRun (${limit.toLocaleString('en')}). Nothing was written. Take the change back, or accept it once with \`tributary run --accept-recompute\`.`,
  )
}

const columnsOf = (columns: readonly string[]): Sql => (columns[0] === '*' ? sql`*` : sql.join([...columns]))

/** Each table once: the widest read of it is the first. */
const readsOf = (works: readonly Work[]) => [
  ...new Map(works.flatMap(({ reads }) => reads).map((read) => [read.table, read])).values(),
]

function worksOf({ isRebuild, options, recompute: r }: StageContext): readonly Work[] {
  const works: Work[] = []
  const add = (what: string, from: string, ...reads: Work['reads']) => works.push({ what, from, reads })
  if (r.events) {
    const columns = [
      'event_key',
      'occurred_at',
      'received_at',
      'anonymous_id',
      'user_id',
      'page_host',
      'page_path',
      'raw_referrer_host',
      'user_agent',
    ]
    add('which events they make others', 'ingest', isRebuild ? EVENTS : { table: 'events', columns })
  }
  if (isRebuild) add('visits and all that follows', 'visits', EVENTS)
  const candidates = r.candidates.filter((name) => name in options.conversions)
  if (candidates.length > 0) add(`events that are ${candidates.join(', ')}`, 'visits', EVENTS)
  if (r.identities) add('the owner of every visit of a device, and who that affects', 'identities', VISITS)
  if (r.people) add('sessions and all that follows, of everyone', 'sessions', ...OF_PEOPLE)
  else if (r.conversions.length > 0)
    add(`sessions and all that follows, of people with ${r.conversions.join(', ')}`, 'sessions', ...OF_PEOPLE)
  if (r.credits.length > 0 && !r.people)
    add(
      `credit of ${r.credits.join(', ')}`,
      'credits',
      { table: 'touches', columns: ['*'] },
      { table: 'conversions', columns: ['*'] },
    )
  if (r.rollups) add('channel_stats', 'rollups', { table: 'channel_stats', columns: ['*'] })
  return works
}

async function countRows(warehouse: Warehouse, works: readonly Work[], options?: RunOptions) {
  const counts = new Map<string, number>()
  for (const { table } of readsOf(works)) {
    const [row] = await warehouse.query<Row & { n: number }>(
      sql`select count(*) as n from ${sql.table(table)}`,
      options,
    )
    counts.set(table, row?.n ?? 0)
  }
  return counts
}

/** How long these stages took in the run that computed most. */
async function duration(warehouse: Warehouse, works: readonly Work[], options?: RunOptions): Promise<string> {
  const stages = sql.table('run_stages')
  const first = sql.values(works.map(({ from }) => from))
  const [row] = await warehouse.query<Row & { run_id: number | null; milliseconds: number | null }>(
    sql`
with largest as (
    select run_id, row_number() over (order by ${sql.id('rows')} desc, run_id desc) as place
    from ${stages}
    where stage = 'visits' and ${sql.id('rows')} > 0
)

select s.run_id, sum(s.milliseconds) as milliseconds
from ${stages} as s
join largest as l on l.run_id = s.run_id and l.place = 1
where s.position >= (
    select min(f.position) from ${stages} as f where f.run_id = s.run_id and f.stage in (${first})
)
group by s.run_id
`,
    options,
  )
  if (!row?.run_id || row.milliseconds === null) return 'How long it takes is not known: no run computed as much yet.'
  const seconds = (row.milliseconds / 1000).toLocaleString('en', { maximumFractionDigits: 1 })
  return `From there on run ${row.run_id}, the largest so far, took ${seconds} s: expect that at most, and more as history grows.`
}
