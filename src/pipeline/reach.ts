import type { Dialect } from '../warehouses/dialect.ts'
import { type Sql, sql } from '../warehouses/sql.ts'
import type { StageContext, Step } from './stage.ts'

/** How much further back than the others somebody is affected to be read apart, in microseconds: two weeks. */
const FAR = 14 * 86_400_000_000
/** How many people are. */
const MOST_FAR = 64

const affected = sql.staging('affected_people')

/** The earliest time that anybody is affected from: bounds what is read of tables whose rows lie together by month. */
export const affectedSince = sql`(select min(from_at) from ${affected})`

/** The earliest time that everyone but the far people is affected from. */
const nearSince = sql`(select min(from_at) from ${sql.staging('near_people')})`

/** Ids of the people who are read apart. */
export const farPeople = sql`select person_id as id from ${sql.staging('far_people')} order by person_id`

/** Ids of the devices whose pages are read apart. */
export const farDevices = sql`select anonymous_id as id from ${sql.staging('far_devices')} order by anonymous_id`

/** The few people who are affected from long before the others, such as one whose device of last year is identified; and the others. */
export function sharePeople({ d }: StageContext): readonly Step[] {
  if (!d.narrowsByLiterals) return []
  return [
    {
      into: 'far_people',
      select: sql`
select person_id
from ${affected}
where from_at < ${d.addMicroseconds(sql`(select max(from_at) from ${affected})`, sql`${-FAR}`)}
order by from_at, person_id
limit ${MOST_FAR}
`,
    },
    {
      into: 'near_people',
      select: sql`
select a.person_id, a.from_at
from ${affected} as a
left join ${sql.staging('far_people')} as f on f.person_id = a.person_id
where f.person_id is null
`,
    },
  ]
}

/** Devices with a visit from before the others' time. */
export const shareDevices = ({ d }: StageContext): readonly Step[] =>
  d.narrowsByLiterals
    ? [
        {
          into: 'far_devices',
          select: sql`
select distinct anonymous_id
from ${sql.staging('session_visits')}
where started_at < ${nearSince}
`,
        },
      ]
    : []

/**
 * Conditions that share out rows of affected people: those since the time that most are affected from, and older ones of
 * the few ids that reach further back. Without them one device of years ago would make a run read those years of everyone.
 * `keys` is null where none are named: then all rows since anybody's time.
 */
export function nearAndFar(d: Dialect, keys: readonly string[] | null, at: Sql, id: Sql): readonly Sql[] {
  if (keys === null) return [sql`${at} >= ${affectedSince}`]
  const near = sql`${at} >= ${nearSince}`
  if (keys.length === 0) return [near]
  return [near, sql`${at} < ${nearSince} and ${at} >= ${affectedSince} and ${d.isOneOf(id, keys)}`]
}
