import type { Dialect } from '../../warehouses/dialect.ts'
import { type Sql, sql } from '../../warehouses/sql.ts'
import { timeKey } from '../order.ts'
import type { CopiedTable, Dimension } from './copied-tables.ts'

type Column = CopiedTable['columns'][number]

const TIMES = ['created_at', 'given_paid_at', 'latest_at']
const KEYS = { companies: ['company_id'], members: ['company_id', 'user_id'] }
const FIELDS = {
  companies: ['name', 'plan', 'created_at', 'given_paid_at'],
  members: ['role', 'created_at'],
}

/** The columns of a copy from columns of text, which have the names of the copy. */
export function textColumns(d: Dialect, table: CopiedTable, from: Sql): Sql {
  return copiedColumns(d, table, from, ({ as, isTime }) => (isTime ? momentOf(d, sql.id(as)) : sql.id(as)))
}

/** A time written as ISO 8601, or a date, which is its midnight in UTC; null for any other text. */
export function momentOf(d: Dialect, text: Sql): Sql {
  const isDate = d.regexpMatches(d.trim(text), '^[0-9]{4}-[0-9]{2}-[0-9]{2}$')
  return d.parseTime(sql`case when ${isDate} then ${d.concat([d.trim(text), sql`'T00:00:00Z'`])} else ${text} end`)
}

/**
 * The columns that a copy has: texts without white space around them, of which an empty one is none, times, and how many times
 * could not be read. With `latestBy` each row of a key has of each column the latest value that there is: calls say what has
 * changed, and leave out the rest.
 */
export function copiedColumns(d: Dialect, table: CopiedTable, from: Sql, asValue: (column: Column) => Sql): Sql {
  const { item, columns, dimensions, formerDimensions = dimensions } = table
  const given = givenColumns(d, table, from, asValue)
  const isLatest = columns.some(({ as }) => as === 'latest_at')
  const names = [...KEYS[item], ...FIELDS[item], 'latest_at', 'unread_times']
  const json = (list: readonly Dimension[]) =>
    dimensionsOf(
      d,
      list.map(([name, as]) => [name, sql`s.${sql.id(as)}`]),
    )
  const list = [
    ...names.map((name) => sql`s.${sql.id(name)}`),
    ...(item === 'companies'
      ? [sql`${json(dimensions)} as dimensions`, sql`${json(formerDimensions)} as former_dimensions`]
      : []),
  ]
  return sql`select ${sql.join(list)} from (${isLatest ? latestOf(d, table, given) : given}) as s`
}

function givenColumns(d: Dialect, { item, columns, dimensions }: CopiedTable, from: Sql, asValue: (c: Column) => Sql) {
  const value = (as: string): Sql => {
    const column = columns.find((c) => c.as === as)
    const isTime = TIMES.includes(as)
    if (!column) return d.cast(sql`null`, isTime ? 'timestamp' : 'string')
    return isTime ? asValue(column) : sql`nullif(${d.trim(sql`(${asValue(column)})`)}, '')`
  }
  const names = [...KEYS[item], ...FIELDS[item], 'latest_at', ...dimensions.map(([, as]) => as)]
  return sql`select ${sql.join(names.map((as) => sql`${value(as)} as ${sql.id(as)}`))}, ${unreadTimes(columns, asValue)} as unread_times from ${from} as r`
}

/** Columns that hold something which is no time. */
function unreadTimes(columns: readonly Column[], asValue: (c: Column) => Sql): Sql {
  const times = columns.filter(({ isTime }) => isTime)
  if (times.length === 0) return sql`0`
  const unread = times.map(
    (c) => sql`case when ${asValue({ ...c, isTime: false })} is not null and ${asValue(c)} is null then 1 else 0 end`,
  )
  return sql`(${sql.join(unread, ' + ')})`
}

/** Rows of a key with the latest values of it. */
function latestOf(d: Dialect, { item, dimensions }: CopiedTable, given: Sql): Sql {
  const keys = KEYS[item]
  const fields = [...FIELDS[item], ...dimensions.map(([, as]) => as)]
  const place = sql`(coalesce(${timeKey(d, 'g.latest_at')}, '') || ${d.surrogateKey(fields.map((name) => sql`g.${sql.id(name)}`))})`
  const latest = fields.map((name) => {
    const value = sql`g.${sql.id(name)}`
    const key = sql`case when ${value} is not null then ${place} end`
    return sql`${d.lastBy(value, key, TIMES.includes(name) ? 'timestamp' : 'string')} as ${sql.id(name)}`
  })
  const list = (alias: string, names: readonly string[]) =>
    sql.join(names.map((name) => sql`${sql.id(alias)}.${sql.id(name)}`))
  const on = keys.map((key) => sql`l.${sql.id(key)} = k.${sql.id(key)}`)
  return sql`
    select ${list('k', [...keys, 'latest_at', 'unread_times'])}, ${list('l', fields)}
    from (${given}) as k
    left join (
        select ${list('g', keys)}, ${sql.join(latest)} from (${given}) as g group by ${list('g', keys)}
    ) as l on ${sql.join(on, ' and ')}`
}

/** `{"industry":"law","size":null}`; null without dimensions. */
function dimensionsOf(d: Dialect, dimensions: readonly (readonly [string, Sql])[]): Sql {
  if (dimensions.length === 0) return d.cast(sql`null`, 'string')
  const parts = dimensions.flatMap(([name, value], i) => [
    sql`${`${i === 0 ? '{' : ','}${JSON.stringify(name)}:`}`,
    sql`coalesce(${d.jsonValue(value)}, 'null')`,
  ])
  return d.concat([...parts, sql`'}'`])
}
