import { TributaryError } from '../errors.ts'
import { type Sql, sql } from '../warehouses/sql.ts'
import type { Row, Warehouse } from '../warehouses/warehouse.ts'
import { PRODUCT } from './companies/copied-tables.ts'
import { newEvents } from './new-events.ts'
import { latestMarks } from './sources/watermarks.ts'
import type { StageContext, Step } from './stage.ts'
import { OPEN_RUN } from './tables/table.ts'
import { isWhole } from './waiting.ts'

/** What is known of the sources, as this run sees it: nothing, when it reads them from their beginning. */
export function remembered(c: StageContext, name: string): Sql {
  return c.fromSources ? sql`(select * from ${sql.table(name)} where 1 = 0)` : sql.table(name)
}

/** Counts what is known and was not read again: staging table `lost`. Before the lines read are dropped. */
export function countLost(c: StageContext): readonly Step[] {
  if (!c.fromSources) return []
  const hash = c.d.md5(sql`coalesce(q.text, '')`)
  return [
    {
      into: 'lost',
      select: sql`
select e.source, count(*) as events, 0 as refused
from ${sql.table('events')} as e
left join ${newEvents(c)} as n on n.event_key = e.event_key
where n.event_key is null
group by e.source
union all
select q.source, 0 as events, count(*) as refused
from ${sql.table('quarantine')} as q
left join (
    select distinct source, message_hash from ${sql.staging('checked')}
) as j on j.source = q.source and j.message_hash = ${hash}
where q.to_run = ${OPEN_RUN} and ${isWhole} and j.source is null
group by q.source
`,
    },
  ]
}

/** A run that would forget what it cannot read again does so only when it was told to. */
export async function refuseLoss(warehouse: Warehouse, c: StageContext): Promise<void> {
  if (!c.fromSources || c.fromSources.acceptsLoss) return
  const lost = await warehouse.query<Row & { source: string; events: number; refused: number }>(
    sql`select source, sum(events) as events, sum(refused) as refused from ${sql.staging('lost')} group by source order by source`,
  )
  if (lost.length === 0) return
  const gone = await warehouse.query<Row & { source: string; item: string }>(sql`
select k.source, k.item
from ${latestMarks()} as k
left join ${sql.staging('watermarks_new')} as n on n.source = k.source and n.item = k.item
where n.source is null and k.source <> ${PRODUCT}
order by k.source, k.item`)
  const amounts = lost.map(({ source, events, refused }) => {
    const lines = refused > 0 ? ` and ${refused} lines in quarantine` : ''
    return `${events} events${lines} of source ${source}`
  })
  throw new TributaryError(
    'LOSS_REFUSED',
    `Expected the sources to hold all that was ever read of them, but ${amounts.join(', ')} would be lost. ${named(gone)}Bring back what delivered them, or accept the loss with \`--accept-loss\`. Nothing was written.`,
  )
}

/** Names the first files that cannot be read any more. */
function named(gone: readonly { source: string; item: string }[]): string {
  if (gone.length === 0) return ''
  const first = gone.slice(0, 5).map(({ source, item }) => `${source}: ${item}`)
  const more = gone.length > first.length ? ` and ${gone.length - first.length} more` : ''
  return `Known and not readable now: ${first.join(', ')}${more}. `
}
