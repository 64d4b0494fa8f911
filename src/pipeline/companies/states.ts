import { type Sql, sql } from '../../warehouses/sql.ts'
import type { ProductCopy, StageContext } from '../stage.ts'
import { dimensionItem, isNew, seenItem } from './copied-tables.ts'
import { columnsOf, type History, isSame, on, open } from './histories.ts'
import { counting } from './rows.ts'

/** The states of keys that the copy changed: a former one that is over ends, what the copy says begins. */
export function statesWithCopy(c: StageContext, h: History, copy: ProductCopy, former: Sql): Sql {
  const { key, fields, copied, unchanged, changes, item } = h
  const at = sql.timestamp(copy.at)
  const never = c.d.cast(sql`null`, 'timestamp')
  const first = sql.id(key[0] ?? '')
  const previous = copy.previousAt === null ? never : sql.timestamp(copy.previousAt)
  const seenFirst = isNew(copy, seenItem(item)) ? never : at
  const isNewField = (name: string) => newFields(copy, h).includes(name)
  const isWider = newFields(copy, h).length > 0
  const isOver = sql`o.until_at is null and u.${first} is null${isWider ? sql` and w.${first} is null` : sql.empty}`
  const value = (name: string) => (isNewField(name) ? filled(name) : sql`o.${sql.id(name)}`)
  // Said of a first state when it was first seen, or later, when its column is new.
  const since = isNewField('created_at')
    ? sql`case when o.first_seen_at = s.first_seen_at and n.created_at < o.first_seen_at then n.created_at else o.since_at end`
    : sql`o.since_at`
  return sql`
with known as (${copy.isAnew ? sql`select * from (${former}) as all_former where 1 = 0` : former}
),

seen as (
    select ${columnsOf(key, 'o')}, min(o.first_seen_at) as first_seen_at from known as o group by ${columnsOf(key, 'o')}
),
${isWider ? widened(h, copy) : sql.empty}
ended as (
    select
        ${columnsOf([...key, 'first_seen_at'], 'o')},
        case when ${isOver} then ${previous} else o.last_seen_at end as last_seen_at,
        ${since} as since_at,
        case when ${isOver} then ${at} else o.until_at end as until_at,
        ${sql.join(fields.map((name) => sql`${value(name)} as ${sql.id(name)}`))}
    from known as o
    left join ${sql.staging(unchanged)} as u on ${on(key, 'u', 'o')}${
      isWider
        ? sql`
    left join widened as w on ${on(key, 'w', 'o')}
    left join seen as s on ${on(key, 's', 'o')}
    left join ${counting(copied)} as n on ${on(key, 'n', 'o')}`
        : sql.empty
    }
),

-- What the product database says of when a row was created holds for its first state; nothing is created after it was seen.
begun as (
    select
        ${columnsOf(key, 'n')},
        ${at} as first_seen_at,
        ${never} as last_seen_at,
        case
            when s.${first} is not null then ${at}
            when n.created_at < ${at} then n.created_at
            when n.created_at is not null then ${at}
            else ${seenFirst}
        end as since_at,
        ${never} as until_at,
        ${columnsOf(fields, 'n')}
    from ${counting(copied)} as n
    join ${sql.staging(changes)} as a on ${on(key, 'a', 'n')}
    left join seen as s on ${on(key, 's', 'n')}
    left join ${sql.staging(unchanged)} as u on ${on(key, 'u', 'n')}${
      isWider
        ? sql`
    left join widened as w on ${on(key, 'w', 'n')}`
        : sql.empty
    }
    where u.${first} is null${isWider ? sql` and w.${first} is null` : sql.empty}
)

select * from ended
union all
select * from begun
`
}

/** Fields that no copy before had: what they say first is taken to have always been so, as with a first copy. Nothing has changed when they come. */
function newFields(copy: ProductCopy, { item, fields }: History): readonly string[] {
  if (copy.isAnew || isNew(copy, seenItem(item))) return []
  const hasNewDimension = [...copy.since.keys()].some((k) => k.startsWith(dimensionItem('')) && isNew(copy, k))
  return fields.filter((name) => (name === 'dimensions' ? hasNewDimension : isNew(copy, seenItem(item, name))))
}

/** What a former state says of a new field. */
function filled(name: string): Sql {
  const [n, o] = [sql`n.${sql.id(name)}`, sql`o.${sql.id(name)}`]
  if (name !== 'dimensions') return sql`coalesce(${o}, ${n})`
  return sql`case when ${isSame(sql`n.former_dimensions`, o)} then ${n} else ${o} end`
}

/** Keys whose state goes on: it differs from the copy in nothing but what it could not know. */
function widened(h: History, copy: ProductCopy): Sql {
  const { spec, key, fields, copied } = h
  const goesOn = fields.map((name) =>
    newFields(copy, h).includes(name)
      ? isSame(sql`n.${sql.id(name)}`, filled(name))
      : isSame(sql`n.${sql.id(name)}`, sql`o.${sql.id(name)}`),
  )
  return sql`
widened as (
    select ${columnsOf(key, 'n')}
    from ${counting(copied)} as n
    join ${open(spec)} as o on ${on(key, 'o', 'n')}
    where ${sql.join(goesOn, ' and ')}
),
`
}
