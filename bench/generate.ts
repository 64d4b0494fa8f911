import { sql } from '../src/warehouses/sql.ts'
import type { Row, Warehouse } from '../src/warehouses/warehouse.ts'
import { messagesSql } from './messages-sql.ts'
import { HELD, messageTables, READABLE, segmentTables, selectFor } from './segment-tables.ts'
import { END, type Shape, slicesOf } from './shape.ts'
import { randomSql, VISITS, visitsSql } from './visits-sql.ts'

/** What was generated. */
export interface History {
  /** Messages that are readable from the beginning. */
  readonly events: number
  /** Messages that one increment finds new. */
  readonly news: number
  readonly people: number
  readonly visits: number
}

/** Writes Segment's tables into the warehouse: all of history but the last news, which stand in a schema of their own. */
export async function generate(
  warehouse: Warehouse,
  shape: Shape,
  onProgress: (text: string) => void,
): Promise<History> {
  const execute = (text: string) => warehouse.execute(sql.raw(text))
  await execute('create schema if not exists bench')
  await execute(randomSql(shape))
  await execute(visitsSql(shape))
  const visits = await count(warehouse, VISITS)
  await execute(`create schema ${READABLE}`)
  const slices = slicesOf(shape)
  for (let slice = 0; slice < slices; slice++) {
    await execute(messagesSql(shape, slice))
    for (const table of Object.keys(segmentTables)) {
      const into = slice === 0 ? `create table ${READABLE}.${table} as` : `insert into ${READABLE}.${table}`
      await execute(`${into}\n${selectFor(table)}`)
    }
    if (slice % 6 === 5) onProgress(`part ${slice + 1} of ${slices}`)
  }
  const news = await holdBack(warehouse, shape)
  await execute('drop schema bench cascade')
  await execute('checkpoint')
  return { events: await countMessages(warehouse), news, people: shape.people, visits }
}

/** Moves the newest rows aside and notes where the news of each increment ends. Returns how many they are. */
async function holdBack(warehouse: Warehouse, shape: Shape): Promise<number> {
  const execute = (text: string) => warehouse.execute(sql.raw(text))
  const times = messageTables.map((name) => `select uuid_ts from ${READABLE}.${name}`).join('\nunion all\n')
  const all = await countMessages(warehouse)
  const lastMonth = `(${times}) as t where uuid_ts >= timestamp '${END}' - interval 30 day`
  const news = shape.news ?? Math.max(1, Math.round((await count(warehouse, lastMonth)) / 30))
  const held = news * shape.held
  if (held > all / 2)
    throw new RangeError(
      `Expected a history with more than twice the held back messages, but got ${all} of which ${held} would be held back. Ask for more events, or for fewer runs or news.`,
    )
  await execute(`create schema ${HELD}`)
  await execute(`
create table ${HELD}.news as
with newest as (
    select uuid_ts, row_number() over (order by uuid_ts desc) - 1 as place
    from (select * from (${times}) as t order by uuid_ts desc limit ${held + 1})
)

select ${shape.held} - place // ${news} as number, uuid_ts as until
from newest
where place % ${news} = 0
`)
  for (const name of Object.keys(segmentTables)) {
    const isHeld = `uuid_ts > (select min(until) from ${HELD}.news)`
    await execute(`create table ${HELD}.${name} as select * from ${READABLE}.${name} where ${isHeld} order by uuid_ts`)
    await execute(`delete from ${READABLE}.${name} where ${isHeld}`)
  }
  return news
}

/** Makes the news of one increment readable: number 1 is the first. */
export async function makeReadable(warehouse: Warehouse, number: number): Promise<void> {
  const until = (n: number) => `(select until from ${HELD}.news where number = ${n})`
  for (const name of Object.keys(segmentTables)) {
    await warehouse.execute(
      sql.raw(
        `insert into ${READABLE}.${name}\nselect * from ${HELD}.${name}\nwhere uuid_ts > ${until(number - 1)} and uuid_ts <= ${until(number)}\norder by uuid_ts`,
      ),
    )
  }
  // The log of the load is not the run's to move.
  await warehouse.execute(sql.raw('checkpoint'))
}

const countMessages = (warehouse: Warehouse) =>
  count(
    warehouse,
    `(${messageTables.map((name) => `select id from ${READABLE}.${name}`).join('\nunion all\n')}) as messages`,
  )

async function count(warehouse: Warehouse, from: string): Promise<number> {
  const [row] = await warehouse.query<Row & { n: number }>(sql.raw(`select count(*) as n from ${from}`))
  return row?.n ?? 0
}
