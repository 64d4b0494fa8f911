import {
  attribution as attributionTable,
  sessions as sessionsTable,
  touches as touchesTable,
} from '../pipeline/tables/people.ts'
import { sql } from '../warehouses/sql.ts'
import type { Row } from '../warehouses/warehouse.ts'
import { type Context, type Node, visibleIn } from './context.ts'
import { batchLoader, valuesOf } from './loaders.ts'

/** Where a person came from: their attribution row, or before signup the same so far. */
export async function attributionOf(context: Context, person: Node, columns: readonly string[]): Promise<Node> {
  const { run, row } = person
  const names = [...new Set(['person_id', 'signed_up_at', ...columns])]
  const loader = batchLoader(context, {
    field: 'User.attribution',
    columns: names,
    run,
    by: ['person_id'],
    query: (keys) => sql`
select ${sql.join(names.map(sql.id))}
from ${sql.table(attributionTable.name)}
where person_id in (${sql.values(valuesOf(keys, 'person_id'))}) and ${visibleIn(run)}`,
  })
  const [found] = await loader.load(row)
  return { run, row: found ?? (await soFar(context, person, names)) }
}

const TOUCH_FIELDS = ['touched_at', 'channel', 'source', 'medium', 'campaign', 'referrer'] as const

/** The row a signup would have left now, without what only a signup has. */
async function soFar(context: Context, person: Node, columns: readonly string[]): Promise<Row> {
  const needsTouches = columns.some((c) => c.includes('_touch_'))
  const needsSessions = columns.some((c) => c === 'session_count_before_signup' || c === 'first_page_ever_visited')
  const [touches, sessions] = await Promise.all([
    needsTouches ? decidingTouches(context, person) : [],
    needsSessions ? firstSession(context, person) : null,
  ])
  const row: Record<string, Row[string]> = {
    person_id: person.row.person_id ?? null,
    session_count_before_signup: sessions?.session_count ?? 0,
    first_page_ever_visited: sessions?.landing_page ?? null,
  }
  const pick = (name: string, isIt: (touch: Row) => boolean) => {
    const touch = touches.find(isIt)
    for (const field of TOUCH_FIELDS) row[`${name}_${field === 'touched_at' ? 'at' : field}`] = touch?.[field] ?? null
  }
  pick('first_touch', (t) => t.place === 1)
  pick('last_touch', (t) => t.place_from_end === 1)
  pick('first_paid_touch', (t) => t.is_paid === true && t.place_of_kind === 1)
  pick('last_paid_touch', (t) => t.is_paid === true && t.place_of_kind_from_end === 1)
  return row
}

/** At most four touches per person: the first and last of all, and of the paid ones. */
async function decidingTouches(context: Context, { run, row }: Node): Promise<readonly Row[]> {
  const loader = batchLoader(context, {
    field: 'User.attribution so far, touches',
    columns: [],
    run,
    by: ['person_id'],
    query: (keys) => sql`
select *
from (
    select person_id, is_paid, ${sql.join(TOUCH_FIELDS)},
        row_number() over (partition by person_id order by order_key) as place,
        row_number() over (partition by person_id order by order_key desc) as place_from_end,
        row_number() over (partition by person_id, is_paid order by order_key) as place_of_kind,
        row_number() over (partition by person_id, is_paid order by order_key desc) as place_of_kind_from_end
    from ${sql.table(touchesTable.name)}
    where person_id in (${sql.values(valuesOf(keys, 'person_id'))}) and ${visibleIn(run)}
) as placed
where place = 1 or place_from_end = 1 or (is_paid and (place_of_kind = 1 or place_of_kind_from_end = 1))
order by person_id, place`,
  })
  return loader.load(row)
}

/** The person's first session with a landing page, and how many there are. */
async function firstSession(context: Context, { run, row }: Node): Promise<Row | null> {
  const loader = batchLoader(context, {
    field: 'User.attribution so far, sessions',
    columns: [],
    run,
    by: ['person_id'],
    query: (keys) => sql`
select person_id, landing_page, session_count
from (
    select person_id, landing_page, count(*) over (partition by person_id) as session_count,
        row_number() over (
            partition by person_id
            order by case when landing_page is null then 1 else 0 end, started_at, session_id
        ) as place
    from ${sql.table(sessionsTable.name)}
    where person_id in (${sql.values(valuesOf(keys, 'person_id'))}) and ${visibleIn(run)}
) as placed
where place = 1`,
  })
  return (await loader.load(row))[0] ?? null
}
