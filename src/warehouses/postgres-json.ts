import type { JsonColumns, JsonPath } from './dialect.ts'
import { text } from './postgres-text.ts'
import { type Expr, expr, type Sql, sql } from './sql.ts'

/** A place in a document: a list of keys, which may be any text. */
const place = (path: JsonPath): Sql =>
  path.length === 0 ? sql`cast('{}' as text[])` : sql`array[${sql.join(path.map(text))}]`

/** How JSON writes the one character that a text cannot hold here. */
const NUL = text('\\u0000')

/** How many brackets may be open at a time: the engine gives up, with the whole statement, at a quarter more. */
const DEEPEST = 11_000

/** Texts, and brackets outside of them. */
const TOKENS = text('"(?:[^"\\\\]|[\\\\].)*"|[][{}]')

/** Looked at only where there is room for so many; texts are passed by. */
const isTooDeep = (v: Sql): Sql => sql`octet_length(${v}) > ${2 * DEEPEST} and coalesce((
    select max(b.depth)
    from (
        select sum(case when m.found[1] in ('[', '{') then 1 when m.found[1] in (']', '}') then -1 else 0 end) over (order by m.place) as depth
        from regexp_matches(${v}, ${TOKENS}, 'g') with ordinality as m(found, place)
    ) as b
), 0) > ${DEEPEST}`

/** One document, as this engine and the others read it: whole characters, and a NUL as long as nobody asks for it. */
export const isJson = (v: Sql): Sql => sql`case
    when ${v} is null or (${isTooDeep(v)}) then false
    else pg_input_is_valid(${v}, 'jsonb') or (strpos(${v}, ${NUL}) > 0 and ${v} is json)
end`

/** Written out, such a number is longer than any amount. */
const isFar = (size: Sql): Sql => sql`${size} > 1e20 or (${size} > 0 and ${size} < 1e-6)`

/**
 * Columns taken out of a document. It is read once for each row (`offset 0` keeps the planner from reading it for every
 * column) as binary JSON; texts of objects and arrays, whose keys that sorts, and of numbers, which it writes out, come from the text. A document with a NUL
 * has no fields: the engine refuses to read it.
 */
export function postgresJsonColumns(from: Sql, document: Expr, columns: JsonColumns): Sql {
  const picked = Object.entries(columns).map(([name, { path, as }]) => {
    const found = sql`json_read.json_binary #> ${place(path)}`
    const type = sql`jsonb_typeof(${found})`
    if (as === 'type') return sql`nullif(${type}, 'null') collate "C" as ${sql.id(name)}`
    const isSpelled =
      as === 'text'
        ? sql`${type} in ('object', 'array', 'number')`
        : sql`${type} in ('object', 'array') or (case when ${type} = 'number' then ${isFar(sql`abs(cast(${found} as numeric))`)} end)`
    return sql`(case when ${isSpelled} then cast(json_read.json_text as json) #>> ${place(path)}
        else json_read.json_binary #>> ${place(path)} end) collate "C" as ${sql.id(name)}`
  })
  if (picked.length === 0) return sql`(select * from ${from} as json_rows)`
  return sql`(
    select json_rows.*, json_picked.*
    from ${from} as json_rows
    cross join lateral (
        select ${sql.join(picked)}
        from (
            select
                case when strpos(${expr(document)}, ${NUL}) = 0 then cast(${expr(document)} as jsonb) end as json_binary,
                ${expr(document)} as json_text
            offset 0
        ) as json_read
    ) as json_picked
)`
}
